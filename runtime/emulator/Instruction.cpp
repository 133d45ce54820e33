//===- Instruction.cpp - what the machine can execute ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Instruction.h"

using namespace imhsa::emulator;

const Instruction *imhsa::emulator::findInstruction(llvm::StringRef name) {
  static const InstructionMap map = [] {
    InstructionMap made;
    for (auto add : {addRegisters, addBarriers, addShuffles, addVotes, addMatrices, addMma,
                     addCopiesAsync, addBulkCopies, addMbarriers, addFences, addArithmetic,
                     addApproximations, addConversions, addIntegerConversions})
      add(made);
    return made;
  }();
  auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}
