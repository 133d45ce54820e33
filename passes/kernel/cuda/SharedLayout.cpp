//===- SharedLayout.cpp - what a fused attention keeps on chip ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/SharedLayout.h"
#include "passes/kernel/cuda/MixingProduct.h"
#include "passes/kernel/cuda/ValueProduct.h"

using namespace mlir;
using namespace imhsa;

FailureOr<AttentionPlan> AttentionPlan::get(AttentionOp op, Complain complain) {
  Scores scores = op.getScores();
  ScheduleSizes tile = op.getScheduleAttr().getSizes();
  TokenDims v = tokenDims(op.getValueOrder());
  int64_t resultHeads = scores.resultHeads(), valueHeads = dimSize(op.getValue(), v.head);
  int64_t valueSize = dimSize(op.getValue(), v.width);
  for (auto [name, size] : {std::pair("result heads", resultHeads),
                            {"value heads", valueHeads},
                            {"value head size", valueSize}})
    if (ShapedType::isDynamic(size) || size == 0)
      return complain() << name
                        << ": expected a number that the types tell and that is not 0, found "
                        << (size ? "'?'" : "0");
  int64_t heads = tile.heads ? std::min(tile.heads, resultHeads) : resultHeads;
  int64_t group = resultHeads / valueHeads;
  if (resultHeads % heads || (heads % group && group % heads))
    return complain() << "schedule: heads: expected a divisor of " << resultHeads
                      << ", the result heads, that is a divisor or a multiple of " << group
                      << ", those that share a value head, found " << heads;

  FailureOr<ScorePlan> scorePlan = ScorePlan::get(
      complain, scores, tile,
      getOperandType({op.getQuery(), op.getKey(), op.getValue()}, op.getScheduleAttr().getMath()),
      scores.interaction.post ? scores.scoreHeads() : heads);
  if (failed(scorePlan))
    return failure();
  AttentionPlan plan;
  static_cast<ScorePlan &>(plan) = *scorePlan;
  plan.resultHeads = resultHeads, plan.valueHeads = valueHeads, plan.valueSize = valueSize;
  plan.blockHeads = heads, plan.headGroups = resultHeads / heads;
  plan.blockValueHeads = groupedHeads(heads, resultHeads, valueHeads);
  plan.isOnline = !scores.lse;
  bool isStream = op.getScheduleAttr().getKind() == KernelKind::Stream;
  if (isStream && plan.isOnline && scores.interaction.mixesAfter())
    return complain() << ("expected an operand 'lse' beside mixing after the softmax");
  if (isStream && plan.isOnline)
    plan.spreadKeys();
  int64_t padded = llvm::alignTo(valueSize, 16);
  int64_t columns =
      tile.columns ? std::min<int64_t>(llvm::alignTo(tile.columns, 16), padded) : padded;
  plan.columnGroups = llvm::divideCeil(padded, columns);
  plan.valueTile = {tile.keys, columns, plan.elementBytes()};
  plan.weightTile = {tile.queries, tile.keys, plan.elementBytes()};
  plan.hasMixingProduct =
      scores.interaction.post && MixingProduct::pays(plan.type, heads, plan.blockScoreHeads);
  if (plan.hasMixingProduct)
    plan.weightTile.apart = MixingProduct::kApart;
  plan.chooseUnitKeys([&] { return plan.unitsOfWarp(); }, [&] { return plan.registers(); });
  return plan;
}

// What a thread has besides, as far as ptxas 13.0 takes it before it spills: addresses and loops,
// and operands that the assembler reads ahead where heads are unrolled, for each depth of 16.
static constexpr int64_t kOther = 32, kReadAhead = 5;

int64_t AttentionPlan::registers() const {
  int64_t positions = unitKeys / 2, heads = blockScoreHeads;
  const Interaction &mix = scores.interaction;
  // Logits of all heads and products of one, or mixed weights of one. Where nothing is mixed, the
  // assembler computes weights of all heads and units side by side.
  if (isOnline || (!mix.pre && !mix.post))
    heads *= unitsOfWarp();
  int64_t logits = (heads + 1) * positions;
  if (hasMixingProduct)
    logits = std::max(logits, MixingProduct::registers(blockHeads, blockScoreHeads));
  // Rows of mixing weights, the next one too; not of many keys (Logits.cpp).
  bool readsAhead = !mix.pre || unitKeys <= 16;
  int64_t weights = mix.pre ? std::min<int64_t>(blockScoreHeads, 16) : 0;
  if (!mixesInLoop() && readsAhead)
    weights *= 2;
  if (mix.post && !hasMixingProduct)
    weights = std::max(weights, 2 * blockScoreHeads);
  int64_t ahead = 0;
  if (!mixesInLoop() && !type.isF32())
    ahead = kReadAhead * (readsAhead ? keyTile.chunks() / 2 : 2);
  // What is compared with a number of queries that the type does not tell.
  if (!mixesInLoop() && ShapedType::isDynamic(scores.queries()))
    ahead += 16;
  // Each unit has addresses of its own; operands of tf32 are read word by word and rounded.
  int64_t addresses = (unitsOfWarp() - 1) * (unitKeys / 8 + 7) + (type.isTF32() ? 40 : 0);
  return kOther + ahead + logits + productRegisters() + weights + addresses + maskRegisters() +
         ValueProduct::registers(*this);
}

MixingWork AttentionPlan::mixingWork() const {
  MixingWork before = ScorePlan::mixingWork();
  if (!scores.interaction.post)
    return before;
  if (hasMixingProduct)
    return before + MixingWork{0, MixingProduct::multiplyAdds(blockHeads, blockScoreHeads)};
  return before + MixingWork{blockHeads * blockScoreHeads, 0};
}

int64_t AttentionPlan::tileTraffic() const {
  // A warp reads f32 of its rows in one pass for rows g and one for rows g + 8: the shift of a
  // logit, or the maximum so far and those of all units in the row.
  int64_t rowReads = isOnline ? tile.keys / unitKeys + 1 : 1;
  int64_t ofUnit = blockScoreHeads * rowReads * 2 * 128;
  if (hasMixingProduct)
    ofUnit += 16 * unitKeys * MixingProduct::traffic(blockScoreHeads);
  else if (scores.interaction.post)
    ofUnit += blockHeads * MixingMatrix::rowTraffic(blockScoreHeads);
  return scoreTraffic() + units() * ofUnit + blockHeads * weightTile.bytes() + valueBytes() +
         ValueProduct::traffic(*this);
}

int64_t AttentionPlan::postBytes() const {
  if (!scores.interaction.post)
    return 0;
  return hasMixingProduct ? MixingOperand::bytes(blockHeads, blockScoreHeads)
                          : blockHeads * MixingMatrix::rowBytes(blockScoreHeads);
}

SharedLayout::SharedLayout(const AttentionPlan &plan) {
  const ScheduleSizes &tile = plan.tile;
  const Interaction &mix = plan.scores.interaction;
  int64_t next = 0;
  auto take = [&](StringRef what, int64_t size) {
    int64_t start = next;
    next = llvm::alignTo(next + size, 128);
    regions.push_back({what, next - start});
    return start;
  };
  query = take("queries", plan.queryBytes());
  key = take("keys", tile.stages * plan.keyBytes());
  value = take("values", tile.stages * plan.valueBytes());
  weights = take("weights", plan.weightBytes());
  pre = take("pre", plan.preBytes());
  post = take("post", plan.postBytes());
  postBias = take("post_bias", mix.postBias ? 4 * plan.blockHeads : 0);
  int64_t perRow = 4 * plan.blockScoreHeads * tile.queries;
  shift = take("lse", plan.isOnline ? 0 : perRow);
  parts = take("partial maxima", plan.isOnline ? tile.keys / plan.unitKeys * perRow : 0);
  maxima = take("maxima", plan.isOnline ? 2 * perRow : 0);
  flags = take("flags", plan.hasKeepByQuery() ? 4 * tile.keys : 0);
  bytes = next;
}
