//===- SharedTile.cpp - tiles in shared memory ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/SharedTile.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace imhsa;

Int TileShape::swizzle(Int row) const {
  // Rows r and r + 4 begin in the same banks, the others of 8 in other pairs of them.
  if (hasOddPairs())
    return row >> 2 & 1;
  if (!isSwizzled())
    return row.same(0);
  // Rows of less than 8 chunks: as many of them as fill 128 bytes share a number.
  int64_t distinct = std::min<int64_t>(chunks(), 8);
  return (row >> (3 - llvm::Log2_64(distinct))) & (distinct - 1);
}

Int TileShape::offset(Int row, Int chunk) const {
  return row * rowBytes() + (chunk ^ swizzle(row)) * 16;
}

MatrixAddress::MatrixAddress(KernelBuilder &k, TileShape shape, Int firstRow, Int laneRow,
                             Int laneChunk)
    : shape(shape), rowOffset((firstRow + laneRow) * shape.rowBytes()),
      chunk((laneChunk ^ shape.swizzle(laneRow)) * 16) {}

Pointer MatrixAddress::at(Pointer tile, int64_t row, int64_t constantChunk) const {
  int64_t constant = row * shape.rowBytes();
  // Whole pairs of chunks are a distance.
  if (!shape.isSwizzled())
    return tile.at(rowOffset + chunk).at(constant + constantChunk * 16);
  // The swizzle stays within 8 chunks: what is above is a distance.
  int64_t low = constantChunk & 7;
  constant += (constantChunk - low) * 16;
  return tile.at(rowOffset + (chunk ^ (low * 16))).at(constant);
}
