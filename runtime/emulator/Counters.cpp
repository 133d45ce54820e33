//===- Counters.cpp - what a kernel costs, counted ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Counters.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
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
  case InstructionKind::MultiplyAdd:
    return "multiply-add";
  case InstructionKind::Compare:
    return "compare";
  case InstructionKind::Integer:
    return "integer";
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
  for (size_t i = 0; i < other.buffers.size(); ++i) {
    BufferCounters &into = ofBuffer(i);
    into.memory += other.buffers[i].memory;
    into.sectorsRead += other.buffers[i].sectorsRead;
    into.sectorsWritten += other.buffers[i].sectorsWritten;
  }
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

// Whether of `lanes` lanes from `first` on those that differ by `mask` have the same address.
static bool sharesAddresses(const WarpAccess &access, unsigned first, unsigned lanes,
                            unsigned mask) {
  return llvm::all_of(llvm::seq(first, first + lanes), [&](unsigned lane) {
    unsigned other = lane ^ mask;
    bool areBoth = access.mask >> lane & access.mask >> other & 1;
    return !areBoth || access.addresses[lane] == access.addresses[other];
  });
}

WarpAccessCounters imhsa::emulator::countBanks(const WarpAccess &access, bool isLoad) {
  // A pass can move 32 words: lanes whose accesses are wider take turns.
  unsigned lanesPerPhase = 32 / llvm::divideCeil(std::max(access.bytes, 4u), 4);
  WarpAccessCounters result;
  result.instructions = 1;
  llvm::SmallVector<uint64_t, 32> addresses;
  for (unsigned first = 0, lanes; first < 32; first += lanes) {
    unsigned two = 2 * lanesPerPhase;
    bool areTogether =
        isLoad && first % two == 0 && two <= 32 &&
        (sharesAddresses(access, first, two, 1) || sharesAddresses(access, first, two, 2));
    lanes = areTogether ? two : lanesPerPhase;
    addresses.clear();
    for (unsigned lane = first; lane < first + lanes; ++lane)
      if (access.mask >> lane & 1)
        addresses.push_back(access.addresses[lane]);
    if (addresses.empty())
      continue;
    result.passes += countWavefronts(addresses, access.bytes);
    ++result.fewest;
  }
  return result;
}

static constexpr uint64_t kSectorBytes = 32;

uint64_t imhsa::emulator::countSectors(uint64_t address, uint64_t bytes) {
  return llvm::divideCeil(address + bytes, kSectorBytes) - address / kSectorBytes;
}

WarpAccessCounters imhsa::emulator::countSectors(const WarpAccess &access) {
  std::array<uint64_t, 32> addresses;
  unsigned count = 0;
  bool isSorted = true;
  for (uint32_t rest = access.mask; rest; rest &= rest - 1) {
    addresses[count] = access.addresses[llvm::countr_zero(rest)];
    isSorted &= count == 0 || addresses[count - 1] <= addresses[count];
    ++count;
  }
  if (!isSorted)
    std::sort(addresses.begin(), addresses.begin() + count);
  WarpAccessCounters result;
  result.instructions = 1;
  uint64_t nextByte = 0, nextSector = 0, distinct = 0;
  for (unsigned i = 0; i < count; ++i) {
    uint64_t begin = addresses[i], end = begin + access.bytes;
    if (end <= nextByte)
      continue;
    uint64_t endSector = (end + kSectorBytes - 1) / kSectorBytes;
    distinct += end - std::max(begin, nextByte);
    result.passes += endSector - std::min(std::max(begin / kSectorBytes, nextSector), endSector);
    nextByte = end;
    nextSector = endSector;
  }
  result.fewest = llvm::divideCeil(distinct, kSectorBytes);
  return result;
}
