//===- HostInstructions.cpp - calls, fences, divisions and loops ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/HostCode.h"
#include "runtime/emulator/Entries.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace imhsa;
using imhsa::emulator::SpecialRegister;
namespace machine = imhsa::emulator;

static constexpr StringLiteral kNvvmPrefix = "llvm.nvvm.";
static constexpr StringLiteral kRegisterPrefix = "read.ptx.sreg.";

// The name without the types of overloaded pointers: "ldmatrix.sync.aligned.m8n8.x4.b16.p3".
static StringRef dropPointerTypes(StringRef name) {
  for (;;) {
    StringRef rest = name.rtrim("0123456789");
    if (rest.size() == name.size() || !rest.consume_back(".p"))
      return name;
    name = rest;
  }
}

Error HostCode::rewriteIntrinsic(CallBase &call, StringRef name) {
  name = dropPointerTypes(name);
  IRBuilder<> builder(&call);
  if (StringRef reg = name; reg.consume_front(kRegisterPrefix))
    if (std::optional<SpecialRegister> special = machine::findSpecialRegister(reg)) {
      FunctionState &state = stateOf(*call.getFunction());
      size_t offset = offsetof(machine::LaneRegisters, special) +
                      static_cast<size_t>(*special) * sizeof(uint32_t);
      Value *value = builder.CreateLoad(
          builder.getInt32Ty(),
          builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), state.lane, offset));
      call.replaceAllUsesWith(builder.CreateZExtOrTrunc(value, call.getType()));
      call.eraseFromParent();
      return Error::success();
    }

  Expected<const machine::Instruction *> instruction = getInstruction(name, call, name);
  if (!instruction)
    return instruction.takeError();
  SmallVector<Value *> inputs(call.args());
  SmallVector<Type *> results;
  if (auto *fields = dyn_cast<StructType>(call.getType()))
    append_range(results, fields->elements());
  else if (!call.getType()->isVoidTy())
    results.push_back(call.getType());
  auto isWord = [](Type *type) {
    return type->isPointerTy() ||
           (type->getPrimitiveSizeInBits() > 0 && type->getPrimitiveSizeInBits() <= 64);
  };
  if (!all_of(inputs, [&](Value *value) { return isWord(value->getType()); }) ||
      !all_of(results, isWord) || inputs.size() > kMaxWords || results.size() > kMaxWords)
    return error(call, "the emulator does not have '" + name + "' with these operands");

  SmallVector<Value *> values =
      callMachine(builder, **instruction, addSite(call, name), inputs, results);
  if (isa<StructType>(call.getType())) {
    Value *all = PoisonValue::get(call.getType());
    for (auto [index, value] : enumerate(values))
      all = builder.CreateInsertValue(all, value, index);
    call.replaceAllUsesWith(all);
  } else if (!values.empty()) {
    call.replaceAllUsesWith(values.front());
  }
  call.eraseFromParent();
  return Error::success();
}

// x86 would round twice; hardware rounds once.
void HostCode::rewriteNarrowFma(CallBase &call) {
  Type *type = call.getType();
  std::string name = type->getScalarType()->isHalfTy() ? "fma.rn.f16" : "fma.rn.bf16";
  auto *vector = dyn_cast<FixedVectorType>(type);
  const machine::Instruction *instruction = machine::findInstruction(name);
  uint32_t site = addSite(call, name);
  IRBuilder<> builder(&call);
  SmallVector<Value *> operands(call.args());
  if (!vector) {
    call.replaceAllUsesWith(callMachine(builder, *instruction, site, operands, {type}).front());
  } else {
    Value *result = PoisonValue::get(type);
    for (unsigned i = 0; i < vector->getNumElements(); ++i) {
      SmallVector<Value *> elements;
      for (Value *operand : operands)
        elements.push_back(builder.CreateExtractElement(operand, i));
      Value *element =
          callMachine(builder, *instruction, site, elements, {vector->getElementType()}).front();
      result = builder.CreateInsertElement(result, element, i);
    }
    call.replaceAllUsesWith(result);
  }
  call.eraseFromParent();
}

Error HostCode::rewriteCall(CallBase &call) {
  if (call.isInlineAsm())
    return rewriteInlinePtx(*this, call);
  Function *callee = call.getCalledFunction();
  if (!callee)
    return error(call, "the emulator does not have calls of functions by address");
  if (StringRef name = callee->getName(); name.consume_front(kNvvmPrefix))
    return rewriteIntrinsic(call, name);
  IRBuilder<> builder(&call);
  switch (callee->getIntrinsicID()) {
  case Intrinsic::not_intrinsic:
    if (callee->isDeclaration())
      return error(call, "function '" + callee->getName() + "' is defined nowhere");
    stateOf(*call.getFunction()).callees.insert(callee);
    return Error::success();
  case Intrinsic::fma:
    if (call.getType()->getScalarType()->isHalfTy() ||
        call.getType()->getScalarType()->isBFloatTy())
      rewriteNarrowFma(call);
    return Error::success();
  case Intrinsic::maxnum:
  case Intrinsic::minnum: {
    // In PTX -0 is less than +0, which these leave open.
    Intrinsic::ID ordered = callee->getIntrinsicID() == Intrinsic::maxnum ? Intrinsic::maximumnum
                                                                          : Intrinsic::minimumnum;
    Value *result = builder.CreateIntrinsic(ordered, {call.getType()},
                                            {call.getArgOperand(0), call.getArgOperand(1)});
    call.replaceAllUsesWith(result);
    call.eraseFromParent();
    return Error::success();
  }
  case Intrinsic::trap:
  case Intrinsic::debugtrap:
    insertTrap(call);
    call.eraseFromParent();
    return Error::success();
  case Intrinsic::assume:
  case Intrinsic::lifetime_start:
  case Intrinsic::lifetime_end:
  case Intrinsic::experimental_noalias_scope_decl:
    return Error::success();
  default:
    if (isa<MemIntrinsic>(call))
      checkMemory(call);
    else if (!callee->doesNotAccessMemory())
      return error(call, "the emulator does not have the intrinsic '" + callee->getName() + "'");
    return Error::success();
  }
}

void HostCode::insertTrap(Instruction &at) {
  IRBuilder<> builder(&at);
  callHost(builder, reinterpret_cast<const void *>(machine::failTrap), builder.getVoidTy(),
           {stateOf(*at.getFunction()).lane, builder.getInt32(addSite(at, "trap"))});
}

void HostCode::checkDivision(BinaryOperator &division) {
  Instruction::BinaryOps opcode = division.getOpcode();
  bool isSigned = opcode == Instruction::SDiv || opcode == Instruction::SRem;
  if (!isSigned && opcode != Instruction::UDiv && opcode != Instruction::URem)
    return;
  Value *divisor = division.getOperand(1);
  if (auto *constant = dyn_cast<ConstantInt>(divisor);
      constant && !constant->isZero() && !constant->isMinusOne())
    return;
  IRBuilder<> builder(&division);
  Type *type = division.getType();
  Value *isWrong = builder.CreateICmpEQ(divisor, Constant::getNullValue(type));
  if (isSigned) {
    APInt least = APInt::getSignedMinValue(type->getScalarSizeInBits());
    Value *overflows = builder.CreateAnd(
        builder.CreateICmpEQ(division.getOperand(0), ConstantInt::get(type, least)),
        builder.CreateICmpEQ(divisor, Constant::getAllOnesValue(type)));
    isWrong = builder.CreateOr(isWrong, overflows);
  }
  if (type->isVectorTy())
    isWrong = builder.CreateOrReduce(isWrong);
  FunctionState &state = stateOf(*division.getFunction());
  Instruction *fail = SplitBlockAndInsertIfThen(isWrong, &division, /*Unreachable=*/false);
  IRBuilder<> failing(fail);
  callHost(failing, reinterpret_cast<const void *>(machine::failDivision), failing.getVoidTy(),
           {state.lane, failing.getInt32(addSite(division, division.getOpcodeName()))});
}

void HostCode::rewriteFence(FenceInst &fence) {
  StringRef scope = getScopeName(context, fence.getSyncScopeID());
  StringRef name = scope == "block"     ? "membar.cta"
                   : scope == "cluster" ? "fence.sc.cluster"
                   : scope == "device"  ? "membar.gl"
                                        : "membar.sys";
  IRBuilder<> builder(&fence);
  callMachine(builder, *machine::findInstruction(name), addSite(fence, name), {}, {});
  fence.eraseFromParent();
}

// An end to loops that have none: counts down at each edge back.
void HostCode::limitLoops(Function &function) {
  SmallVector<std::pair<const BasicBlock *, const BasicBlock *>> edges;
  FindFunctionBackedges(function, edges);
  SmallSetVector<BasicBlock *, 8> latches;
  for (auto [from, to] : edges)
    latches.insert(const_cast<BasicBlock *>(from));
  if (latches.empty())
    return;
  FunctionState &state = stateOf(function);
  IRBuilder<> entry(cast<Instruction>(state.lane)->getNextNode());
  Value *counter = entry.CreateAlloca(entry.getInt64Ty());
  entry.CreateStore(entry.getInt64(machine::kMaxIterations), counter);
  for (BasicBlock *latch : latches) {
    Instruction *end = latch->getTerminator();
    uint32_t site = addSite(*end, "loop");
    IRBuilder<> builder(end);
    Value *left =
        builder.CreateSub(builder.CreateLoad(builder.getInt64Ty(), counter), builder.getInt64(1));
    builder.CreateStore(left, counter);
    Value *isOver = builder.CreateICmpEQ(left, builder.getInt64(0));
    Instruction *fail = SplitBlockAndInsertIfThen(isOver, end, /*Unreachable=*/false);
    builder.SetInsertPoint(fail);
    callHost(builder, reinterpret_cast<const void *>(machine::failEndless), builder.getVoidTy(),
             {state.lane, builder.getInt32(site)});
  }
}
