//===- ResultRows.cpp - results from registers to global memory -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ResultRows.h"

using namespace mlir;
using namespace imhsa;

ResultRows::ResultRows(KernelBuilder &k, Value memref, DimOrder order, bool isSplit, Int split,
                       Int batch)
    : k(k), tensor(k.tensor(memref)) {
  TokenDims dims = tokenDims(order);
  origin = tensor.base;
  if (isSplit)
    origin = origin.at(split.wide() * tensor.stride(0));
  origin = origin.at(batch.wide() * tensor.stride(dims.batch + isSplit));
  headStride = tensor.stride(dims.head + isSplit);
  tokenStride = tensor.stride(dims.token + isSplit);
  bool isEven = dimSize(memref, dims.width + isSplit) % 2 == 0;
  hasPairs = isEven ? k.isAligned(memref, 2 * bytesOf(tensor.element)) : k.boolean(false);
}

void ResultRows::store(Int head, Int token, Int column, int64_t columns, unsigned half,
                       ArrayRef<Accumulator> accumulators) const {
  Type element = tensor.element;
  unsigned bytes = bytesOf(element);
  Int first = column + fragmentColumn(k);
  Pointer row = origin.at(head.wide() * headStride).at(token.wide() * tokenStride);
  row = row.at(first * bytes);
  auto forEach = [&](llvm::function_ref<void(Pointer, Int, Float, Float)> storeTwo) {
    for (auto [i, x] : llvm::enumerate(accumulators))
      storeTwo(row.at(8 * i * bytes), first + 8 * i, x[2 * half], x[2 * half + 1]);
  };
  auto inPairs = [&](Pointer to, Int at, Float a, Float b) {
    k.when(at < columns, [&] {
      to.store(element.isF32() ? k.vector({a.value, b.value}) : k.pack(a, b, element));
    });
  };
  auto oneByOne = [&](Pointer to, Int at, Float a, Float b) {
    k.when(at < columns, [&] { to.store(k.fromFloat(a, element)); });
    k.when(at + 1 < columns, [&] { to.at(bytes).store(k.fromFloat(b, element)); });
  };
  k.when(hasPairs, [&] { forEach(inPairs); }, [&] { forEach(oneByOne); });
}
