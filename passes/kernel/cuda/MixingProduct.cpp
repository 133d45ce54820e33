//===- MixingProduct.cpp - heads mixed by matrix instructions -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/MixingProduct.h"

using namespace mlir;
using namespace imhsa;

// High and low.
static constexpr unsigned kParts = 2;

// Depths of 16 heads, the last of them may be 8.
static int64_t stepsOf(int64_t heads) { return llvm::divideCeil(heads, 16); }
static bool isHalf(int64_t heads, int64_t step) { return heads <= 16 * step + 8; }
// Rows r and r + 8 are loaded together, so many r one after the other.
static int64_t rowPairsAtOnce(int64_t heads) { return stepsOf(heads) == 1 ? 4 : 2; }

int64_t MixingProduct::registers(int64_t results, int64_t heads) {
  int64_t left = kParts * stepsOf(results) * stepsOf(heads) * 4;
  return left + rowPairsAtOnce(heads) * stepsOf(heads) * 4 + stepsOf(results) * 4;
}

void imhsa::loadMixing(KernelBuilder &k, MixingOperand target, Type type, Tensor source,
                       Int firstRow, Int firstColumn) {
  TileShape shape = target.shape();
  k.loop(k.thread(), k.i32(shape.rows * shape.columns), k.i32(k.threads()), [&](Int item) {
    Int i = item / shape.columns, j = item % shape.columns;
    Float weight = k.loadFloatWhere((i < target.results) & (j < target.heads),
                                    source.at({firstRow + i, firstColumn + j}), source.element);
    Pointer place = target.base.at(shape.offset(i, j / 8)).at(j % 8 * 2);
    for (unsigned part = 0; part < kParts; ++part) {
      Value rounded = k.fromFloat(weight, type);
      place.at(part * shape.bytes()).store(rounded);
      weight = weight - k.toFloat(rounded);
    }
  });
}

// Matrices [8 heads][8 keys] of 16 bits, as right operands of depth 16: heads 0 to 7 and 8 to 15
// of row r, then of row r + 8. Of a depth of 8 only the first of each.
static Int laneOffset(KernelBuilder &k, SharedTiles tiles, int64_t heads, int64_t step) {
  Int lane = k.lane(), matrix = lane >> 3;
  bool half = isHalf(heads, step);
  Int head = (lane & 7) + 16 * step, row = half ? matrix & 1 : matrix >> 1;
  if (!half)
    head = head + (matrix & 1) * 8;
  // Beyond the last head weights are zeros; the head is there so that its values are finite if all
  // others' are.
  if (heads < 16 * step + (half ? 8 : 16))
    head = min(head, k.i32(heads - 1));
  return head * tiles.shape.bytes() + row * (8 * tiles.shape.rowBytes());
}

void MixingProduct::mix(const ScoreUnit &unit, int64_t unitKeys, std::optional<Pointer> bias,
                        llvm::function_ref<Bool(Int, Int)> isKept) const {
  TileShape shape = tiles.shape;
  int64_t steps = stepsOf(weights.heads), results = stepsOf(weights.results);
  int64_t octets = llvm::divideCeil(weights.results, 8);
  k.syncWarp();

  // [results / 16][parts][heads / 16].
  LeftReader left(k, weights.shape(), k.i32(0));
  SmallVector<LeftFragment> a;
  for (int64_t m = 0; m < results; ++m)
    for (unsigned part = 0; part < kParts; ++part)
      for (int64_t step = 0; step < steps; ++step)
        a.push_back(left.load(weights.part(part), 16 * m, step));

  Pointer first = tiles.base.at(unit.row * shape.rowBytes());
  SmallVector<Pointer> sources;
  for (int64_t step = 0; step < steps; ++step)
    sources.push_back(first.at(laneOffset(k, tiles, weights.heads, step)));
  Int group = fragmentRow(k);
  Pointer target = first.at(group * shape.bytes() + (k.lane() & 3) * 4);
  SmallVector<Float> biases; // of heads 8 i + g
  for (int64_t octet = 0; bias && octet < octets; ++octet) {
    Int head = min(group + 8 * octet, k.i32(weights.results - 1));
    biases.push_back({k.builder(), bias->at(head * 4).load(k.builder().getF32Type())});
  }

  k.loop(unit.key >> 3, (unit.key >> 3) + unitKeys / 8, k.i32(1), [&](Int chunk) {
    int64_t atOnce = rowPairsAtOnce(weights.heads);
    for (int64_t start = 0; start < 8; start += atOnce) {
      // Right operands, [rows][heads / 16].
      SmallVector<std::array<SmallVector<RightFragment>, 2>> b(atOnce);
      auto offset = [&](int64_t row) { return (chunk ^ shape.swizzle(k.i32(row))) * 16; };
      for (int64_t row = start; row < start + atOnce; ++row)
        for (int64_t step = 0; step < steps; ++step) {
          unsigned depth = isHalf(weights.heads, step) ? 1 : 2;
          auto words = loadMatrices(k, sources[step].at(offset(row)).at(row * shape.rowBytes()),
                                    2 * depth, /*transposed=*/true);
          for (unsigned half = 0; half < 2; ++half)
            b[row - start][half].push_back(
                {words[depth * half], depth == 2 ? words[depth * half + 1] : Value()});
        }
      // What all lanes have read may be replaced.
      k.syncWarp();
      for (int64_t row = start; row < start + atOnce; ++row)
        for (unsigned half = 0; half < 2; ++half) {
          SmallVector<std::array<Float, 2>> mixed;
          for (int64_t m = 0; m < results; ++m) {
            Accumulator sum = zeroAccumulator(k);
            for (unsigned part = 0; part < kParts; ++part)
              for (int64_t step = 0; step < steps; ++step)
                (isHalf(weights.heads, step) ? multiplyAddHalf : multiplyAdd)(
                    k, type, a[(m * kParts + part) * steps + step], b[row - start][half][step],
                    sum);
            mixed.push_back({sum[0], sum[1]});
            mixed.push_back({sum[2], sum[3]});
          }
          mixed.resize(octets);
          for (unsigned i = 0; bias && i < 2; ++i) {
            Bool kept = isKept(unit.row + (row + 8 * half), chunk * 8 + fragmentColumn(k) + i);
            for (auto [pair, added] : llvm::zip_equal(mixed, biases))
              pair[i] = select(kept, pair[i] + added, k.f32(0));
          }
          Pointer to = target.at(offset(row)).at((row + 8 * half) * shape.rowBytes());
          for (int64_t octet = 0; octet < octets; ++octet) {
            auto store = [&] {
              to.at(8 * octet * shape.bytes())
                  .store(k.pack(mixed[octet][0], mixed[octet][1], type));
            };
            if (weights.results < 8 * octet + 8)
              k.when(group < weights.results - 8 * octet, store);
            else
              store();
          }
        }
    }
  });
}
