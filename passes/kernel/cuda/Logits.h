//===- Logits.h - masked logits of a block's queries -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// What takes queries and keys to the logits of `imhsa.attention`: scale, bias, mixing before the
// softmax, and masks, as -inf. `pre_bias` is not in them: it is the same for all keys, so that only
// a log-sum-exp shows it. Logits are Y log2(e), in base 2, where operands are rounded; for f32 they
// are Y itself, since the rounding of a large logit times log2(e) would show in its weight.

#ifndef IMHSA_PASSES_KERNEL_CUDA_LOGITS_H
#define IMHSA_PASSES_KERNEL_CUDA_LOGITS_H

#include "passes/kernel/cuda/AttentionTile.h"
#include "passes/kernel/cuda/Copies.h"
#include "passes/kernel/cuda/ScorePlan.h"
#include <limits>

namespace imhsa {

/// A logit where a position does not count, and the largest of no logits.
inline constexpr double kLowest = -std::numeric_limits<double>::infinity();

/// Keys from `first` to `last`, which is beyond; none where it is not larger.
struct KeyRange {
  Int first, last;
};

/// What excludes the positions of a unit.
struct PositionMask {
  /// What logits start from: 0, or -inf beyond the last key. It serves where keys beyond are zeros.
  Positions start;
  /// Where logits count, position by position; empty where `start` says it.
  llvm::SmallVector<Bool, 8> kept;
};

/// What a weight is for the difference of its logit and a maximum or normaliser.
Float exponential(const ScorePlan &plan, Float difference);
/// What is subtracted for a maximum: 0 for `kLowest`, since -inf - -inf is NaN.
Float finiteMaximum(Float maximum);
/// The natural log-sum-exp of a row from the maximum of its logits and the sum of the exponentials
/// of the differences; -inf where the sum is 0.
Float logSumExp(const ScorePlan &plan, Float maximum, Float sum);

/// For one tile of queries, which may be made anew for each tile. All keys are counted from the
/// first of the tensor.
class Logits {
public:
  /// Queries from `firstQuery` on of a batch element; `headGroup` counts groups of the block's
  /// heads; `pre` is where the weights of mixing are, f32 in shared memory.
  Logits(KernelBuilder &k, const ScorePlan &plan, Int batch, Int firstQuery, Int headGroup,
         Pointer pre);

  Int batch, firstQuery;
  /// Beyond the last query of the tile; may be set for more or fewer of them.
  Int lastQuery;
  /// N and M; the first head of the block among query and score heads.
  Int queries, keys, firstQueryHead, firstScoreHead;

  /// The keys that lengths, causal and window masks may keep for some query of the tile.
  KeyRange keyRange() const;
  /// Range `split` of `splits`, of whole tiles, of those.
  KeyRange splitRange(KeyRange all, Int split, int64_t splits) const;

  /// Fills `pre`, [S][H] as `logits` reads it, or [H][S] for `compute`. All threads, once for a
  /// block.
  void loadParameters(bool byQueryHead = false) const;
  /// Copies the queries of the tile, and a tile of keys from `first` on; rows beyond the last one
  /// are zeros. All threads; see `copyTiles`.
  void copyQueries(SharedTiles target) const;
  void copyKeys(Int first, Int last, SharedTiles target) const;

  /// The mask of a unit in the tile of keys from `first` on.
  PositionMask mask(const ScoreUnit &unit, unsigned positions, Int first, Int last) const;
  /// Scales products of queries and keys, [heads][positions] from query head `firstHead` of the
  /// block on, where a bias must be added, and adds it.
  void addBias(llvm::MutableArrayRef<Positions> x, const ScoreUnit &unit, Int first,
               std::optional<Int> firstHead = std::nullopt) const;
  /// The logits of score head `s` of the block, from what `addBias` left.
  Positions logits(llvm::ArrayRef<Positions> x, int64_t s, const PositionMask &mask) const;
  /// All of it: calls `take` with each score head of the block, one after the other, and its
  /// logits. Products are mixed as they come, so that only one of them is in registers.
  void compute(const ScoreUnit &unit, Int first, Int last, SharedTiles queryTiles,
               SharedTiles keyTiles, llvm::function_ref<void(int64_t, Positions)> take) const;

  /// Whether masks keep key `key` for query `query`, both in the tensors, as far as they are
  /// there; keys beyond the last are not looked at.
  Bool isKept(Int query, Int key) const;
  /// The same of query `row` of the tile, and whether the key comes before `last`.
  Bool isInsideAndKept(Int row, Int key, Int last) const;
  /// Sets word `i` at `flags` to whether some query of the tile keeps key `first` + i, for the keys
  /// of a tile. All threads.
  void findKeptKeys(Int first, Int last, Pointer flags) const;
  /// Whether a key is inside and the mask `keep`, one for all queries, keeps it. There may be no
  /// keys at all, so that the mask has nothing to read.
  Bool isKeptByAll(Int key, Bool isInside) const;

private:
  Int broadcast(mlir::Value memref, unsigned dim, Int index) const;
  Bool loadKeep(Int query, Int key) const;

  KernelBuilder &k;
  const ScorePlan &plan;
  Pointer pre;
  /// The first and last key that `window` and `causal` keep for query 0, as if there were keys
  /// everywhere; they move on with the queries. Only where these ask for it.
  Int firstKey, lastKey;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_LOGITS_H
