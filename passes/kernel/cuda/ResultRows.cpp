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
  // 8 bytes at a time: two columns of f32, four of 16 bits.
  int64_t columns = dimSize(memref, dims.width + isSplit);
  bool isWhole = !ShapedType::isDynamic(columns) && columns * bytesOf(tensor.element) % 8 == 0;
  isAligned = isWhole ? k.isAligned(memref, 8) : k.boolean(false);
}

// Pairs of 16 bits of two accumulators next to each other, [16][16], after an exchange between
// neighbouring lanes: 4 columns of a row, so that 4 lanes have 32 bytes, what memory moves at a
// time. Even lanes have columns of the first, odd ones of the second.
static Value exchangePairs(KernelBuilder &k, Value first, Value second) {
  ImplicitLocOpBuilder &b = k.builder();
  Bool isEven = (k.lane() & 1) == 0;
  Int here = select(isEven, Int(b, first), Int(b, second));
  Int there = k.shuffleXor(select(isEven, Int(b, second), Int(b, first)), 1);
  return k.vector({select(isEven, here, there).value, select(isEven, there, here).value});
}

void ResultRows::store(Bool isThere, Int head, Int token, Int column, int64_t columns,
                       unsigned half, ArrayRef<Accumulator> accumulators) const {
  Type element = tensor.element;
  unsigned bytes = bytesOf(element);
  Pointer row = origin.at(head.wide() * headStride).at(token.wide() * tokenStride);
  // This lane's columns of one accumulator; of two, after the exchange.
  Int first = column + fragmentColumn(k);
  Int exchanged = column + (k.lane() & 2) * 2 + (k.lane() & 1) * 8;
  auto pairOf = [&](size_t i) {
    return std::pair(accumulators[i][2 * half], accumulators[i][2 * half + 1]);
  };
  auto words = [&] {
    for (size_t i = 0; i < accumulators.size(); i += element.isF32() ? 1 : 2) {
      auto [x, y] = pairOf(i);
      Int at = (element.isF32() ? first : exchanged) + 8 * i;
      Value word;
      if (element.isF32()) {
        word = k.vector({x.value, y.value});
      } else {
        auto [x2, y2] = pairOf(i + 1);
        word = exchangePairs(k, k.pack(x, y, element), k.pack(x2, y2, element));
      }
      k.when(isThere & (at < columns), [&] { row.at(at * bytes).store(word); });
    }
  };
  auto oneByOne = [&] {
    for (size_t i = 0; i < accumulators.size(); ++i)
      for (unsigned odd = 0; odd < 2; ++odd) {
        Float x = accumulators[i][2 * half + odd];
        Int at = first + (8 * i + odd);
        k.when(isThere & (at < columns),
               [&] { row.at(at * bytes).store(k.fromFloat(x, element)); });
      }
  };
  k.when(isAligned, words, oneByOne);
}
