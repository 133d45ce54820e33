//===- ReadOutPlan.cpp - sizes of an attention over few keys --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ReadOutPlan.h"
#include "passes/kernel/cuda/MixingProduct.h"

using namespace mlir;
using namespace imhsa;

// Registers of a thread besides scores: addresses, operands of matrix instructions.
static constexpr int64_t kOtherRegisters = 40;
// Bytes that a block may have on chips with the most but Hopper and newer.
static constexpr int64_t kLargeBlock = 163 * 1024;
// Of the shared memory of a multiprocessor, what the system keeps for itself in each block.
static constexpr int64_t kBlockShared = 1024;
static constexpr int64_t kMostRegisters = 255, kSchedulers = 4, kRegistersOfScheduler = 16384;

// Columns of an item: the most that keep the largest share of a warp as small as can be.
static int64_t getItemColumns(const ReadOutPlan &plan, int64_t group) {
  int64_t columns = plan.blockColumns(), best = columns, bestShare = 0;
  for (int64_t width = columns; width >= group; width -= group) {
    if (columns % width)
      continue;
    int64_t share = llvm::divideCeil(plan.blockHeads * (columns / width), plan.teamWarps) * width;
    if (!bestShare || share < bestShare)
      best = width, bestShare = share;
  }
  return best;
}

FailureOr<ReadOutPlan> ReadOutPlan::get(AttentionOp op, Complain complain) {
  FailureOr<AttentionPlan> base = AttentionPlan::get(op, complain);
  if (failed(base))
    return failure();
  ReadOutPlan plan;
  static_cast<AttentionPlan &>(plan) = *base;
  const ScheduleSizes tile = plan.tile;
  plan.keys = plan.scores.keys();
  if (ShapedType::isDynamic(plan.keys) || plan.keys == 0 || plan.keys > 256)
    return complain() << "expected 1 to 256 keys, of a number that the types tell";
  if (!plan.type.isF16() && !plan.type.isBF16())
    return complain() << "expected f16 or bf16 among the token tensors of read_out, found "
                      << plan.type;
  plan.teams = tile.queries / 16;
  plan.teamWarps = tile.warps / plan.teams;
  if (tile.warps % plan.teams)
    return complain() << "schedule: warps: expected a multiple of 'queries' / 16, which is "
                      << plan.teams << ", found " << tile.warps;
  plan.warpGroups = llvm::divideCeil(llvm::divideCeil(plan.keys, 8), plan.teamWarps);
  plan.laneColumns = plan.blockColumns() % 32 ? 4 : 8;
  plan.hasKeysInRegisters = false;
  plan.itemColumns = getItemColumns(plan, 4 * plan.laneColumns);

  int64_t allGroups = plan.warpGroups * plan.teamWarps;
  plan.tile.queries = plan.queryTile.rows = 16;
  plan.tile.keys = llvm::alignTo(plan.keys, 8);
  plan.keyTile.rows = 8 * allGroups;
  plan.valueTile.rows = llvm::alignTo(plan.keys, 8);
  // A warp alone has its weights in registers all the time.
  plan.hasMixingProduct &= plan.teamWarps > 1;
  plan.weightTile = {16, 8 * allGroups, plan.elementBytes(),
                     plan.hasMixingProduct ? MixingProduct::kApart : 0};

  plan.layOut();
  // Keys of all heads that leave too little room become operands in registers once for all.
  plan.hasKeysInRegisters = plan.bytes > kLargeBlock;
  if (plan.hasKeysInRegisters && plan.registers() <= kMostRegisters)
    plan.layOut();
  else
    plan.hasKeysInRegisters = false;
  return plan;
}

void ReadOutPlan::layOut() {
  regions.clear();
  int64_t next = 0;
  auto take = [&](StringRef what, int64_t count, int64_t size) {
    int64_t start = next;
    next = llvm::alignTo(next + size, 128);
    regions.push_back({what, count * (next - start)});
    return start;
  };
  const Interaction &mix = scores.interaction;
  bool isAlone = teamWarps == 1;
  pre = take("pre", 1, preBytes());
  post = take("post", 1, postBytes());
  postBias = take("post_bias", 1, mix.postBias ? 4 * blockHeads : 0);
  flags = take("kept keys", 1, hasKeepByQuery() ? 4 * tile.keys : 0);
  key = next;
  if (!hasKeysInRegisters)
    take("keys", 1, keyBytes());
  value = take("values", 1, valueBytes());
  team = next;
  next = 0;
  query = take("queries", teams, tile.stages * queryBytes());
  weights = take("weights", teams, isAlone ? 0 : weightBytes());
  int64_t partBytes = 8 * 16 * teamWarps * blockScoreHeads;
  parts = take("maxima and sums", teams, isAlone || !isOnline ? 0 : partBytes);
  teamBytes = next;
  bytes = team + teams * teamBytes;
  if (int64_t missing = key + keyBytes() - bytes; missing > 0) {
    regions.push_back({"keys", missing});
    bytes += missing;
  }
}

int64_t ReadOutPlan::registers() const {
  int64_t heads = std::max(blockQueryHeads, blockScoreHeads);
  if (!hasMixingProduct)
    heads = std::max(heads, blockHeads);
  int64_t steps = keyTile.columns / 16;
  int64_t keyWords = hasKeysInRegisters ? blockKeyHeads * warpGroups * steps * 2 : 0;
  // What follows is what ptxas 13.0 needed to spill nothing, in 70 kernels for sm_80 and sm_90a, of
  // 1 to 16 heads, 16 to 128 columns and all operands: maxima, sums and weights of mixing for each
  // head, more where masks select position by position or where both mixings of many heads meet.
  int64_t perHead = 5;
  if (hasPositionMask())
    perHead += scores.bias ? 10 : 6;
  if (scores.interaction.pre && scores.interaction.post && !hasMixingProduct && heads >= 10 &&
      warpGroups > 1)
    perHead += 10;
  return heads * (positions() + perHead) + keyWords + 2 * steps + kOtherRegisters;
}

int64_t ReadOutPlan::tileTraffic() const {
  int64_t groups = teamWarps * warpGroups, rows = valueTile.rows;
  // Each warp reads all queries, and its keys for each head.
  int64_t products = blockQueryHeads * headSize * elementBytes() *
                     (16 * teamWarps + (hasKeysInRegisters ? 0 : 8 * groups));
  // Weights of mixing are read for each group of 8 keys, or what is mixed passes through.
  int64_t mixing = 0;
  if (scores.interaction.pre)
    mixing += blockScoreHeads * MixingMatrix::rowTraffic(blockQueryHeads);
  if (hasMixingProduct)
    mixing += 16 * 8 * MixingProduct::traffic(blockScoreHeads);
  else if (scores.interaction.post)
    mixing += blockHeads * MixingMatrix::rowTraffic(blockScoreHeads);
  // Weights of several warps are stored, and read for each item of columns.
  int64_t columnItems = blockColumns() / itemColumns;
  int64_t weights =
      teamWarps == 1 ? 0 : blockHeads * 16 * rows * elementBytes() * (1 + columnItems);
  int64_t values = blockHeads * rows * blockColumns() * elementBytes();
  return queryBytes() + products + groups * mixing + weights + values;
}

int64_t ReadOutPlan::residentBlocks(const ChipResources &chip) const {
  // Fewer blocks are better than spills: the estimate may be too low by some.
  int64_t used = std::min<int64_t>(llvm::alignTo(registers() + 16, 8), kMostRegisters + 1);
  // A block may have all of a multiprocessor's memory but what the system keeps for it.
  int64_t blocks = (chip.sharedBytes + kBlockShared) / (bytes + kBlockShared);
  auto warpsOfScheduler = [&] { return llvm::divideCeil(blocks * tile.warps, kSchedulers); };
  while (blocks > 1 && warpsOfScheduler() * 32 * used > kRegistersOfScheduler)
    --blocks;
  return std::max<int64_t>(1, blocks);
}
