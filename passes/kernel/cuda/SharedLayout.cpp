//===- SharedLayout.cpp - what a fused attention keeps on chip ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/SharedLayout.h"

using namespace mlir;
using namespace imhsa;

// The type in which matrix instructions take the operands: the 16-bit one of any of them.
static Type getOperandType(AttentionOp op) {
  Type type = getElementTypeOrSelf(op.getQuery());
  for (Value value : {op.getQuery(), op.getKey(), op.getValue()})
    if (Type element = getElementTypeOrSelf(value); element.getIntOrFloatBitWidth() == 16)
      type = element;
  return type;
}

// Whether units of 16 keys are better than of 8: as few of them for a warp, with more products for
// each load, and not too many registers for scores.
static bool hasWideUnits(const ScheduleSizes &tile, int64_t heads) {
  if (tile.keys % 16 || heads > 8)
    return false;
  int64_t wide = tile.queries / 16 * (tile.keys / 16);
  return 2 * llvm::divideCeil(wide, tile.warps) <= llvm::divideCeil(2 * wide, tile.warps);
}

FailureOr<AttentionPlan> AttentionPlan::get(AttentionOp op) {
  AttentionPlan plan;
  Scores scores = plan.scores = op.getScores();
  const ScheduleSizes &tile = plan.tile = op.getScheduleAttr().getSizes();
  TokenDims v = tokenDims(op.getValueOrder());
  plan.queryHeads = scores.queryHeads(), plan.keyHeads = scores.keyHeads();
  plan.scoreHeads = scores.scoreHeads(), plan.resultHeads = scores.resultHeads();
  plan.valueHeads = dimSize(op.getValue(), v.head);
  plan.headSize = scores.headSize(), plan.valueSize = dimSize(op.getValue(), v.width);
  for (int64_t size : {plan.queryHeads, plan.keyHeads, plan.scoreHeads, plan.resultHeads,
                       plan.valueHeads, plan.headSize, plan.valueSize})
    if (ShapedType::isDynamic(size) || size == 0)
      return op.emitOpError("kernel 'stream': expected numbers of heads and head sizes that the "
                            "types tell and that are not 0");
  plan.type = getOperandType(op);
  if (!plan.type.isF16() && !plan.type.isBF16())
    return op.emitOpError(
               "kernel 'stream': expected f16 or bf16 among query, key and value, found ")
           << plan.type;
  plan.isOnline = !scores.lse;
  if (plan.isOnline && scores.interaction.mixesAfter())
    return op.emitOpError("kernel 'stream': mixing after the softmax needs the operand 'lse'");

  int64_t heads = tile.heads ? std::min(tile.heads, plan.resultHeads) : plan.resultHeads;
  int64_t columns = llvm::alignTo(tile.columns ? tile.columns : plan.valueSize, 16);
  if (plan.resultHeads % heads)
    return op.emitOpError("kernel 'stream': expected 'heads' of the schedule to divide ")
           << plan.resultHeads << ", found " << heads;
  plan.blockHeads = heads;
  plan.blockScoreHeads = scores.interaction.post ? plan.scoreHeads : heads;
  plan.blockQueryHeads = scores.interaction.pre ? plan.queryHeads : plan.blockScoreHeads;
  auto grouped = [](int64_t block, int64_t all, int64_t shared) {
    return std::max<int64_t>(1, block / (all / shared));
  };
  plan.blockKeyHeads = grouped(plan.blockQueryHeads, plan.queryHeads, plan.keyHeads);
  plan.blockValueHeads = grouped(heads, plan.resultHeads, plan.valueHeads);
  plan.headGroups = plan.resultHeads / heads;
  plan.columnGroups = llvm::divideCeil(llvm::alignTo(plan.valueSize, 16), columns);
  plan.unitKeys = hasWideUnits(tile, std::max(plan.blockQueryHeads, plan.blockHeads)) ? 16 : 8;

  int64_t depth = llvm::alignTo(plan.headSize, 16);
  plan.queryTile = {tile.queries, depth};
  plan.keyTile = {tile.keys, depth};
  plan.valueTile = {tile.keys, columns};
  plan.weightTile = {tile.queries, tile.keys};
  return plan;
}

SharedLayout::SharedLayout(const AttentionPlan &plan) {
  const ScheduleSizes &tile = plan.tile;
  int64_t next = 0;
  auto take = [&](int64_t size) {
    int64_t start = next;
    next = llvm::alignTo(next + size, 128);
    return start;
  };
  auto rows = [](int64_t count, int64_t width) { return 4 * count * llvm::alignTo(width, 4); };
  const Interaction &mix = plan.scores.interaction;
  keyStage = plan.blockKeyHeads * plan.keyTile.bytes();
  valueStage = plan.blockValueHeads * plan.valueTile.bytes();
  query = take(plan.blockQueryHeads * plan.queryTile.bytes());
  key = take(tile.stages * keyStage);
  value = take(tile.stages * valueStage);
  weights = take(plan.blockHeads * plan.weightTile.bytes());
  pre = take(mix.pre ? rows(plan.blockScoreHeads, plan.blockQueryHeads) : 0);
  post = take(mix.post ? rows(plan.blockScoreHeads, plan.blockHeads) : 0);
  postBias = take(mix.postBias ? 4 * plan.blockHeads : 0);
  int64_t perRow = 4 * plan.blockScoreHeads * tile.queries;
  shift = take(plan.isOnline ? 0 : perRow);
  parts = take(plan.isOnline ? tile.keys / plan.unitKeys * perRow : 0);
  maxima = take(plan.isOnline ? 2 * perRow : 0);
  bytes = next;
}
