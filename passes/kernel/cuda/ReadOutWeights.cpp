//===- ReadOutWeights.cpp - from queries to weights -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ReadOut.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Logits
//===----------------------------------------------------------------------===//

// Products of the tile's queries and the warp's keys, not scaled.
ReadOut::Heads ReadOut::scores(Int tile) {
  SharedTiles queryTiles = this->queryTiles(tile);
  int64_t steps = plan.queryTile.columns / 16;
  int64_t headsPerKey = plan.blockQueryHeads / plan.blockKeyHeads;
  LeftReader left(k, plan.queryTile, k.i32(0));
  std::optional<KeyReaders> readers;
  if (keys.empty())
    readers.emplace(k, plan, getUnit().key);
  Heads x;
  for (int64_t head = 0; head < plan.blockQueryHeads; ++head) {
    // Depth is the outer loop: its operands are few, while the sums have to stay anyway.
    int64_t keyHead = head / headsPerKey;
    SmallVector<Accumulator> sums(plan.warpGroups, zeroAccumulator(k));
    SmallVector<RightFragment> last;
    if (readers && readers->single)
      last = loadKeys(*readers, keyHead, plan.warpGroups - 1).front();
    for (int64_t step = 0; step < steps; ++step) {
      LeftFragment a = left.load(queryTiles.tile(head), 0, step);
      for (int64_t group = 0; group < plan.warpGroups; ++group) {
        if (!readers) {
          multiplyAdd(k, plan.type, a, keys[keyHead][group][step], sums[group]);
        } else if (readers->single && group + 1 == plan.warpGroups) {
          multiplyAdd(k, plan.type, a, last[step], sums[group]);
        } else {
          auto pair = readers->pairs->loadStep(keyRows(keyHead, group), step);
          multiplyAdd(k, plan.type, a, pair[0], sums[group]);
          multiplyAdd(k, plan.type, a, pair[1], sums[++group]);
        }
      }
    }
    Positions &positions = x.emplace_back();
    for (const Accumulator &sum : sums)
      positions.append(sum.begin(), sum.end());
    // The assembler would read operands so far ahead that registers spill: it does not across a
    // meeting of the warp.
    if (head % 2)
      k.syncWarp();
  }
  return x;
}

// Four positions of each head.
static SmallVector<Positions> sliceHeads(ArrayRef<Positions> x, unsigned first) {
  return llvm::map_to_vector(x, [&](const Positions &positions) {
    return Positions(ArrayRef(positions).slice(first, 4));
  });
}

// In base 2, -inf where not kept; four positions at a time.
ReadOut::Heads ReadOut::getWeightLogits(const Logits &logits, const Heads &x) {
  Int last = logits.keyRange().last;
  Heads y(plan.blockScoreHeads);
  for (unsigned first = 0; first < x.front().size(); first += 4) {
    ScoreUnit part = getUnit(first);
    // Most keys of a block are there, and only the last ones may be beyond the last.
    bool isInside = isAlone() && !plan.scores.isMasked() && !plan.hasPositionMask() &&
                    2 * first + 8 <= plan.keys;
    PositionMask mask;
    if (isInside)
      mask.start.assign(4, k.f32(0));
    else
      mask = logits.mask(part, 4, k.i32(0), last);
    Heads four = sliceHeads(x, first);
    logits.addBias(four, part, k.i32(0));
    for (auto [s, positions] : llvm::enumerate(y))
      positions.append(logits.logits(four, s, mask));
  }
  return y;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

// 0 of a row that keeps nothing, which gets weights of 0.
static Float inverseSum(KernelBuilder &k, Float sum) {
  return select(sum == 0.0, k.f32(0), rcp(sum));
}

static std::array<Float, 2> loadPair(KernelBuilder &k, Pointer pointer) {
  Value pair = pointer.load(VectorType::get(2, k.builder().getF32Type()));
  return {Float(k.builder(), k.extract(pair, 0)), Float(k.builder(), k.extract(pair, 1))};
}

// In place: to weights that sum up to 1 over the keys.
void ReadOut::softmax(Heads &y, Int row, llvm::function_ref<void()> hasReadQueries) {
  // Each warp for its own keys.
  SmallVector<std::array<Float, 2>> maxima, sums;
  for (Positions &logits : y) {
    auto &maximum = maxima.emplace_back(rowMaximum(k, logits));
    std::array<Float, 2> subtracted = {finiteMaximum(maximum[0]), finiteMaximum(maximum[1])};
    for (auto [p, x] : llvm::enumerate(logits))
      x = ex2(x - subtracted[p / 2 % 2]);
    sums.push_back(rowSum(k, logits));
  }
  Pointer parts = teamMemory.at(plan.parts), own = parts.at(fragmentRow(k) * 8);
  auto pairOf = [&](Pointer base, int64_t s, unsigned half) {
    return base.at(8 * (16 * s + 8 * half));
  };
  if (!isAlone()) {
    Pointer written = own.at(teamWarp * (8 * 16 * plan.blockScoreHeads));
    k.when((k.lane() & 3) == 0, [&] {
      for (int64_t s = 0; s < plan.blockScoreHeads; ++s)
        for (unsigned half = 0; half < 2; ++half)
          pairOf(written, s, half).store(k.vector({maxima[s][half].value, sums[s][half].value}));
    });
    // Copies are under way while the parts are put together.
    hasReadQueries();
    combineParts(parts, row);
    meet();
  }
  for (int64_t s = 0; s < plan.blockScoreHeads; ++s) {
    std::array<Float, 2> factors;
    for (unsigned half = 0; half < 2; ++half) {
      if (isAlone()) {
        factors[half] = inverseSum(k, sums[s][half]);
        continue;
      }
      auto [maximum, inverse] = loadPair(k, pairOf(own, s, half));
      factors[half] = ex2(maxima[s][half] - maximum) * inverse;
    }
    for (auto [p, x] : llvm::enumerate(y[s]))
      x = x * factors[p / 2 % 2];
    if (isAlone() && op.getLseInit()) {
      Float preBias = loadPreBias(k.i32(s));
      std::array<Float, 2> values;
      for (unsigned half = 0; half < 2; ++half)
        values[half] = fma(maxima[s][half] + lg2(sums[s][half]), k.f32(kLn2), preBias);
      storeLse(row, s, values);
    }
  }
  // Copies are issued when what is left of this is in registers.
  if (isAlone())
    hasReadQueries();
}

// The maxima and sums of each row over the keys of a warp, together: w, s -> sum of
// s 2^(w - maximum). Each thread of the team has rows of its own. It leaves the maximum, finite,
// and the inverse of the sum in the first warp's part.
void ReadOut::combineParts(Pointer parts, Int row) {
  int64_t rows = 16 * plan.blockScoreHeads;
  k.loop(k.here(group.thread), k.i32(rows), k.i32(group.threads), [&](Int item) {
    Pointer part = parts.at(item * 8);
    SmallVector<std::array<Float, 2>> pairs;
    for (int64_t w = 0; w < plan.teamWarps; ++w)
      pairs.push_back(loadPair(k, part.at(w * 8 * rows)));
    Float maximum = pairs.front()[0], sum = k.f32(0);
    for (auto [other, unused] : ArrayRef(pairs).drop_front())
      maximum = max(maximum, other);
    Float subtracted = finiteMaximum(maximum);
    for (auto [other, otherSum] : pairs)
      sum = fma(otherSum, ex2(other - subtracted), sum);
    part.store(k.vector({subtracted.value, inverseSum(k, sum).value}));
    if (op.getLseInit()) {
      Int s = item / 16;
      Float value = fma(maximum + lg2(sum), k.f32(kLn2), loadPreBias(s));
      storeLse(row + item % 16, s, value, isFirstWithScores());
    }
  });
}

// Whether this block, of those that compute the same scores, is the one to store what they say.
Bool ReadOut::isFirstWithScores() {
  Bool isFirst = columnGroup == 0;
  return plan.blockScoreHeads == plan.scoreHeads ? isFirst & (headGroup == 0) : isFirst;
}

void ReadOut::storeLse(Int query, Int s, Float value, Bool isStored) {
  Tensor lse = k.tensor(op.getLseInit());
  Int head = firstHead(plan.blockScoreHeads, plan.scoreHeads) + s;
  k.when(isStored & (query < queries),
         [&] { lse.at({batch, head, query}).store(k.fromFloat(value, lse.element)); });
}

// The log-sum-exps of rows g and g + 8, by the first lane of each quad of the first warp.
void ReadOut::storeLse(Int row, int64_t s, std::array<Float, 2> values) {
  Bool isStored = ((k.lane() & 3) == 0) & (teamWarp == 0) & isFirstWithScores();
  for (unsigned half = 0; half < 2; ++half)
    storeLse(row + fragmentRow(k) + 8 * half, k.i32(s), values[half], isStored);
}

// `pre_bias` of a score head of the block; 0 where there is none.
Float ReadOut::loadPreBias(Int s) {
  if (!mixing().preBias)
    return k.f32(0);
  Tensor bias = k.tensor(mixing().preBias);
  Int head = firstHead(plan.blockScoreHeads, plan.scoreHeads) + s;
  return k.toFloat(bias.at({head}).load(bias.element));
}

void ReadOut::weightsFromLse(Heads &y, Int row) {
  Tensor lse = k.tensor(op.getLse());
  for (auto [s, logits] : llvm::enumerate(y)) {
    Int head = firstHead(plan.blockScoreHeads, plan.scoreHeads) + s;
    Float preBias = loadPreBias(k.i32(s));
    std::array<Float, 2> given, shifts;
    for (unsigned half = 0; half < 2; ++half) {
      Int query = row + fragmentRow(k) + 8 * half;
      given[half] = k.loadFloatWhere(query < queries, lse.at({batch, head, query}), lse.element);
      // A row that keeps nothing has only logits of -inf: its weights are 0 with any shift.
      shifts[half] = select(given[half] == kLowest, k.f32(0), (preBias - given[half]) * kLog2e);
    }
    for (auto [p, x] : llvm::enumerate(logits))
      x = ex2(x + shifts[p / 2 % 2]);
    if (op.getLseInit())
      storeLse(row, s, given);
  }
}

//===----------------------------------------------------------------------===//
// Mixing after it
//===----------------------------------------------------------------------===//

// Four positions of the weights Z, from `first` on.
ReadOut::Heads ReadOut::mixAfter(const Logits &logits, unsigned first, const Heads &all) {
  ScoreUnit unit = getUnit(first);
  Heads p = sliceHeads(all, first);
  MixingMatrix post{memory.at(plan.post), plan.blockScoreHeads};
  Heads z;
  for (int64_t g = 0; g < plan.blockHeads; ++g) {
    Float bias = k.f32(0);
    if (mixing().postBias)
      bias = {k.builder(), memory.at(plan.postBias + 4 * g).load(k.builder().getF32Type())};
    Positions &positions = z.emplace_back(mixing().post ? Positions(4, bias) : p[g]);
    if (mixing().post)
      positions = mixHeads(post.row(k, g), p, positions);
    else if (mixing().postBias)
      for (Float &x : positions)
        x = x + bias;
  }
  if (!mixing().postBias)
    return z;
  // The bias must not reach positions that are not kept.
  Int last = logits.keyRange().last;
  for (unsigned i = 0; i < 4; ++i) {
    Bool isKept = logits.isInsideAndKept(rowOf(k, unit, i), columnOf(k, unit, i), last);
    for (Positions &positions : z)
      positions[i] = select(isKept, positions[i], k.f32(0));
  }
  return z;
}

// The same of all positions by matrix instructions, through the tiles that weights are stored in.
void ReadOut::mixInPlace(const Logits &logits, const Heads &p, SharedTiles weights) {
  for (auto [s, x] : llvm::enumerate(p))
    storeWeights(k, plan.type, getUnit(), x, weights.tile(static_cast<int64_t>(s)), weights.shape);
  std::optional<Pointer> bias;
  if (mixing().postBias)
    bias = memory.at(plan.postBias);
  Int last = logits.keyRange().last;
  MixingProduct(k, plan.type, postOperand(), weights)
      .mix(getUnit(), 8 * plan.warpGroups, bias,
           [&](Int row, Int column) { return logits.isInsideAndKept(row, column, last); });
}
