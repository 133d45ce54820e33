//===- Logits.cpp - masked logits of a block's queries --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/ClampedSum.h"

using namespace mlir;
using namespace imhsa;

/// Positions further away than any tensor is long; sums of two of them are an i32.
static constexpr int64_t kFar = int64_t(1) << 30;

// Where the key at `shift` from the position of query 0 stands, between -kFar and kFar.
static Int keyAt(KernelBuilder &k, const Scores &scores, Int queries, Int keys, int64_t shift) {
  if (!scores.queryOffset)
    return keys - queries + std::clamp(shift, -kFar, kFar);
  return k.index(
      createClampedSum(k.getHost(), k.builder().getLoc(), scores.queryOffset, shift, kFar));
}

Logits::Logits(KernelBuilder &k, const ScorePlan &plan, Int batch, Int firstQuery, Int headGroup,
               Pointer pre)
    : batch(batch), firstQuery(firstQuery),
      queries(k.size(plan.scores.query, tokenDims(plan.scores.queryOrder).token)),
      keys(k.size(plan.scores.key, tokenDims(plan.scores.keyOrder).token)), k(k), plan(plan),
      pre(pre) {
  firstScoreHead = headGroup * plan.blockScoreHeads;
  if (plan.blockScoreHeads == plan.scoreHeads)
    firstScoreHead = k.i32(0);
  firstQueryHead = plan.blockQueryHeads == plan.queryHeads ? k.i32(0) : firstScoreHead;
  lastQuery = min(firstQuery + plan.tile.queries, queries);
  const Scores &scores = plan.scores;
  if (scores.window)
    firstKey = keyAt(k, scores, queries, keys, -scores.window->first);
  if (scores.causal || scores.window)
    lastKey = keyAt(k, scores, queries, keys, scores.causal ? 0 : scores.window->second);
}

Float imhsa::exponential(const ScorePlan &plan, Float difference) {
  return ex2(plan.type.isF32() ? difference * kLog2e : difference);
}

Float imhsa::finiteMaximum(Float maximum) {
  return select(maximum == kLowest, maximum.same(0), maximum);
}

Float imhsa::logSumExp(const ScorePlan &plan, Float maximum, Float sum) {
  return fma(lg2(sum), sum.same(kLn2), finiteMaximum(maximum) * (1 / plan.logitUnit()));
}

//===----------------------------------------------------------------------===//
// Ranges of keys
//===----------------------------------------------------------------------===//

KeyRange Logits::keyRange() const {
  const Scores &scores = plan.scores;
  KeyRange range = {k.i32(0), keys};
  if (scores.keyLengths) {
    Tensor lengths = k.tensor(scores.keyLengths);
    Int length(k.builder(), lengths.at({batch}).load(lengths.element));
    range.last = max(min(length.wide(), keys.wide()), keys.wide().same(0)).narrow();
  }
  if (scores.window)
    range.first = max(range.first, firstQuery + firstKey);
  if (scores.causal || scores.window)
    range.last = min(range.last, lastQuery + lastKey);
  return range;
}

KeyRange Logits::splitRange(KeyRange all, Int split, int64_t splits) const {
  if (splits == 1)
    return all;
  int64_t tileKeys = plan.tile.keys;
  Int count = max(all.last - all.first, k.i32(0));
  Int length = (count + (splits * tileKeys - 1)) / (splits * tileKeys) * tileKeys;
  Int first = all.first + split * length;
  return {first, min(all.last, first + length)};
}

//===----------------------------------------------------------------------===//
// Parameters and tiles
//===----------------------------------------------------------------------===//

void Logits::loadParameters(bool byQueryHead) const {
  if (!plan.scores.interaction.pre)
    return;
  // Where there is a bias, scores are scaled before it is added.
  double factor = plan.scores.bias ? 1 : plan.logitUnit() * plan.scores.scaleOrDefault();
  Tensor weights = k.tensor(plan.scores.interaction.pre);
  if (byQueryHead)
    loadMixing(k, {pre, plan.blockScoreHeads}, plan.blockQueryHeads, weights, k.i32(0),
               firstScoreHead, /*isTransposed=*/true, factor);
  else
    loadMixing(k, {pre, plan.blockQueryHeads}, plan.blockScoreHeads, weights, firstScoreHead,
               k.i32(0), /*isTransposed=*/false, factor);
}

void Logits::copyQueries(SharedTiles target) const {
  TokenRows rows(k, plan.scores.query, plan.scores.queryOrder, batch, firstQueryHead);
  copyTiles(
      k, rows, firstQuery, plan.blockQueryHeads,
      [&](Int row) { return firstQuery + row < queries; }, target, plan.type);
}

void Logits::copyKeys(Int first, Int last, SharedTiles target) const {
  TokenRows rows(k, plan.scores.key, plan.scores.keyOrder, batch,
                 firstQueryHead / (plan.queryHeads / plan.keyHeads));
  copyTiles(
      k, rows, first, plan.blockKeyHeads, [&](Int row) { return first + row < last; }, target,
      plan.type);
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

// An index into a dimension that may be 1 and then repeats; one that is too large becomes the last.
Int Logits::broadcast(Value memref, unsigned dim, Int index) const {
  return dimSize(memref, dim) == 1 ? k.i32(0) : min(index, k.size(memref, dim) - 1);
}

Bool Logits::loadKeep(Int query, Int key) const {
  Value keep = plan.scores.keep;
  Pointer at = k.tensor(keep).at(
      {broadcast(keep, 0, batch), broadcast(keep, 1, query), broadcast(keep, 2, key)});
  return Int(k.builder(), at.load(k.builder().getI8Type())) != 0;
}

Bool Logits::isKeptByAll(Int key, Bool isInside) const {
  return k.andThen(isInside, [&] { return loadKeep(k.i32(0), key); });
}

Bool Logits::isKept(Int query, Int key) const {
  const Scores &scores = plan.scores;
  Bool kept = k.boolean(true);
  if (scores.keep)
    kept = loadKeep(query, key);
  if (scores.causal || scores.window)
    kept = kept & (key <= query + lastKey);
  if (scores.window)
    kept = kept & (key >= query + firstKey);
  return kept;
}

Bool Logits::isInsideAndKept(Int row, Int key, Int last) const {
  Bool isInside = key < last;
  return plan.scores.isMasked() ? isInside & isKept(firstQuery + row, key) : isInside;
}

PositionMask Logits::mask(const ScoreUnit &unit, unsigned positions, Int first, Int last) const {
  PositionMask mask;
  for (unsigned p = 0; p < positions; ++p) {
    Int key = first + columnOf(k, unit, p);
    Bool isInside = key < last;
    if (plan.hasPositionMask()) {
      mask.start.push_back(k.f32(0));
      mask.kept.push_back(isInside & isKept(firstQuery + rowOf(k, unit, p), key));
    } else {
      mask.start.push_back(select(isInside, k.f32(0), k.f32(kLowest)));
    }
  }
  return mask;
}

void Logits::findKeptKeys(Int first, Int last, Pointer flags) const {
  k.loop(k.thread(), k.i32(plan.tile.keys), k.i32(k.threads()), [&](Int i) {
    SmallVector<Float> any = {k.f32(0)};
    k.loop(firstQuery, lastQuery, k.i32(1), any, [&](Int query, SmallVectorImpl<Float> &any) {
      Bool kept = k.andThen(first + i < last, [&] { return isKept(query, first + i); });
      any[0] = select(kept, k.f32(1), any[0]);
    });
    flags.at(i * 4).store(any[0].value);
  });
}

//===----------------------------------------------------------------------===//
// Logits
//===----------------------------------------------------------------------===//

void Logits::addBias(MutableArrayRef<Positions> x, const ScoreUnit &unit, Int first,
                     std::optional<Int> firstHead) const {
  Value bias = plan.scores.bias;
  if (!bias)
    return;
  Tensor tensor = k.tensor(bias);
  double inUnits = plan.logitUnit();
  Float scale = k.f32(plan.scores.scaleOrDefault() * inUnits);
  Pointer start = tensor.at({broadcast(bias, 0, batch)});
  for (unsigned p = 0; p < x.front().size(); ++p) {
    Int query = broadcast(bias, 2, firstQuery + rowOf(k, unit, p));
    Int key = broadcast(bias, 3, first + columnOf(k, unit, p));
    Pointer position = start.at(query.wide() * tensor.stride(2)).at(key.wide() * tensor.stride(3));
    for (auto [h, products] : llvm::enumerate(x)) {
      Int head = broadcast(bias, 1, firstQueryHead + firstHead.value_or(k.i32(0)) + h);
      Pointer at = position.at(head.wide() * tensor.stride(1));
      products[p] = fma(products[p], scale, k.toFloat(at.load(tensor.element)) * inUnits);
    }
  }
}

// -inf where positions do not count.
static Positions exclude(const PositionMask &mask, Positions y) {
  for (auto [kept, value] : llvm::zip(mask.kept, y))
    value = select(kept, value, value.same(kLowest));
  return y;
}

Positions Logits::logits(ArrayRef<Positions> x, int64_t s, const PositionMask &mask) const {
  Positions y;
  if (plan.scores.interaction.pre)
    y = mixHeads(MixingMatrix{pre, plan.blockQueryHeads}.row(k, s), x, mask.start);
  else if (plan.scores.bias)
    y = x[s];
  else
    y = mixHeads(k.f32(plan.scores.scaleOrDefault() * plan.logitUnit()), x.slice(s, 1), mask.start);
  return exclude(mask, std::move(y));
}

void Logits::compute(const ScoreUnit &unit, Int first, Int last, SharedTiles queryTiles,
                     SharedTiles keyTiles,
                     llvm::function_ref<void(int64_t, Positions)> take) const {
  ScoreProducts products(k, plan.type, unit, plan.unitKeys, queryTiles, keyTiles,
                         plan.blockQueryHeads / plan.blockKeyHeads);
  PositionMask positionMask = mask(unit, plan.unitKeys / 2, first, last);
  // The addresses of a bias are computed for each unit: those of all heads would take many
  // registers from one unit to the next.
  Int zero = plan.scores.bias ? k.here(k.i32(0)) : k.i32(0);
  auto getProducts = [&](Int head) {
    Positions x = products.compute(head);
    addBias(x, unit, first, zero + head);
    return x;
  };
  if (!plan.scores.interaction.pre) {
    for (int64_t h = 0; h < plan.blockQueryHeads; ++h)
      take(h, logits(getProducts(k.i32(h)), 0, positionMask));
    return;
  }
  SmallVector<Float> y;
  for (int64_t s = 0; s < plan.blockScoreHeads; ++s)
    llvm::append_range(y, positionMask.start);
  auto ofHead = [&](int64_t s) {
    size_t count = positionMask.start.size();
    return MutableArrayRef(y).slice(s * count, count);
  };
  auto mix = [&](Int head, MutableArrayRef<Float> y) {
    Positions x = getProducts(head);
    Float *sum = y.begin();
    for (Float weight : MixingMatrix{pre, plan.blockScoreHeads}.row(k, head))
      for (Float product : x)
        *sum = fma(weight, product, *sum), ++sum;
  };
  if (plan.mixesInLoop()) {
    k.loop(k.i32(0), k.i32(plan.blockQueryHeads), k.i32(1), y, mix);
  } else {
    for (int64_t h = 0; h < plan.blockQueryHeads; ++h) {
      mix(k.i32(h), y);
      // Of many keys, the assembler would read operands and weights so far ahead that registers
      // spill: it does not across a meeting of the warp.
      if (plan.unitKeys > 16)
        k.syncWarp();
    }
  }
  for (int64_t s = 0; s < plan.blockScoreHeads; ++s)
    take(s, exclude(positionMask, Positions(ofHead(s))));
}
