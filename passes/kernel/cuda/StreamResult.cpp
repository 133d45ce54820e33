//===- StreamResult.cpp - from sums over all keys to the result -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ResultRows.h"
#include "passes/kernel/cuda/Stream.h"

using namespace mlir;
using namespace imhsa;

void Stream::store(Int turns, SmallVectorImpl<Float> &sums) {
  bool isSplit = tile().splits > 1;
  ResultRows out(k, isSplit ? op.getScratch()[0] : op.getInit(),
                 isSplit ? DimOrder::BHND : op.getOutputOrder(), isSplit, work.split, work.batch);
  for (unsigned i = 0; i < product.getItems().size(); ++i) {
    const ValueItem &item = product.getItems()[i];
    ScoreUnit rows{item.row, k.i32(0), k.i32(0)};
    if (plan.isOnline) {
      auto maxima = loadMaxima(turns, item.head(), rows), totals = product.rowSums(sums, i);
      std::array<Float, 2> factors;
      // A row that keeps nothing is 0.
      for (unsigned row = 0; row < 2; ++row)
        factors[row] = select(totals[row] == 0.0, k.f32(0), k.f32(1) / totals[row]);
      product.scale(sums, i, factors);
      if (isSplit || op.getLseInit())
        storeLse(item, maxima, totals);
    } else if (hasScaledWeights()) {
      Float factor = ex2(k.f32(0) - scaleExponent());
      product.scale(sums, i, {factor, factor});
    }
    for (unsigned row = 0; row < 2; ++row) {
      Int query = work.firstQuery + rowOf(k, rows, 2 * row);
      out.store(item.isOwn & (query < logits.queries), firstHead + item.head(), query,
                firstColumn + item.column, plan.valueSize, row, product.getAccumulators(sums, i));
    }
  }
  if (op.getLseInit() && !plan.isOnline)
    copyLse();
}

// The log-sum-exp of the rows of an item, [B,S,N], or [splits,B,S,N] of a range of keys.
void Stream::storeLse(const ValueItem &item, std::array<Float, 2> maxima,
                      std::array<Float, 2> totals) {
  bool isSplit = tile().splits > 1;
  Tensor lse = k.tensor(isSplit ? op.getScratch()[1] : op.getLseInit());
  Int head = firstHead + item.head();
  ScoreUnit rows{item.row, k.i32(0), k.i32(0)};
  // Once for a row: by the first lane of its quad, in the first column.
  Bool isWriter = item.isOwn & ((k.lane() & 3) == 0) & (item.column == 0) & (columnGroup == 0);
  for (unsigned row = 0; row < 2; ++row) {
    Int query = work.firstQuery + rowOf(k, rows, 2 * row);
    k.when(isWriter & (query < logits.queries), [&] {
      Float value = logSumExp(plan, maxima[row], totals[row]);
      if (mixing().preBias) {
        Tensor bias = k.tensor(mixing().preBias);
        value = value + k.toFloat(bias.at({head}).load(bias.element));
      }
      Pointer to = isSplit ? lse.at({work.split, work.batch, head, query})
                           : lse.at({work.batch, head, query});
      to.store(value.value);
    });
  }
}

// The normalisers that are given are those that are asked for.
void Stream::copyLse() {
  Tensor from = k.tensor(op.getLse()), to = k.tensor(op.getLseInit());
  Int first = mixing().post ? headGroup * 0 : logits.firstScoreHead;
  int64_t rows = tile().queries;
  Bool isWriter = (columnGroup == 0) & (work.split == 0);
  if (mixing().post)
    isWriter = isWriter & (headGroup == 0);
  k.when(isWriter, [&] {
    k.loop(k.thread(), k.i32(plan.blockScoreHeads * rows), k.i32(k.threads()), [&](Int item) {
      Int head = first + item / rows, query = work.firstQuery + item % rows;
      k.when(query < logits.queries, [&] {
        to.at({work.batch, head, query})
            .store(from.at({work.batch, head, query}).load(from.element));
      });
    });
  });
}
