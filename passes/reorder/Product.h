//===- Product.h - products of tensors in the IR --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_REORDER_PRODUCT_H
#define IMHSA_PASSES_REORDER_PRODUCT_H

#include "passes/reorder/Order.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace imhsa {

/// A tensor and the index of the product that each of its dimensions is.
struct IndexedTensor {
  mlir::Value value;
  llvm::SmallVector<unsigned> indices;
};

/// A tree of contractions, each of which only the next one uses, as one product:
///   result = sum over the other indices of factor 0 * factor 1 * ...
struct Product {
  llvm::SmallVector<mlir::linalg::LinalgOp> operations; ///< The last one first.
  llvm::SmallVector<IndexedTensor> factors;             ///< From left to right.
  llvm::SmallVector<unsigned> result;                   ///< Indices of the result.
  llvm::SmallVector<int64_t> sizes; ///< Of each index; kDynamic where no type says.
  mlir::Type computeType;           ///< In which all is summed: at least f32, or the integer type.
  Order order;                      ///< As it stands in the IR.

  mlir::linalg::LinalgOp root() const { return operations.front(); }
};

/// True if `op` computes `init + sum of lhs * rhs` on tensors, however its
/// operands are indexed and converted.
bool isSumOfProducts(mlir::linalg::LinalgOp op);

/// Collects the product that `root`, a sum of products, ends: named matmuls,
/// `linalg.contract` and generic contractions alike. Null if that is less than
/// three factors. A remark says where and why a contraction is not part of it,
/// once for each operation in `remarked`.
std::optional<Product> collectProduct(mlir::linalg::LinalgOp root,
                                      llvm::DenseSet<mlir::Operation *> &remarked);

} // namespace imhsa

#endif // IMHSA_PASSES_REORDER_PRODUCT_H
