//===- Decompose.h - operations in simpler words --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_DECOMPOSE_H
#define IMHSA_DIALECT_DECOMPOSE_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// The landmarks of a landmark attention as values, [B,H,L,D] and [B,H',L,D].
struct Landmarks {
  mlir::Value query, key;
};

/// Pools the landmarks of `op` in f32 (f64 for f64), or takes those that are
/// given, repeated over the batch where they are [H,L,D].
Landmarks materializeLandmarks(mlir::OpBuilder &builder, AttentionOp op);

/// A_K, the query-less scores: query landmarks over all tokens.
Scores queryLessScores(AttentionOp op, mlir::Value queryLandmarks);
/// A_Q, the key-less scores: all tokens over the key landmarks.
Scores keyLessScores(AttentionOp op, mlir::Value keyLandmarks);

/// Landmark attention as the two exact attentions that it is,
///   context = attention(Qbar, K, V; query_less),  O = attention(Q, Kbar, context; key_less).
/// Returns the result; `op` has landmarks and is on tensors.
mlir::Value splitLandmarkAttention(mlir::OpBuilder &builder, AttentionOp op);

/// `value` with zeros at the tokens beyond each batch element's length. A product with weights
/// that are zero there needs it: such values are not read and may be NaN, and 0 * NaN is NaN.
mlir::Value maskTokens(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                       DimOrder order, mlir::Value lengths);

/// What `masked` masks, where it is made by `maskTokens` with these lengths; null otherwise.
mlir::Value unmaskedTokens(mlir::Value masked, DimOrder order, mlir::Value lengths);

/// What `heads / grouped` is, the number of heads that share one of the
/// `grouped` heads of `name`; an error on `op` where the types do not say.
mlir::FailureOr<int64_t> groupSize(mlir::Operation *op, llvm::StringRef name, int64_t heads,
                                   int64_t grouped);

/// An uninitialised tensor, and one filled with `value`.
mlir::Value emptyTensor(mlir::OpBuilder &builder, mlir::Location loc,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type elementType);
mlir::Value filledTensor(mlir::OpBuilder &builder, mlir::Location loc, double value,
                         mlir::Value destination);

/// Writes `source` into `init` elementwise, extending or truncating floats and
/// permuting dimensions: dimension `i` of `init` is dimension `permutation[i]` of `source`.
mlir::Value convertInto(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value source,
                        mlir::Value init, llvm::ArrayRef<unsigned> permutation = {});

/// `value` as a float of another width.
mlir::Value convertFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                         mlir::Type type);

} // namespace imhsa

#endif // IMHSA_DIALECT_DECOMPOSE_H
