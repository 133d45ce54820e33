//===- Entries.cpp - what compiled kernels call ---------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Entries.h"
#include "runtime/emulator/Block.h"

using namespace imhsa::emulator;

// The widest access of one lane.
static constexpr uint64_t kMaxBytes = 16;

// Calls `check(address, bytes)` for the parts of an access, until one must not be done.
template <typename Check>
static void checkParts(Lane *lane, const void *address, uint64_t bytes, Check check) {
  const char *next = static_cast<const char *>(address);
  while (bytes > 0) {
    uint64_t part = std::min(bytes, kMaxBytes);
    if (!check(next, static_cast<uint32_t>(part)))
      lane->block->giveUp(*lane);
    next += part;
    bytes -= part;
  }
}

void imhsa::emulator::checkAccess(Lane *lane, const void *address, uint64_t bytes,
                                  uint32_t alignment, AccessKind kind, uint32_t site) {
  BlockChecker &checker = *lane->block->checker;
  alignment = std::min<uint32_t>(alignment, kMaxBytes);
  checkParts(lane, address, bytes, [&](const char *part, uint32_t size) {
    return checker.access(lane->index, part, size, alignment, kind, site);
  });
}

void imhsa::emulator::checkAtomic(Lane *lane, const void *address, uint64_t bytes,
                                  uint32_t alignment, AccessKind kind, MemoryOrder order,
                                  Scope scope, uint32_t site) {
  BlockChecker &checker = *lane->block->checker;
  alignment = std::min<uint32_t>(alignment, kMaxBytes);
  checkParts(lane, address, bytes, [&](const char *part, uint32_t size) {
    return checker.atomic(lane->index, part, size, alignment, kind, order, scope, site);
  });
}

void imhsa::emulator::countArithmetic(Lane *lane, uint32_t multiplyAdds, uint32_t comparisons,
                                      uint32_t integers, uint32_t conversions) {
  BlockChecker &checker = *lane->block->checker;
  checker.executed(lane->index, InstructionKind::MultiplyAdd, multiplyAdds);
  checker.executed(lane->index, InstructionKind::Compare, comparisons);
  checker.executed(lane->index, InstructionKind::Integer, integers);
  checker.executed(lane->index, InstructionKind::Convert, conversions);
}

void imhsa::emulator::yieldLane(Lane *lane) { lane->block->yield(*lane); }

void imhsa::emulator::failEndless(Lane *lane, uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::Endless,
                    "a loop went round " + llvm::Twine(kMaxIterations) +
                        " times and does not seem to end");
}

void imhsa::emulator::failLocal(Lane *lane, int64_t offset, uint64_t bytes, uint64_t size,
                                uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::OutOfBounds,
                    "access to " + llvm::Twine(bytes) + " bytes at byte " + llvm::Twine(offset) +
                        " of a local variable, which has " + llvm::Twine(size) + " bytes");
}

void imhsa::emulator::failDivision(Lane *lane, uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::InvalidOperand,
                    "a division of whole numbers by zero, or one that overflows");
}

void imhsa::emulator::failTrap(Lane *lane, uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::InvalidOperand,
                    "the kernel has come to a trap, or to what is said to be unreachable");
}
