//===- SharedLayout.h - what a fused attention keeps on chip ---*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H
#define IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H

#include "passes/kernel/cuda/ScorePlan.h"

namespace imhsa {

/// The static sizes of an attention and of one block's part of it.
struct AttentionPlan : ScorePlan {
  // Of the operation.
  int64_t resultHeads, valueHeads, valueSize; ///< G, G', E
  // Of a block.
  int64_t blockHeads, blockValueHeads, headGroups, columnGroups;
  /// No normaliser is given: a softmax with running maxima.
  bool isOnline;
  /// Heads are mixed after the softmax by matrix instructions.
  bool hasMixingProduct;
  /// One tile for each head of the block: values [C][columns], weights [R][C].
  TileShape valueTile, weightTile;

  /// Of an attention with a schedule. Fails, and `complain` says why, where no kernel serves it.
  static mlir::FailureOr<AttentionPlan> get(AttentionOp op, Complain complain);

  /// Columns of the value in a block, a multiple of 16.
  int64_t blockColumns() const { return valueTile.columns; }
  /// Tiles of weights: where matrix instructions mix heads, weights before and after take turns.
  int64_t weightTiles() const {
    return hasMixingProduct ? std::max(blockHeads, blockScoreHeads) : blockHeads;
  }
  int64_t weightBytes() const { return weightTiles() * weightTile.bytes(); }
  /// Bytes of the weights of mixing after the softmax.
  int64_t postBytes() const;
  int64_t valueBytes() const { return blockValueHeads * valueTile.bytes(); }
  /// Score units of the busiest warp in a tile of keys.
  int64_t unitsOfWarp() const { return llvm::divideCeil(units(), tile.warps); }
  /// Of mixing on both sides of the softmax.
  MixingWork mixingWork() const;
  /// Of kind `stream`: bytes through shared memory for a tile of keys.
  int64_t tileTraffic() const;
  /// Registers of a thread of kind `stream`, an estimate.
  int64_t registers() const;
};

/// Where things lie in the dynamic shared memory of a block of kind `stream`.
struct SharedLayout {
  int64_t query, key, value, weights; ///< tiles: all heads, all stages
  int64_t pre, post, postBias;        ///< weights of mixing, see `postBytes`; f32 [G]
  int64_t shift;                      ///< f32 [S][R]: what is added to logits of a row
  int64_t parts, maxima;              ///< f32 [C / unitKeys][S][R], [2][S][R]
  int64_t flags;                      ///< f32 [C]: whether a query of the tile keeps a key
  int64_t bytes;

  /// `bytes` by what they hold.
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> regions;

  explicit SharedLayout(const AttentionPlan &plan);
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H
