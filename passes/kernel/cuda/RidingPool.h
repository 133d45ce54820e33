//===- RidingPool.h - landmarks from keys that come by anyway --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A kernel over whose blocks all keys come by in tiles can pool them on the way: segment means, see
// `#imhsa.pool`. Part l of the tokens is floor(l n / L) up to, not including, floor((l + 1) n / L);
// segment l is part l and, where n does not divide evenly, the one token behind it. A block takes
// whole parts, so that each landmark is computed by one block, in a fixed order of sums.

#ifndef IMHSA_PASSES_KERNEL_CUDA_RIDINGPOOL_H
#define IMHSA_PASSES_KERNEL_CUDA_RIDINGPOOL_H

#include "passes/kernel/cuda/Logits.h"

namespace imhsa {

/// What keeps `sweep`, a scheduled `imhsa.log_sum_exp` or attention, from pooling its keys for
/// `pool` on its way, on tensors or memrefs; empty where nothing does.
std::string whyNotRide(PoolOp pool, mlir::Operation *sweep);

/// On memrefs, the sweep that computes a scheduled pool: it stands directly behind, but for what
/// touches no memory. Null where the pool needs a kernel of its own.
mlir::Operation *findSweep(PoolOp pool);
/// The pool that `sweep` computes, or null.
PoolOp findRider(mlir::Operation *sweep);

class RidingPool {
public:
  /// Pools the keys of a block: those of split `split`, as long as there are no more splits than
  /// landmarks. Blocks with the same keys write them once; `isFirst`, the same in all threads, says
  /// which one where `logits`, of the first query and head, do not tell.
  RidingPool(KernelBuilder &k, PoolOp op, const ScorePlan &plan, const Logits &logits, Int split,
             Bool isFirst);

  /// The keys of the block.
  KeyRange range() const { return {partStart(firstLandmark), partStart(lastLandmark)}; }

  /// The sums of this thread's columns, to be carried through the loop over tiles: so many.
  int64_t floats() const { return 2 * items.size(); }
  llvm::SmallVector<Float> zeros() const;
  /// Adds the tile of keys from token `first` on, and writes the landmarks that end in it. All
  /// threads of the block.
  void add(llvm::MutableArrayRef<Float> sums, Int first, SharedTiles keys) const;
  /// Writes the landmarks that end behind the last token of the block.
  void finish(llvm::ArrayRef<Float> sums) const;

private:
  /// Two neighbouring columns, of head `head` + `nextHead` of the block, that a thread sums. What
  /// is known goes into the offsets of accesses and takes no registers.
  struct Columns {
    Int head;
    int64_t nextHead;
    Int column;
    Bool isOwn;
  };

  /// Two elements of columns of a token, if the third holds.
  using ReadPair = llvm::function_ref<std::array<Float, 2>(const Columns &, Int, Bool)>;

  Int partStart(Int landmark) const;
  /// How many landmarks end in front of a token: floor((l + 1) n / L) < token.
  Int landmarksBefore(Int token) const;
  std::array<Float, 2> loadPair(const Columns &columns, Int row, int64_t next, bool isGroup,
                                SharedTiles keys) const;
  void addRows(llvm::SmallVectorImpl<Float> &sums, Int from, Int to, SharedTiles keys) const;
  /// Writes landmark `l`. `behind` gives the token behind the part, 0 where that is not shared.
  void write(llvm::ArrayRef<Float> sums, Int l, ReadPair behind) const;

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
