//===- ReadOutPlan.h - sizes of an attention over few keys -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_READOUTPLAN_H
#define IMHSA_PASSES_KERNEL_CUDA_READOUTPLAN_H

#include "passes/binary/Chip.h"
#include "passes/kernel/cuda/SharedLayout.h"

namespace imhsa {

/// A block of the kernel `read_out`: teams of warps that share keys and values. A team works on 16
/// queries at a time, and each of its warps on the same number of keys. A schedule with `queries`
/// has `queries` / 16 teams.
struct ReadOutPlan : AttentionPlan {
  int64_t teams, teamWarps;
  int64_t keys;       ///< M
  int64_t warpGroups; ///< groups of 8 keys of a warp
  /// Columns that a lane has side by side, 4 or 8: values lie in shared memory in such an order
  /// that what it has of 16 or 32 columns of the result comes so.
  int64_t laneColumns;
  /// Columns of the result that a warp computes at a time.
  int64_t itemColumns;

  /// Each warp has its keys as operands in registers; in shared memory they lie only until then,
  /// where values and the teams' parts are later.
  bool hasKeysInRegisters;

  // Where things lie in shared memory.
  int64_t key, value;          ///< tiles: all heads
  int64_t pre, post, postBias; ///< f32, [S][H], [G][S], [G], rows padded to 16 bytes
  int64_t flags;               ///< f32 [M]: whether a query of the block keeps a key
  int64_t team, teamBytes;     ///< the first team's part
  // Of a team's part, from its start.
  int64_t query; ///< tiles: all stages, all heads
  int64_t
      weights;   ///< tiles: all heads; nothing for a team of one warp, which has them in registers
  int64_t parts; ///< f32 [warps][S][16][2]: maximum and sum of a row over a warp's keys
  int64_t bytes;
  /// `bytes` by what they hold.
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> regions;

  /// Fails, and `complain` says why, where the kernel does not serve the operation so.
  static mlir::FailureOr<ReadOutPlan> get(AttentionOp op, Complain complain);

  /// Positions that a lane has for each head.
  int64_t positions() const { return 4 * warpGroups; }
  /// Registers of a thread, an estimate.
  int64_t registers() const;
  /// Bytes through shared memory for 16 queries.
  int64_t tileTraffic() const;
  /// Blocks that a multiprocessor of the chip can run at a time.
  int64_t residentBlocks(const ChipResources &chip) const;

private:
  void layOut();
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_READOUTPLAN_H
