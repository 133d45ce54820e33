//===- ExactProducts.cpp - products of f32 in f32 -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ExactProducts.h"

using namespace mlir;
using namespace imhsa;

// `count` f32 in a row.
static SmallVector<Float, 4> loadFloats(KernelBuilder &k, Pointer from, unsigned count) {
  Value loaded = from.load(VectorType::get(count, k.builder().getF32Type()));
  SmallVector<Float, 4> result;
  for (unsigned i = 0; i < count; ++i)
    result.push_back({k.builder(), k.extract(loaded, i)});
  return result;
}

SmallVector<Accumulator> imhsa::multiplyQueriesKeys(KernelBuilder &k, SharedTiles queries, Int row,
                                                    SharedTiles keys, Int key, int64_t count) {
  Int firstRow = row + fragmentRow(k), firstKey = key + fragmentColumn(k);
  SmallVector<Float> sums(count / 2, k.f32(0));
  // Four of the depth in a turn.
  k.loop(k.i32(0), k.i32(queries.shape.chunks()), k.i32(1), sums,
         [&](Int chunk, SmallVectorImpl<Float> &sums) {
           SmallVector<Float, 4> a[2];
           for (unsigned half = 0; half < 2; ++half)
             a[half] = loadFloats(
                 k, queries.base.at(queries.shape.offset(firstRow + 8 * half, chunk)), 4);
           Float *sum = sums.begin();
           for (int64_t i = 0; i < count; i += 8) {
             SmallVector<Float, 4> b[2];
             for (unsigned odd = 0; odd < 2; ++odd)
               b[odd] =
                   loadFloats(k, keys.base.at(keys.shape.offset(firstKey + (i + odd), chunk)), 4);
             for (unsigned p = 0; p < 4; ++p, ++sum)
               for (unsigned d = 0; d < 4; ++d)
                 *sum = fma(a[p / 2][d], b[p % 2][d], *sum);
           }
         });
  SmallVector<Accumulator> result;
  for (size_t i = 0; i < sums.size(); i += 4)
    result.push_back({sums[i], sums[i + 1], sums[i + 2], sums[i + 3]});
  return result;
}

void imhsa::addWeightsValues(KernelBuilder &k, Pointer weightTile, TileShape weights, Int row,
                             Pointer valueTile, TileShape values, Int column, int64_t columns,
                             MutableArrayRef<Float> sums) {
  Int firstRow = row + fragmentRow(k), firstColumn = column + fragmentColumn(k);
  SmallVector<Float> carried(sums.begin(), sums.end());
  k.loop(k.i32(0), k.i32(weights.chunks()), k.i32(1), carried,
         [&](Int chunk, SmallVectorImpl<Float> &carried) {
           SmallVector<Float, 4> a[2];
           for (unsigned half = 0; half < 2; ++half)
             a[half] = loadFloats(k, weightTile.at(weights.offset(firstRow + 8 * half, chunk)), 4);
           for (unsigned i = 0; i < 4; ++i) {
             Int key = chunk * 4 + i;
             Float *sum = carried.begin();
             for (int64_t c = 0; c < columns; c += 8) {
               Int at = firstColumn + c;
               Pointer two = valueTile.at(values.offset(key, at >> 2)).at((at & 3) * 4);
               SmallVector<Float, 4> b = loadFloats(k, two, 2);
               for (unsigned p = 0; p < 4; ++p, ++sum)
                 *sum = fma(a[p / 2][i], b[p % 2], *sum);
             }
             for (unsigned p = 0; sum != carried.end(); ++p, ++sum)
               *sum = *sum + a[p / 2][i];
           }
         });
  llvm::copy(carried, sums.begin());
}
