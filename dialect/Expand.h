//===- Expand.h - operations as plain linalg ------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_EXPAND_H
#define IMHSA_DIALECT_EXPAND_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// The results of exact attention (output, and log-sum-exp where asked for), of
/// weights and of log_sum_exp as linalg on tensors. Every intermediate is in the
/// compute type; the softmax is the numerically safe one. Errors, reported on the
/// operation: grouped heads whose number the types do not say.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> expandAttention(mlir::OpBuilder &builder,
                                                                AttentionOp op);
mlir::FailureOr<llvm::SmallVector<mlir::Value>> expandWeights(mlir::OpBuilder &builder,
                                                              WeightsOp op);
mlir::FailureOr<llvm::SmallVector<mlir::Value>> expandLogSumExp(mlir::OpBuilder &builder,
                                                                LogSumExpOp op);
mlir::FailureOr<llvm::SmallVector<mlir::Value>> expandPool(mlir::OpBuilder &builder, PoolOp op);

} // namespace imhsa

#endif // IMHSA_DIALECT_EXPAND_H
