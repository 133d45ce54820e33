//===- ReadOutResident.cpp - the keys and values of a block ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ReadOut.h"

using namespace mlir;
using namespace imhsa;

void ReadOut::loadParameters() {
  getLogits(k.i32(0), k.i32(0)).loadParameters();
  Int result0 = firstHead(plan.blockHeads, plan.resultHeads);
  if (mixing().post)
    loadMixing(k, {memory.at(plan.post), plan.blockScoreHeads}, plan.blockHeads,
               k.tensor(mixing().post), result0, k.i32(0), /*isTransposed=*/false, 1);
  if (mixing().postBias) {
    Tensor bias = k.tensor(mixing().postBias);
    k.loop(k.thread(), k.i32(plan.blockHeads), k.i32(k.threads()), [&](Int g) {
      Float value = k.toFloat(bias.at({result0 + g}).load(bias.element));
      memory.at(plan.postBias).at(g * 4).store(value.value);
    });
  }
}

// Values [heads][rows][columns], with columns in the order in which accumulators have them: the
// 8-column groups j of an accumulator give lane t of a quad columns t * laneColumns + 2j and the
// next.
static void copyValues(KernelBuilder &k, const ReadOutPlan &plan, const TokenRows &source,
                       llvm::function_ref<Bool(Int)> isValid, SharedTiles target) {
  int64_t run = plan.laneColumns, runs = target.shape.columns / run;
  int64_t rows = target.shape.rows, items = plan.blockValueHeads * rows * runs;
  unsigned bytes = bytesOf(source.element);
  k.loop(k.here(k.thread()), k.i32(items), k.i32(k.threads()), [&](Int item) {
    Int row = item / runs, number = item % runs, head = row / rows;
    row = row % rows;
    Bool valid = isValid(row);
    Pointer from = source.origin.at(head.wide() * source.headStride)
                       .at(row.wide() * source.rowStride)
                       .at(number * (run * bytes));
    SmallVector<Float> values;
    for (int64_t i = 0; i < run; ++i)
      values.push_back(k.loadFloatWhere(valid & (number * run + i < source.validColumns),
                                        from.at(i * bytes), source.element));
    Int chunk = number / 4 * (run / 2);
    for (int64_t i = 0; i < run; i += 2)
      target.tile(head)
          .at(target.shape.offset(row, chunk + i / 2))
          .at(number % 4 * 4)
          .store(k.pack(values[i], values[i + 1], plan.type));
  });
}

// Values that no query of the segment keeps are zeros: they may be NaN, and 0 * NaN is NaN.
void ReadOut::copyKeysAndValues(const Segment &segment) {
  Logits logits = getLogits(segment.batch, segment.firstTile * 16);
  logits.lastQuery = min(segment.lastTile * 16, queries);
  KeyRange range = logits.keyRange();
  Pointer flags = memory.at(plan.flags);
  if (plan.hasKeepByQuery()) {
    logits.findKeptKeys(k.i32(0), range.last, flags);
    k.barrier();
  }
  auto isValid = [&](Int key) {
    if (plan.hasKeepByQuery())
      return !(Float(k.builder(), flags.at(key * 4).load(k.builder().getF32Type())) == 0.0);
    Bool isInside = key < range.last;
    if (plan.scores.window)
      isInside = isInside & (key >= range.first);
    return plan.scores.keep ? logits.isKeptByAll(key, isInside) : isInside;
  };
  Int valueHead =
      firstHead(plan.blockHeads, plan.resultHeads) / (plan.resultHeads / plan.valueHeads);
  TokenRows valueRows(k, op.getValue(), op.getValueOrder(), segment.batch, valueHead);
  valueRows.selectColumns(columnGroup * plan.blockColumns(), plan.blockColumns());
  logits.copyKeys(k.i32(0), range.last, {memory.at(plan.key), plan.keyTile});
  if (plan.hasKeysInRegisters) {
    commitCopies(k);
    waitForCopies(k, 0);
    k.barrier();
    KeyReaders readers(k, plan, getUnit().key);
    keys.clear();
    for (int64_t head = 0; head < plan.blockKeyHeads; ++head)
      keys.push_back(loadKeys(readers, head, 0));
    k.barrier();
  }
  copyValues(k, plan, valueRows, isValid, {memory.at(plan.value), plan.valueTile});
}

Pointer ReadOut::keyRows(int64_t keyHead, int64_t group) {
  SharedTiles tiles{memory.at(plan.key), plan.keyTile};
  return tiles.tile(keyHead).at(8 * group * plan.keyTile.rowBytes());
}

// The warp's keys of one key head from group `first` of 8 keys on.
ReadOut::KeyFragments ReadOut::loadKeys(const KeyReaders &readers, int64_t keyHead, int64_t first) {
  KeyFragments result;
  for (; first < plan.warpGroups; first += 2) {
    bool isPair = first + 1 < plan.warpGroups;
    const auto &reader = isPair ? readers.pairs : readers.single;
    llvm::append_range(result, reader->load(keyRows(keyHead, first)));
  }
  return result;
}
