//===- HostCode.cpp - kernels in LLVM IR, rewritten for the host ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/HostCode.h"
#include "runtime/emulator/Entries.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace imhsa;
using imhsa::emulator::AccessKind;
using imhsa::emulator::MemoryOrder;
using imhsa::emulator::Scope;
using imhsa::emulator::SpecialRegister;
namespace machine = imhsa::emulator;

static constexpr unsigned kSharedSpace = 3;
static constexpr StringLiteral kNvvmPrefix = "llvm.nvvm.";
static constexpr StringLiteral kRegisterPrefix = "read.ptx.sreg.";

// Bytes of the local variables of a function; the stacks of lanes are larger.
static constexpr uint64_t kMaxLocalBytes = 256 * 1024;

// Words that a call of the machine passes at most, either way.
static constexpr unsigned kMaxWords = 32;

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
// Variables
//===----------------------------------------------------------------------===//

Error HostCode::numberSharedVariables() {
  const DataLayout &layout = module.getDataLayout();
  SmallVector<Constant *> constants;
  for (GlobalVariable &variable : module.globals()) {
    if (variable.getAddressSpace() != kSharedSpace)
      continue;
    uint64_t bytes = layout.getTypeAllocSize(variable.getValueType());
    if (bytes > machine::Chip::kMaxStaticShared)
      return createStringError("shared variable '" + variable.getName() + "' has " + Twine(bytes) +
                               " bytes: expected at most " +
                               Twine(machine::Chip::kMaxStaticShared) + " of static shared memory");
    if (variable.hasInitializer() && !isa<UndefValue>(variable.getInitializer()))
      return createStringError("shared variable '" + variable.getName() +
                               "' has a value: shared memory cannot be initialised");
    uint32_t alignment = variable.getAlign() ? variable.getAlign()->value()
                                             : layout.getPreferredAlign(&variable).value();
    sharedVariables.push_back(
        {&variable, bytes, alignment, /*isDynamic=*/bytes == 0, variable.hasLocalLinkage()});
    constants.push_back(&variable);
  }
  convertUsersOfConstantsToInstructions(constants);
  return Error::success();
}

void HostCode::replaceSharedVariables(Function &function) {
  for (auto [number, shared] : enumerate(sharedVariables)) {
    Value *address = nullptr;
    for (Use &use : make_early_inc_range(shared.variable->uses())) {
      auto *user = dyn_cast<Instruction>(use.getUser());
      if (!user || user->getFunction() != &function)
        continue;
      if (!address) {
        FunctionState &state = stateOf(function);
        state.sharedVariables.insert(number);
        IRBuilder<> builder(cast<Instruction>(state.lane)->getNextNode());
        auto field = [&](size_t offset) {
          return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), state.lane, offset);
        };
        Value *base =
            builder.CreateLoad(builder.getPtrTy(), field(offsetof(machine::LaneRegisters, shared)));
        Value *offsets = builder.CreateLoad(builder.getPtrTy(),
                                            field(offsetof(machine::LaneRegisters, sharedOffsets)));
        Value *offset = builder.CreateLoad(
            builder.getInt32Ty(),
            builder.CreateConstInBoundsGEP1_64(builder.getInt32Ty(), offsets, number));
        Value *place = builder.CreateGEP(builder.getInt8Ty(), base,
                                         builder.CreateZExt(offset, builder.getInt64Ty()));
        address = builder.CreateAddrSpaceCast(place, shared.variable->getType());
      }
      use.set(address);
    }
  }
}

Error HostCode::collectVariables() {
  for (auto [number, shared] : enumerate(sharedVariables)) {
    if (!shared.variable->use_empty())
      return createStringError("shared variable '" + shared.variable->getName() +
                               "' is used outside of functions");
    shared.variable->eraseFromParent();
  }
  for (GlobalVariable &variable : module.globals()) {
    if (variable.isDeclaration())
      return createStringError("variable '" + variable.getName() + "' is defined nowhere");
    // Its address is asked for by name.
    if (variable.hasLocalLinkage())
      variable.setName("imhsa.variable." + variable.getName());
    variable.setLinkage(GlobalValue::ExternalLinkage);
    variables.push_back({variable.getName().str(),
                         module.getDataLayout().getTypeAllocSize(variable.getValueType()),
                         !variable.isConstant()});
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

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
  case Intrinsic::debugtrap: {
    FunctionState &state = stateOf(*call.getFunction());
    callHost(builder, reinterpret_cast<const void *>(machine::failTrap), builder.getVoidTy(),
             {state.lane, builder.getInt32(addSite(call, "trap"))});
    call.eraseFromParent();
    return Error::success();
  }
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

// The name of a synchronization scope: `block`, `cluster`, `device`, or empty for the system.
static StringRef getScopeName(LLVMContext &context, SyncScope::ID scope) {
  SmallVector<StringRef> names;
  context.getSyncScopeNames(names);
  return names[scope];
}

// A cluster is a block.
static bool isBlockScope(StringRef name) { return name == "block" || name == "cluster"; }

void HostCode::rewriteFence(FenceInst &fence) {
  StringRef scope = getScopeName(context, fence.getSyncScopeID());
  StringRef name = isBlockScope(scope) ? "membar.cta"
                   : scope == "device" ? "membar.gl"
                                       : "membar.sys";
  IRBuilder<> builder(&fence);
  callMachine(builder, *machine::findInstruction(name), addSite(fence, name), {}, {});
  fence.eraseFromParent();
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

static MemoryOrder getOrder(AtomicOrdering ordering) {
  if (isAcquireOrStronger(ordering))
    return isReleaseOrStronger(ordering) ? MemoryOrder::AcquireRelease : MemoryOrder::Acquire;
  return isReleaseOrStronger(ordering) ? MemoryOrder::Release : MemoryOrder::Relaxed;
}

static Scope getScope(const Instruction &access) {
  std::optional<SyncScope::ID> scope = getAtomicSyncScopeID(&access);
  return scope && isBlockScope(getScopeName(access.getContext(), *scope)) ? Scope::Block
                                                                          : Scope::Device;
}

static std::string describeAccess(StringRef verb, Type *type, Value *pointer) {
  std::string text;
  raw_string_ostream stream(text);
  stream << verb << ' ' << *type << ", " << *pointer->getType();
  return text;
}

// Whether other lanes may have to write what is read here before the lane can go on.
static bool maySpin(const Instruction &access) {
  if (auto *load = dyn_cast<LoadInst>(&access))
    return load->isVolatile() || load->isAtomic();
  if (auto *update = dyn_cast<AtomicRMWInst>(&access))
    return update->getOperation() == AtomicRMWInst::Xchg;
  return isa<AtomicCmpXchgInst>(access);
}

// An access to a variable of the lane's own, which is not beyond it. False if `pointer` is not
// known to be one.
bool HostCode::checkLocal(IRBuilderBase &builder, Instruction &access, Value *pointer, Value *bytes,
                          const Twine &text) {
  const Value *object = getUnderlyingObject(pointer);
  // What is passed by value is read as a whole, or at constant places.
  if (auto *argument = dyn_cast<Argument>(object))
    return argument->hasByValAttr();
  auto *variable = dyn_cast<AllocaInst>(const_cast<Value *>(object));
  if (!variable)
    return false;
  uint64_t size = variable->getAllocationSize(module.getDataLayout())->getFixedValue();
  Value *start = builder.CreatePtrToInt(variable, builder.getInt64Ty());
  Value *offset = builder.CreateSub(builder.CreatePtrToInt(pointer, builder.getInt64Ty()), start);
  Value *end = builder.CreateAdd(offset, bytes);
  Value *isBeyond = builder.CreateOr(builder.CreateICmpUGT(offset, builder.getInt64(size)),
                                     builder.CreateICmpUGT(end, builder.getInt64(size)));
  FunctionState &state = stateOf(*access.getFunction());
  Instruction *fail = SplitBlockAndInsertIfThen(isBeyond, &access, /*Unreachable=*/false);
  IRBuilder<> failing(fail);
  callHost(
      failing, reinterpret_cast<const void *>(machine::failLocal), failing.getVoidTy(),
      {state.lane, offset, bytes, failing.getInt64(size), failing.getInt32(addSite(access, text))});
  builder.SetInsertPoint(&access);
  return true;
}

void HostCode::checkMemory(Instruction &access) {
  IRBuilder<> builder(&access);
  const DataLayout &layout = module.getDataLayout();
  auto check = [&](Value *pointer, Value *bytes, Align alignment, AccessKind kind,
                   const Twine &text, std::optional<AtomicOrdering> ordering = std::nullopt) {
    if (checkLocal(builder, access, pointer, bytes, text))
      return;
    uint32_t site = addSite(access, text);
    Value *address = builder.CreateAddrSpaceCast(pointer, builder.getPtrTy());
    FunctionState &state = stateOf(*access.getFunction());
    SmallVector<Value *> arguments{state.lane, address, bytes,
                                   builder.getInt32(static_cast<uint32_t>(alignment.value())),
                                   builder.getInt32(static_cast<uint32_t>(kind))};
    if (ordering) {
      arguments.push_back(builder.getInt32(static_cast<uint32_t>(getOrder(*ordering))));
      arguments.push_back(builder.getInt32(static_cast<uint32_t>(getScope(access))));
    }
    arguments.push_back(builder.getInt32(site));
    callHost(builder,
             ordering ? reinterpret_cast<const void *>(machine::checkAtomic)
                      : reinterpret_cast<const void *>(machine::checkAccess),
             builder.getVoidTy(), arguments);
  };
  auto bytesOf = [&](Type *type) -> Value * {
    return builder.getInt64(layout.getTypeStoreSize(type));
  };
  if (maySpin(access)) {
    FunctionState &state = stateOf(*access.getFunction());
    state.hasMeetings = true;
    callHost(builder, reinterpret_cast<const void *>(machine::yieldLane), builder.getVoidTy(),
             {state.lane});
  }
  if (!checks)
    return;
  // What is volatile is atomic, in no order: PTX manual, "ld.volatile".
  auto orderingOf = [](const auto &memory) -> std::optional<AtomicOrdering> {
    if (memory.isAtomic())
      return memory.getOrdering();
    return memory.isVolatile() ? std::optional(AtomicOrdering::Monotonic) : std::nullopt;
  };
  if (auto *load = dyn_cast<LoadInst>(&access)) {
    std::optional<AtomicOrdering> ordering = orderingOf(*load);
    check(load->getPointerOperand(), bytesOf(load->getType()), load->getAlign(),
          ordering ? AccessKind::AtomicRead : AccessKind::Read,
          describeAccess("load", load->getType(), load->getPointerOperand()), ordering);
  } else if (auto *store = dyn_cast<StoreInst>(&access)) {
    Type *type = store->getValueOperand()->getType();
    std::optional<AtomicOrdering> ordering = orderingOf(*store);
    check(store->getPointerOperand(), bytesOf(type), store->getAlign(),
          ordering ? AccessKind::AtomicWrite : AccessKind::Write,
          describeAccess("store", type, store->getPointerOperand()), ordering);
  } else if (auto *update = dyn_cast<AtomicRMWInst>(&access)) {
    check(
        update->getPointerOperand(), bytesOf(update->getType()), update->getAlign(),
        AccessKind::Atomic,
        describeAccess("atomicrmw " + AtomicRMWInst::getOperationName(update->getOperation()).str(),
                       update->getType(), update->getPointerOperand()),
        update->getOrdering());
  } else if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&access)) {
    Type *type = exchange->getNewValOperand()->getType();
    check(exchange->getPointerOperand(), bytesOf(type), exchange->getAlign(), AccessKind::Atomic,
          describeAccess("cmpxchg", type, exchange->getPointerOperand()),
          exchange->getSuccessOrdering());
  } else if (auto *bulk = dyn_cast<MemIntrinsic>(&access)) {
    Value *bytes = builder.CreateZExtOrTrunc(bulk->getLength(), builder.getInt64Ty());
    if (auto *transfer = dyn_cast<MemTransferInst>(bulk))
      check(transfer->getRawSource(), bytes, transfer->getSourceAlign().valueOrOne(),
            AccessKind::Read, "read of llvm.memcpy");
    check(bulk->getRawDest(), bytes, bulk->getDestAlign().valueOrOne(), AccessKind::Write,
          isa<MemTransferInst>(bulk) ? "write of llvm.memcpy" : "llvm.memset");
  }
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

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

// Local memory is a stack of limited size on the host.
Error HostCode::checkFrame(Function &function) {
  uint64_t bytes = 0;
  for (Instruction &instruction : instructions(function))
    if (auto *variable = dyn_cast<AllocaInst>(&instruction)) {
      std::optional<TypeSize> size = variable->getAllocationSize(module.getDataLayout());
      if (!variable->isStaticAlloca() || !size)
        return error(instruction, "the emulator does not have local variables of dynamic size, or "
                                  "outside of the entry block of a function");
      bytes += *size;
    }
  if (bytes > kMaxLocalBytes)
    return createStringError("function '" + function.getName() + "' has " + Twine(bytes) +
                             " bytes of local variables: the emulator takes at most " +
                             Twine(kMaxLocalBytes));
  return Error::success();
}

Error HostCode::rewriteFunction(Function &function) {
  if (Error failed = checkFrame(function))
    return failed;
  SmallVector<Instruction *> work;
  for (Instruction &instruction : instructions(function))
    if (isa<CallBase, LoadInst, StoreInst, AtomicRMWInst, AtomicCmpXchgInst, FenceInst>(
            instruction))
      work.push_back(&instruction);
  // First, since casts of a variable would fold to constants.
  replaceSharedVariables(function);
  for (Instruction *instruction : work) {
    if (auto *call = dyn_cast<CallBase>(instruction)) {
      if (Error failed = rewriteCall(*call))
        return failed;
    } else if (auto *fence = dyn_cast<FenceInst>(instruction)) {
      rewriteFence(*fence);
    } else {
      checkMemory(*instruction);
    }
  }
  limitLoops(function);
  function.setCallingConv(CallingConv::C);
  return Error::success();
}

// The sizes in an attribute "x,y,z" of the function.
static std::optional<machine::Dim3> getSizes(const Function &function, StringRef name) {
  if (!function.hasFnAttribute(name))
    return std::nullopt;
  SmallVector<StringRef, 3> texts;
  function.getFnAttribute(name).getValueAsString().split(texts, ',');
  uint32_t sizes[3] = {1, 1, 1};
  for (auto [size, text] : zip_first(sizes, ArrayRef(texts).take_front(3)))
    text.trim().getAsInteger(10, size);
  return machine::Dim3{sizes[0], sizes[1], sizes[2]};
}

Error HostCode::checkRecursion(Function &kernel) {
  SmallPtrSet<Function *, 8> active;
  auto visit = [&](auto &self, Function *function) -> Error {
    if (!active.insert(function).second)
      return createStringError("function '" + function->getName() +
                               "' calls itself: the emulator does not have recursion");
    for (Function *callee : states[function].callees)
      if (Error failed = self(self, callee))
        return failed;
    active.erase(function);
    return Error::success();
  };
  return visit(visit, &kernel);
}

Error HostCode::makeKernel(Function &function) {
  if (Error failed = checkRecursion(function))
    return failed;
  machine::Kernel kernel;
  kernel.name = function.getName().str();
  kernel.maxBlock = getSizes(function, "nvvm.maxntid");
  kernel.requiredBlock = getSizes(function, "nvvm.reqntid");
  kernel.flushesDenormals =
      function.getDenormalMode(APFloat::IEEEsingle()).Output == DenormalMode::PreserveSign;
  if (function.hasFnAttribute("nvvm.cluster_dim")) {
    std::optional<machine::Dim3> cluster = getSizes(function, "nvvm.cluster_dim");
    if (cluster->volume() != 1)
      return createStringError("kernel '" + kernel.name +
                               "': the emulator has clusters of one block only, found " +
                               Twine(cluster->volume()));
  }

  SetVector<Function *> reached;
  reached.insert(&function);
  SmallSetVector<unsigned, 4> used;
  for (size_t i = 0; i < reached.size(); ++i) {
    FunctionState &state = states[reached[i]];
    kernel.hasMeetings |= state.hasMeetings;
    used.insert_range(state.sharedVariables);
    reached.insert_range(state.callees);
  }
  kernel.sharedOffsets.resize(sharedVariables.size());
  uint64_t end = 0;
  for (unsigned number : used) {
    const SharedVariable &shared = sharedVariables[number];
    if (shared.isDynamic) {
      kernel.usesDynamicShared = true;
      kernel.dynamicAlignment = std::max(kernel.dynamicAlignment, shared.alignment);
      continue;
    }
    end = alignTo(end, shared.alignment);
    kernel.sharedOffsets[number] = static_cast<uint32_t>(end);
    end += shared.bytes;
  }
  kernel.staticShared = static_cast<uint32_t>(std::min<uint64_t>(end, ~0u));
  for (unsigned number : used)
    if (const SharedVariable &shared = sharedVariables[number];
        shared.isDynamic && shared.isInternal && end > 0)
      return createStringError(
          "kernel '" + kernel.name +
          "': dynamic shared memory that is internal to the module, as "
          "gpu.dynamic_shared_memory makes it, overlaps the static shared memory; use an external "
          "variable");
  for (unsigned number : used)
    if (sharedVariables[number].isDynamic)
      kernel.sharedOffsets[number] = static_cast<uint32_t>(alignTo(end, kernel.dynamicAlignment));

  // void entry(void **args)
  IRBuilder<> builder(context);
  Function *entry = Function::Create(
      FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, /*isVarArg=*/false),
      GlobalValue::ExternalLinkage, kEntryPrefix + function.getName(), module);
  builder.SetInsertPoint(BasicBlock::Create(context, "", entry));
  SmallVector<Value *> arguments;
  for (Argument &argument : function.args()) {
    Value *place = builder.CreateLoad(
        builder.getPtrTy(), builder.CreateConstInBoundsGEP1_64(builder.getPtrTy(), entry->getArg(0),
                                                               argument.getArgNo()));
    Type *type = argument.hasByValAttr() ? argument.getParamByValType() : argument.getType();
    machine::Parameter parameter;
    raw_string_ostream(parameter.type) << *type;
    parameter.bytes = module.getDataLayout().getTypeAllocSize(type);
    parameter.isPointer = type->isPointerTy();
    kernel.parameters.push_back(std::move(parameter));
    // What is passed by value is only read where the grid shares it.
    arguments.push_back(argument.hasByValAttr()
                            ? builder.CreateAddrSpaceCast(place, argument.getType())
                            : builder.CreateLoad(argument.getType(), place));
  }
  CallInst *call = builder.CreateCall(&function, arguments);
  for (Argument &argument : function.args())
    if (argument.hasByValAttr())
      call->addParamAttr(argument.getArgNo(),
                         Attribute::getWithByValType(context, argument.getParamByValType()));
  builder.CreateRetVoid();
  kernels.push_back(std::move(kernel));
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
