//===- ReadOutResult.cpp - from weights to the result ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ReadOut.h"

using namespace mlir;
using namespace imhsa;

// A warp alone: all heads one after the other.
void ReadOut::multiplyOwnWeights(Int row, ArrayRef<Words> words) {
  RightReader right(k, plan.valueTile, k.i32(0));
  RowPair to = resultRows(row, k.i32(0));
  Int headStride = k.tensor(op.getInit()).stride(tokenDims(op.getOutputOrder()).head);
  for (int64_t head = 0; head < plan.blockHeads; ++head) {
    multiplyValues(row, to, k.i32(head), k.i32(0), right, [&](int64_t step) {
      LeftFragment a;
      llvm::copy(ArrayRef(words[head]).drop_front(4 * step).take_front(4), a.begin());
      return a;
    });
    to = {to[0].at(headStride), to[1].at(headStride)};
  }
}

// A warp of several: its share of heads and columns.
void ReadOut::multiplyWeights(Int row, SharedTiles weights) {
  int64_t columnItems = plan.blockColumns() / plan.itemColumns;
  LeftReader left(k, plan.weightTile, k.i32(0));
  k.deal(plan.blockHeads * columnItems, teamWarp, plan.teamWarps, [&](Int item) {
    Int head = item / columnItems, column = item % columnItems * plan.itemColumns;
    RightReader right(k, plan.valueTile, column);
    multiplyValues(row, resultRows(row, head), head, column, right, [&](int64_t step) {
      bool isWhole = 16 * step + 16 <= plan.valueTile.rows;
      Pointer tile = weights.tile(head);
      return isWhole ? left.load(tile, 0, step) : left.loadHalf(tile, 0, step);
    });
  });
}

void ReadOut::multiplyValues(Int row, const RowPair &to, Int head, Int column,
                             const RightReader &right,
                             llvm::function_ref<LeftFragment(int64_t)> loadWeights) {
  int64_t depth = plan.valueTile.rows, tiles = plan.itemColumns / 8;
  int64_t headsPerValue = plan.blockHeads / plan.blockValueHeads;
  Pointer values = SharedTiles{memory.at(plan.value), plan.valueTile}.tile(head / headsPerValue);
  SmallVector<Accumulator> result(tiles, zeroAccumulator(k));
  for (int64_t step = 0; 16 * step < depth; ++step) {
    LeftFragment a = loadWeights(step);
    bool isWhole = 16 * step + 16 <= depth;
    for (int64_t pair = 0; pair < tiles / 2; ++pair) {
      auto b = isWhole ? right.load(values, step, pair) : right.loadHalf(values, step, pair);
      for (unsigned i = 0; i < 2; ++i)
        (isWhole ? multiplyAdd : multiplyAddHalf)(k, plan.type, a, b[i], result[2 * pair + i]);
    }
  }
  store(row, to, column, result);
}

// Of the result, in head `head` of the block.
ReadOut::RowPair ReadOut::resultRows(Int row, Int head) {
  TokenDims dims = tokenDims(op.getOutputOrder());
  Tensor result = k.tensor(op.getInit());
  Int first = firstHead(plan.blockHeads, plan.resultHeads) + head;
  RowPair rows;
  for (unsigned half = 0; half < 2; ++half)
    rows[half] = result.base.at(k.here(batch).wide() * result.stride(dims.batch))
                     .at((row + fragmentRow(k) + 8 * half).wide() * result.stride(dims.token))
                     .at(first.wide() * result.stride(dims.head));
  return rows;
}

// A lane has laneColumns neighbours of every 4 * laneColumns columns, in rows g and g + 8.
void ReadOut::store(Int row, const RowPair &rows, Int column, ArrayRef<Accumulator> accumulators) {
  Value out = op.getInit();
  Type element = k.tensor(out).element;
  unsigned bytes = bytesOf(element);
  int64_t run = plan.laneColumns, storeBytes = std::min<int64_t>(16, run * bytes);
  Bool hasVectors = plan.valueSize % run == 0 ? k.isAligned(out, storeBytes) : k.boolean(false);
  Int firstColumn = columnGroup * plan.blockColumns() + column + (k.lane() & 3) * run;
  bool hasPadding = plan.valueSize % plan.blockColumns() != 0;
  auto each = [&](llvm::function_ref<void(Pointer, Int, ArrayRef<Float>)> storeRun) {
    for (unsigned half = 0; half < 2; ++half) {
      Int query = row + fragmentRow(k) + 8 * half;
      k.when(query < queries, [&] {
        Pointer to = rows[half].at(firstColumn * bytes);
        for (int64_t first = 0; first < plan.itemColumns; first += 4 * run) {
          SmallVector<Float> values;
          for (int64_t i = 0; i < run; ++i)
            values.push_back(accumulators[(first / 4 + i) / 2][2 * half + i % 2]);
          storeRun(to.at(first * bytes), firstColumn + first, values);
        }
      });
    }
  };
  k.when(
      hasVectors,
      [&] {
        each([&](Pointer to, Int column, ArrayRef<Float> values) {
          auto storeAll = [&] {
            SmallVector<Value> words;
            if (element.isF32())
              words = llvm::map_to_vector(values, [](Float x) { return x.value; });
            else
              for (int64_t i = 0; i < run; i += 2)
                words.push_back(k.pack(values[i], values[i + 1], element));
            for (size_t i = 0; i < words.size(); i += storeBytes / 4)
              to.at(static_cast<int64_t>(4 * i))
                  .store(k.vector(ArrayRef(words).slice(i, storeBytes / 4)));
          };
          if (hasPadding)
            k.when(column < plan.valueSize, storeAll);
          else
            storeAll();
        });
      },
      [&] {
        each([&](Pointer to, Int column, ArrayRef<Float> values) {
          for (auto [i, x] : llvm::enumerate(values))
            k.when(column + i < plan.valueSize, [&, i = i, x = x] {
              to.at(static_cast<int64_t>(i * bytes)).store(k.fromFloat(x, element));
            });
        });
      });
}
