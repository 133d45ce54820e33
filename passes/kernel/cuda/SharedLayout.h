//===- SharedLayout.h - what a fused attention keeps on chip ---*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H
#define IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cuda/SharedTile.h"

namespace imhsa {

/// The static sizes of an attention and of one block's part of it: the same numbers decide whether
/// a schedule fits a chip and what the kernel does.
struct AttentionPlan {
  Scores scores;
  ScheduleSizes tile;

  // Of the operation.
  int64_t queryHeads, keyHeads, scoreHeads, resultHeads, valueHeads; ///< H, H', S, G, G'
  int64_t headSize, valueSize;                                       ///< D, E
  /// The type of matrix operands in shared memory: f16 or bf16.
  mlir::Type type;

  // Of a block: so many heads of each kind. Heads that nothing mixes are those of its values.
  int64_t blockQueryHeads, blockKeyHeads, blockScoreHeads, blockHeads, blockValueHeads;
  int64_t headGroups, columnGroups;
  /// Keys of a score unit, 8 or 16: what a warp computes at a time, for 16 queries and all heads.
  int64_t unitKeys;
  /// No normaliser is given: a softmax with running maxima.
  bool isOnline;

  /// One tile for each head of the block.
  TileShape queryTile, keyTile, valueTile, weightTile;

  /// Fails, with an error on `op`, where no kernel serves the operation with these sizes.
  static mlir::FailureOr<AttentionPlan> get(AttentionOp op);

  int64_t units() const { return tile.queries / 16 * (tile.keys / unitKeys); }
  /// Columns of the value in a block, a multiple of 16.
  int64_t blockColumns() const { return valueTile.columns; }
};

/// Where things lie in the dynamic shared memory of a block.
struct SharedLayout {
  int64_t query, key, value, weights; ///< tiles: all heads, all stages
  int64_t pre, post, postBias;        ///< f32, [S][H], [S][G], [G], rows padded to 16 bytes
  int64_t shift;                      ///< f32 [S][R]: what is added to logits of a row
  int64_t parts, maxima;              ///< f32 [C / unitKeys][S][R], [2][S][R]
  int64_t bytes;

  explicit SharedLayout(const AttentionPlan &plan);

  /// Bytes of one stage of keys and of values.
  int64_t keyStage, valueStage;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_SHAREDLAYOUT_H
