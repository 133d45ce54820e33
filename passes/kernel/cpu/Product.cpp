//===- Product.cpp - products of matrices on the CPU --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/TileBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace imhsa::cpu;

// Vectors of sums that are in registers at once: with one of b and one of a, of the 16 that AVX2
// has; AVX-512 has 32.
static constexpr int64_t kSums = 12, kSumsOf16Lanes = 24;
// Vectors of a row of sums at most.
static constexpr int64_t kMostVectors = 3;
// The longest sum of which all steps are written out.
static constexpr int64_t kUnrolledDepth = 16;
// Scalars of such sums that have registers for as long as the product takes. LLVM broadcasts more
// of them just as early, to the stack: each step then takes its own from there, and sums of
// several vectors would only take the registers that they need.
static constexpr int64_t kScalars = 2;

// Calls `body` for blocks of [0, count): of `most` and of one less, so that all are about equal.
static void evenBlocks(TileBuilder &t, int64_t count, int64_t most,
                       function_ref<void(Value, int64_t)> body) {
  int64_t blocks = llvm::divideCeil(count, most), size = llvm::divideCeil(count, blocks);
  int64_t larger = blocks - (size * blocks - count), position = 0;
  for (auto [number, of] : {std::pair(larger, size), std::pair(blocks - larger, size - 1)}) {
    if (number == 1)
      body(t.index(position), of);
    else if (number)
      t.loop(t.index(position), t.index(position + number * of), of,
             [&, of = of](Value block) { body(block, of); });
    position += number * of;
  }
}

static void rowBlocks(TileBuilder &t, Value count, int64_t most,
                      function_ref<void(Value, int64_t)> body) {
  if (std::optional<int64_t> constant = getConstantIntValue(count)) {
    if (*constant > 0)
      evenBlocks(t, *constant, most, body);
    return;
  }
  Value whole = t.mul(t.floorDiv(count, most), most);
  t.loop(t.index(0), whole, most, [&](Value row) { body(row, most); });
  t.loop(whole, count, 1, [&](Value row) { body(row, 1); });
}

void TileBuilder::product(Value rows, int64_t columns, Value depth, Scalar a, Vector b,
                          Vector start, Store finish, Body beforeRow) {
  std::optional<int64_t> steps = getConstantIntValue(depth);
  bool isUnrolled = steps && *steps <= kUnrolledDepth;
  // The sums of `numRows` rows from `row` on and of `vectors` vectors from `column` on.
  auto block = [&](Value row, int64_t numRows, Value column, int64_t width, int64_t vectors) {
    SmallVector<Value> rowAt, columnAt, sums;
    for (int64_t i = 0; i < numRows; ++i)
      rowAt.push_back(add(row, i));
    for (int64_t v = 0; v < vectors; ++v)
      columnAt.push_back(add(column, v * width));
    if (beforeRow && getConstantIntValue(columnAt.front()).value_or(0) == 0)
      llvm::for_each(rowAt, beforeRow);
    Value zeros = start ? Value() : real(0, width);
    for (Value i : rowAt)
      for (Value j : columnAt)
        sums.push_back(start ? start(i, j, width) : zeros);

    auto step = [&](Value k, ValueRange before) {
      SmallVector<Value> factors, after;
      for (Value j : columnAt)
        factors.push_back(b(k, j, width));
      for (auto [r, i] : llvm::enumerate(rowAt)) {
        Value scalar = broadcast(a(i, k), width);
        for (auto [v, factor] : llvm::enumerate(factors))
          after.push_back(before.empty() ? mulf(scalar, factor)
                                         : fma(scalar, factor, before[r * vectors + v]));
      }
      return after;
    };
    if (isUnrolled)
      for (int64_t k = 0; k < *steps; ++k)
        sums = step(index(k), sums);
    else
      sums = carry(index(0), depth, 1, sums, step);

    for (auto [r, i] : llvm::enumerate(rowAt))
      for (auto [v, j] : llvm::enumerate(columnAt))
        finish(i, j, sums[r * vectors + v]);
  };

  // Where there are few rows they are all in registers at once, so that b is read once; and of one
  // row as many vectors as possible, so that a is.
  int64_t mostSums = lanes == 16 ? kSumsOf16Lanes : kSums, mostVectors = kMostVectors;
  if (std::optional<int64_t> all = getConstantIntValue(rows); all && *all <= mostSums) {
    bool manyScalars = isUnrolled && *all > 1 && *all * *steps > kScalars;
    mostVectors = manyScalars ? 1 : mostSums / std::max<int64_t>(*all, 1);
  }
  for (Columns range : splitColumns(columns, lanes))
    evenBlocks(*this, range.count, mostVectors, [&](Value vector, int64_t vectors) {
      Value column = add(mul(vector, range.width), range.first);
      rowBlocks(*this, rows, mostSums / vectors, [&](Value row, int64_t numRows) {
        block(row, numRows, column, range.width, vectors);
      });
    });
}

void TileBuilder::product(Value rows, Value matrix, Value vector,
                          function_ref<void(Value, Value)> finish) {
  int64_t width = cast<MemRefType>(vector.getType()).getDimSize(0);
  auto add = [&](Value lhs, Value rhs) { return addf(lhs, rhs); };
  rowBlocks(*this, rows, kLanes, [&](Value row, int64_t numRows) {
    SmallVector<Value> zeros(numRows, real(0, kLanes));
    SmallVector<Value> sums =
        carry(index(0), index(width), kLanes, zeros, [&](Value k, ValueRange before) {
          SmallVector<Value> after;
          Value factor = load(vector, {k}, kLanes);
          for (auto [i, sum] : llvm::enumerate(before))
            after.push_back(fma(load(matrix, {this->add(row, i), k}, kLanes), factor, sum));
          return after;
        });
    if (numRows == 1)
      return finish(row, reduce(sums.front(), add));
    Value elements = reduceEach(std::move(sums), add);
    for (int64_t i = 0; i < numRows; ++i)
      finish(this->add(row, i), vector::ExtractOp::create(this->b, loc, elements, i));
  });
}
