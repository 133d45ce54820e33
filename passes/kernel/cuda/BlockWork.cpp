//===- BlockWork.cpp - which scores a block works on ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/BlockWork.h"

using namespace mlir;
using namespace imhsa;

// Tiles of queries of a batch element.
static Int countTiles(KernelBuilder &k, const ScorePlan &plan) {
  Int queries = k.size(plan.scores.query, tokenDims(plan.scores.queryOrder).token);
  return (queries + (plan.tile.queries - 1)) / plan.tile.queries;
}

BlockWork imhsa::getBlockWork(KernelBuilder &k, const ScorePlan &plan) {
  Int tiles = countTiles(k, plan), x = k.block(0), y = k.block(1);
  return {x / tiles, x % tiles * plan.tile.queries, y, k.block(2)};
}

void imhsa::launchBlocks(KernelBuilder &k, const ScorePlan &plan, int64_t groups,
                         int64_t sharedBytes) {
  Value query = plan.scores.query;
  TokenDims dims = tokenDims(plan.scores.queryOrder);
  Value tiles = k.hostCeilDiv(k.hostSize(query, dims.token), plan.tile.queries);
  Value x = k.getHost().createOrFold<arith::MulIOp>(k.builder().getLoc(), tiles,
                                                    k.hostSize(query, dims.batch));
  k.launch(x, k.hostIndex(groups), k.hostIndex(plan.tile.splits), sharedBytes);
}

void imhsa::dealBlockWork(KernelBuilder &k, const Share &share, const ScorePlan &plan,
                          int64_t groups, llvm::function_ref<void(const BlockWork &)> body) {
  Int tiles = countTiles(k, plan);
  int64_t splits = plan.tile.splits;
  share.deal(k, tiles * (groups * splits), [&](Int item) {
    Int split = item % splits, group = item / splits % groups, tile = item / (splits * groups);
    k.barrier();
    body({share.batch, tile * plan.tile.queries, group, split});
  });
}
