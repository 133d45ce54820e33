//===- ValueProduct.cpp - weights times values ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ValueProduct.h"
#include "passes/kernel/cuda/ExactProducts.h"

using namespace mlir;
using namespace imhsa;

// Columns of an item: the most that keep the largest share of a warp as small as can be.
static int64_t getItemColumns(const AttentionPlan &plan) {
  int64_t columns = plan.blockColumns(), best = columns, bestShare = 0;
  int64_t rowItems = plan.blockHeads * (plan.tile.queries / 16);
  for (int64_t width = columns; width >= 16; width -= 16) {
    if (columns % width)
      continue;
    int64_t share = llvm::divideCeil(rowItems * (columns / width), plan.tile.warps) * width;
    if (!bestShare || share < bestShare)
      best = width, bestShare = share;
  }
  return best;
}

ValueProduct::ValueProduct(KernelBuilder &k, const AttentionPlan &plan, bool hasSums)
    : k(k), plan(plan), hasSums(hasSums), itemColumns(getItemColumns(plan)) {
  int64_t rowTiles = plan.tile.queries / 16, columnTiles = plan.blockColumns() / itemColumns;
  int64_t count = plan.blockHeads * rowTiles * columnTiles;
  int64_t perHead = rowTiles * columnTiles, warps = plan.tile.warps;
  for (int64_t first = 0; first < count; first += warps) {
    // Where warps take whole heads at a time, only the head changes, by a constant.
    int64_t headShift = warps % perHead == 0 ? first / perHead : 0;
    Int number = k.warp() + (first - headShift * perHead);
    Bool isOwn = k.boolean(true);
    if (first + warps > count) {
      isOwn = number + headShift * perHead < count;
      number = min(number, k.i32(count - 1 - headShift * perHead));
    }
    items.push_back({number / perHead, number % rowTiles * 16,
                     number / rowTiles % columnTiles * itemColumns, headShift, isOwn});
  }
}

int64_t ValueProduct::registers(const AttentionPlan &plan) {
  int64_t width = getItemColumns(plan);
  int64_t items = plan.blockHeads * (plan.tile.queries / 16) * (plan.blockColumns() / width);
  return llvm::divideCeil(items, plan.tile.warps) * (width / 2 + (plan.isOnline ? 4 : 0));
}

SmallVector<Float> ValueProduct::zeros() const {
  return SmallVector<Float>(items.size() * floats(), k.f32(0));
}

SmallVector<Accumulator> ValueProduct::getAccumulators(ArrayRef<Float> sums, unsigned i) const {
  SmallVector<Accumulator> result;
  for (ArrayRef<Float> rest = sums.slice(i * floats(), itemColumns / 2); !rest.empty();
       rest = rest.drop_front(4))
    result.push_back({rest[0], rest[1], rest[2], rest[3]});
  return result;
}

std::array<Float, 2> ValueProduct::rowSums(ArrayRef<Float> sums, unsigned i) const {
  ArrayRef<Float> last = sums.slice((i + 1) * floats() - 4, 4);
  return {last[0], last[2]};
}

void ValueProduct::scale(SmallVectorImpl<Float> &sums, unsigned i,
                         std::array<Float, 2> factors) const {
  for (auto [j, x] : llvm::enumerate(MutableArrayRef(sums).slice(i * floats(), floats())))
    x = x * factors[j / 2 % 2];
}

void ValueProduct::add(SmallVectorImpl<Float> &sums, SharedTiles weights,
                       SharedTiles values) const {
  int64_t headsPerValue = plan.blockHeads / plan.blockValueHeads;
  // Ones: a product with them sums rows.
  Value ones = k.i32(plan.type.isF16()    ? 0x3C003C00
                     : plan.type.isBF16() ? 0x3F803F80
                                          : 0x3F800000)
                   .value;
  for (auto [i, item] : llvm::enumerate(items)) {
    LeftReader left(k, weights.shape, item.row);
    Pointer weightTile = weights.tile(item.firstHead).at(item.headShift * weights.shape.bytes());
    RightReader right(k, values.shape, item.column);
    Pointer valueTile = headsPerValue == 1
                            ? values.tile(item.firstHead).at(item.headShift * values.shape.bytes())
                            : values.tile(item.head() / headsPerValue);
    auto slice = MutableArrayRef(sums).slice(i * floats(), floats());
    if (plan.type.isF32()) {
      addWeightsValues(k, weightTile, weights.shape, item.row, valueTile, values.shape, item.column,
                       itemColumns, slice);
      continue;
    }
    auto addTo = [&](int64_t column, const LeftFragment &a, const RightFragment &b) {
      auto four = slice.slice(column / 2, 4);
      Accumulator sum = {four[0], four[1], four[2], four[3]};
      multiplyAdd(k, plan.type, a, b, sum);
      llvm::copy(sum, four.begin());
    };
    for (int64_t step = 0; step < weights.shape.chunks() / 2; ++step) {
      LeftFragment a = left.load(weightTile, 0, step);
      for (int64_t column = 0; column < itemColumns; column += 16) {
        auto pair = right.load(valueTile, step, column / 16);
        addTo(column, a, pair[0]);
        addTo(column + 8, a, pair[1]);
      }
      if (hasSums)
        addTo(itemColumns, a, {ones, ones});
    }
  }
}
