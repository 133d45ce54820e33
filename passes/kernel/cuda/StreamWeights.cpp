//===- StreamWeights.cpp - from a tile of keys to weights -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Stream.h"

using namespace mlir;
using namespace imhsa;

void Stream::getLogits(const ScoreUnit &unit, Int first, Int stage,
                       llvm::function_ref<void(int64_t, Positions)> take) {
  logits.compute(unit, first, range.last, {at(layout.query), plan.queryTile}, keyTiles(stage),
                 take);
}

// Mixes weights P after the softmax, one result head after the other.
void Stream::mixAndStore(const ScoreUnit &unit, Int first, ArrayRef<Positions> p) {
  MixingMatrix post{at(layout.post), plan.blockScoreHeads};
  Positions zeros(p.front().size(), k.f32(0));
  for (int64_t g = 0; g < plan.blockHeads; ++g)
    storeHead(unit, first, g, mixHeads(post.row(k, g), p, zeros));
}

// The same by matrix instructions, on weights that this warp has rounded and stored.
void Stream::mixInPlace(const ScoreUnit &unit, Int first) {
  std::optional<Pointer> bias;
  if (mixing().postBias)
    bias = at(layout.postBias);
  MixingProduct(k, plan.type, postOperand(), weightTiles())
      .mix(unit, plan.unitKeys, bias, [&](Int row, Int column) {
        return logits.isInsideAndKept(row, first + column, range.last);
      });
}

// Rounds weights of a result head and stores them for the value product.
void Stream::storeHead(const ScoreUnit &unit, Int first, int64_t head, Positions weights) {
  if (mixing().postBias) {
    Float bias(k.builder(), at(layout.postBias + 4 * head).load(k.builder().getF32Type()));
    // The bias must not reach positions that are not kept.
    for (auto [i, x] : llvm::enumerate(weights)) {
      Bool isKept =
          logits.isInsideAndKept(rowOf(k, unit, i), first + columnOf(k, unit, i), range.last);
      x = select(isKept, x + bias, k.f32(0));
    }
  }
  storeWeights(k, plan.type, unit, weights, weightTiles().tile(head), plan.weightTile);
}

void Stream::weightsFromLse(Int first, Int stage) {
  k.deal(plan.units(), k.warp(), k.warps(), [&](Int number) {
    ScoreUnit unit = getUnit(number, tile().keys, plan.unitKeys);
    SmallVector<Positions> all;
    getLogits(unit, first, stage, [&](int64_t s, Positions p) {
      auto shift = loadRowPair(k, at(layout.shift + 4 * s * tile().queries), unit);
      for (auto [i, x] : llvm::enumerate(p))
        x = exponential(plan, x + shift[i / 2 % 2]);
      if (plan.hasMixingProduct)
        storeWeights(k, plan.type, unit, p, weightTiles().tile(s), plan.weightTile);
      else if (mixing().post)
        all.push_back(p);
      else
        storeHead(unit, first, s, p);
    });
    if (plan.hasMixingProduct)
      mixInPlace(unit, first);
    else if (mixing().post)
      mixAndStore(unit, first, all);
  });
}

// The maxima of rows over all tiles before turn `number`.
std::array<Float, 2> Stream::loadMaxima(Int number, Int head, const ScoreUnit &unit) {
  Int buffer = number & 1;
  int64_t rows = tile().queries;
  return loadRowPair(
      k, at(layout.maxima).at(buffer * (4 * plan.blockScoreHeads * rows)).at(head * (4 * rows)),
      unit);
}

void Stream::weightsFromMaxima(Int first, Int stage, Int number) {
  int64_t rows = tile().queries, heads = plan.blockScoreHeads;
  int64_t unitsInRow = tile().keys / plan.unitKeys;
  Bool isFirstOfQuad = (k.lane() & 3) == 0;
  auto part = [&](Int unitNumber, int64_t head) {
    return at(layout.parts + 4 * rows * head).at(unitNumber * (4 * rows * heads));
  };
  auto storePair = [&](Pointer base, const ScoreUnit &unit, std::array<Float, 2> pair) {
    Pointer row = base.at(unit.row * 4).at(fragmentRow(k) * 4);
    row.store(pair[0].value);
    row.at(32).store(pair[1].value);
  };

  // All of a warp's logits stay in registers until the maxima are known.
  SmallVector<std::pair<ScoreUnit, Bool>> units;
  SmallVector<SmallVector<Positions>> y;
  for (int64_t start = 0; start < plan.units(); start += k.warps()) {
    Int unitNumber = k.warp() + start;
    Bool isOwn = k.boolean(true);
    if (start + k.warps() > plan.units()) {
      isOwn = unitNumber < plan.units();
      unitNumber = min(unitNumber, k.i32(plan.units() - 1));
    }
    ScoreUnit unit = getUnit(unitNumber, tile().keys, plan.unitKeys);
    units.push_back({unit, isOwn});
    auto &heads = y.emplace_back();
    // A maximum is stored as it comes: those of many heads would take many registers.
    getLogits(unit, first, stage, [&, unit = unit](int64_t s, Positions rows) {
      std::array<Float, 2> maximum = rowMaximum(k, rows);
      k.when(isFirstOfQuad & isOwn, [&] { storePair(part(unit.number, s), unit, maximum); });
      heads.push_back(std::move(rows));
    });
  }
  k.barrier();

  for (unsigned turn = 0; turn < units.size(); ++turn) {
    auto [unit, isOwn] = units[turn];
    SmallVector<Positions> &p = y[turn];
    Pointer next = at(layout.maxima).at(((number + 1) & 1) * (4 * heads * rows));
    Bool isWriter = isFirstOfQuad & isOwn & (unit.number == 0);
    for (int64_t s = 0; s < heads; ++s) {
      std::array<Float, 2> maximum = loadMaxima(number, k.i32(s), unit);
      for (int64_t i = 0; i < unitsInRow; ++i) {
        auto other = loadRowPair(k, part(k.i32(i), s), unit);
        for (unsigned row = 0; row < 2; ++row)
          maximum[row] = max(maximum[row], other[row]);
      }
      k.when(isWriter, [&, unit = unit] { storePair(next.at(4 * rows * s), unit, maximum); });
      std::array<Float, 2> subtracted = {finiteMaximum(maximum[0]), finiteMaximum(maximum[1])};
      for (auto [i, x] : llvm::enumerate(p[s]))
        x = exponential(plan, x - subtracted[i / 2 % 2]);
    }
    k.when(isOwn, [&, unit = unit] {
      for (int64_t s = 0; s < heads; ++s)
        storeHead(unit, first, s, p[s]);
    });
  }
}

// Scales what was summed before turn `number` to the maxima after it.
void Stream::rescale(Int number, SmallVectorImpl<Float> &sums) {
  for (auto [i, item] : llvm::enumerate(product.getItems())) {
    ScoreUnit rows{item.row, k.i32(0), k.i32(0)};
    auto before = loadMaxima(number, item.head(), rows);
    auto after = loadMaxima(number + 1, item.head(), rows);
    std::array<Float, 2> factors;
    for (unsigned row = 0; row < 2; ++row)
      factors[row] = exponential(plan, before[row] - finiteMaximum(after[row]));
    product.scale(sums, i, factors);
  }
}
