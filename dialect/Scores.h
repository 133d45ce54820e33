//===- Scores.h - what defines the logits of an attention -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_SCORES_H
#define IMHSA_DIALECT_SCORES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include <optional>

#include "dialect/ImhsaEnums.h.inc"

namespace imhsa {

/// Where the dimensions of a rank-4 token tensor stand. Batch is always first
/// and the head size always last.
struct TokenDims {
  unsigned batch = 0, head, token, width = 3; ///< positions from 0
};
/// Those of an order.
inline TokenDims tokenDims(DimOrder order) {
  TokenDims dims;
  dims.head = order == DimOrder::BHND ? 1 : 2;
  dims.token = order == DimOrder::BHND ? 2 : 1;
  return dims;
}

/// Mixing of heads around one softmax; every member may be null.
///   y[s] = sum_h pre[s,h] x[h] + preBias[s],   z[g] = sum_s post[g,s] p[s] + postBias[g]
struct Interaction {
  mlir::Value pre, preBias, post, postBias; ///< [S,H], [S], [G,S], [G]
  /// True if nothing is mixed.
  bool empty() const { return !pre && !preBias && !post && !postBias; }
  /// True if anything happens between the softmax and the value product.
  bool mixesAfter() const { return post || postBias; }
};

/// The operands and attributes that define logits and their softmax, common to
/// `imhsa.attention` (exact), `imhsa.weights` and `imhsa.log_sum_exp`.
struct Scores {
  mlir::Value query, key;                                          ///< [B,H,N,D], [B,H',M,D]
  DimOrder queryOrder = DimOrder::BHND, keyOrder = DimOrder::BHND; ///< how those are stored
  Interaction interaction;                                         ///< around the softmax
  mlir::Value bias, keep, keyLengths, queryOffset, lse;            ///< null where not given
  bool causal = false;                                             ///< later keys are masked
  std::optional<std::pair<int64_t, int64_t>> window;               ///< keys before and after
  std::optional<double> scale;                                     ///< of the logits

  /// Sizes of the dimensions, kDynamic where the type does not say.
  int64_t batch() const;
  int64_t queryHeads() const;  ///< H
  int64_t keyHeads() const;    ///< H'
  int64_t scoreHeads() const;  ///< S: the rows of `pre`, otherwise H
  int64_t resultHeads() const; ///< G: the rows of `post`, otherwise S
  int64_t queries() const;     ///< N
  int64_t keys() const;        ///< M
  int64_t headSize() const;    ///< D

  /// True if some mask excludes positions.
  bool isMasked() const { return keep || keyLengths || causal || window; }
  /// `scale`, or its default D^-1/2; the verifier sees to it that D is known.
  double scaleOrDefault() const;
  /// The type that products, softmax and mixing are computed in: f64 for f64
  /// operands, otherwise f32.
  mlir::FloatType computeType() const;
};

/// Size of dimension `dim` of a ranked shaped value; kDynamic if unknown.
int64_t dimSize(mlir::Value value, unsigned dim);

/// The type in which values of `elementType` are summed: f64 for f64, else f32.
mlir::FloatType computeTypeOf(mlir::Type elementType);

} // namespace imhsa

#endif // IMHSA_DIALECT_SCORES_H
