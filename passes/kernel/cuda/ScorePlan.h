//===- ScorePlan.h - how scores are cut into tiles -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_SCOREPLAN_H
#define IMHSA_PASSES_KERNEL_CUDA_SCOREPLAN_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cuda/Resources.h"
#include "passes/kernel/cuda/SharedTile.h"

namespace imhsa {

inline constexpr double kLog2e = 1.4426950408889634, kLn2 = 0.6931471805599453;

/// The static sizes of scores and of one block's part of them: the same numbers decide whether a
/// schedule fits a chip and what the kernel does.
struct ScorePlan {
  Scores scores;
  ScheduleSizes tile;

  // Of the operation.
  int64_t queryHeads, keyHeads, scoreHeads; ///< H, H', S
  int64_t headSize;                         ///< D
  /// The type of matrix operands: f16, bf16, tf32 or f32, see `computeScores`.
  mlir::Type type;

  // Of a block: so many heads of each kind. Heads that nothing mixes are those of its results.
  int64_t blockQueryHeads, blockKeyHeads, blockScoreHeads;
  /// Keys of a score unit, 8 to 32 by 8: what a warp computes at a time, for 16 queries and all
  /// heads. Operands in shared memory are read once for each unit, and so are mixing weights.
  int64_t unitKeys = 8;
  /// One tile for each head of the block: [R][D] and [C][D].
  TileShape queryTile, keyTile;

  /// For blocks of `blockScoreHeads` score heads; `type` is that of matrix operands. Fails, and
  /// `complain` says why, where no kernel serves such scores.
  static mlir::FailureOr<ScorePlan> get(Complain complain, const Scores &scores,
                                        const ScheduleSizes &tile, mlir::Type type,
                                        int64_t blockScoreHeads);

  /// Bytes of a matrix operand in shared memory.
  unsigned elementBytes() const { return type.isF16() || type.isBF16() ? 2 : 4; }
  /// What logits in a kernel are multiples of, see Logits.h.
  double logitUnit() const { return type.isF32() ? 1 : kLog2e; }
  /// Units in a tile of queries and keys.
  int64_t units() const { return tile.queries / 16 * (tile.keys / unitKeys); }
  /// Bytes of the weights of mixing before the softmax, [S][H] or [H][S] f32, and of one stage of
  /// keys.
  int64_t preBytes() const;
  int64_t keyBytes() const { return blockKeyHeads * keyTile.bytes(); }
  int64_t queryBytes() const { return blockQueryHeads * queryTile.bytes(); }
  /// Whether query heads are mixed in a loop. Unrolled, the assembler would take up so many heads
  /// at once that registers spill, and their code would not stay in the instruction cache.
  bool mixesInLoop() const { return scores.interaction.pre && blockQueryHeads > 8; }
  /// Whether logits are selected position by position: what excludes them is more than a last key.
  bool hasPositionMask() const {
    return scores.keep || scores.causal || scores.window || scores.bias;
  }
  /// Whether some keys are kept for some queries only by a mask in memory.
  bool hasKeepByQuery() const { return scores.keep && dimSize(scores.keep, 1) != 1; }

  /// Of mixing before the softmax.
  MixingWork mixingWork() const;
  /// Bytes through shared memory for the scores of a tile of keys, and to copy these.
  int64_t scoreTraffic() const;

protected:
  /// For a first sweep over the keys, on which a pool may ride. Its warps read the same row of two
  /// heads at a time where rows have 64 bytes, half of the banks: those of the next head shall be
  /// in the other half.
  void spreadKeys() { keyTile.apart = keyTile.rowBytes() == 64 ? 64 : 0; }
  /// Sets `unitKeys`: of those with which the busiest of the warps has the fewest scores, as
  /// `unitsOfWarp` says of the present `unitKeys`, the largest whose `registers` a thread may have.
  void chooseUnitKeys(llvm::function_ref<int64_t()> unitsOfWarp,
                      llvm::function_ref<int64_t()> registers);
  /// Registers of a thread for the operands of products of queries and keys.
  int64_t productRegisters() const;
  /// Registers of a thread for masks and a bias.
  int64_t maskRegisters() const;
};

/// Of `all` heads, which share `grouped` ones, how many of those a block with `block` heads needs.
int64_t groupedHeads(int64_t block, int64_t all, int64_t grouped);

/// The type in which products take these operands: the 16-bit one of any of them; otherwise f32, or
/// tf32 where the schedule says so.
mlir::Type getOperandType(mlir::ValueRange operands, MatrixMath math);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_SCOREPLAN_H
