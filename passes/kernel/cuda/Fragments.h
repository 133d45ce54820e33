//===- Fragments.h - matrices in the registers of a warp -------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Lane l = 4 g + t of a warp. An accumulator of 16 x 8 f32 has in each lane
//   x[0], x[1]: row g, columns 2t, 2t+1        x[2], x[3]: row g + 8, the same columns.
// Everything that works position by position works on these four.

#ifndef IMHSA_PASSES_KERNEL_CUDA_FRAGMENTS_H
#define IMHSA_PASSES_KERNEL_CUDA_FRAGMENTS_H

#include "passes/kernel/cuda/SharedTile.h"

namespace imhsa {

/// An accumulator [16][8] of f32.
using Accumulator = std::array<Float, 4>;
/// A left operand, i32 registers: [16][16] of 16-bit elements or [16][8] of f32.
using LeftFragment = std::array<mlir::Value, 4>;
/// A right operand (depth x columns): [16][8] of 16-bit elements or [8][8] of f32.
using RightFragment = std::array<mlir::Value, 2>;

/// The row g and the first column 2t of this lane in an accumulator.
inline Int fragmentRow(KernelBuilder &k) { return k.lane() >> 2; }
inline Int fragmentColumn(KernelBuilder &k) { return (k.lane() & 3) * 2; }

Accumulator zeroAccumulator(KernelBuilder &k);

/// `count` (1, 2 or 4) 8x8 matrices of 16-bit elements; each lane gives the address of a row.
llvm::SmallVector<mlir::Value, 4> loadMatrices(KernelBuilder &k, Pointer row, unsigned count,
                                               bool transposed = false);

/// c += a b, with f32 sums; `element` is f16, bf16, or tf32, to which f32 are rounded.
void multiplyAdd(KernelBuilder &k, mlir::Type element, const LeftFragment &a,
                 const RightFragment &b, Accumulator &c);
/// The same with a depth of 8: the first halves of a and b.
void multiplyAddHalf(KernelBuilder &k, mlir::Type element, const LeftFragment &a,
                     const RightFragment &b, Accumulator &c);

/// Loads left operands from rows of a tile: rows from `firstRow`, a multiple of 16.
class LeftReader {
public:
  LeftReader(KernelBuilder &k, TileShape shape, Int firstRow)
      : LeftReader(k, shape, firstRow, k.here(k.lane())) {}
  /// At `row`, a multiple of 16, and at depth 16 * step; 8 * step of f32.
  LeftFragment load(Pointer tile, int64_t row, int64_t step) const;
  /// The first half of the same, with a depth of 8.
  LeftFragment loadHalf(Pointer tile, int64_t row, int64_t step) const;

private:
  LeftReader(KernelBuilder &k, TileShape shape, Int firstRow, Int lane)
      : k(k), address(k, shape, firstRow, lane & 15, lane >> 4) {}

  KernelBuilder &k;
  MatrixAddress address;
};

/// Loads right operands of which the tile has the transpose: its rows are columns of the operand
/// (keys, for scores).
class TransposedRightReader {
public:
  /// `columns` 8 or 16 at a time, from row `firstRow` on, a multiple of 8.
  TransposedRightReader(KernelBuilder &k, TileShape shape, Int firstRow, unsigned columns)
      : TransposedRightReader(k, shape, firstRow, columns, k.here(k.lane())) {}
  /// The operands of all depths for each 8 columns: [columns / 8][steps].
  llvm::SmallVector<llvm::SmallVector<RightFragment>> load(Pointer tile) const;
  /// Of 16 columns, those of one depth of 16: [columns / 8].
  std::array<RightFragment, 2> loadStep(Pointer tile, int64_t step) const;
  /// Of 8 columns, those of this depth of 16 and, if there is one, the next: [steps].
  llvm::SmallVector<RightFragment, 2> loadSteps(Pointer tile, int64_t step) const;

private:
  TransposedRightReader(KernelBuilder &k, TileShape shape, Int firstRow, unsigned columns,
                        Int lane);

  KernelBuilder &k;
  TileShape shape;
  unsigned columns;
  MatrixAddress address;
};

/// Loads right operands as they lie: rows of the tile are the depth (values).
class RightReader {
public:
  /// Columns are counted from `firstColumn`, a multiple of 16.
  RightReader(KernelBuilder &k, TileShape shape, Int firstColumn)
      : RightReader(k, shape, firstColumn, k.here(k.lane())) {}
  /// Two operands, of depth from 16 * step on (8 * step of f32) and columns from 16 * pair on.
  std::array<RightFragment, 2> load(Pointer tile, int64_t step, int64_t pair) const;
  /// The first halves of the same, with a depth of 8.
  std::array<RightFragment, 2> loadHalf(Pointer tile, int64_t step, int64_t pair) const;

private:
  RightReader(KernelBuilder &k, TileShape shape, Int firstColumn, Int lane)
      : k(k), shape(shape), firstColumn(firstColumn),
        address(k, shape, k.i32(0), lane & 15, (firstColumn >> 3) + (lane >> 4)),
        half(k, shape, k.i32(0), lane & 7, (firstColumn >> 3) + (lane >> 3 & 1)) {}

  KernelBuilder &k;
  TileShape shape;
  Int firstColumn;
  MatrixAddress address, half;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_FRAGMENTS_H
