//===- RidingPool.h - landmarks from keys that come by anyway --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A kernel over whose blocks all keys come by in tiles can pool them on the way: segment means, see
// `#imhsa.pool`. Part l of the tokens is floor(l n / L) up to, not including, floor((l + 1) n / L);
// segment l is part l and, where n does not divide evenly, the one token behind it. A block takes
// whole parts, so that each landmark is computed by one block, in a fixed order of sums.

#ifndef IMHSA_PASSES_KERNEL_CUDA_RIDINGPOOL_H
#define IMHSA_PASSES_KERNEL_CUDA_RIDINGPOOL_H

#include "passes/kernel/cuda/Copies.h"

namespace imhsa {

class RidingPool {
public:
  /// Pools the first `tokens` keys of `heads` heads, from `firstHead` on, of one batch element: the
  /// landmarks of split `split` of `splits`, at most as many as landmarks. Nothing is added or
  /// written where `isOwn` does not hold; it is the same in all threads.
  RidingPool(KernelBuilder &k, PoolOp op, TileShape tile, int64_t heads, Int batch, Int firstHead,
             Int tokens, Int split, int64_t splits, Bool isOwn);

  /// The tokens of the block: from the first to the last, which is beyond.
  Int firstToken() const { return partStart(firstLandmark); }
  Int lastToken() const { return partStart(lastLandmark); }

  /// The sums of this thread's columns, to be carried through the loop over tiles.
  llvm::SmallVector<Float> zeros() const;
  /// Adds the tile of keys from token `first` on, and writes the landmarks that end in it. All
  /// threads of the block.
  void add(llvm::SmallVectorImpl<Float> &sums, Int first, SharedTiles keys) const;
  /// Writes the landmarks that end behind the last token of the block.
  void finish(llvm::SmallVectorImpl<Float> &sums) const;

private:
  /// Two neighbouring columns of a head that a thread sums.
  struct Columns {
    Int head, column;
    Bool isOwn;
  };

  Int partStart(Int landmark) const;
  /// How many landmarks end in front of a token: floor((l + 1) n / L) < token.
  Int landmarksBefore(Int token) const;
  void addTokens(llvm::SmallVectorImpl<Float> &sums, Int from, Int to, Int first,
                 SharedTiles keys) const;
  /// Writes landmark `l` and starts its sums again. `behind` gives the token behind the part, or 0
  /// where that is not of the segment too.
  void write(llvm::SmallVectorImpl<Float> &sums, Int l,
             llvm::function_ref<std::array<Float, 2>(const Columns &, Int, Bool)> behind) const;
  std::array<Float, 2> loadPair(const Columns &columns, Int row, SharedTiles keys) const;

  KernelBuilder &k;
  Tensor input, output;
  TokenDims dims;
  TileShape tile;
  int64_t landmarks, width;
  Int batch, firstHead, tokens, firstLandmark, lastLandmark;
  Bool isOwn;
  llvm::SmallVector<Columns> items;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_RIDINGPOOL_H
