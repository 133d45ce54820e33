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

/// The same rows, those of a block's share of a batch element.
static void forEachRow(KernelBuilder &k, const Share &share, Value partial, int64_t parts,
                       function_ref<void(const Row &)> emit) {
  Int items = k.size(partial, 3) * parts;
  k.loop(share.rank * k.threads() + k.thread(), items * k.size(partial, 2),
         k.i32(share.blocks * k.threads()), [&](Int number) {
           Int item = number % items;
           emit({share.batch, number / items, item / parts, item % parts});
         });
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

static void combineRow(KernelBuilder &k, LogSumExpOp op, const Row &row) {
  Value partial = op.getScratch().front();
  Normalisers normalisers(k, partial, row);
  SmallVector<Float> total = {k.f32(0)};
  normalisers.forEachSplit(total, [&](Int split, SmallVectorImpl<Float> &total) {
    total[0] = total[0] + normalisers.weight(split);
  });
  k.tensor(op.getInit())
      .at({row.batch, row.head, row.query})
      .store(normalisers.together(total[0]).value);
}

// The columns that a thread adds: partial results are contiguous and aligned, so that these are 4,
// where a row has so many.
static int64_t columnsOfPart(AttentionOp op) {
  return dimSize(op.getScratch().front(), 4) % 4 == 0 ? 4 : 1;
}

static int64_t partsOfRow(LogSumExpOp) { return 1; }
static int64_t partsOfRow(AttentionOp op) {
  return dimSize(op.getScratch().front(), 4) / columnsOfPart(op);
}

// Neighbours in one access where their place is a multiple of their size.
static void storeRow(KernelBuilder &k, ArrayRef<Float> values, Pointer to, Type element,
                     Bool isAligned) {
  auto elements = llvm::map_to_vector(values, [&](Float x) { return k.fromFloat(x, element); });
  auto oneByOne = [&] {
    for (auto [i, x] : llvm::enumerate(elements))
      to.at(static_cast<int64_t>(i * bytesOf(element))).store(x);
  };
  k.when(isAligned, [&] { to.store(k.vector(elements)); }, oneByOne);
}

static void combineRow(KernelBuilder &k, AttentionOp op, const Row &row) {
  OpBuilder &b = k.builder();
  Value partial = op.getScratch().front();
  int64_t splits = dimSize(partial, 0), width = columnsOfPart(op);
  bool isOnline = op.getScratch().size() > 1;
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
        k.tensor(lse).at({row.batch, row.head, row.query}).store(normalisers.together(total).value);
      });
  }
  TokenDims dims = tokenDims(op.getOutputOrder());
  Tensor out = k.tensor(op.getInit());
  SmallVector<Int> place(4, column);
  place[dims.batch] = row.batch, place[dims.head] = row.head, place[dims.token] = row.query;
  storeRow(k, result, out.at(place), out.element,
           k.isAligned(op.getInit(), width * bytesOf(out.element)));
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

template <typename OpTy>
static void lower(OpBuilder &host, OpTy op, const KernelModule &kernels, StringRef name) {
  KernelBuilder k(host, op.getLoc(), kernels, name, kWarps);
  forEachRow(k, op.getScratch().front(), partsOfRow(op),
             [&](const Row &row) { combineRow(k, op, row); });
}

LogicalResult imhsa::lowerCombine(OpBuilder &host, LogSumExpOp op, const KernelModule &kernels,
                                  StringRef name) {
  return lower(host, op, kernels, name), success();
}

LogicalResult imhsa::lowerCombine(OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                  StringRef name) {
  return lower(host, op, kernels, name), success();
}

template <typename OpTy> static Phase getPhase(OpTy op) {
  auto emit = [op](KernelBuilder &k, const Share &share) mutable {
    forEachRow(k, share, op.getScratch().front(), partsOfRow(op),
               [&](const Row &row) { combineRow(k, op, row); });
  };
  return {/*sharedBytes=*/0, emit};
}

Phase imhsa::getCombinePhase(LogSumExpOp op) { return getPhase(op); }
Phase imhsa::getCombinePhase(AttentionOp op) { return getPhase(op); }
