//===- StreamBuffers.cpp - what a stream keeps in memory ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Stream.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// What e^(Y - m') of a block of queries may take in the workspace, in bytes, where sweep 2 is free
// to compute it again.
static constexpr int64_t kMostStored = 48 << 20;
// What the buffers of several blocks that are swept at once may take, with that and without.
static constexpr int64_t kManyStored = 12 << 20, kManyRecomputed = 4 << 20;
// So many at once at most.
static constexpr int64_t kMostAtOnce = 64;

static Value elementsOf(TileBuilder &t, ArrayRef<Value> sizes) {
  Value product = t.index(sizes.empty() ? 0 : 1);
  for (Value size : sizes)
    product = t.mul(product, size);
  return product;
}

void Stream::makeBuffers() {
  Value splits = t.index(numSplits), row = t.index(rowElements);
  Value heads = t.index(core.queryHeads), width = t.index(core.query.width());
  Value stride = t.index(AttentionTile::packedStride(columns));
  // Of one block of queries each.
  SmallVector<Value> packedSizes = {heads, width, stride}, tailSizes;
  if (columns.hasTail)
    tailSizes = {heads, width};
  SmallVector<Value> normaliserSizes, partialSizes, powerSizes, referenceSizes;
  if (!core.scores.lse)
    normaliserSizes = {splits, row};
  if (core.output.memref) {
    // A result in f32 of one range is summed where it ends up.
    bool isF32 = cast<MemRefType>(core.output.memref.getType()).getElementType().isF32();
    if (numSplits > 1 || !isF32)
      partialSizes = {splits, t.index(core.resultHeads), t.index(blockSize),
                      t.index(core.value.width())};
    if (!core.scores.lse && core.scores.interaction.mixesAfter()) {
      Value keys = core.key.tokens(t);
      std::optional<int64_t> rows = chooseStored(keys);
      if (!rows || *rows) {
        powerSizes = {rows ? t.index(*rows) : keys, t.index(AttentionTile::rowSize(columns))};
        referenceSizes = {t.ceilDiv(keys, tileSize), row};
      }
    }
  }

  Value elements = t.index(0);
  for (ArrayRef<Value> sizes : {packedSizes, tailSizes, normaliserSizes, normaliserSizes,
                                partialSizes, powerSizes, referenceSizes})
    elements = t.add(elements, elementsOf(t, sizes));
  chooseAtOnce(elements, powerSizes.empty() ? kManyRecomputed : kManyStored);

  auto make = [&](ArrayRef<Value> sizes) {
    SmallVector<Value> all = {t.min(atOnce, allBlocks)};
    all.append(sizes.begin(), sizes.end());
    return sizes.empty() ? Value() : t.workspace(all);
  };
  packed = {make(packedSizes), make(tailSizes)};
  maxima = make(normaliserSizes), sums = make(normaliserSizes);
  partial = make(partialSizes);
  powers = make(powerSizes), references = make(referenceSizes);
}

// For how many keys there is room in `powers`; nothing for all. Those whose powers are stored are
// then the first tiles of each range, unless they are less than half: that would not be worth its
// code. All others of a range have the place of one tile, as long as they are at hand.
std::optional<int64_t> Stream::chooseStored(Value allKeys) {
  storedTiles = 0;
  if (secondSweep == SecondSweep::Store)
    return std::nullopt;
  std::optional<int64_t> keys = getConstantIntValue(allKeys);
  if (secondSweep == SecondSweep::Recompute || !keys)
    return 0;
  int64_t most = kMostStored / (4 * rowElements);
  if (*keys <= most)
    return std::nullopt;
  int64_t ofRange = most / (tileSize * numSplits) - 1;
  if (ofRange * tileSize * numSplits * 2 < *keys)
    return 0;
  storedTiles = ofRange;
  return (storedTiles + 1) * tileSize * numSplits;
}

// As many blocks of queries at once as have room in `most` bytes, a power of two. No division: the
// size of the workspace is computed elsewhere, and only what cannot trap can be computed there.
void Stream::chooseAtOnce(Value elements, int64_t most) {
  OpBuilder &b = t.builder();
  Location loc = t.getLoc();
  atOnce = t.index(1);
  for (int64_t count = 2; count <= kMostAtOnce; count *= 2) {
    Value fits = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sle,
                                               t.mul(elements, count * 4), t.index(most));
    atOnce = b.createOrFold<arith::SelectOp>(loc, fits, t.index(count), atOnce);
  }
  std::optional<int64_t> all = getConstantIntValue(allBlocks);
  std::optional<int64_t> some = getConstantIntValue(atOnce);
  if (all && some && *all > 0)
    atOnce = t.index(std::min(*all, *some));
}

void Stream::packQueries() {
  t.parallel(
      {numBlocks, t.index(core.queryHeads)},
      [&](ValueRange at) {
        Task task = taskOf(at[0]);
        core.pack(core.query, task.batch, at[1], task.firstQuery, task.numQueries, core.scale(),
                  packed.of(t, {at[0], at[1]}), columns);
      },
      core.query.width() * columns.inHead);
}

Stream::Task Stream::taskOf(Value slot, Value split) {
  Value block = t.add(firstBlock, slot), batch = t.floorDiv(block, blocks);
  Value first = t.mul(t.sub(block, t.mul(batch, blocks)), blockSize), count = t.index(blockSize);
  if (getConstantIntValue(blocks) == 1)
    first = t.index(0);
  if (std::optional<int64_t> all = getConstantIntValue(queries); !all || *all % blockSize)
    count = t.min(count, t.sub(queries, first));
  return {batch, split, slot, first, count};
}

// Where a task sums its part of the result: [queries, width] of one head.
Value Stream::sumOf(const Task &task, Value head) {
  if (!partial)
    return core.output.rows(t, task.batch, head, task.firstQuery, task.numQueries);
  OpBuilder &b = t.builder();
  return t.view(partial, {task.slot, task.split, head, b.getIndexAttr(0), b.getIndexAttr(0)},
                {OpFoldResult(), OpFoldResult(), OpFoldResult(), task.numQueries,
                 b.getIndexAttr(core.value.width())});
}

// The references of a tile, and the rows of `powers` of `count` keys from `first` on.
Value Stream::storedOf(const Task &task, Value buffer, Value position) {
  return t.inner(buffer, {task.slot, position});
}

// The rows of `powers` of a tile, the number `inRange` of its range.
Value Stream::storedRows(const Task &task, Value inRange, Value first, Value count) {
  OpBuilder &b = t.builder();
  int64_t rowSize = cast<MemRefType>(powers.getType()).getShape().back();
  Value row = first;
  if (storedTiles) {
    Value place = t.min(inRange, t.index(storedTiles));
    row = t.mul(t.add(t.mul(task.split, storedTiles + 1), place), tileSize);
  }
  return t.view(powers, {task.slot, row, b.getIndexAttr(0)},
                {OpFoldResult(), count, b.getIndexAttr(rowSize)});
}
