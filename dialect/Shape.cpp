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

// On tensors an operation is pure; on memrefs it reads what it takes and writes `outs`.
template <typename OpTy>
static void
memrefEffects(OpTy op,
              SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
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
