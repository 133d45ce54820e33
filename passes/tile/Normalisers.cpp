//===- Normalisers.cpp - an attention as normalisers and a plain sum ------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/tile/Normalisers.h"
#include "dialect/Tiling.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace imhsa;

std::pair<LogSumExpOp, AttentionOp> imhsa::separateNormalisers(RewriterBase &rewriter,
                                                               AttentionOp op) {
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  Scores scores = op.getScores(), rows = scores;
  rows.interaction.post = rows.interaction.postBias = Value();
  Value init = op.getLseInit();
  if (!init)
    init = tensor::EmptyOp::create(rewriter, loc, logSumExpSizes(rewriter, loc, scores),
                                   scores.computeType());
  auto normalisers = LogSumExpOp::create(rewriter, loc, rows, init);
  scores.lse = normalisers->getResult(0);
  auto sum = AttentionOp::create(rewriter, loc, scores, op.getValue(), op.getValueOrder(),
                                 op.getInit(), op.getOutputOrder());
  SmallVector<Value> results = {sum->getResult(0), normalisers->getResult(0)};
  rewriter.replaceOp(op, ArrayRef<Value>(results).take_front(op->getNumResults()));
  return {normalisers, sum};
}
