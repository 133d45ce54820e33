//===- Entries.cpp - what compiled kernels call ---------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Entries.h"
#include "runtime/emulator/Block.h"

using namespace imhsa::emulator;

// The widest access of one lane.
static constexpr uint64_t kMaxBytes = 16;

void imhsa::emulator::checkAccess(Lane *lane, const void *address, uint64_t bytes,
                                  uint32_t alignment, AccessKind kind, uint32_t site) {
  Block &block = *lane->block;
  const char *next = static_cast<const char *>(address);
  for (; bytes > 0;) {
    uint64_t part = std::min(bytes, kMaxBytes);
    if (!block.checker->access(lane->index, next, static_cast<uint32_t>(part),
                               std::min<uint32_t>(alignment, kMaxBytes), kind, site))
      block.giveUp(*lane);
    next += part;
    bytes -= part;
  }
}

void imhsa::emulator::yieldLane(Lane *lane) { lane->block->yield(*lane); }

void imhsa::emulator::failEndless(Lane *lane, uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::Endless,
                    "a loop went round " + llvm::Twine(kMaxIterations) +
                        " times and does not seem to end");
}

void imhsa::emulator::failTrap(Lane *lane, uint32_t site) {
  lane->block->fail(*lane, site, FindingKind::InvalidOperand, "the kernel traps");
}
