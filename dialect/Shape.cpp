//===- Shape.cpp - shapes of results, effects, speculation ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace imhsa;

// A result has the shape of its destination.
template <typename OpTy>
static LogicalResult reifyFromOuts(OpTy op, OpBuilder &builder,
                                   ReifiedRankedShapedTypeDims &shapes) {
  if (op->getNumResults() != op.getOuts().size())
    return failure();
  for (Value out : op.getOuts())
    shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(), out));
  return success();
}

// What an operation's kernels write before they read it: buffers for what splits give.
static OperandRange scratchOf(AttentionOp op) { return op.getScratch(); }
static OperandRange scratchOf(LogSumExpOp op) { return op.getScratch(); }
template <typename OpTy> static OperandRange scratchOf(OpTy op) {
  return op->getOperands().take_front(0);
}

// On tensors an operation is pure; on memrefs it reads what it takes and writes `outs` and
// `scratch`.
template <typename OpTy>
static void
memrefEffects(OpTy op,
              SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  OperandRange scratch = scratchOf(op);
  unsigned begin = scratch.empty() ? 0 : scratch.getBeginOperandIndex();
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    unsigned index = operand.getOperandNumber();
    bool isScratch = index >= begin && index < begin + scratch.size();
    if (op.isDpsInit(&operand) || isScratch)
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

template <typename OpTy> static Speculation::Speculatability speculatability(OpTy op) {
  return op.hasPureTensorSemantics() ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

#define IMHSA_SHAPE_METHODS(OP)                                                                    \
  LogicalResult OP::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {   \
    return reifyFromOuts(*this, builder, shapes);                                                  \
  }                                                                                                \
  void OP::getEffects(                                                                             \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {              \
    memrefEffects(*this, effects);                                                                 \
  }                                                                                                \
  Speculation::Speculatability OP::getSpeculatability() { return speculatability(*this); }

IMHSA_SHAPE_METHODS(AttentionOp)
IMHSA_SHAPE_METHODS(WeightsOp)
IMHSA_SHAPE_METHODS(LogSumExpOp)
IMHSA_SHAPE_METHODS(PoolOp)
