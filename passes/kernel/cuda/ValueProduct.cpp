//===- ValueProduct.cpp - weights times values ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ValueProduct.h"
#include "passes/kernel/cuda/ExactProducts.h"

using namespace mlir;
using namespace imhsa;

// What a warp computes with the same values in registers: so many row tiles of 16 and columns. Of
// the warp with the most, 16 columns of products take half as long again as their loads do.
static ValueProduct::Group getGroup(const AttentionPlan &plan) {
  int64_t columns = plan.blockColumns(), rowTiles = plan.tile.queries / 16;
  ValueProduct::Group best;
  int64_t bestCost = 0;
  for (int64_t rows : {1, 2, 4})
    for (int64_t width = columns; width >= 16; width -= 16) {
      if (columns % width || rowTiles % rows)
        continue;
      int64_t groups = plan.blockHeads * (rowTiles / rows) * (columns / width);
      int64_t turns = llvm::divideCeil(groups, plan.tile.warps), parts = width / 16;
      int64_t cost = turns * (3 * rows * parts + 2 * (rows + parts));
      if (bestCost == 0 || cost < bestCost)
        best = {rows, width}, bestCost = cost;
    }
  return best;
}

ValueProduct::ValueProduct(KernelBuilder &k, const AttentionPlan &plan, bool hasSums)
    : k(k), plan(plan), hasSums(hasSums), group(getGroup(plan)) {
  int64_t rowGroups = plan.tile.queries / 16 / group.rowTiles;
  int64_t columnGroups = plan.blockColumns() / group.columns;
  int64_t perHead = rowGroups * columnGroups, warps = plan.tile.warps;
  int64_t count = plan.blockHeads * perHead;
  for (int64_t first = 0; first < count; first += warps) {
    // Where warps take whole heads at a time, only the head changes, by a constant.
    int64_t headShift = warps % perHead == 0 ? first / perHead : 0;
    Int number = k.warp() + (first - headShift * perHead);
    Bool isOwn = k.boolean(true);
    if (first + warps > count) {
      isOwn = number + headShift * perHead < count;
      number = min(number, k.i32(count - 1 - headShift * perHead));
    }
    Int row = number % rowGroups * (16 * group.rowTiles);
    Int column = number / rowGroups % columnGroups * group.columns;
    for (int64_t i = 0; i < group.rowTiles; ++i)
      items.push_back({number / perHead, row + 16 * i, column, headShift, isOwn});
  }
}

static int64_t numGroups(const AttentionPlan &plan, ValueProduct::Group group) {
  return plan.blockHeads * (plan.tile.queries / 16 / group.rowTiles) *
         (plan.blockColumns() / group.columns);
}

int64_t ValueProduct::traffic(const AttentionPlan &plan) {
  Group group = getGroup(plan);
  return numGroups(plan, group) * (16 * group.rowTiles + group.columns) * plan.tile.keys *
         plan.elementBytes();
}

int64_t ValueProduct::registers(const AttentionPlan &plan) {
  constexpr int64_t kAddresses = 4;
  Group group = getGroup(plan);
  int64_t groups = numGroups(plan, group), warps = plan.tile.warps;
  int64_t turns = llvm::divideCeil(groups, warps);
  // Turns whose places are not those of the first at a constant distance, see the constructor.
  int64_t others = turns - 1;
  if (warps % (groups / plan.blockHeads) == 0)
    others = turns > 1 && groups % warps;
  return turns * group.rowTiles * (group.columns / 2 + (plan.isOnline ? 4 : 0)) +
         kAddresses * others;
}

SmallVector<Float> ValueProduct::zeros() const {
  return SmallVector<Float>(items.size() * floats(), k.f32(0));
}

SmallVector<Accumulator> ValueProduct::getAccumulators(ArrayRef<Float> sums, unsigned i) const {
  SmallVector<Accumulator> result;
  for (ArrayRef<Float> rest = sums.slice(i * floats(), group.columns / 2); !rest.empty();
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
  for (size_t i = 0; i < items.size(); i += group.rowTiles) {
    const ValueItem &first = items[i];
    Pointer weightTile = weights.tile(first.firstHead).at(first.headShift * weights.shape.bytes());
    Pointer valueTile =
        headsPerValue == 1 ? values.tile(first.firstHead).at(first.headShift * values.shape.bytes())
                           : values.tile(first.head() / headsPerValue);
    if (plan.type.isF32()) {
      for (int64_t r = 0; r < group.rowTiles; ++r)
        addWeightsValues(k, weightTile, weights.shape, items[i + r].row, valueTile, values.shape,
                         first.column, group.columns,
                         MutableArrayRef(sums).slice((i + r) * floats(), floats()));
      continue;
    }
    LeftReader left(k, weights.shape, first.row);
    RightReader right(k, values.shape, first.column);
    auto addTo = [&](int64_t r, int64_t column, const LeftFragment &a, const RightFragment &b) {
      auto four = MutableArrayRef(sums).slice((i + r) * floats() + column / 2, 4);
      Accumulator sum = {four[0], four[1], four[2], four[3]};
      multiplyAdd(k, plan.type, a, b, sum);
      llvm::copy(sum, four.begin());
    };
    for (int64_t step = 0; step < weights.shape.chunks() / 2; ++step) {
      SmallVector<LeftFragment, 4> a;
      for (int64_t r = 0; r < group.rowTiles; ++r)
        a.push_back(left.load(weightTile, 16 * r, step));
      for (int64_t column = 0; column < group.columns; column += 16) {
        auto pair = right.load(valueTile, step, column / 16);
        for (int64_t r = 0; r < group.rowTiles; ++r) {
          addTo(r, column, a[r], pair[0]);
          addTo(r, column + 8, a[r], pair[1]);
        }
      }
      for (int64_t r = 0; hasSums && r < group.rowTiles; ++r)
        addTo(r, group.columns, a[r], {ones, ones});
    }
  }
}
