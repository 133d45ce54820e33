//===- Stream.cpp - attention over many keys ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps R queries of all heads in shared memory. Keys and values come by in tiles of C. In
// every turn each warp
//   - computes scores of its units (16 queries x 8 to 32 keys, all heads), mixes them in registers,
//     takes them to weights and stores these in shared memory, [heads][R][C] in 16 bits;
//   - adds weights times values to its part of the result, [16][columns] f32 in registers.
// With normalisers given, weights are final at once; otherwise maxima of rows are found by all
// warps together, and the result so far is scaled by how much they grew.

#include "passes/kernel/cuda/Stream.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// The sweep
//===----------------------------------------------------------------------===//

// Values that no query of the tile keeps are zeros: they may be NaN, and 0 * NaN is NaN.
void Stream::copyValues(Int first, Int stage) {
  TokenRows rows(k, op.getValue(), op.getValueOrder(), work.batch,
                 firstHead / (plan.resultHeads / plan.valueHeads));
  rows.selectColumns(firstColumn, plan.blockColumns());
  Pointer flags = at(layout.flags);
  if (plan.hasKeepByQuery()) {
    k.barrier();
    logits.findKeptKeys(first, range.last, flags);
    k.barrier();
  }
  auto isValid = [&](Int row) {
    if (plan.hasKeepByQuery())
      return !(Float(k.builder(), flags.at(row * 4).load(k.builder().getF32Type())) == 0.0);
    Bool isInside = first + row < range.last;
    return plan.scores.keep ? logits.isKeptByAll(first + row, isInside) : isInside;
  };
  copyTiles(k, rows, first, plan.blockValueHeads, isValid, valueTiles(stage), plan.type);
}

// One tile of keys. With one stage, keys and values take turns in being copied: values while scores
// are computed, the next keys during the value product.
void Stream::turn(Int first, Int number, SmallVectorImpl<Float> &sums) {
  int64_t stages = tile().stages;
  Int stage = stages == 1 ? k.i32(0) : number % stages;
  waitForCopies(k, stages == 1 ? 0 : stages - 2);
  k.barrier();
  if (stages == 1) {
    copyValues(first, stage);
  } else {
    Int ahead = (number + (stages - 1)) % stages, next = first + (stages - 1) * tile().keys;
    logits.copyKeys(next, range.last, keyTiles(ahead));
    copyValues(next, ahead);
  }
  commitCopies(k);

  if (plan.isOnline)
    weightsFromMaxima(first, stage, number);
  else
    weightsFromLse(first, stage);
  if (pool)
    pool->add(MutableArrayRef(sums).take_back(pool->floats()), first, keyTiles(stage));
  if (stages == 1)
    waitForCopies(k, 0);
  k.barrier();
  if (stages == 1) {
    logits.copyKeys(first + tile().keys, range.last, keyTiles(stage));
    commitCopies(k);
  }
  if (plan.isOnline)
    rescale(number, sums);
  product.add(sums, weightTiles(), valueTiles(stage));
}

void Stream::emit() {
  int64_t stages = tile().stages, tileKeys = tile().keys;
  loadParameters();
  logits.copyQueries({at(layout.query), plan.queryTile});
  for (int64_t i = 0; i < std::max<int64_t>(1, stages - 1); ++i) {
    logits.copyKeys(range.first + i * tileKeys, range.last, keyTiles(k.i32(i)));
    if (stages > 1)
      copyValues(range.first + i * tileKeys, k.i32(i));
    commitCopies(k);
  }

  SmallVector<Float> sums = product.zeros();
  if (pool)
    sums.append(pool->zeros());
  Int turns = max(range.last - range.first + (tileKeys - 1), k.i32(0)) / tileKeys;
  k.loop(k.i32(0), turns, k.i32(1), sums, [&](Int number, SmallVectorImpl<Float> &sums) {
    turn(range.first + number * tileKeys, number, sums);
  });
  waitForCopies(k, 0);
  k.barrier();
  if (pool)
    pool->finish(ArrayRef(sums).take_back(pool->floats()));
  store(turns, sums);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

LogicalResult imhsa::lowerStream(OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                 StringRef name, PoolOp rider) {
  FailureOr<AttentionPlan> plan = AttentionPlan::get(op, errorOn(op));
  if (failed(plan))
    return failure();
  KernelBuilder k(host, op.getLoc(), kernels, name, plan->tile.warps);
  Stream(k, op, *plan, rider, getBlockWork(k, *plan)).emit();
  launchBlocks(k, *plan, plan->headGroups * plan->columnGroups, SharedLayout(*plan).bytes);
  return success();
}

FailureOr<Phase> imhsa::getStreamPhase(AttentionOp op) {
  FailureOr<AttentionPlan> found = AttentionPlan::get(op, errorOn(op));
  if (failed(found))
    return failure();
  auto emit = [op, plan = *found](KernelBuilder &k, const Share &share) {
    dealBlockWork(k, share, plan, plan.headGroups * plan.columnGroups, [&](const BlockWork &work) {
      Stream(k, op, plan, /*rider=*/PoolOp(), work).emit();
    });
  };
  return Phase{SharedLayout(*found).bytes, emit};
}
