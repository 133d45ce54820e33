//===- StreamParameters.cpp - what is the same for all keys ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Stream.h"

using namespace mlir;
using namespace imhsa;

// Up to so many keys, f16 has enough bits for the weight of an average one.
static constexpr int64_t kKeysUnscaled = 4096;

// What is the same for all keys: interaction weights and, with normalisers, the shift of each row.
void Stream::loadParameters() {
  logits.loadParameters(/*byQueryHead=*/true);
  if (plan.hasMixingProduct)
    loadMixing(k, postOperand(), plan.type, k.tensor(mixing().post), firstHead, k.i32(0));
  else if (mixing().post)
    loadMixing(k, {at(layout.post), plan.blockScoreHeads}, plan.blockHeads, k.tensor(mixing().post),
               firstHead, k.i32(0), /*isTransposed=*/false, 1);
  if (mixing().postBias) {
    Tensor bias = k.tensor(mixing().postBias);
    k.loop(k.thread(), k.i32(plan.blockHeads), k.i32(k.threads()), [&](Int g) {
      Float value = k.toFloat(bias.at({firstHead + g}).load(bias.element));
      if (hasScaledWeights())
        value = value * ex2(scaleExponent());
      at(layout.postBias).at(g * 4).store(value.value);
    });
  }
  if (!plan.isOnline)
    return loadShift();
  k.loop(k.thread(), k.i32(plan.blockScoreHeads * tile().queries), k.i32(k.threads()),
         [&](Int i) { at(layout.maxima).at(i * 4).store(k.f32(kLowest).value); });
}

// Of more than a few thousand keys, each has so small a weight that f16 has few bits left for it.
bool Stream::hasScaledWeights() const {
  int64_t keys = plan.scores.keys();
  return plan.type.isF16() && !plan.isOnline &&
         (ShapedType::isDynamic(keys) || keys > kKeysUnscaled);
}

// The exponent of the power of 2 that weights are multiplied by: with it, that of an average key is
// 2^-12, which f16 has whole, up to a million keys; a weight of 1 stays far from infinity.
Float Stream::scaleExponent() {
  Int keys = k.here(k.size(op.getKey(), tokenDims(op.getKeyOrder()).token));
  Float exponent = k.f32(0);
  for (int64_t i = 1; i <= 8; ++i)
    exponent = select(keys >= (kKeysUnscaled << i), k.f32(i), exponent);
  return exponent;
}

// [S][R]: what takes a logit in base 2 to the exponent of its weight.
void Stream::loadShift() {
  Tensor lse = k.tensor(op.getLse());
  int64_t rows = tile().queries;
  k.loop(k.thread(), k.i32(plan.blockScoreHeads * rows), k.i32(k.threads()), [&](Int item) {
    Int head = logits.firstScoreHead + item / rows, query = work.firstQuery + item % rows;
    Float shift =
        k.loadFloatWhere(query < logits.queries, lse.at({work.batch, head, query}), lse.element);
    // A row that keeps nothing has only logits of -inf: its weights are 0 with any shift.
    shift = select(shift == kLowest, k.f32(0), shift * -plan.logitUnit());
    if (mixing().preBias) {
      Tensor bias = k.tensor(mixing().preBias);
      shift = shift + k.toFloat(bias.at({head}).load(bias.element)) * plan.logitUnit();
    }
    if (hasScaledWeights())
      shift = shift + scaleExponent();
    at(layout.shift).at(item * 4).store(shift.value);
  });
}
