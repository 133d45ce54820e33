//===- ScoresExpander.h - the steps of an attention as linalg -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The formulas are those of `imhsa.attention`; each step is one of their lines.
// Keys are laid out as [B,H',D,M], so that the innermost loop of the logits, of
// the mixing and of the softmax runs over contiguous keys.

#ifndef IMHSA_DIALECT_SCORESEXPANDER_H
#define IMHSA_DIALECT_SCORESEXPANDER_H

#include "dialect/Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace imhsa {

/// Builds the tensors of one attention, step by step. The names of dimensions
/// are those of the formulas; in every tensor made here the order is b, head,
/// query, key (or width).
class ScoresExpander {
public:
  ScoresExpander(mlir::OpBuilder &builder, mlir::Operation *op, const Scores &scores)
      : builder(builder), op(op), loc(op->getLoc()), scores(scores), type(scores.computeType()) {}

  /// Checks that heads are static enough, and computes the sizes.
  mlir::LogicalResult prepare();

  mlir::Value logits(); ///< Y, masked with -inf
  std::pair<mlir::Value, mlir::Value>
  softmax(mlir::Value logits);                    ///< P (over `logits`) and log-sum-exp
  mlir::Value softmaxWithLse(mlir::Value logits); ///< P = exp(Y - lse)
  mlir::Value logSumExp(mlir::Value logits, mlir::Value init);
  mlir::Value mixAfter(mlir::Value weights, mlir::Value init); ///< Z
  mlir::Value zeroWhereNotKept(mlir::Value weights);
  mlir::FailureOr<mlir::Value> valueProduct(mlir::Value weights, AttentionOp attention);

private:
  mlir::AffineMap map(unsigned dims, llvm::ArrayRef<mlir::AffineExpr> exprs) {
    return mlir::AffineMap::get(dims, 0, exprs, builder.getContext());
  }
  mlir::AffineExpr d(unsigned i) { return builder.getAffineDimExpr(i); }
  mlir::Value constant(double value) {
    return mlir::arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
  }
  mlir::Value generic(mlir::ValueRange ins, mlir::Value init, llvm::ArrayRef<mlir::AffineMap> maps,
                      llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                      llvm::function_ref<mlir::Value(mlir::OpBuilder &, ValueRange)> body) {
    return mlir::linalg::GenericOp::create(
               builder, loc, init.getType(), ins, init, maps, iterators,
               [&](mlir::OpBuilder &b, Location, mlir::ValueRange args) {
                 mlir::linalg::YieldOp::create(b, loc, body(b, args));
               })
        .getResult(0);
  }
  mlir::Value compute(mlir::OpBuilder &b, mlir::Value value) {
    return convertFloat(b, loc, value, type);
  }
  mlir::OpFoldResult sizeOf(mlir::Value value, unsigned dim) {
    return mlir::tensor::getMixedSize(builder, loc, value, dim);
  }

  mlir::Value scaledQuery();
  mlir::Value transposedKey();
  mlir::Value addBias(mlir::Value logits);
  mlir::Value mix(mlir::Value scores, mlir::Value weight, mlir::Value bias, mlir::Value init);
  mlir::Value keptPositions();
  mlir::Value rowMaximum(mlir::Value logits);
  mlir::Value replaceInfinite(mlir::OpBuilder &b, mlir::Value rowValue);
  mlir::Value logOfSum(mlir::Value total, mlir::Value safeMaximum, mlir::Value init);

  mlir::OpBuilder &builder;
  mlir::Operation *op;
  mlir::Location loc;
  Scores scores;
  mlir::FloatType type;
  mlir::OpFoldResult batch, queryHeads, scoreHeads, resultHeads, queries, keys;
  int64_t headsPerKeyHead = 1;
  mlir::Value kept; ///< i1 [B,N,M], null where everything is kept
};

} // namespace imhsa

#endif // IMHSA_DIALECT_SCORESEXPANDER_H
