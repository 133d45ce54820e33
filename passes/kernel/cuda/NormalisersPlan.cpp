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
  bool isEven = tile.keys / 16 % plan.keyGroups() == 0;
  plan.unitKeys = isEven && plan.blockQueryHeads <= 8 ? 16 : 8;

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
