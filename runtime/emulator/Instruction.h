//===- Instruction.h - what the machine can execute ------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Compiled kernels call the machine for every instruction of the NVVM dialect but the special
// registers. All calls have one form: operands come as an array of 64-bit words, one for each,
// zero-extended (floats as their bits, vectors of 32 bits as one word), and results go out in the
// same way, one word for each field.
//
// A family of instructions has a file in instructions/, which states the section of the PTX manual
// ("Parallel Thread Execution ISA") that the code follows.

#ifndef IMHSA_RUNTIME_EMULATOR_INSTRUCTION_H
#define IMHSA_RUNTIME_EMULATOR_INSTRUCTION_H

#include "runtime/emulator/Lane.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace imhsa::emulator {

using Execute = void (*)(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out);

struct Instruction {
  Execute execute = nullptr;
  unsigned firstChip = 80; ///< 90: from sm_90 on
  /// Lanes may wait for each other in it, or it leaves work behind that belongs to the lane.
  bool isMeeting = false;
};

/// The instruction that LLVM calls `llvm.nvvm.<name>`, without the types of overloaded pointers;
/// or, for those that LLVM has no intrinsic for, that PTX calls `name`. Null if the machine does
/// not have it.
const Instruction *findInstruction(llvm::StringRef name);

/// The register that LLVM calls `llvm.nvvm.read.ptx.sreg.<name>`, if it is one that
/// `LaneRegisters` holds.
std::optional<SpecialRegister> findSpecialRegister(llvm::StringRef name);

/// For the files of the families.
using InstructionMap = llvm::StringMap<Instruction>;
void addRegisters(InstructionMap &map);
void addBarriers(InstructionMap &map);
void addShuffles(InstructionMap &map);
void addVotes(InstructionMap &map);
void addMatrices(InstructionMap &map);
void addMma(InstructionMap &map);
void addCopiesAsync(InstructionMap &map);
void addBulkCopies(InstructionMap &map);
void addMbarriers(InstructionMap &map);
void addFences(InstructionMap &map);
void addArithmetic(InstructionMap &map);
void addApproximations(InstructionMap &map);
void addConversions(InstructionMap &map);
void addIntegerConversions(InstructionMap &map);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_INSTRUCTION_H
