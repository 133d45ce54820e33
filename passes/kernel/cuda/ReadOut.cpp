//===- ReadOut.cpp - attention over few keys ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps the keys and values of a batch element, all heads, in shared memory (or the keys in
// registers, where both take too much), and queries stream by. Its warps are teams that do not wait
// for each other. A team takes 16 queries at a time:
//   - each warp computes its keys' scores for all heads, mixes them in registers and takes them to
//     weights: it knows the maxima and sums of its keys, and learns those of the others' keys by
//     way of shared memory;
//   - mixes the weights and rounds them. In a team of one warp they are then left operands of the
//     value product as they are; otherwise they go through shared memory, [heads][16][keys];
//   - each warp multiplies them by the values for its share of heads and columns, and stores the
//     result from registers, 16 bytes at a time.
// The queries of a team's next tile are on their way while it works on what follows the scores.
// All blocks have the same number of tiles; where those of a block are of several batch elements,
// it copies keys and values for each.

#include "passes/kernel/cuda/ReadOut.h"
#include "passes/kernel/cuda/Kernels.h"

using namespace mlir;
using namespace imhsa;

// All warps of the team.
void ReadOut::meet() {
  if (isAlone())
    k.syncWarp();
  else if (plan.teams == 1)
    k.barrier();
  else
    k.barrier(team + 1, group.threads);
}

// Where the queries of a tile are: a team's tiles take the stages in turn.
SharedTiles ReadOut::queryTiles(Int tile) {
  Pointer first = teamMemory.at(plan.query);
  int64_t stages = plan.tile.stages;
  return {stages == 1 ? first : first.at(tile / plan.teams % stages * plan.queryBytes()),
          plan.queryTile};
}

void ReadOut::copyQueries(Int tile, Int lastTile) {
  TokenRows queryRows(k, op.getQuery(), op.getQueryOrder(), k.here(batch),
                      firstHead(plan.blockQueryHeads, plan.queryHeads));
  SharedTiles target = queryTiles(tile);
  k.when(tile < lastTile, [&] {
    Int row = tile * 16;
    copyTiles(
        k, group, queryRows, row, plan.blockQueryHeads,
        [&](Int inTile) { return row + inTile < queries; }, target, plan.type);
  });
}

void ReadOut::tile(const Segment &segment, Int tile) {
  Int row = tile * 16;
  int64_t stages = plan.tile.stages;
  waitForCopies(k, stages - 1);
  meet(); // The queries are there, and what the team had of its last tile is no longer needed.
  Logits logits = getLogits(batch, row);
  Heads y = getWeightLogits(logits, scores(tile));
  auto hasReadQueries = [&] {
    meet();
    copyQueries(tile + stages * plan.teams, segment.lastTile);
    commitCopies(k);
  };
  if (plan.isOnline) {
    softmax(y, row, hasReadQueries);
  } else {
    hasReadQueries();
    weightsFromLse(y, row);
  }
  // Four positions at a time, so that few registers hold both sides. The words of a team of one
  // warp are left operands as they come.
  SharedTiles weights{teamMemory.at(plan.weights), plan.weightTile};
  SmallVector<Words> words(plan.blockHeads);
  if (plan.hasMixingProduct)
    mixInPlace(logits, y, weights);
  for (unsigned first = 0; !plan.hasMixingProduct && first < plan.positions(); first += 4) {
    Heads z = mixAfter(logits, first, y);
    for (auto [head, x] : llvm::enumerate(z))
      if (isAlone())
        words[head].append({k.packHere(x[0], x[1], plan.type), k.packHere(x[2], x[3], plan.type)});
      else
        storeWeights(k, plan.type, getUnit(first), x, weights.tile(head), plan.weightTile);
  }

  if (!isAlone())
    meet();
  // Every tile has a first row. The assembler does not know, and so starts no matrix products while
  // weights wait for being mixed and rounded: together they would not fit the registers.
  k.when(row < queries, [&] {
    if (isAlone())
      multiplyOwnWeights(row, words);
    else
      multiplyWeights(row, weights);
  });
}

void ReadOut::emit(const Segment &segment) {
  batch = segment.batch;
  copyKeysAndValues(segment);
  commitCopies(k);
  int64_t stages = plan.tile.stages;
  Int first = segment.firstTile + team;
  for (int64_t i = 0; i < stages; ++i) {
    copyQueries(first + i * plan.teams, segment.lastTile);
    commitCopies(k);
  }
  waitForCopies(k, stages);
  k.barrier(); // Keys and values are there.
  k.loop(first, segment.lastTile, k.i32(plan.teams), [&](Int number) { tile(segment, number); });
  waitForCopies(k, 0);
  k.barrier(); // They are no longer needed.
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

LogicalResult imhsa::lowerReadOut(OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                  StringRef name) {
  FailureOr<ReadOutPlan> plan = ReadOutPlan::get(op, errorOn(op));
  if (failed(plan))
    return failure();
  Location loc = op.getLoc();
  KernelBuilder k(host, loc, kernels, name, plan->tile.warps);
  Value query = op.getQuery();
  TokenDims dims = tokenDims(op.getQueryOrder());

  // Tiles of all batch elements one after the other, cut into equal parts: one for each block that
  // the chip runs at a time, since each reads keys and values anew.
  int64_t resident = plan->residentBlocks(kernels.chip);
  Value tiles = k.hostCeilDiv(k.hostSize(query, dims.token), 16);
  Value all = host.createOrFold<arith::MulIOp>(loc, tiles, k.hostSize(query, dims.batch));
  Value share = k.hostCeilDiv(all, kernels.chip.multiprocessors * resident);
  Value grid = host.createOrFold<arith::CeilDivUIOp>(
      loc, all, host.createOrFold<arith::MaxUIOp>(loc, share, k.hostIndex(1)));

  Int perBatch = k.index(tiles), count = k.index(share);
  Int first = k.block(0) * count, last = min(first + count, k.index(all));
  Int group = k.block(1);
  ReadOut readOut(k, op, *plan, group / plan->columnGroups, group % plan->columnGroups);
  readOut.loadParameters();
  k.loop(first / perBatch, (last + (perBatch - 1)) / perBatch, k.i32(1), [&](Int batch) {
    Int start = batch * perBatch;
    Int first = k.here(k.block(0)) * count, last = min(first + count, k.index(all));
    readOut.emit({batch, max(first - start, k.i32(0)), min(last - start, perBatch)});
  });
  k.launch(grid, k.hostIndex(plan->headGroups * plan->columnGroups), k.hostIndex(1), plan->bytes,
           resident);
  return success();
}

FailureOr<Phase> imhsa::getReadOutPhase(AttentionOp op) {
  FailureOr<ReadOutPlan> found = ReadOutPlan::get(op, errorOn(op));
  if (failed(found))
    return failure();
  auto emit = [op, plan = *found](KernelBuilder &k, const Share &share) mutable {
    Int queries = k.size(op.getQuery(), tokenDims(op.getQueryOrder()).token);
    Int tiles = (queries + 15) / 16, each = (tiles + (share.blocks - 1)) / share.blocks;
    Int first = share.rank * each, last = min(first + each, tiles);
    int64_t groups = plan.headGroups * plan.columnGroups;
    k.when(first < last, [&] {
      k.loop(k.i32(0), k.i32(groups), k.i32(1), [&](Int group) {
        k.barrier();
        ReadOut readOut(k, op, plan, group / plan.columnGroups, group % plan.columnGroups);
        readOut.loadParameters();
        readOut.emit({share.batch, first, last});
      });
    });
  };
  return Phase{found->bytes, emit};
}
