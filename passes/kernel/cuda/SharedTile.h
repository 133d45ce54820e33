//===- SharedTile.h - tiles in shared memory -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A matrix in shared memory whose rows lie in chunks of 16 bytes, so that 8 rows at one chunk, what
// ldmatrix reads at a time, are in all banks: where a row has 2^n chunks, the place of a chunk is
// swizzled by the row; where it has an odd number of pairs of chunks, the two of each pair change
// places in half of the rows; otherwise a row is padded to an odd number of chunks.

#ifndef IMHSA_PASSES_KERNEL_CUDA_SHAREDTILE_H
#define IMHSA_PASSES_KERNEL_CUDA_SHAREDTILE_H

#include "passes/kernel/cuda/KernelBuilder.h"

namespace imhsa {

/// The shape of a tile, and where its elements lie.
struct TileShape {
  /// Columns are a multiple of a chunk's elements.
  int64_t rows = 0, columns = 0;
  unsigned elementBytes = 2;
  /// Bytes between two tiles of this shape, a multiple of 16.
  int64_t apart = 0;

  int64_t elementsOfChunk() const { return 16 / elementBytes; }
  int64_t chunks() const { return columns / elementsOfChunk(); }
  bool isSwizzled() const { return llvm::isPowerOf2_64(chunks()); }
  bool hasOddPairs() const { return !isSwizzled() && chunks() % 4 == 2; }
  int64_t rowBytes() const {
    return 16 * (isSwizzled() || hasOddPairs() ? chunks() : chunks() | 1);
  }
  /// From the start of one tile to that of the next.
  int64_t bytes() const { return rows * rowBytes() + apart; }
  /// What chunk numbers are xored with in a row; 0 where rows are padded. It depends on the row
  /// modulo 8 only.
  Int swizzle(Int row) const;
  /// Bytes from the start of the tile to a chunk of a row.
  Int offset(Int row, Int chunk) const;
};

/// `count` tiles of one shape, one after the other, for example one for each head.
struct SharedTiles {
  Pointer base;
  TileShape shape;

  /// The start of tile `i`.
  Pointer tile(Int i) const { return base.at(i * shape.bytes()); }
  Pointer tile(int64_t i) const { return base.at(i * shape.bytes()); }
};

/// Where a lane finds its row of 8x8 matrices: row `laneRow` and chunk `laneChunk` from a place
/// that is given as constants, so that most of the address is computed once. `laneChunk` is less
/// than `laneChunks`, a power of two.
class MatrixAddress {
public:
  /// In tiles of `shape`; the first row is a multiple of 8.
  MatrixAddress(KernelBuilder &k, TileShape shape, Int firstRow, Int laneRow, Int laneChunk);
  /// The address from `tile` on at `row`, a multiple of 8, and `chunk`, a multiple of laneChunks.
  Pointer at(Pointer tile, int64_t row, int64_t chunk) const;

private:
  TileShape shape;
  /// Bytes to the row; the lane's chunk, swizzled.
  Int rowOffset, chunk;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_SHAREDTILE_H
