//===- Entries.h - what compiled kernels call ------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Beside the instructions (Instruction.h) and getCurrentLane (Lane.h).

#ifndef IMHSA_RUNTIME_EMULATOR_ENTRIES_H
#define IMHSA_RUNTIME_EMULATOR_ENTRIES_H

#include "runtime/emulator/Checker.h"
#include "runtime/emulator/Lane.h"

namespace imhsa::emulator {

/// Before a load or store of `bytes` bytes, where accesses are checked. More than 16 bytes
/// are as many accesses as PTX makes of them. Does not return where the access must not be done.
void checkAccess(Lane *lane, const void *address, uint64_t bytes, uint32_t alignment,
                 AccessKind kind, uint32_t site);

/// The same for what is atomic or volatile.
void checkAtomic(Lane *lane, const void *address, uint64_t bytes, uint32_t alignment,
                 AccessKind kind, MemoryOrder order, Scope scope, uint32_t site);

/// What a piece of straight code computes beside what the machine executes: numbers of instructions
/// of the kinds MultiplyAdd, Compare, Integer and Convert.
void countArithmetic(Lane *lane, uint32_t multiplyAdds, uint32_t comparisons, uint32_t integers,
                     uint32_t conversions);

/// Before an access that other lanes or blocks may have to make possible: lets them run.
void yieldLane(Lane *lane);

/// A lane has gone round a loop more often than a kernel can mean.
[[noreturn]] void failEndless(Lane *lane, uint32_t site);

/// How often `failEndless` takes for too often.
constexpr uint64_t kMaxIterations = uint64_t(1) << 28;

/// An access to `bytes` bytes from `offset` of a local variable that has `size`.
[[noreturn]] void failLocal(Lane *lane, int64_t offset, uint64_t bytes, uint64_t size,
                            uint32_t site);

/// A division by zero, or of the least number by -1: not defined, and on the host it would trap.
[[noreturn]] void failDivision(Lane *lane, uint32_t site);

/// The kernel has come to what must not be reached: llvm.trap, an assertion.
[[noreturn]] void failTrap(Lane *lane, uint32_t site);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_ENTRIES_H
