//===- Narrow.cpp - intermediates in their consumers' type ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/Narrow.h"
#include "passes/kernel/cuda/ScorePlan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace imhsa;

// The queries, keys and values of an operation with a fused kernel; nothing for others.
static SmallVector<Value> tokensOf(Operation *op) {
  if (!isa<AttentionOp, LogSumExpOp>(op) || !hasFusedSchedule(op))
    return {};
  auto attention = dyn_cast<AttentionOp>(op);
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(op).getScores();
  SmallVector<Value> tokens = {scores.query, scores.key};
  if (attention)
    tokens.push_back(attention.getValue());
  return tokens;
}

// The 16-bit type in which all users take `value` as tokens; null if there is none.
static Type readType(Value value) {
  Type type;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    SmallVector<Value> tokens = tokensOf(user);
    if (llvm::count(tokens, value) != llvm::count(user->getOperands(), value))
      return {};
    auto schedule = user->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    Type taken = getOperandType(tokens, schedule.getMath());
    if (taken.getIntOrFloatBitWidth() != 16 || (type && type != taken))
      return {};
    type = taken;
  }
  return type;
}

static bool narrow(Operation *op) {
  auto pool = dyn_cast<PoolOp>(op);
  if (!(pool || isa<AttentionOp>(op)) || !hasFusedSchedule(op) || op->getNumResults() == 0)
    return false;
  OpResult result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  Type read = readType(result);
  if (!type.getElementType().isF32() || !read)
    return false;
  // A mean has the type of its tokens, or f32.
  if (pool && getElementTypeOrSelf(pool.getInput()) != read)
    return false;
  OpOperand *init = cast<DestinationStyleOpInterface>(op).getTiedOpOperand(result);
  auto empty = init->get().getDefiningOp<tensor::EmptyOp>();
  if (!empty)
    return false;
  OpBuilder b(empty);
  Type narrowed = type.clone(read);
  init->set(
      tensor::EmptyOp::create(b, empty.getLoc(), narrowed, empty.getDynamicSizes()).getResult());
  result.setType(narrowed);
  return true;
}

unsigned imhsa::narrowIntermediates(Operation *root) {
  unsigned number = 0;
  root->walk([&](Operation *op) { number += narrow(op); });
  return number;
}
