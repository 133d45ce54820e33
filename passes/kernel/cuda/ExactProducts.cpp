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

SmallVector<SmallVector<Accumulator>>
imhsa::multiplyQueriesKeys(KernelBuilder &k, SharedTiles queries, int64_t heads, Int row,
                           SharedTiles keys, int64_t keyHeads, Int key, int64_t count) {
  Int firstRow = row + fragmentRow(k), firstKey = key + fragmentColumn(k);
  SmallVector<Float> sums(heads * count / 2, k.f32(0));
  // Four of the depth in a turn, for all heads.
  k.loop(k.i32(0), k.i32(queries.shape.chunks()), k.i32(1), sums,
         [&](Int chunk, SmallVectorImpl<Float> &sums) {
           SmallVector<SmallVector<Float, 4>> b;
           Float *sum = sums.begin();
           for (int64_t head = 0; head < heads; ++head) {
             SmallVector<Float, 4> a[2];
             for (unsigned half = 0; half < 2; ++half)
               a[half] = loadFloats(
                   k, queries.tile(head).at(queries.shape.offset(firstRow + 8 * half, chunk)), 4);
             if (head % (heads / keyHeads) == 0) {
               b.clear();
               Pointer tile = keys.tile(head / (heads / keyHeads));
               for (int64_t i = 0; i < count; i += 8)
                 for (unsigned odd = 0; odd < 2; ++odd)
                   b.push_back(
                       loadFloats(k, tile.at(keys.shape.offset(firstKey + (i + odd), chunk)), 4));
             }
             for (int64_t i = 0; i < count / 4; i += 2)
               for (unsigned p = 0; p < 4; ++p, ++sum)
                 for (unsigned d = 0; d < 4; ++d)
                   *sum = fma(a[p / 2][d], b[i + p % 2][d], *sum);
           }
         });
  SmallVector<SmallVector<Accumulator>> result(heads);
  for (auto [i, x] : llvm::enumerate(sums)) {
    auto &accumulators = result[i / (count / 2)];
    if (i % 4 == 0)
      accumulators.emplace_back();
    accumulators.back()[i % 4] = x;
  }
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
