//===- NormalisersPlan.cpp - what a block of log-sum-exps takes -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Normalisers.h"

using namespace mlir;
using namespace imhsa;

FailureOr<NormalisersPlan> NormalisersPlan::get(LogSumExpOp op, Complain complain) {
  Scores scores = op.getScores();
  ScheduleSizes tile = op.getScheduleAttr().getSizes();
  int64_t all = scores.scoreHeads();
  if (ShapedType::isDynamic(all) || all == 0)
    return complain() << "score heads: expected a number that the types tell and that is not 0";
  int64_t heads = tile.heads ? std::min(tile.heads, all) : all;
  if (all % heads)
    return complain() << "schedule: heads: expected a divisor of " << all << ", found " << heads;
  FailureOr<ScorePlan> found = ScorePlan::get(
      complain, scores, tile,
      getOperandType({scores.query, scores.key}, op.getScheduleAttr().getMath()), heads);
  if (failed(found))
    return failure();
  NormalisersPlan plan;
  static_cast<ScorePlan &>(plan) = *found;
  plan.headGroups = all / heads;
  plan.spreadKeys();
  plan.chooseUnitKeys(
      [&] {
        return plan.rowTurns() * llvm::divideCeil(tile.keys / plan.unitKeys, plan.keyGroups());
      },
      [&] { return plan.registers(); });

  int64_t next = 0;
  auto take = [&](StringRef what, int64_t size) {
    int64_t start = next;
    next = llvm::alignTo(next + size, 128);
    plan.regions.push_back({what, next - start});
    return start;
  };
  plan.query = take("queries", plan.queryBytes());
  plan.key = take("keys", tile.stages * plan.keyBytes());
  plan.pre = take("mixing", plan.preBytes());
  // At the end, in their place, the normalisers of each part of the keys.
  int64_t atEnd = 8 * plan.keyGroups() * heads * tile.queries;
  take("normalisers", std::max<int64_t>(0, atEnd - next));
  plan.bytes = next;
  return plan;
}

// What a thread has besides, as far as ptxas 13.0 takes it before it spills: addresses and loops,
// what the assembler reads ahead where heads are mixed unrolled, and the columns of a pool that may
// ride.
static constexpr int64_t kOther = 32, kReadAhead = 64, kPerPooledPair = 12;

int64_t NormalisersPlan::registers() const {
  int64_t positions = unitKeys / 2;
  bool isMixed = static_cast<bool>(scores.interaction.pre);
  // Logits of all heads, which the assembler computes side by side also where nothing is mixed, and
  // products of one; the mask, a row of mixing weights, and what adds up.
  int64_t logits = positions * (blockScoreHeads + 1) + positions / 2;
  int64_t pairs = llvm::divideCeil(blockKeyHeads * keyTile.columns / 2, 32 * tile.warps);
  return kOther + (isMixed && !mixesInLoop() ? kReadAhead : 0) +
         (hasPositionMask() ? maskRegisters() : kPerPooledPair * pairs) +
         rowTurns() * turnFloats() + logits + productRegisters() +
         (isMixed ? std::min<int64_t>(blockScoreHeads, 16) : 0);
}
