//===- Stream.h - attention over many keys ---------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// One kernel `stream`, in parts: what is the same for all keys (StreamParameters.cpp), from a tile
// of keys to weights (StreamWeights.cpp), from sums over all keys to the result (StreamResult.cpp),
// and how these follow each other (Stream.cpp, which says how it all works).

#ifndef IMHSA_PASSES_KERNEL_CUDA_STREAM_H
#define IMHSA_PASSES_KERNEL_CUDA_STREAM_H

#include "passes/kernel/cuda/BlockWork.h"
#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/cuda/MixingProduct.h"
#include "passes/kernel/cuda/RidingPool.h"
#include "passes/kernel/cuda/SharedLayout.h"
#include "passes/kernel/cuda/ValueProduct.h"

namespace imhsa {

/// Writes the work of one block.
class Stream {
public:
  Stream(KernelBuilder &k, AttentionOp op, const AttentionPlan &plan, PoolOp rider,
         const BlockWork &work)
      : k(k), op(op), plan(plan), work(work), headGroup(work.group / plan.columnGroups),
        columnGroup(work.group % plan.columnGroups), layout(plan), memory(k.shared()),
        logits(k, plan, work.batch, work.firstQuery, headGroup, at(layout.pre)),
        product(k, plan, /*hasSums=*/plan.isOnline) {
    firstHead = headGroup * plan.blockHeads;
    firstColumn = columnGroup * plan.blockColumns();
    if (rider)
      pool.emplace(k, rider, plan, logits, work.split, /*isFirst=*/columnGroup == 0);
    range = pool ? pool->range() : logits.splitRange(logits.keyRange(), work.split, tile().splits);
  }

  void emit();

private:
  const ScheduleSizes &tile() const { return plan.tile; }
  const Interaction &mixing() const { return plan.scores.interaction; }
  Pointer at(int64_t offset) const { return memory.at(offset); }
  SharedTiles keyTiles(Int stage) const {
    return {at(layout.key).at(stage * plan.keyBytes()), plan.keyTile};
  }
  SharedTiles valueTiles(Int stage) const {
    return {at(layout.value).at(stage * plan.valueBytes()), plan.valueTile};
  }
  SharedTiles weightTiles() const { return {at(layout.weights), plan.weightTile}; }

  MixingOperand postOperand() const {
    return {at(layout.post), plan.blockHeads, plan.blockScoreHeads};
  }

  // Stream.cpp: the sweep.
  void copyValues(Int first, Int stage);
  void turn(Int first, Int number, llvm::SmallVectorImpl<Float> &sums);

  // StreamParameters.cpp: what is the same for all keys.
  void loadParameters();
  bool hasScaledWeights() const;
  Float scaleExponent();
  void loadShift();

  // StreamWeights.cpp: from a tile of keys to weights.
  void getLogits(const ScoreUnit &unit, Int first, Int stage,
                 llvm::function_ref<void(int64_t, Positions)> take);
  void mixAndStore(const ScoreUnit &unit, Int first, llvm::ArrayRef<Positions> p);
  void mixInPlace(const ScoreUnit &unit, Int first);
  void storeHead(const ScoreUnit &unit, Int first, int64_t head, Positions weights);
  void weightsFromLse(Int first, Int stage);
  void weightsFromMaxima(Int first, Int stage, Int number);
  std::array<Float, 2> loadMaxima(Int number, Int head, const ScoreUnit &unit);
  void rescale(Int number, llvm::SmallVectorImpl<Float> &sums);

  // StreamResult.cpp: from sums over all keys to the result.
  void store(Int turns, llvm::SmallVectorImpl<Float> &sums);
  void storeLse(const ValueItem &item, std::array<Float, 2> maxima, std::array<Float, 2> totals);
  void copyLse();

  KernelBuilder &k;
  AttentionOp op;
  const AttentionPlan &plan;
  BlockWork work;
  Int headGroup, columnGroup; ///< of `work`
  SharedLayout layout;
  Pointer memory;
  Logits logits;
  ValueProduct product;
  /// Of the block, among result heads and columns of the value.
  Int firstHead, firstColumn;
  KeyRange range;
  /// Pools the keys on their way, if somebody wants that.
  std::optional<RidingPool> pool;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_STREAM_H
