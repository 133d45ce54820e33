//===- Combine.cpp - what the splits of a kernel give, together -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Every thread adds the partial results of some elements, always in the order of the
// ranges of keys, so that results do not depend on which block came first.

#include "passes/kernel/cuda/KernelBuilder.h"
#include "passes/kernel/cuda/Kernels.h"
#include <cmath>

using namespace mlir;
using namespace imhsa;

static constexpr unsigned kWarps = 8;

namespace {
/// The row [b, head, n] of partial results that a thread works on, and its part of it.
struct Row {
  Int batch, head, query, part;
};
} // namespace

/// Spreads B times `heads` times N rows of `parts` parts over threads, all of a row's beside each
/// other; `emit` writes the work of a thread. Launches.
static void forEachRow(KernelBuilder &k, Value partial, int64_t parts,
                       function_ref<void(const Row &)> emit) {
  // partial: [splits, B, heads, N, ...]
  Int items = k.size(partial, 3) * parts;
  Int blocksOfHead = (items + (k.threads() - 1)) / k.threads();
  Int pair = k.block(0) / blocksOfHead, heads = k.size(partial, 2);
  Int item = k.block(0) % blocksOfHead * k.threads() + k.thread();
  k.when(item < items, [&] { emit({pair / heads, pair % heads, item / parts, item % parts}); });

  OpBuilder &host = k.getHost();
  Location loc = partial.getLoc();
  auto multiply = [&](Value a, Value b) { return host.createOrFold<arith::MulIOp>(loc, a, b); };
  Value blocks = k.hostCeilDiv(multiply(k.hostSize(partial, 3), k.hostIndex(parts)), k.threads());
  blocks = multiply(blocks, multiply(k.hostSize(partial, 1), k.hostSize(partial, 2)));
  k.launch(blocks, k.hostIndex(1), k.hostIndex(1), /*sharedBytes=*/0);
}

static Float loadFloat(KernelBuilder &k, Pointer pointer) {
  return k.toFloat(pointer.load(k.builder().getF32Type()));
}

namespace {
/// Log-sum-exps of several ranges, of one row: natural logarithms, -inf for nothing.
class Normalisers {
public:
  Normalisers(KernelBuilder &k, Value partial, const Row &row)
      : k(k), tensor(k.tensor(partial)), row(row), splits(k.i32(dimSize(partial, 0))) {
    SmallVector<Float> largest = {k.f32(-INFINITY)};
    forEachSplit(largest, [&](Int split, SmallVectorImpl<Float> &largest) {
      largest[0] = max(largest[0], load(split));
    });
    // A row with nothing at all: any number will do, for -inf less that is -inf.
    shift = select(largest[0] == -INFINITY, k.f32(0), largest[0]);
  }

  /// exp(lse - shift) of a range: what its normalised sums count.
  Float weight(Int split) { return ex2((load(split) - shift) * M_LOG2E); }

  /// The log-sum-exp of the whole, from the sum of all weights.
  Float together(Float total) { return shift + lg2(total) * M_LN2; }

  void forEachSplit(SmallVectorImpl<Float> &carried,
                    function_ref<void(Int, SmallVectorImpl<Float> &)> body) {
    k.loop(k.i32(0), splits, k.i32(1), carried, body);
  }

private:
  Float load(Int split) { return loadFloat(k, tensor.at({split, row.batch, row.head, row.query})); }

  KernelBuilder &k;
  Tensor tensor;
  Row row;
  Int splits;
  Float shift;
};
} // namespace

LogicalResult imhsa::lowerCombine(OpBuilder &host, LogSumExpOp op, const KernelModule &kernels,
                                  StringRef name) {
  KernelBuilder k(host, op.getLoc(), kernels, name, kWarps);
  Value partial = op.getScratch().front();
  forEachRow(k, partial, /*parts=*/1, [&](const Row &row) {
    Normalisers normalisers(k, partial, row);
    SmallVector<Float> total = {k.f32(0)};
    normalisers.forEachSplit(total, [&](Int split, SmallVectorImpl<Float> &total) {
      total[0] = total[0] + normalisers.weight(split);
    });
    k.tensor(op.getInit())
        .at({row.batch, row.head, row.query})
        .store(normalisers.together(total[0]).value);
  });
  return success();
}

LogicalResult imhsa::lowerCombine(OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                  StringRef name) {
  KernelBuilder k(host, op.getLoc(), kernels, name, kWarps);
  OpBuilder &b = k.builder();
  Value partial = op.getScratch().front();
  int64_t splits = dimSize(partial, 0), columns = dimSize(partial, 4);
  // Partial results are contiguous and aligned: 4 columns at a time, where a row has so many.
  int64_t width = columns % 4 == 0 ? 4 : 1;
  bool isOnline = op.getScratch().size() > 1;
  forEachRow(k, partial, columns / width, [&](const Row &row) {
    Tensor sums = k.tensor(partial);
    Int column = row.part * width;
    auto addTo = [&](MutableArrayRef<Float> result, Int split, Float weight) {
      Pointer from = sums.at({split, row.batch, row.head, row.query, column});
      Value part = from.load(VectorType::get(width, b.getF32Type()));
      for (auto [i, x] : llvm::enumerate(result))
        x = fma(Float(k.builder(), k.extract(part, i)), weight, x);
    };
    SmallVector<Float> result(width, k.f32(0));
    if (!isOnline) {
      k.loop(k.i32(0), k.i32(splits), k.i32(1), result,
             [&](Int split, SmallVectorImpl<Float> &result) { addTo(result, split, k.f32(1)); });
    } else {
      Normalisers normalisers(k, op.getScratch()[1], row);
      result.push_back(k.f32(0));
      normalisers.forEachSplit(result, [&](Int split, SmallVectorImpl<Float> &result) {
        Float weight = normalisers.weight(split);
        addTo(MutableArrayRef(result).drop_back(), split, weight);
        result.back() = result.back() + weight;
      });
      Float total = result.pop_back_val();
      // Where nothing is kept, zeros.
      Float scale(k.builder(),
                  arith::DivFOp::create(b, op.getLoc(), k.f32(1).value, total.value).getResult());
      scale = select(total == 0.0, k.f32(0), scale);
      for (Float &x : result)
        x = x * scale;
      if (Value lse = op.getLseInit())
        k.when(row.part == 0, [&] {
          k.tensor(lse)
              .at({row.batch, row.head, row.query})
              .store(normalisers.together(total).value);
        });
    }
    TokenDims dims = tokenDims(op.getOutputOrder());
    Tensor out = k.tensor(op.getInit());
    SmallVector<Int> place(4, column);
    place[dims.batch] = row.batch, place[dims.head] = row.head, place[dims.token] = row.query;
    Pointer to = out.at(place);
    for (auto [i, x] : llvm::enumerate(result))
      to.at(static_cast<int64_t>(i * bytesOf(out.element))).store(k.fromFloat(x, out.element));
  });
  return success();
}
