//===- HostMemory.cpp - checks before accesses to memory ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/HostCode.h"
#include "runtime/emulator/Entries.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace imhsa;
using imhsa::emulator::AccessKind;
using imhsa::emulator::MemoryOrder;
using imhsa::emulator::Scope;
namespace machine = imhsa::emulator;

static MemoryOrder getOrder(AtomicOrdering ordering) {
  if (isAcquireOrStronger(ordering))
    return isReleaseOrStronger(ordering) ? MemoryOrder::AcquireRelease : MemoryOrder::Acquire;
  return isReleaseOrStronger(ordering) ? MemoryOrder::Release : MemoryOrder::Relaxed;
}

static Scope getScope(const Instruction &access) {
  std::optional<SyncScope::ID> scope = getAtomicSyncScopeID(&access);
  if (!scope)
    return Scope::Device;
  StringRef name = HostCode::getScopeName(access.getContext(), *scope);
  return name == "block" ? Scope::Block : name == "cluster" ? Scope::Cluster : Scope::Device;
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
