//===- HostArithmetic.cpp - counts of what is plain arithmetic ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The machine counts the instructions that it executes. What stays an instruction of the host is
// counted here, by piece of straight code: as the translation has made it, before LLVM's
// optimisations, which are those of the host and not those on the way to PTX.

#include "passes/emulate/HostCode.h"
#include "runtime/emulator/Entries.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace imhsa;
namespace machine = imhsa::emulator;

namespace {
struct ArithmeticCounts {
  uint32_t multiplyAdds = 0, comparisons = 0, integers = 0, conversions = 0;
};
} // namespace

static uint32_t getNumElements(const Type *type) {
  auto *vector = dyn_cast<FixedVectorType>(type);
  return vector ? vector->getNumElements() : 1;
}

// Instructions that compute one floating-point operation on all elements: 16-bit ones go in pairs.
static uint32_t countFloats(const Type *type) {
  return type->getScalarSizeInBits() == 16 ? divideCeil(getNumElements(type), 2)
                                           : getNumElements(type);
}

static void count(const CallBase &call, ArithmeticCounts &counts) {
  const Function *callee = call.getCalledFunction();
  // The machine counts those of NVVM and of PTX, and the code of other functions is counted there.
  if (!callee || !callee->isIntrinsic() || callee->getName().starts_with("llvm.nvvm.") ||
      isa<MemIntrinsic>(call) || !callee->doesNotAccessMemory())
    return;
  Intrinsic::ID intrinsic = callee->getIntrinsicID();
  if (intrinsic == Intrinsic::fma || intrinsic == Intrinsic::fmuladd)
    counts.multiplyAdds += countFloats(call.getType());
  else if (call.getType()->isFPOrFPVectorTy())
    counts.comparisons += countFloats(call.getType());
  else
    counts.integers += getNumElements(call.getType());
}

static void count(const Instruction &instruction, ArithmeticCounts &counts) {
  Type *type = instruction.getType();
  switch (instruction.getOpcode()) {
  case Instruction::FAdd:
  case Instruction::FSub:
  case Instruction::FMul:
  case Instruction::FDiv:
  case Instruction::FRem:
    counts.multiplyAdds += countFloats(type);
    return;
  case Instruction::FPTrunc:
    counts.conversions += countFloats(type);
    return;
  case Instruction::FPExt:
  case Instruction::FPToSI:
  case Instruction::FPToUI:
  case Instruction::SIToFP:
  case Instruction::UIToFP:
  case Instruction::ICmp:
    counts.integers += getNumElements(type);
    return;
  case Instruction::FCmp:
    counts.comparisons += countFloats(instruction.getOperand(0)->getType());
    return;
  case Instruction::Select:
    if (type->isFPOrFPVectorTy())
      counts.comparisons += countFloats(type);
    else
      counts.integers += getNumElements(type);
    return;
  case Instruction::GetElementPtr:
    counts.integers += !cast<GetElementPtrInst>(instruction).hasAllConstantIndices();
    return;
  case Instruction::Br:
    counts.integers += cast<BranchInst>(instruction).isConditional();
    return;
  case Instruction::Call:
    count(cast<CallBase>(instruction), counts);
    return;
  default:
    if (isa<BinaryOperator>(instruction))
      counts.integers += getNumElements(type);
  }
}

void HostCode::countArithmetic(Function &function) {
  for (BasicBlock &block : function) {
    ArithmeticCounts counts;
    for (const Instruction &instruction : block)
      count(instruction, counts);
    if (!counts.multiplyAdds && !counts.comparisons && !counts.integers && !counts.conversions)
      continue;
    FunctionState &state = stateOf(function);
    IRBuilder<> builder(block.getTerminator());
    callHost(builder, reinterpret_cast<const void *>(machine::countArithmetic), builder.getVoidTy(),
             {state.lane, builder.getInt32(counts.multiplyAdds),
              builder.getInt32(counts.comparisons), builder.getInt32(counts.integers),
              builder.getInt32(counts.conversions)});
  }
}
