//===- Support.h - what instructions are written with ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_SUPPORT_H
#define IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_SUPPORT_H

#include "runtime/emulator/Block.h"
#include "runtime/emulator/Instruction.h"
#include "llvm/ADT/bit.h"

namespace imhsa::emulator {

inline float asFloat(uint64_t word) { return llvm::bit_cast<float>(static_cast<uint32_t>(word)); }
inline uint64_t asWord(float value) { return llvm::bit_cast<uint32_t>(value); }
inline double asDouble(uint64_t word) { return llvm::bit_cast<double>(word); }
inline uint64_t asWord(double value) { return llvm::bit_cast<uint64_t>(value); }
template <typename T = char> T *asPointer(uint64_t word) {
  return reinterpret_cast<T *>(static_cast<uintptr_t>(word));
}

/// Tells the checker of an instruction that lanes have executed together.
inline void countMeeting(const Meeting &meeting, InstructionKind kind) {
  BlockChecker *checker = meeting.block.checker.get();
  if (!checker)
    return;
  uint32_t first = meeting.warp.lanes[0].index;
  meeting.forEach([&](unsigned lane) { checker->executed(first + lane, kind); });
  checker->warpMet(first, meeting.mask);
}

/// Tells the checker of an instruction of one lane.
inline void count(Lane *lane, InstructionKind kind) {
  if (BlockChecker *checker = lane->block->checker.get())
    checker->executed(lane->index, kind);
}

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_SUPPORT_H
