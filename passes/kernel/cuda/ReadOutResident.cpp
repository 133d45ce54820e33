//===- ReadOutResident.cpp - the keys and values of a block ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ReadOut.h"

using namespace mlir;
using namespace imhsa;

void ReadOut::loadParameters() {
  getLogits(k.i32(0), k.i32(0)).loadParameters();
  Int result0 = firstHead(plan.blockHeads, plan.resultHeads);
  if (plan.hasMixingProduct)
    loadMixing(k, postOperand(), plan.type, k.tensor(mixing().post), result0, k.i32(0));
  else if (mixing().post)
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
// next. A lane takes 4 neighbours at a time, in one load where rows are aligned, and several of
// these are under way together.
static void copyValues(KernelBuilder &k, const ReadOutPlan &plan, const TokenRows &source,
                       llvm::function_ref<Bool(Int)> isValid, SharedTiles target) {
  TileShape shape = target.shape;
  int64_t fours = shape.columns / 4, inRun = plan.laneColumns / 4, threads = k.threads();
  int64_t items = plan.blockValueHeads * shape.rows * fours;
  int64_t together = std::min<int64_t>(4, llvm::divideCeil(items, threads));
  unsigned bytes = bytesOf(source.element);
  auto type = VectorType::get(4, source.element);
  auto copy = [&](bool inVectors) {
    k.loop(k.here(k.thread()), k.i32(items), k.i32(together * threads), [&](Int start) {
      SmallVector<std::array<Float, 4>> loaded;
      SmallVector<std::array<Pointer, 2>> places; // of each pair of columns
      SmallVector<Bool> isThere;
      for (int64_t turn = 0; turn < together; ++turn) {
        Int item = start + turn * threads;
        Int row = item / fours, four = item % fours, head = row / shape.rows;
        row = row % shape.rows;
        Bool isOwn = turn ? item < items : k.boolean(true), valid = isOwn & isValid(row);
        Pointer from = source.origin.at(head.wide() * source.headStride)
                           .at(row.wide() * source.rowStride)
                           .at(four * (4 * bytes));
        auto &values = loaded.emplace_back();
        if (inVectors) {
          Value vector = k.loadWhere(valid & (four * 4 < source.validColumns), from, type);
          for (unsigned i = 0; i < 4; ++i)
            values[i] = k.toFloat(k.extract(vector, i));
        } else {
          for (unsigned i = 0; i < 4; ++i)
            values[i] = k.loadFloatWhere(valid & (four * 4 + i < source.validColumns),
                                         from.at(i * bytes), source.element);
        }
        Int run = four / inRun, chunk = run / 4 * (2 * inRun) + four % inRun * 2;
        Pointer tile = target.tile(head).at(run % 4 * 4);
        places.push_back(
            {tile.at(shape.offset(row, chunk)), tile.at(shape.offset(row, chunk + 1))});
        isThere.push_back(isOwn);
      }
      for (int64_t turn = 0; turn < together; ++turn)
        k.when(isThere[turn], [&] {
          for (unsigned i = 0; i < 2; ++i)
            places[turn][i].store(k.pack(loaded[turn][2 * i], loaded[turn][2 * i + 1], plan.type));
        });
    });
  };
  k.when(source.isAligned, [&] { copy(/*inVectors=*/true); }, [&] { copy(/*inVectors=*/false); });
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
