//===- Stream.cpp - attention over many keys on the CPU -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A tile has some keys of all heads; its columns are the queries of a block, packed once. So a
// maximum or a sum over keys needs nothing but vectors of queries. The keys of a block of queries
// are cut into ranges, each of which is one task; what they give is combined in their order, so
// that results do not depend on the number of threads.
//
// With heads mixed after the softmax, whose rows then need their normalisers first:
//   sweep 1, each tile:
//     Y = pre (K[h] packed Q[h])
//     m = max(m, Y);  z = z e^(m' - m) + sum e^(Y - m)
//   sweep 2, each tile:
//     P = e^(Y - m) / z;  Z = post P
//     O[g] += Z[g]^T V[g]
// where Y is computed again in sweep 2, or e^(Y - m') is stored in the workspace.
// Otherwise one sweep, which corrects O for each new maximum. Where the normalisers are given,
// sweep 2 alone; where nothing else is wanted, sweep 1 alone.

#include "passes/kernel/cpu/Stream.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

Stream::Stream(OpBuilder &b, AttentionOp op, const KernelOptions &options)
    : t(b, op.getLoc(), options.lanes), core(t, op), queries(core.query.tokens(t)),
      positions(t, core.scores, Positions::Lanes::Queries, queries, core.key.tokens(t)) {
  chooseSizes(op.getScheduleAttr(), options);
}

Stream::Stream(OpBuilder &b, LogSumExpOp op, const KernelOptions &options)
    : t(b, op.getLoc(), options.lanes), core(t, op), queries(core.query.tokens(t)),
      positions(t, core.scores, Positions::Lanes::Queries, queries, core.key.tokens(t)) {
  chooseSizes(op.getScheduleAttr(), options);
}

void Stream::chooseSizes(ScheduleAttr schedule, const KernelOptions &options) {
  secondSweep = options.secondSweep;
  numSplits = schedule.getSplits();
  blockSize = schedule.getQueries();
  if (int64_t count = core.scores.queries(); !ShapedType::isDynamic(count))
    blockSize = std::min(blockSize, count);
  // With their weights alone to compute: no sums are corrected and no log-sum-exps written.
  bool mayHaveTail = blockSize == core.scores.queries() && core.output.memref &&
                     core.scores.interaction.mixesAfter() && !core.lseInit;
  columns = AttentionTile::columnsFor(core.scores, blockSize, mayHaveTail);
  tileSize = AttentionTile::tokensInTile(columns, options.tileBytes, core.scores.keys(),
                                         schedule.getKeys());
  rowElements = core.scoreHeads * columns.inHead + columns.tailSize();
}

void Stream::emit() {
  blocks = t.ceilDiv(queries, blockSize);
  allBlocks = t.mul(t.dim(core.query.memref, 0), blocks);
  makeBuffers();
  std::optional<int64_t> all = getConstantIntValue(allBlocks);
  std::optional<int64_t> most = getConstantIntValue(atOnce);
  if (all && most && *all == *most) {
    firstBlock = t.index(0), numBlocks = allBlocks;
    return emitBlocks();
  }
  t.loop(t.index(0), allBlocks, atOnce, [&](Value first) {
    firstBlock = first;
    numBlocks = all && most && *all % *most == 0 ? atOnce : t.min(atOnce, t.sub(allBlocks, first));
    emitBlocks();
  });
}

// All of `numBlocks` blocks of queries from `firstBlock` on.
void Stream::emitBlocks() {
  packQueries();
  if (!core.output.memref) {
    sweepAll(Sweep::Normalisers);
  } else if (core.scores.lse) {
    sweepAll(Sweep::Sum);
  } else if (!core.scores.interaction.mixesAfter()) {
    sweepAll(Sweep::Both);
  } else {
    sweepAll(Sweep::Normalisers);
    sweepAll(Sweep::Sum);
  }
  if (partial)
    combine();
  if (core.lseInit)
    writeLogSumExps();
}

void Stream::sweepAll(Sweep kind) {
  t.parallel({numBlocks, t.index(numSplits)},
             [&](ValueRange at) { sweep(taskOf(at[0], at[1]), kind); });
}

void Stream::sweep(const Task &task, Sweep kind) {
  ScoreTile tile = core.makeTile(powers ? 0 : tileSize, columns);
  Value maximum, sum, highest, factors = t.scratch({rowElements});
  core.prepareTails(columns);
  if (positions.isMasked()) {
    kept.columns = t.scratch({columns.inHead});
    kept.keys = t.scratch({tileSize});
  }
  if (kind == Sweep::Sum) {
    maximum = t.scratch({rowElements});
    sum = t.scratch({rowElements});
    if (core.scores.lse)
      takeNormalisers(task, maximum, sum);
    else
      combineNormalisers(task, maximum, sum);
  } else {
    maximum = t.inner(maxima, {task.slot, task.split});
    sum = t.inner(sums, {task.slot, task.split});
    highest = t.scratch({2, rowElements});
    t.fill(maximum, std::numeric_limits<float>::lowest());
    t.fill(sum, 0);
  }
  Value keys = core.keysOf(task.batch);
  // Not tiles of which the mask keeps no key for any query.
  auto [firstKey, lastKey] = positions.keptKeys(task.firstQuery, task.numQueries, keys);
  Value firstTile = t.floorDiv(firstKey, tileSize);
  Value tiles = t.max(t.sub(t.ceilDiv(lastKey, tileSize), firstTile), t.index(0));
  Value begin = t.add(firstTile, t.floorDiv(t.mul(tiles, task.split), numSplits));
  Value end = t.add(firstTile, t.floorDiv(t.mul(tiles, t.add(task.split, 1)), numSplits));
  // The first tile sets the sums. Where there is none they are zeros.
  if (kind != Sweep::Normalisers)
    t.loop(end, t.min(t.add(end, 1), t.add(begin, 1)), 1, [&](Value) { clear(task); });
  t.loop(begin, end, 1, [&](Value number) {
    Value first = t.mul(number, tileSize), count = t.index(tileSize);
    if (std::optional<int64_t> all = getConstantIntValue(keys); !all || *all % tileSize)
      count = t.min(count, t.sub(keys, first));
    Value inRange = t.sub(number, begin);
    if (powers)
      tile.memref = storedRows(task, inRange, first, count);
    if (kind == Sweep::Sum) {
      auto take = [&] { weightsOfStored(task, tile, number, first, count, maximum, sum, factors); };
      auto computeAgain = [&] {
        logits(task, tile, first, count, /*highest=*/nullptr);
        weights(task, tile, first, count, maximum, sum);
      };
      if (!powers)
        computeAgain();
      else if (!storedTiles)
        take();
      else
        t.either(t.isLess(inRange, t.index(storedTiles)), take, computeAgain);
    } else {
      forRow([&](Value column, int64_t width) {
        t.store(t.load(maximum, {column}, width), highest, {t.index(0), column});
      });
      logits(task, tile, first, count, highest);
      Value reference = powers ? storedOf(task, references, number) : Value();
      normalise(task, tile, reference, count, highest, maximum, sum, factors, kind);
    }
    if (kind != Sweep::Normalisers)
      addProduct(task, tile, first, count, t.isEqual(number, begin));
  });
  if (kind == Sweep::Both && !partial) {
    forRow([&](Value column, int64_t width) {
      t.store(t.reciprocal(t.load(sum, {column}, width)), factors, {column});
    });
    scaleSums(task, factors);
  }
}

void imhsa::cpu::emitStream(OpBuilder &b, AttentionOp op, const KernelOptions &options) {
  Stream(b, op, options).emit();
}
void imhsa::cpu::emitStream(OpBuilder &b, LogSumExpOp op, const KernelOptions &options) {
  Stream(b, op, options).emit();
}
