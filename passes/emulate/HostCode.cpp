//===- HostCode.cpp - kernels in LLVM IR, rewritten for the host ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/HostCode.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;
using namespace imhsa;
namespace machine = imhsa::emulator;

HostCode::HostCode(Module &module, const machine::Chip &chip, bool checks)
    : module(module), context(module.getContext()), chip(chip), checks(checks) {}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

// "file:line:column", empty where it is not known.
static std::string getLocation(const Instruction &at) {
  const DILocation *location = at.getDebugLoc();
  if (!location || location->getLine() == 0)
    return "";
  return (location->getFilename() + ":" + Twine(location->getLine()) + ":" +
          Twine(location->getColumn()))
      .str();
}

uint32_t HostCode::addSite(const Instruction &at, const Twine &text) {
  sites.push_back({text.str(), getLocation(at)});
  return static_cast<uint32_t>(sites.size() - 1);
}

Error HostCode::error(const Instruction &at, const Twine &message) const {
  std::string location = getLocation(at);
  if (location.empty())
    location = ("kernel code in '" + at.getFunction()->getName() + "'").str();
  return createStringError(location + ": " + message);
}

Expected<const machine::Instruction *>
HostCode::getInstruction(StringRef name, const Instruction &at, const Twine &text) {
  const machine::Instruction *instruction = machine::findInstruction(name);
  if (!instruction)
    return error(at, "the emulator does not have the instruction '" + text + "'");
  if (instruction->firstChip > chip.number)
    return error(at, "'" + text + "' needs sm_" + Twine(instruction->firstChip) +
                         ", but the kernel is for " + chip.name);
  return instruction;
}

StringRef HostCode::getScopeName(LLVMContext &context, SyncScope::ID scope) {
  SmallVector<StringRef> names;
  context.getSyncScopeNames(names);
  return names[scope];
}

//===----------------------------------------------------------------------===//
// Calls of the machine
//===----------------------------------------------------------------------===//

HostCode::FunctionState &HostCode::stateOf(Function &function) {
  FunctionState &state = states[&function];
  if (state.lane)
    return state;
  IRBuilder<> builder(&*function.getEntryBlock().getFirstInsertionPt());
  Type *words = ArrayType::get(builder.getInt64Ty(), kMaxWords);
  state.in = builder.CreateAlloca(words);
  state.out = builder.CreateAlloca(words);
  state.lane = callHost(builder, reinterpret_cast<const void *>(machine::getCurrentLane),
                        builder.getPtrTy(), {});
  return state;
}

CallInst *HostCode::callHost(IRBuilderBase &builder, const void *function, Type *result,
                             ArrayRef<Value *> arguments) {
  SmallVector<Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  Value *address = ConstantExpr::getIntToPtr(
      builder.getInt64(reinterpret_cast<uintptr_t>(function)), builder.getPtrTy());
  CallInst *call =
      builder.CreateCall(FunctionType::get(result, types, /*isVarArg=*/false), address, arguments);
  call->setConvergent();
  call->setDoesNotThrow();
  return call;
}

// `value` as a word of 64 bits, or null if it has more.
static Value *toWord(IRBuilderBase &builder, Value *value) {
  Type *type = value->getType();
  if (type->isPointerTy())
    return builder.CreatePtrToInt(value, builder.getInt64Ty());
  unsigned bits = type->getPrimitiveSizeInBits();
  if (bits == 0 || bits > 64)
    return nullptr;
  if (!type->isIntegerTy())
    value = builder.CreateBitCast(value, builder.getIntNTy(bits));
  return builder.CreateZExt(value, builder.getInt64Ty());
}

static Value *fromWord(IRBuilderBase &builder, Value *word, Type *type) {
  if (type->isPointerTy())
    return builder.CreateIntToPtr(word, type);
  Value *value = builder.CreateTrunc(word, builder.getIntNTy(type->getPrimitiveSizeInBits()));
  return type->isIntegerTy() ? value : builder.CreateBitCast(value, type);
}

SmallVector<Value *> HostCode::callMachine(IRBuilderBase &builder,
                                           const machine::Instruction &instruction, uint32_t site,
                                           ArrayRef<Value *> inputs, ArrayRef<Type *> results) {
  FunctionState &state = stateOf(*builder.GetInsertBlock()->getParent());
  state.hasMeetings |= instruction.isMeeting;
  Type *word = builder.getInt64Ty();
  for (auto [index, input] : enumerate(inputs))
    builder.CreateStore(toWord(builder, input),
                        builder.CreateConstInBoundsGEP1_32(word, state.in, index));
  callHost(builder, reinterpret_cast<const void *>(instruction.execute), builder.getVoidTy(),
           {state.lane, builder.getInt32(site), state.in, state.out});
  SmallVector<Value *> values;
  for (auto [index, type] : enumerate(results)) {
    Value *result =
        builder.CreateLoad(word, builder.CreateConstInBoundsGEP1_32(word, state.out, index));
    values.push_back(fromWord(builder, result, type));
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

Error HostCode::rewriteFunction(Function &function) {
  if (Error failed = checkFrame(function))
    return failed;
  SmallVector<Instruction *> work;
  for (Instruction &instruction : instructions(function))
    if (isa<CallBase, LoadInst, StoreInst, AtomicRMWInst, AtomicCmpXchgInst, FenceInst,
            BinaryOperator, UnreachableInst>(instruction))
      work.push_back(&instruction);
  if (checks)
    countArithmetic(function);
  // First, since casts of a variable would fold to constants.
  replaceSharedVariables(function);
  for (Instruction *instruction : work) {
    if (auto *call = dyn_cast<CallBase>(instruction)) {
      if (Error failed = rewriteCall(*call))
        return failed;
    } else if (auto *fence = dyn_cast<FenceInst>(instruction)) {
      rewriteFence(*fence);
    } else if (auto *operation = dyn_cast<BinaryOperator>(instruction)) {
      checkDivision(*operation);
    } else if (isa<UnreachableInst>(instruction)) {
      insertTrap(*instruction);
    } else {
      checkMemory(*instruction);
    }
  }
  limitLoops(function);
  function.setCallingConv(CallingConv::C);
  // No symbol, which could take the place of one of this process.
  function.setLinkage(GlobalValue::InternalLinkage);
  function.setVisibility(GlobalValue::DefaultVisibility);
  return Error::success();
}

Error HostCode::rewrite() {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (function.getCallingConv() == CallingConv::PTX_Kernel)
      kernelFunctions.push_back(&function);
  }
  if (Error failed = numberSharedVariables())
    return failed;
  for (Function &function : module)
    if (!function.isDeclaration())
      if (Error failed = rewriteFunction(function))
        return failed;
  if (Error failed = collectVariables())
    return failed;
  for (Function *function : kernelFunctions)
    if (Error failed = makeKernel(*function))
      return failed;
  for (Function &function : make_early_inc_range(module)) {
    if (function.use_empty() && function.isDeclaration())
      function.eraseFromParent();
    else if (!function.isDeclaration())
      for (Instruction &instruction : instructions(function))
        if (auto *call = dyn_cast<CallBase>(&instruction))
          call->setCallingConv(CallingConv::C);
  }
  return Error::success();
}
