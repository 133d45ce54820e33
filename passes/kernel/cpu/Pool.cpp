//===- Pool.cpp - landmarks from tokens on the CPU ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Kernels.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// Each landmark of each head is the sum of the tokens of its segment, in their order, times the
// reciprocal of their number.
void imhsa::cpu::emitPool(OpBuilder &b, PoolOp op, const KernelOptions &options) {
  TileBuilder t(b, op.getLoc(), options.lanes);
  Tokens input{op.getInput(), tokenDims(op.getInputOrder())};
  Value landmarks = op.getInit();
  PoolAttr pool = op.getPool();
  int64_t width = input.width();
  Value zero = t.index(0), one = t.index(1);

  // Segment l of `count` covers floor(l n / count) up to, not including, ceil((l + 1) n / count).
  auto segment = [&](Value l, Value extent, int64_t count) {
    Value begin = t.floorDiv(t.mul(l, extent), count);
    Value end = t.ceilDiv(t.mul(t.add(l, 1), extent), count);
    return std::pair(begin, end);
  };
  // Adds the tokens from `begin` on to `sum`.
  auto addTokens = [&](Value rows, Value begin, Value end, Value sum) {
    t.product(
        one, width, t.sub(end, begin), [&](Value, Value) { return t.real(1); },
        [&](Value k, Value j, int64_t lanes) { return t.load(rows, {t.add(begin, k), j}, lanes); },
        [&](Value, Value j, int64_t lanes) { return t.load(sum, {j}, lanes); },
        [&](Value, Value j, Value vector) { t.store(vector, sum, {j}); });
  };

  auto landmark = [&](Value batch, Value head, Value l) {
    Value rows = input.rows(t, batch, head, zero, input.tokens(t));
    Value sum = t.scratch({width});
    t.fill(sum, 0);
    Value count;
    if (pool.isGrid()) {
      Value gridColumns = t.index(pool.getGrid()[1]);
      int64_t landmarkColumns = pool.getLandmarks()[1];
      Value row = t.floorDiv(l, landmarkColumns);
      Value column = t.sub(l, t.mul(row, landmarkColumns));
      auto [top, bottom] = segment(row, t.index(pool.getGrid()[0]), pool.getLandmarks()[0]);
      auto [left, right] = segment(column, gridColumns, landmarkColumns);
      t.loop(top, bottom, 1, [&, left = left, right = right](Value y) {
        Value start = t.mul(y, gridColumns);
        addTokens(rows, t.add(start, left), t.add(start, right), sum);
      });
      count = t.mul(t.sub(bottom, top), t.sub(right, left));
    } else {
      Value extent = input.tokens(t);
      if (Value lengths = op.getKeyLengths())
        extent = t.clampedLength(lengths, batch, extent);
      auto [begin, end] = segment(l, extent, pool.getLandmarks()[0]);
      addTokens(rows, begin, end, sum);
      count = t.sub(end, begin);
    }
    Value number = t.toReal(t.max(count, one)); // An empty segment has the sum 0.
    t.columns(width, [&](Value column, int64_t lanes) {
      Value mean = t.divf(t.load(sum, {column}, lanes), t.broadcast(number, lanes));
      t.store(mean, landmarks, {batch, head, l, column});
    });
  };

  // Some landmarks in a task: one alone takes no longer than to get the next.
  constexpr int64_t kLandmarks = 8;
  int64_t numLandmarks = pool.getNumLandmarks();
  t.parallel({t.dim(input.memref, 0), t.index(input.heads()),
              t.index(llvm::divideCeil(numLandmarks, kLandmarks))},
             [&](ValueRange at) {
               Value first = t.mul(at[2], kLandmarks);
               Value last = t.min(t.add(first, kLandmarks), t.index(numLandmarks));
               t.loop(first, last, 1, [&](Value l) { landmark(at[0], at[1], l); });
             });
}
