//===- ReadOut.h - attention over few keys ---------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// One kernel `read_out`, in parts: what stays in a block (ReadOutResident.cpp), from queries to
// weights (ReadOutWeights.cpp), from weights to the result (ReadOutResult.cpp), and how these
// follow each other (ReadOut.cpp, which says how it all works).

#ifndef IMHSA_PASSES_KERNEL_CUDA_READOUT_H
#define IMHSA_PASSES_KERNEL_CUDA_READOUT_H

#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/cuda/MixingProduct.h"
#include "passes/kernel/cuda/ReadOutPlan.h"

namespace imhsa {

/// Rows of queries of one batch element that a block works on: tiles of 16.
struct Segment {
  Int batch, firstTile, lastTile;
};

/// Loads a warp's keys, 16 or 8 at a time.
struct KeyReaders {
  std::optional<TransposedRightReader> pairs, single;

  KeyReaders(KernelBuilder &k, const ReadOutPlan &plan, Int firstKey) {
    if (plan.warpGroups > 1)
      pairs.emplace(k, plan.keyTile, firstKey, 16);
    if (plan.warpGroups % 2)
      single.emplace(k, plan.keyTile, firstKey, 8);
  }
};

/// Writes one block of the kernel.
class ReadOut {
public:
  ReadOut(KernelBuilder &k, AttentionOp op, const ReadOutPlan &plan, Int headGroup, Int columnGroup)
      : k(k), op(op), plan(plan), memory(k.shared()), headGroup(headGroup),
        columnGroup(columnGroup), team(k.warp() / plan.teamWarps),
        teamWarp(k.warp() % plan.teamWarps),
        group{k.thread() % (32 * plan.teamWarps), 32 * plan.teamWarps},
        teamMemory(memory.at(plan.team).at(team * plan.teamBytes)),
        queries(k.size(op.getQuery(), tokenDims(op.getQueryOrder()).token)) {}

  /// What is the same for all segments. The block has to meet before `emit`.
  void loadParameters();
  void emit(const Segment &segment);

private:
  /// A value for each position of the warp's scores, or some of them, of each head.
  using Heads = llvm::SmallVector<Positions>;
  /// Keys of one head as right operands: [groups of 8][depth / 16].
  using KeyFragments = llvm::SmallVector<llvm::SmallVector<RightFragment>>;
  /// Packed weights of a head, as left operands have them: four words for every 16 keys.
  using Words = llvm::SmallVector<mlir::Value>;
  /// Where rows g and g + 8 of a tile begin.
  using RowPair = std::array<Pointer, 2>;

  const Interaction &mixing() const { return plan.scores.interaction; }
  MixingOperand postOperand() const {
    return {memory.at(plan.post), plan.blockHeads, plan.blockScoreHeads};
  }
  bool isAlone() const { return plan.teamWarps == 1; }
  /// The first head of the block among heads of which a block has `count`.
  Int firstHead(int64_t count, int64_t all) const {
    return count == all ? k.i32(0) : headGroup * count;
  }
  Logits getLogits(Int batch, Int firstQuery) {
    return Logits(k, plan, batch, firstQuery, headGroup, memory.at(plan.pre));
  }
  /// The warp's keys, from position `first` on.
  ScoreUnit getUnit(unsigned first = 0) {
    return {k.i32(0), teamWarp * (8 * plan.warpGroups) + 2 * first, teamWarp};
  }

  // ReadOut.cpp: tile by tile.
  void meet();
  SharedTiles queryTiles(Int tile);
  void copyQueries(Int tile, Int lastTile);
  void tile(const Segment &segment, Int tile);

  // ReadOutResident.cpp: keys and values.
  void copyKeysAndValues(const Segment &segment);
  Pointer keyRows(int64_t keyHead, int64_t group);
  KeyFragments loadKeys(const KeyReaders &readers, int64_t keyHead, int64_t first);

  // ReadOutWeights.cpp: from queries to weights.
  Heads scores(Int tile);
  Heads getWeightLogits(const Logits &logits, const Heads &x);
  void softmax(Heads &y, Int row, llvm::function_ref<void()> hasReadQueries);
  void combineParts(Pointer parts, Int row);
  void weightsFromLse(Heads &y, Int row);
  Heads mixAfter(const Logits &logits, unsigned first, const Heads &p);
  void mixInPlace(const Logits &logits, const Heads &p, SharedTiles weights);
  Float loadPreBias(Int s);
  Bool isFirstWithScores();
  void storeLse(Int query, Int s, Float value, Bool isStored);
  void storeLse(Int row, int64_t s, std::array<Float, 2> values);

  // ReadOutResult.cpp: from weights to the result.
  void multiplyOwnWeights(Int row, llvm::ArrayRef<Words> words);
  void multiplyWeights(Int row, SharedTiles weights);
  void multiplyValues(Int row, const RowPair &to, Int head, Int column, const RightReader &right,
                      llvm::function_ref<LeftFragment(int64_t)> loadWeights);
  RowPair resultRows(Int row, Int head);
  void store(Int row, const RowPair &to, Int column, llvm::ArrayRef<Accumulator> result);

  KernelBuilder &k;
  AttentionOp op;
  const ReadOutPlan &plan;
  Pointer memory;
  Int headGroup, columnGroup, team, teamWarp;
  ThreadGroup group; ///< of the team
  Pointer teamMemory;
  Int queries; ///< N
  Int batch;   ///< of the segment
  /// Of each key head, where they stay in registers.
  llvm::SmallVector<KeyFragments> keys;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_READOUT_H
