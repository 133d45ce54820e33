//===- Counters.cpp - what a kernel costs, counted ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Counters.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace imhsa::emulator;

llvm::StringRef imhsa::emulator::getName(InstructionKind kind) {
  switch (kind) {
  case InstructionKind::Load:
    return "load";
  case InstructionKind::Store:
    return "store";
  case InstructionKind::Atomic:
    return "atomic";
  case InstructionKind::Ldmatrix:
    return "ldmatrix";
  case InstructionKind::Stmatrix:
    return "stmatrix";
  case InstructionKind::Mma:
    return "mma";
  case InstructionKind::Shuffle:
    return "shuffle";
  case InstructionKind::Vote:
    return "vote";
  case InstructionKind::Redux:
    return "redux";
  case InstructionKind::Approximate:
    return "approximate";
  case InstructionKind::Convert:
    return "convert";
  case InstructionKind::Barrier:
    return "barrier";
  case InstructionKind::WarpSync:
    return "warp-sync";
  case InstructionKind::Fence:
    return "fence";
  case InstructionKind::CopyAsync:
    return "copy-async";
  case InstructionKind::BulkCopy:
    return "bulk-copy";
  case InstructionKind::Mbarrier:
    return "mbarrier";
  case InstructionKind::NumKinds:
    break;
  }
  llvm_unreachable("not a kind of instruction");
}

static MemoryCounters &operator+=(MemoryCounters &into, const MemoryCounters &other) {
  into.bytesRead += other.bytesRead;
  into.bytesWritten += other.bytesWritten;
  return into;
}

Counters &Counters::operator+=(const Counters &other) {
  for (size_t i = 0; i < instructions.size(); ++i)
    instructions[i] += other.instructions[i];
  global += other.global;
  shared += other.shared;
  local += other.local;
  sharedLoads += other.sharedLoads;
  sharedStores += other.sharedStores;
  ldmatrix += other.ldmatrix;
  stmatrix += other.stmatrix;
  globalLoads += other.globalLoads;
  globalStores += other.globalStores;
  for (const auto &[site, access] : other.sites)
    sites[site] += access;
  notAssembled += other.notAssembled;
  return *this;
}

uint32_t imhsa::emulator::countWavefronts(llvm::ArrayRef<uint64_t> addresses, uint32_t bytes) {
  constexpr unsigned kBanks = 32;
  uint32_t wordsPerAccess = llvm::divideCeil(bytes, 4);
  llvm::SmallVector<uint64_t, 64> words;
  for (uint64_t address : addresses)
    for (uint32_t i = 0; i < wordsPerAccess; ++i)
      words.push_back(address / 4 + i);
  llvm::sort(words);
  words.erase(llvm::unique(words), words.end());
  std::array<uint32_t, kBanks> perBank{};
  for (uint64_t word : words)
    ++perBank[word % kBanks];
  return *std::max_element(perBank.begin(), perBank.end());
}

WarpAccessCounters imhsa::emulator::countBanks(llvm::ArrayRef<WarpLane> lanes, uint32_t bytes) {
  // A pass can move 32 words: lanes whose accesses are wider take turns.
  unsigned lanesPerPhase = 32 / llvm::divideCeil(std::max(bytes, 4u), 4);
  WarpAccessCounters result;
  result.instructions = 1;
  llvm::SmallVector<uint64_t, 32> addresses;
  for (unsigned first = 0; first < 32; first += lanesPerPhase) {
    addresses.clear();
    for (const WarpLane &lane : lanes)
      if (lane.number >= first && lane.number < first + lanesPerPhase)
        addresses.push_back(lane.address);
    if (addresses.empty())
      continue;
    result.passes += countWavefronts(addresses, bytes);
    ++result.fewest;
  }
  return result;
}

WarpAccessCounters imhsa::emulator::countSectors(llvm::ArrayRef<WarpLane> lanes, uint32_t bytes) {
  constexpr uint64_t kSectorBytes = 32;
  llvm::SmallVector<uint64_t, 32> addresses;
  for (const WarpLane &lane : lanes)
    addresses.push_back(lane.address);
  if (!llvm::is_sorted(addresses))
    llvm::sort(addresses);
  WarpAccessCounters result;
  result.instructions = 1;
  uint64_t nextByte = 0, nextSector = 0, distinct = 0;
  for (uint64_t address : addresses) {
    uint64_t end = address + bytes, endSector = llvm::divideCeil(end, kSectorBytes);
    distinct += end - std::clamp(nextByte, address, end);
    result.passes += endSector - std::clamp(nextSector, address / kSectorBytes, endSector);
    nextByte = std::max(nextByte, end);
    nextSector = std::max(nextSector, endSector);
  }
  result.fewest = llvm::divideCeil(distinct, kSectorBytes);
  return result;
}
