//===- ValueProduct.h - weights times values -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_VALUEPRODUCT_H
#define IMHSA_PASSES_KERNEL_CUDA_VALUEPRODUCT_H

#include "passes/kernel/cuda/Fragments.h"
#include "passes/kernel/cuda/SharedLayout.h"

namespace imhsa {

/// A part of the result that one warp has in registers: 16 rows from `row` on and some columns from
/// `column` on, of head `firstHead + headShift`; all counted in the block's tile.
struct ValueItem {
  Int firstHead, row, column;
  int64_t headShift;
  /// False where the warp repeats the last part, since there are too few for all.
  Bool isOwn;

  Int head() const { return firstHead + headShift; }
};

/// The result of a block, [heads][rows][columns] in f32, spread over its warps for the whole sweep
/// over keys.
class ValueProduct {
public:
  /// Items one after the other, of the same head and columns, that share values in registers.
  struct Group {
    int64_t rowTiles = 1, columns = 16;
  };

  /// With `hasSums`, also the sum of each row's weights, as they are after rounding.
  ValueProduct(KernelBuilder &k, const AttentionPlan &plan, bool hasSums);

  /// How many registers of a thread the result takes.
  static int64_t registers(const AttentionPlan &plan);
  /// Bytes that are read from shared memory for each tile of keys.
  static int64_t traffic(const AttentionPlan &plan);

  /// All zeros, to be carried through the loop over keys.
  llvm::SmallVector<Float> zeros() const;
  llvm::ArrayRef<ValueItem> getItems() const { return items; }
  /// The columns of an item.
  int64_t columns() const { return group.columns; }

  /// Adds the product of `weights`, tiles [rows][keys], and `values`, tiles [keys][columns].
  void add(llvm::SmallVectorImpl<Float> &sums, SharedTiles weights, SharedTiles values) const;
  /// Multiplies rows g and g + 8 of item `i` by the two factors.
  void scale(llvm::SmallVectorImpl<Float> &sums, unsigned i, std::array<Float, 2> factors) const;
  /// The sums of weights of rows g and g + 8 of item `i`.
  std::array<Float, 2> rowSums(llvm::ArrayRef<Float> sums, unsigned i) const;
  /// The accumulators of item `i`, [columns / 8].
  llvm::SmallVector<Accumulator> getAccumulators(llvm::ArrayRef<Float> sums, unsigned i) const;

private:
  /// Floats of one item.
  int64_t floats() const { return 4 * (group.columns / 8 + hasSums); }

  KernelBuilder &k;
  const AttentionPlan &plan;
  bool hasSums;
  Group group;
  llvm::SmallVector<ValueItem> items;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_VALUEPRODUCT_H
