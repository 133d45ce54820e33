//===- AttentionTile.cpp - from queries and keys to weights ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/AttentionTile.h"
#include "passes/kernel/cuda/ExactProducts.h"

using namespace mlir;
using namespace imhsa;

ScoreUnit imhsa::getUnit(Int unit, int64_t keys, int64_t unitKeys) {
  int64_t inRow = keys / unitKeys;
  Int number = unit % inRow;
  return {unit / inRow * 16, number * unitKeys, number};
}

Int imhsa::rowOf(KernelBuilder &k, const ScoreUnit &unit, unsigned position) {
  return unit.row + fragmentRow(k) + 8 * (position / 2 % 2);
}

Int imhsa::columnOf(KernelBuilder &k, const ScoreUnit &unit, unsigned position) {
  return unit.key + fragmentColumn(k) + (position % 2 + 8 * (position / 4));
}

SmallVector<Positions> imhsa::computeScores(KernelBuilder &k, Type type, const ScoreUnit &unit,
                                            int64_t unitKeys, SharedTiles queries, int64_t heads,
                                            SharedTiles keys, int64_t keyHeads) {
  SmallVector<Positions> result;
  if (type.isF32()) {
    for (ArrayRef<Accumulator> sums :
         multiplyQueriesKeys(k, queries, heads, unit.row, keys, keyHeads, unit.key, unitKeys)) {
      Positions &x = result.emplace_back();
      for (const Accumulator &sum : sums)
        x.append(sum.begin(), sum.end());
    }
    return result;
  }
  LeftReader left(k, queries.shape, unit.row);
  TransposedRightReader right(k, keys.shape, unit.key, unitKeys);
  SmallVector<SmallVector<RightFragment>> b;
  for (int64_t head = 0; head < heads; ++head) {
    if (head % (heads / keyHeads) == 0)
      b = right.load(keys.tile(head / (heads / keyHeads)));
    SmallVector<Accumulator> sums(unitKeys / 8, zeroAccumulator(k));
    for (int64_t step = 0; step < queries.shape.chunks() / 2; ++step) {
      LeftFragment a = left.load(queries.tile(head), 0, step);
      for (auto [i, sum] : llvm::enumerate(sums))
        multiplyAdd(k, type, a, b[i][step], sum);
    }
    Positions &x = result.emplace_back();
    for (const Accumulator &sum : sums)
      x.append(sum.begin(), sum.end());
    // Of many heads, the assembler would read fragments and weights so far ahead that registers
    // spill: it does not across a meeting of the warp.
    if (heads > 8 && (head % 2 || head + 1 == heads))
      k.syncWarp();
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Mixing
//===----------------------------------------------------------------------===//

SmallVector<Float> MixingMatrix::row(KernelBuilder &k, int64_t i) const {
  Type f32 = k.builder().getF32Type();
  SmallVector<Float> result;
  for (int64_t column = 0; column < columns; column += 4) {
    Pointer place = base.at(i * rowBytes(columns) + column * 4);
    int64_t rest = std::min<int64_t>(4, columns - column);
    if (rest == 1) {
      result.push_back({k.builder(), place.reload(f32)});
      break;
    }
    Value loaded = place.reload(VectorType::get(rest == 2 ? 2 : 4, f32));
    for (int64_t j = 0; j < rest; ++j)
      result.push_back({k.builder(), k.extract(loaded, j)});
  }
  return result;
}

void imhsa::loadMixing(KernelBuilder &k, MixingMatrix target, int64_t rows, Tensor source,
                       Int firstRow, Int firstColumn, bool isTransposed, double factor) {
  int64_t rowBytes = MixingMatrix::rowBytes(target.columns), padded = rowBytes / 4;
  k.loop(k.thread(), k.i32(rows * padded), k.i32(k.threads()), [&](Int item) {
    Int i = item / padded, j = item % padded;
    Int row = firstRow + i, column = firstColumn + j;
    Pointer from = isTransposed ? source.at({column, row}) : source.at({row, column});
    Float weight = k.loadFloatWhere(j < target.columns, from, source.element) * factor;
    target.base.at(item * 4).store(weight.value);
  });
}

Positions imhsa::mixHeads(ArrayRef<Float> weights, ArrayRef<Positions> x, const Positions &start) {
  Positions result = start;
  for (auto [weight, head] : llvm::zip_equal(weights, x))
    for (auto [sum, value] : llvm::zip_equal(result, head))
      sum = fma(weight, value, sum);
  return result;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

std::array<Float, 2> imhsa::loadRowPair(KernelBuilder &k, Pointer base, const ScoreUnit &unit) {
  Pointer first = base.at(unit.row * 4).at(fragmentRow(k) * 4);
  Type f32 = k.builder().getF32Type();
  return {Float(k.builder(), first.load(f32)), Float(k.builder(), first.at(32).load(f32))};
}

static std::array<Float, 2> reduceRows(KernelBuilder &k, const Positions &x,
                                       llvm::function_ref<Float(Float, Float)> combine) {
  std::array<Float, 2> result;
  for (unsigned row = 0; row < 2; ++row) {
    Float all;
    for (unsigned p = 2 * row; p < x.size(); p += 4) {
      Float pair = combine(x[p], x[p + 1]);
      all = p == 2 * row ? pair : combine(all, pair);
    }
    for (unsigned mask : {1, 2})
      all = combine(all, k.shuffleXor(all, mask));
    result[row] = all;
  }
  return result;
}

std::array<Float, 2> imhsa::rowMaximum(KernelBuilder &k, const Positions &x) {
  return reduceRows(k, x, [](Float a, Float b) { return max(a, b); });
}
std::array<Float, 2> imhsa::rowSum(KernelBuilder &k, const Positions &x) {
  return reduceRows(k, x, [](Float a, Float b) { return a + b; });
}

void imhsa::storeWeights(KernelBuilder &k, Type type, const ScoreUnit &unit, const Positions &z,
                         Pointer tile, TileShape shape) {
  for (unsigned p = 0; p < z.size(); p += 2) {
    Int row = rowOf(k, unit, p), column = columnOf(k, unit, p);
    int64_t inChunk = shape.elementsOfChunk();
    tile.at(shape.offset(row, column / inChunk))
        .at(column % inChunk * shape.elementBytes)
        .store(shape.elementBytes == 4 ? k.vector({z[p].value, z[p + 1].value})
                                       : k.pack(z[p], z[p + 1], type));
  }
}
