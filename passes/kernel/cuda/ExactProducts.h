//===- ExactProducts.h - products of f32 in f32 ----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The two products of an attention by fused multiply-adds on tiles of f32, for which tensor cores
// have no instruction. Accumulators lie as those of a matrix instruction (Fragments.h).

#ifndef IMHSA_PASSES_KERNEL_CUDA_EXACTPRODUCTS_H
#define IMHSA_PASSES_KERNEL_CUDA_EXACTPRODUCTS_H

#include "passes/kernel/cuda/Fragments.h"

namespace imhsa {

/// Products of 16 queries from `row` on and `count` keys from `key` on: [count / 8] accumulators.
/// Tiles are [rows][D] and [keys][D] of one head.
llvm::SmallVector<Accumulator> multiplyQueriesKeys(KernelBuilder &k, SharedTiles queries, Int row,
                                                   SharedTiles keys, Int key, int64_t count);

/// Adds the product of weights [16][keys], rows from `row` on, and values [keys][columns], columns
/// from `column` on, to `sums`, the floats of accumulators [16][8] for 8 columns each; and where
/// there are 4 floats more, the sums of rows to these.
void addWeightsValues(KernelBuilder &k, Pointer weightTile, TileShape weights, Int row,
                      Pointer valueTile, TileShape values, Int column, int64_t columns,
                      llvm::MutableArrayRef<Float> sums);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_EXACTPRODUCTS_H
