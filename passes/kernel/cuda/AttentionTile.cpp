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

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

// Keys are read 16 at a time, or, of an odd number of eights, 8 at a time and two depths at once.
static unsigned keysAtOnce(int64_t unitKeys) { return unitKeys % 16 ? 8 : 16; }

ScoreProducts::ScoreProducts(KernelBuilder &k, Type type, const ScoreUnit &unit, int64_t unitKeys,
                             SharedTiles queries, SharedTiles keys, int64_t headsPerKey)
    : k(k), type(type), unit(unit), unitKeys(unitKeys), queries(queries), keys(keys),
      headsPerKey(headsPerKey) {
  if (type.isF32())
    return;
  left.emplace(k, queries.shape, unit.row);
  right.emplace(k, keys.shape, unit.key, keysAtOnce(unitKeys));
}

ScoreProducts::KeySteps ScoreProducts::loadKeys(Pointer tile, int64_t step) const {
  KeySteps result;
  for (int64_t key = 0; key < unitKeys; key += keysAtOnce(unitKeys)) {
    Pointer rows = tile.at(key * keys.shape.rowBytes());
    if (keysAtOnce(unitKeys) == 16) {
      result.resize(1);
      llvm::append_range(result.front(), right->loadStep(rows, step));
      continue;
    }
    auto depths = right->loadSteps(rows, step);
    result.resize(depths.size());
    for (auto [all, one] : llvm::zip_equal(result, depths))
      all.push_back(one);
  }
  return result;
}

Positions ScoreProducts::compute(Int head) {
  SharedTiles query{queries.tile(head), queries.shape};
  SharedTiles key{keys.tile(head / headsPerKey), keys.shape};
  SmallVector<Accumulator> sums(unitKeys / 8, zeroAccumulator(k));
  if (type.isF32()) {
    sums = multiplyQueriesKeys(k, query, unit.row, key, unit.key, unitKeys);
  } else {
    if (!head.known() || *head.known() % headsPerKey == 0)
      loaded.clear();
    int64_t steps = queries.shape.chunks() / 2, step = 0;
    for (size_t i = 0; step < steps; ++i) {
      if (i == loaded.size())
        loaded.push_back(loadKeys(key.base, step));
      for (ArrayRef<RightFragment> b : loaded[i]) {
        LeftFragment a = left->load(query.base, 0, step++);
        for (auto [fragment, sum] : llvm::zip_equal(b, sums))
          multiplyAdd(k, type, a, fragment, sum);
      }
    }
  }
  Positions x;
  for (const Accumulator &sum : sums)
    x.append(sum.begin(), sum.end());
  return x;
}

//===----------------------------------------------------------------------===//
// Mixing
//===----------------------------------------------------------------------===//

SmallVector<Float> MixingMatrix::row(KernelBuilder &k, Int i) const {
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
