//===- Copies.h - tiles from global to shared memory -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_COPIES_H
#define IMHSA_PASSES_KERNEL_CUDA_COPIES_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cuda/SharedTile.h"

namespace imhsa {

/// Threads that do something together: whole warps, with the number of this thread among them.
struct ThreadGroup {
  Int thread;
  int64_t threads;

  static ThreadGroup block(KernelBuilder &k) { return {k.thread(), k.threads()}; }
};

/// The tokens of some heads of one batch element: rows of `columns` elements.
struct TokenRows {
  /// The first row of the first head.
  Pointer origin;
  /// Bytes from head to head and from row to row, i64.
  Int headStride, rowStride;
  mlir::Type element;
  /// Rows start at multiples of 16 bytes.
  Bool isAligned;

  /// Of a rank-4 memref.
  TokenRows(KernelBuilder &k, mlir::Value memref, DimOrder order, Int batch, Int firstHead);

  /// Leaves only `count` columns, from `first` on, both multiples of 16, as far as there are so
  /// many.
  void selectColumns(Int first, int64_t count);
  /// How many of the columns of a tile there are.
  Int validColumns;
};

/// Copies rows `firstRow` + 0 ... of `heads` heads into as many tiles, converted to `type`, the
/// 16-bit or f32 type of the tiles. Zeros stand where `isValid`, given the row in the tile, does
/// not hold, and in columns that the source does not have. All threads of the group take part. What
/// is copied is there after the group that the caller commits, `waitForCopies` and a barrier.
void copyTiles(KernelBuilder &k, const ThreadGroup &group, const TokenRows &source, Int firstRow,
               int64_t heads, llvm::function_ref<Bool(Int)> isValid, SharedTiles target,
               mlir::Type type);
/// The same by all threads of the block.
void copyTiles(KernelBuilder &k, const TokenRows &source, Int firstRow, int64_t heads,
               llvm::function_ref<Bool(Int)> isValid, SharedTiles target, mlir::Type type);

/// Ends a group of copies; waits until at most `pending` groups, the last ones, are under way.
void commitCopies(KernelBuilder &k);
void waitForCopies(KernelBuilder &k, unsigned pending);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_COPIES_H
