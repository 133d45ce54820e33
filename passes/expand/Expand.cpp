//===- Expand.cpp - any operation of the dialect to linalg ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Decompose.h"
#include "passes/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_EXPANDPASS
#define GEN_PASS_DEF_SPLITLANDMARKSPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// Replaces every landmark attention below `root` by the two exact ones that it is.
static LogicalResult splitLandmarks(Operation *root, llvm::Statistic &count) {
  IRRewriter rewriter(root->getContext());
  SmallVector<AttentionOp> attentions;
  root->walk([&](AttentionOp op) {
    if (op.hasLandmarks())
      attentions.push_back(op);
  });
  for (AttentionOp op : attentions) {
    if (!op.hasPureTensorSemantics())
      return op.emitOpError("expected tensors to split into exact attentions, found memrefs");
    rewriter.setInsertionPoint(op);
    rewriter.replaceOp(op, splitLandmarkAttention(rewriter, op));
    ++count;
  }
  return success();
}

namespace {

struct SplitLandmarksPass : imhsa::impl::SplitLandmarksPassBase<SplitLandmarksPass> {
  void runOnOperation() override {
    if (failed(splitLandmarks(getOperation(), numSplit)))
      signalPassFailure();
  }
};

struct ExpandPass : imhsa::impl::ExpandPassBase<ExpandPass> {
  void runOnOperation() override {
    if (failed(splitLandmarks(getOperation(), numSplit)))
      return signalPassFailure();
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_nonnull<ImhsaDialect>(op->getDialect()) && !hasFusedSchedule(op))
        operations.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : operations) {
      auto aggregated = dyn_cast<linalg::AggregatedOpInterface>(op);
      auto destination = dyn_cast<DestinationStyleOpInterface>(op);
      if (!aggregated || !destination || !destination.hasPureTensorSemantics()) {
        op->emitOpError("expected an operation on tensors to expand, found one on memrefs");
        return signalPassFailure();
      }
      rewriter.setInsertionPoint(op);
      FailureOr<SmallVector<Value>> results = aggregated.decomposeOperation(rewriter);
      if (failed(results))
        return signalPassFailure();
      rewriter.replaceOp(op, *results);
      ++numExpanded;
    }
  }
};

} // namespace
