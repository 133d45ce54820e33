//===- Order.h - the cheapest order of a product of tensors ---*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Knows indices and sizes, no IR: what to multiply first is a question of numbers.

#ifndef IMHSA_PASSES_REORDER_ORDER_H
#define IMHSA_PASSES_REORDER_ORDER_H

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace imhsa {

/// A set of index numbers, or of factor numbers.
using BitSet = llvm::SmallBitVector;

/// Attention weights that nothing else uses: multiplied by a value over their
/// key index they are recomputed in registers (`imhsa-fuse`), otherwise stored.
struct WeightsFactor {
  unsigned query, key;            ///< Their last two indices.
  std::optional<unsigned> member; ///< Of the heads that share a head of the value.
  double elementBytes;
};

struct Factor {
  BitSet indices;
  std::optional<WeightsFactor> weights;
};

/// The product of all factors, summed over the indices that `result` lacks.
struct Einsum {
  llvm::SmallVector<double> sizes; ///< Of each index.
  llvm::SmallVector<Factor> factors;
  BitSet result;
  double elementBytes; ///< Of an intermediate.
};

/// Pairs of operand numbers in the order of execution. Factors have the numbers
/// 0 to n - 1, the i-th pair is the product number n + i; the last is the result.
using Order = llvm::SmallVector<std::pair<unsigned, unsigned>>;

/// What an order costs: each product two FLOPs for each point of the indices of
/// its operands; bytes of the intermediates and weights that must be stored.
struct Cost {
  double flops = 0, bytes = 0;
  double weighted(double byteWeight) const {
    return byteWeight > 0 ? flops + byteWeight * bytes : flops;
  }
};

/// The largest number of factors for which all orders of a product are compared
/// that is not a chain, and the largest of a chain.
inline constexpr unsigned kMaxFactors = 10, kMaxChainFactors = 256;

/// The cost of `order`, a valid order of the factors of `einsum`.
Cost costOf(const Einsum &einsum, const Order &order);

/// The order of least weighted cost: for a chain of matrices by dynamic
/// programming over intervals, otherwise over subsets of the factors (outer
/// products included). Null if there are too many factors.
std::optional<Order> findOrder(const Einsum &einsum, double byteWeight);

/// The order with parentheses, for instance "(0 (1 2))".
std::string toString(const Order &order);

} // namespace imhsa

#endif // IMHSA_PASSES_REORDER_ORDER_H
