//===- DependentLaunch.cpp - kernels that begin early ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/DependentLaunch.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace imhsa;

using NVVM::GridDepActionKind;

static constexpr unsigned kSharedSpace = 3;

static bool isShared(Value pointer) {
  return cast<LLVM::LLVMPointerType>(pointer.getType()).getAddressSpace() == kSharedSpace;
}

static Value getBase(Value pointer) {
  while (auto element = pointer.getDefiningOp<LLVM::GEPOp>())
    pointer = element.getBase();
  return pointer;
}

// Whether it may be done before the kernel before has ended.
static bool isEarly(Operation *op, const DenseSet<Value> &constants) {
  if (auto load = dyn_cast<LLVM::LoadOp>(op))
    return isShared(load.getAddr()) || constants.contains(getBase(load.getAddr()));
  if (auto store = dyn_cast<LLVM::StoreOp>(op))
    return isShared(store.getAddr());
  if (isa<LLVM::InlineAsmOp>(op))
    return llvm::none_of(op->getOperandTypes(), llvm::IsaPred<LLVM::LLVMPointerType>);
  // Among threads of the block.
  if (isa<NVVM::ShflOp, NVVM::BarrierOp, NVVM::SyncWarpOp>(op))
    return true;
  return op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() || isMemoryEffectFree(op);
}

void imhsa::waitForKernelsBefore(LLVM::LLVMFuncOp kernel, const DenseSet<Value> &constants) {
  Block &first = kernel.getBody().front();
  auto late = llvm::find_if(first, [&](Operation &op) {
    return op.hasTrait<OpTrait::IsTerminator>() ||
           op.walk([&](Operation *inner) {
               return isEarly(inner, constants) ? WalkResult::advance() : WalkResult::interrupt();
             }).wasInterrupted();
  });
  OpBuilder b(&*late);
  for (GridDepActionKind action : {GridDepActionKind::wait, GridDepActionKind::launch_dependents})
    NVVM::GriddepcontrolOp::create(b, kernel.getLoc(), action);
}

bool imhsa::waitsForKernelsBefore(Operation *kernel) {
  auto function = dyn_cast<FunctionOpInterface>(kernel);
  if (!function || function.isExternal())
    return false;
  return llvm::any_of(function.front().getOps<NVVM::GriddepcontrolOp>(),
                      [](auto op) { return op.getKind() == GridDepActionKind::wait; });
}
