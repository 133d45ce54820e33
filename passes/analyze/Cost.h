//===- Cost.h - what an attention costs: FLOPs, bytes, memory -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Counted are the multiply-adds of products and of the mixing of heads; a
// multiply-add is two FLOPs. Exponentials, divisions, the additions of pooling
// and everything else that grows only with the number of scores are not
// counted, and masks do not lower the count: a causal attention counts like one
// that sees all keys. All numbers are `double`: exact up to 2^53, and without
// overflow beyond.

#ifndef IMHSA_PASSES_ANALYZE_COST_H
#define IMHSA_PASSES_ANALYZE_COST_H

#include "dialect/Imhsa.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace imhsa {

class Sizes;

/// The numbers of multiply-adds of one operation or of a way to compute one.
struct MultiplyAdds {
  double scores = 0;   ///< queries times keys
  double mixing = 0;   ///< of heads, before and after the softmax
  double products = 0; ///< weights times values, and all other contractions
  double total() const { return scores + mixing + products; }
  double flops() const { return 2 * total(); }

  MultiplyAdds &operator+=(const MultiplyAdds &other);
  MultiplyAdds operator*(double times) const;
};

/// The interaction around one softmax: S = `scoreHeads`, G = `resultHeads`.
struct Mixing {
  bool pre = false, post = false;
  bool mixesAfter = false; ///< `post`, or its bias alone
  double scoreHeads = 0, resultHeads = 0;
  bool empty() const { return !pre && !mixesAfter; }
};

/// What the cost of an attention depends on.
struct AttentionShape {
  double batch = 0;                       ///< B
  double queryHeads = 0, keyHeads = 0;    ///< H, H'
  double valueHeads = 0, resultHeads = 0; ///< G', G
  double queries = 0, keys = 0;           ///< N, M
  bool hasLandmarks = false;
  double landmarks = 0;                   ///< L
  double headSize = 0, valueSize = 0;     ///< D, E
  Mixing interaction;                     ///< of exact attention
  Mixing keyLess, queryLess;              ///< of A_Q and of A_K
  bool pooled = false;                    ///< landmarks are computed, not operands
  double queryBytes = 0, keyBytes = 0;    ///< bytes of one element of the
  double valueBytes = 0, resultBytes = 0; ///<   token tensors
  double landmarkHeads = 0;               ///< heads of the key landmarks
  double landmarkBytes = 0;               ///< landmarks that are operands, together
  double maskBytes = 0;                   ///< bias, keep, key_lengths and lse, together
  double computeBytes = 0;                ///< bytes of one intermediate element
};

/// The four variants of the paper's Figure 2.
enum class Variant { Plain, Landmarks, Interaction, LandmarksAndInteraction };

/// The ways to compute an attention, and what each stores between its steps.
enum class Order {
  Stored,       ///< exact: the weights Z, then Z V
  Streamed,     ///< exact, one kernel: nothing; the log-sum-exp where heads mix after the softmax
  Quadratic,    ///< landmarks, (A_Q A_K) V: both matrices and their product
  LinearStored, ///< landmarks, A_Q (A_K V): both matrices and the context A_K V
  Linear        ///< the same, fused: the context, and the log-sum-exp as for Streamed
};

/// A tensor that lives from step `first` to step `last` of a computation.
struct Intermediate {
  llvm::StringRef name;
  double bytes;
  int first, last;
};

/// What one way to compute an attention costs.
struct Cost {
  MultiplyAdds multiplyAdds;
  /// The paper's 2NLh(d + h), of the linear orders only: the two products and one
  /// mixing for each matrix. A part of `multiplyAdds`.
  std::optional<double> paperSubtotal;
  /// Bytes that must move: each token tensor, landmark operand and mask is read
  /// once and the result is written once. The few numbers of an interaction are
  /// left out.
  double operandBytes = 0;
  /// What is stored on the way; landmarks too, where they are pooled.
  llvm::SmallVector<Intermediate> intermediates;

  double flops() const { return multiplyAdds.flops(); }
  /// The bytes of all intermediates.
  double storedBytes() const;
  /// Operands, and each intermediate once out and once in.
  double movedBytes() const { return operandBytes + 2 * storedBytes(); }
  /// The largest sum of intermediates that live in one step.
  double peakBytes() const;
};

/// The cost of computing an attention of this shape in this order. The order
/// must fit: `Stored` and `Streamed` ignore landmarks, the others need them.
Cost costOf(const AttentionShape &shape, Order order);

/// The shape of an attention; `sizes` tells where types say `?`.
AttentionShape shapeOf(AttentionOp attention, Sizes &sizes);

/// The variant that an attention of this shape is.
Variant variantOf(const AttentionShape &shape);

/// An attention of the same shape, but for the variant. Landmarks that it does
/// not have are `landmarks` pooled ones. An interaction that it does not have is
/// the other that it has, otherwise a mixing of all heads before and after the
/// softmax; without interaction, H = S = G.
AttentionShape asVariant(AttentionShape shape, Variant variant, double landmarks);

/// The multiply-adds of one execution of an operation of imhsa or of a linalg
/// operation that sums products of two operands (contractions, convolutions);
/// std::nullopt for every other operation. Landmark attention counts in its
/// linear order.
std::optional<MultiplyAdds> multiplyAddsOf(mlir::Operation *op, Sizes &sizes);

/// The FLOPs of one call of `function` with tensors of these shapes, one shape
/// for each argument (empty for scalars). Calls are followed and the trips of
/// loops counted, a partial last tile as a whole one. An error that names the
/// argument, or the operation whose sizes cannot be told from the arguments, is
/// emitted at the function.
mlir::FailureOr<double> flopsOf(mlir::func::FuncOp function,
                                mlir::ArrayRef<mlir::SmallVector<int64_t>> argumentShapes);

} // namespace imhsa

#endif // IMHSA_PASSES_ANALYZE_COST_H
