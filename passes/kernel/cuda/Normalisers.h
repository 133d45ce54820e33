//===- Normalisers.h - what a block of log-sum-exps takes ------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_NORMALISERS_H
#define IMHSA_PASSES_KERNEL_CUDA_NORMALISERS_H

#include "passes/kernel/cuda/ScorePlan.h"

namespace imhsa {

/// The static sizes of an `imhsa.log_sum_exp`, of one block's part of it, and where things lie in
/// the dynamic shared memory of a block.
struct NormalisersPlan : ScorePlan {
  int64_t headGroups;
  int64_t query, key, pre; ///< tiles: all heads, all stages; f32 [H][S]
  int64_t bytes;
  /// `bytes` by what they hold.
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> regions;

  /// Of an operation with a schedule. Fails, and `complain` says why, where no kernel serves it.
  static mlir::FailureOr<NormalisersPlan> get(LogSumExpOp op, Complain complain);

  int64_t rowTiles() const { return tile.queries / 16; }
  /// A warp has rows of its own in each turn; with more warps than rows of units, several share
  /// them, and have keys of their own.
  int64_t rowWarps() const { return std::min(tile.warps, rowTiles()); }
  int64_t rowTurns() const { return llvm::divideCeil(rowTiles(), rowWarps()); }
  int64_t keyGroups() const { return tile.warps / rowWarps(); }
  /// Floats of a lane for a turn: maximum and sum, of two rows, of each score head.
  int64_t turnFloats() const { return 4 * blockScoreHeads; }
  /// Registers of a thread, an estimate.
  int64_t registers() const;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_NORMALISERS_H
