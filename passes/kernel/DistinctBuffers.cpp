//===- DistinctBuffers.cpp - memrefs that do not alias --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace imhsa;

Value imhsa::getBuffer(Value memref) {
  for (;;) {
    Operation *op = memref.getDefiningOp();
    if (!op) {
      auto function = dyn_cast<func::FuncOp>(memref.getParentBlock()->getParentOp());
      bool isEntry = function && function->hasAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName());
      return isEntry ? memref : Value();
    }
    if (isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(op))
      return memref;
    auto view = dyn_cast<ViewLikeOpInterface>(op);
    if (!view)
      return {};
    Value source = view.getViewSource();
    if (isa<memref::ViewOp>(op) && isa<BlockArgument>(source))
      return getBuffer(source) ? memref : Value();
    memref = source;
  }
}

std::optional<DenseSet<Value>> imhsa::findWrittenBuffers(Region &body) {
  DenseSet<Value> written;
  auto walk = body.walk([&](Operation *op) {
    // What an assertion writes is no buffer.
    if (isa<cf::AssertOp>(op))
      return WalkResult::advance();
    // A structured operation has effects of its own beside those of its body.
    auto access = dyn_cast<MemoryEffectOpInterface>(op);
    if (!access)
      return op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ? WalkResult::advance()
                                                                : WalkResult::interrupt();
    SmallVector<MemoryEffects::EffectInstance> effects;
    access.getEffects(effects);
    for (MemoryEffects::EffectInstance &effect : effects) {
      if (!isa<MemoryEffects::Write>(effect.getEffect()))
        continue;
      Value buffer = effect.getValue() ? getBuffer(effect.getValue()) : Value();
      if (!buffer)
        return WalkResult::interrupt();
      written.insert(buffer);
    }
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return std::nullopt;
  return written;
}

DenseSet<Value> imhsa::findDistinctBuffers(Region &body, ArrayRef<Value> captured) {
  DenseSet<Value> distinct;
  std::optional<DenseSet<Value>> written = findWrittenBuffers(body);
  if (!written)
    return {};
  DenseMap<Value, unsigned> numCaptures;
  for (Value memref : captured) {
    Value buffer = getBuffer(memref);
    if (!buffer)
      return {};
    ++numCaptures[buffer];
  }
  for (Value memref : captured)
    if (Value buffer = getBuffer(memref); numCaptures[buffer] == 1 || !written->contains(buffer))
      distinct.insert(memref);
  return distinct;
}
