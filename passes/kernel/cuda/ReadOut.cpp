//===- ReadOut.cpp - attention over few keys ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps the keys and values of a batch element, all heads, in shared memory (or the keys in
// registers, where both take too much), and queries stream by. Its warps are teams that do not wait
// for each other. A team takes 16 queries at a time:
//   - each warp computes its keys' scores for all heads, mixes them in registers and takes them to
//     weights: it knows the maxima and sums of its keys, and learns those of the others' keys by
//     way of shared memory;
//   - mixes the weights and rounds them. In a team of one warp they are then left operands of the
//     value product as they are; otherwise they go through shared memory, [heads][16][keys];
//   - each warp multiplies them by the values for its share of heads and columns, and stores the
//     result from registers, 16 bytes at a time.
// The queries of a team's next tile are on their way while it works on what follows the scores.
// All blocks have the same number of tiles; where those of a block are of several batch elements,
// it copies keys and values for each.

#include "passes/kernel/cuda/Kernels.h"
#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/cuda/ReadOutPlan.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

static constexpr double kLowest = -std::numeric_limits<double>::infinity();

namespace {
/// Rows of queries of one batch element that a block works on: tiles of 16.
struct Segment {
  Int batch, firstTile, lastTile;
};

/// Loads a warp's keys, 16 or 8 at a time.
struct KeyReaders {
  std::optional<TransposedRightReader> pairs, single;

  KeyReaders(KernelBuilder &k, const ReadOutPlan &plan, Int firstKey) {
    if (plan.warpGroups > 1)
      pairs.emplace(k, plan.keyTile, firstKey, 16);
    if (plan.warpGroups % 2)
      single.emplace(k, plan.keyTile, firstKey, 8);
  }
};

class ReadOut {
public:
  ReadOut(KernelBuilder &k, AttentionOp op, const ReadOutPlan &plan, Int headGroup, Int columnGroup)
      : k(k), op(op), plan(plan), memory(k.shared()), headGroup(headGroup),
        columnGroup(columnGroup), team(k.warp() / plan.teamWarps),
        teamWarp(k.warp() % plan.teamWarps),
        group{k.thread() % (32 * plan.teamWarps), 32 * plan.teamWarps},
        teamMemory(memory.at(plan.team).at(team * plan.teamBytes)),
        queries(k.size(op.getQuery(), tokenDims(op.getQueryOrder()).token)) {}

  /// What is the same for all segments. The block has to meet before `emit`.
  void loadParameters();
  void emit(const Segment &segment);

private:
  using Heads = SmallVector<Positions>;
  /// Where rows g and g + 8 of a tile begin.
  using RowPair = std::array<Pointer, 2>;
  const Interaction &mixing() const { return plan.scores.interaction; }
  bool isAlone() const { return plan.teamWarps == 1; }
  /// The first head of the block among heads of which a block has `count`.
  Int firstHead(int64_t count, int64_t all) const {
    return count == all ? k.i32(0) : headGroup * count;
  }
  /// All warps of the team meet.
  void meet();
  void copyKeysAndValues(const Segment &segment);
  void copyQueries(Int tile, Int lastTile);
  void tile(const Segment &segment, Int tile);
  SharedTiles queryTiles(Int tile);

  Pointer keyRows(int64_t keyHead, int64_t group);
  SmallVector<SmallVector<RightFragment>> loadKeys(const KeyReaders &readers, int64_t keyHead,
                                                   int64_t first);
  Heads scores(Int tile);
  Logits getLogits(Int batch, Int firstQuery) {
    return Logits(k, plan, batch, firstQuery, headGroup, memory.at(plan.pre));
  }
  /// The warp's keys, from position `first` on.
  ScoreUnit getUnit(unsigned first = 0) {
    return {k.i32(0), teamWarp * (8 * plan.warpGroups) + 2 * first, teamWarp};
  }
  Heads getWeightLogits(const Logits &logits, Heads x);
  /// In place: to weights that sum up to 1 over the keys.
  void softmax(Heads &y, Int row, llvm::function_ref<void()> hasReadQueries);
  void weightsFromLse(Heads &y, Int row);
  Heads mixAfter(const Logits &logits, const ScoreUnit &unit, const Heads &p);
  void combineParts(Pointer parts, Int row);
  Bool isFirstWithHead();
  void storeLse(Int query, Int s, Float value, Bool isStored);
  void storeLse(Int row, int64_t s, std::array<Float, 2> values);
  Float loadPreBias(Int s);
  void multiplyValues(Int row, const RowPair &to, Int head, Int column, const RightReader &right,
                      llvm::function_ref<LeftFragment(int64_t)> loadWeights);
  void multiplyOwnWeights(Int row, ArrayRef<SmallVector<Value>> words);
  void multiplyWeights(Int row, SharedTiles weights);
  RowPair resultRows(Int row, Int head);
  void store(Int row, const RowPair &to, Int column, ArrayRef<Accumulator> result);

  KernelBuilder &k;
  AttentionOp op;
  const ReadOutPlan &plan;
  Pointer memory;
  Int headGroup, columnGroup, team, teamWarp;
  ThreadGroup group;
  Pointer teamMemory;
  Int queries;
  Int batch;
  /// Of each key head, where they stay in registers: see `loadKeys`.
  SmallVector<SmallVector<SmallVector<RightFragment>>> keys;
};
} // namespace

//===----------------------------------------------------------------------===//
// What stays
//===----------------------------------------------------------------------===//

void ReadOut::loadParameters() {
  getLogits(k.i32(0), k.i32(0)).loadParameters();
  Int result0 = firstHead(plan.blockHeads, plan.resultHeads);
  if (mixing().post)
    loadMixing(k, {memory.at(plan.post), plan.blockScoreHeads}, plan.blockHeads,
               k.tensor(mixing().post), result0, k.i32(0), /*isTransposed=*/false, 1);
  if (mixing().postBias) {
    Tensor bias = k.tensor(mixing().postBias);
    k.loop(k.thread(), k.i32(plan.blockHeads), k.i32(k.threads()), [&](Int g) {
      Float value = k.toFloat(bias.at({result0 + g}).load(bias.element));
      memory.at(plan.postBias).at(g * 4).store(value.value);
    });
  }
}

// Values [heads][rows][columns], with columns in the order in which accumulators have them: the
// 8-column groups j of an accumulator give lane t of a quad columns t * laneColumns + 2j and the
// next.
static void copyValues(KernelBuilder &k, const ReadOutPlan &plan, const TokenRows &source,
                       llvm::function_ref<Bool(Int)> isValid, SharedTiles target) {
  int64_t run = plan.laneColumns, runs = target.shape.columns / run;
  int64_t rows = target.shape.rows, items = plan.blockValueHeads * rows * runs;
  unsigned bytes = bytesOf(source.element);
  k.loop(k.here(k.thread()), k.i32(items), k.i32(k.threads()), [&](Int item) {
    Int row = item / runs, number = item % runs, head = row / rows;
    row = row % rows;
    Bool valid = isValid(row);
    Pointer from = source.origin.at(head.wide() * source.headStride)
                       .at(row.wide() * source.rowStride)
                       .at(number * (run * bytes));
    SmallVector<Float> values;
    for (int64_t i = 0; i < run; ++i)
      values.push_back(k.loadFloatWhere(valid & (number * run + i < source.validColumns),
                                        from.at(i * bytes), source.element));
    Int chunk = number / 4 * (run / 2);
    for (int64_t i = 0; i < run; i += 2)
      target.tile(head)
          .at(target.shape.offset(row, chunk + i / 2))
          .at(number % 4 * 4)
          .store(k.pack(values[i], values[i + 1], plan.type));
  });
}

// Values that no query of the segment keeps are zeros: they may be NaN, and 0 * NaN is NaN.
void ReadOut::copyKeysAndValues(const Segment &segment) {
  Logits logits = getLogits(segment.batch, segment.firstTile * 16);
  logits.lastQuery = min(segment.lastTile * 16, queries);
  KeyRange range = logits.keyRange();
  Pointer flags = memory.at(plan.flags);
  if (plan.hasKeepByQuery()) {
    logits.findKeptKeys(k.i32(0), range.last, flags);
    k.barrier();
  }
  auto isValid = [&](Int key) {
    if (plan.hasKeepByQuery())
      return !(Float(k.builder(), flags.at(key * 4).load(k.builder().getF32Type())) == 0.0);
    Bool isInside = key < range.last;
    if (plan.scores.window)
      isInside = isInside & (key >= range.first);
    return plan.scores.keep ? logits.isKeptByAll(key, isInside) : isInside;
  };
  Int valueHead =
      firstHead(plan.blockHeads, plan.resultHeads) / (plan.resultHeads / plan.valueHeads);
  TokenRows valueRows(k, op.getValue(), op.getValueOrder(), segment.batch, valueHead);
  valueRows.selectColumns(columnGroup * plan.blockColumns(), plan.blockColumns());
  logits.copyKeys(k.i32(0), range.last, {memory.at(plan.key), plan.keyTile});
  if (plan.hasKeysInRegisters) {
    commitCopies(k);
    waitForCopies(k, 0);
    k.barrier();
    KeyReaders readers(k, plan, getUnit().key);
    keys.clear();
    for (int64_t head = 0; head < plan.blockKeyHeads; ++head)
      keys.push_back(loadKeys(readers, head, 0));
    k.barrier();
  }
  copyValues(k, plan, valueRows, isValid, {memory.at(plan.value), plan.valueTile});
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

void ReadOut::meet() {
  if (isAlone())
    k.syncWarp();
  else if (plan.teams == 1)
    k.barrier();
  else
    k.barrier(team + 1, group.threads);
}

// Where the queries of a tile are: a team's tiles take the stages in turn.
SharedTiles ReadOut::queryTiles(Int tile) {
  Pointer first = teamMemory.at(plan.query);
  int64_t stages = plan.tile.stages;
  return {stages == 1 ? first : first.at(tile / plan.teams % stages * plan.queryBytes()),
          plan.queryTile};
}

void ReadOut::copyQueries(Int tile, Int lastTile) {
  TokenRows queryRows(k, op.getQuery(), op.getQueryOrder(), k.here(batch),
                      firstHead(plan.blockQueryHeads, plan.queryHeads));
  SharedTiles target = queryTiles(tile);
  k.when(tile < lastTile, [&] {
    Int row = tile * 16;
    copyTiles(
        k, group, queryRows, row, plan.blockQueryHeads,
        [&](Int inTile) { return row + inTile < queries; }, target, plan.type);
  });
}

// Four positions of each head.
static SmallVector<Positions> sliceHeads(ArrayRef<Positions> x, unsigned first) {
  return llvm::map_to_vector(x, [&](const Positions &positions) {
    return Positions(ArrayRef(positions).slice(first, 4));
  });
}

Pointer ReadOut::keyRows(int64_t keyHead, int64_t group) {
  SharedTiles tiles{memory.at(plan.key), plan.keyTile};
  return tiles.tile(keyHead).at(8 * group * plan.keyTile.rowBytes());
}

// The warp's keys of one key head from group `first` of 8 keys on as right operands:
// [groups][depth / 16].
SmallVector<SmallVector<RightFragment>> ReadOut::loadKeys(const KeyReaders &readers,
                                                          int64_t keyHead, int64_t first) {
  SmallVector<SmallVector<RightFragment>> result;
  for (; first < plan.warpGroups; first += 2) {
    bool isPair = first + 1 < plan.warpGroups;
    const auto &reader = isPair ? readers.pairs : readers.single;
    llvm::append_range(result, reader->load(keyRows(keyHead, first)));
  }
  return result;
}

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
  }
  return x;
}

// In base 2, -inf where not kept; four positions at a time.
ReadOut::Heads ReadOut::getWeightLogits(const Logits &logits, Heads x) {
  Int last = logits.keyRange().last;
  ScoreUnit unit = getUnit();
  logits.addBias(x, unit, k.i32(0));
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
    for (auto [s, positions] : llvm::enumerate(y))
      positions.append(logits.logits(four, s, mask));
  }
  return y;
}

// A maximum to subtract: 0 where there is none, since -inf - -inf would be NaN.
static Float finite(KernelBuilder &k, Float maximum) {
  return select(maximum == kLowest, k.f32(0), maximum);
}

// 0 of a row that keeps nothing, which gets weights of 0.
static Float inverseSum(KernelBuilder &k, Float sum) {
  return select(sum == 0.0, k.f32(0), rcp(sum));
}

static std::array<Float, 2> loadPair(KernelBuilder &k, Pointer pointer) {
  Value pair = pointer.load(VectorType::get(2, k.builder().getF32Type()));
  return {Float(k.builder(), k.extract(pair, 0)), Float(k.builder(), k.extract(pair, 1))};
}

void ReadOut::softmax(Heads &y, Int row, llvm::function_ref<void()> hasReadQueries) {
  // Each warp for its own keys.
  SmallVector<std::array<Float, 2>> maxima, sums;
  for (Positions &logits : y) {
    auto &maximum = maxima.emplace_back(rowMaximum(k, logits));
    std::array<Float, 2> subtracted = {finite(k, maximum[0]), finite(k, maximum[1])};
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
    Float subtracted = finite(k, maximum);
    for (auto [other, otherSum] : pairs)
      sum = fma(otherSum, ex2(other - subtracted), sum);
    part.store(k.vector({subtracted.value, inverseSum(k, sum).value}));
    if (op.getLseInit()) {
      Int s = item / 16;
      Float value = fma(maximum + lg2(sum), k.f32(kLn2), loadPreBias(s));
      storeLse(row + item % 16, s, value, isFirstWithHead());
    }
  });
}

// Whether this block, of those that compute the same scores, is the one to store what they say.
Bool ReadOut::isFirstWithHead() {
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
  Bool isStored = ((k.lane() & 3) == 0) & (teamWarp == 0) & isFirstWithHead();
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

// Weights Z of some positions of the tile.
ReadOut::Heads ReadOut::mixAfter(const Logits &logits, const ScoreUnit &unit, const Heads &p) {
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
    Int key = columnOf(k, unit, i);
    Bool isKept = key < last;
    if (plan.scores.isMasked())
      isKept = isKept & logits.isKept(logits.firstQuery + rowOf(k, unit, i), key);
    for (Positions &positions : z)
      positions[i] = select(isKept, positions[i], k.f32(0));
  }
  return z;
}

//===----------------------------------------------------------------------===//
// The result
//===----------------------------------------------------------------------===//

void ReadOut::multiplyValues(Int row, const RowPair &to, Int head, Int column,
                             const RightReader &right,
                             llvm::function_ref<LeftFragment(int64_t)> loadWeights) {
  int64_t depth = plan.valueTile.rows, tiles = plan.itemColumns / 8;
  int64_t headsPerValue = plan.blockHeads / plan.blockValueHeads;
  Pointer values = SharedTiles{memory.at(plan.value), plan.valueTile}.tile(head / headsPerValue);
  SmallVector<Accumulator> result(tiles, zeroAccumulator(k));
  for (int64_t step = 0; 16 * step < depth; ++step) {
    LeftFragment a = loadWeights(step);
    bool isWhole = 16 * step + 16 <= depth;
    for (int64_t pair = 0; pair < tiles / 2; ++pair) {
      auto b = isWhole ? right.load(values, step, pair) : right.loadHalf(values, step, pair);
      for (unsigned i = 0; i < 2; ++i)
        (isWhole ? multiplyAdd : multiplyAddHalf)(k, plan.type, a, b[i], result[2 * pair + i]);
    }
  }
  store(row, to, column, result);
}

// Of the result, in head `head` of the block.
ReadOut::RowPair ReadOut::resultRows(Int row, Int head) {
  TokenDims dims = tokenDims(op.getOutputOrder());
  Tensor result = k.tensor(op.getInit());
  Int first = firstHead(plan.blockHeads, plan.resultHeads) + head;
  RowPair rows;
  for (unsigned half = 0; half < 2; ++half)
    rows[half] = result.base.at(k.here(batch).wide() * result.stride(dims.batch))
                     .at((row + fragmentRow(k) + 8 * half).wide() * result.stride(dims.token))
                     .at(first.wide() * result.stride(dims.head));
  return rows;
}

// A lane has laneColumns neighbours of every 4 * laneColumns columns, in rows g and g + 8.
void ReadOut::store(Int row, const RowPair &rows, Int column, ArrayRef<Accumulator> accumulators) {
  Value out = op.getInit();
  Type element = k.tensor(out).element;
  unsigned bytes = bytesOf(element);
  int64_t run = plan.laneColumns, storeBytes = std::min<int64_t>(16, run * bytes);
  Bool hasVectors = plan.valueSize % run == 0 ? k.isAligned(out, storeBytes) : k.boolean(false);
  Int firstColumn = columnGroup * plan.blockColumns() + column + (k.lane() & 3) * run;
  bool hasPadding = plan.valueSize % plan.blockColumns() != 0;
  auto each = [&](llvm::function_ref<void(Pointer, Int, ArrayRef<Float>)> storeRun) {
    for (unsigned half = 0; half < 2; ++half) {
      Int query = row + fragmentRow(k) + 8 * half;
      k.when(query < queries, [&] {
        Pointer to = rows[half].at(firstColumn * bytes);
        for (int64_t first = 0; first < plan.itemColumns; first += 4 * run) {
          SmallVector<Float> values;
          for (int64_t i = 0; i < run; ++i)
            values.push_back(accumulators[(first / 4 + i) / 2][2 * half + i % 2]);
          storeRun(to.at(first * bytes), firstColumn + first, values);
        }
      });
    }
  };
  k.when(
      hasVectors,
      [&] {
        each([&](Pointer to, Int column, ArrayRef<Float> values) {
          auto storeAll = [&] {
            SmallVector<Value> words;
            if (element.isF32())
              words = llvm::map_to_vector(values, [](Float x) { return x.value; });
            else
              for (int64_t i = 0; i < run; i += 2)
                words.push_back(k.pack(values[i], values[i + 1], element));
            for (size_t i = 0; i < words.size(); i += storeBytes / 4)
              to.at(static_cast<int64_t>(4 * i))
                  .store(k.vector(ArrayRef(words).slice(i, storeBytes / 4)));
          };
          if (hasPadding)
            k.when(column < plan.valueSize, storeAll);
          else
            storeAll();
        });
      },
      [&] {
        each([&](Pointer to, Int column, ArrayRef<Float> values) {
          for (auto [i, x] : llvm::enumerate(values))
            k.when(column + i < plan.valueSize, [&, i = i, x = x] {
              to.at(static_cast<int64_t>(i * bytes)).store(k.fromFloat(x, element));
            });
        });
      });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void ReadOut::tile(const Segment &segment, Int tile) {
  Int row = tile * 16;
  int64_t stages = plan.tile.stages;
  waitForCopies(k, stages - 1);
  meet(); // The queries are there, and what the team had of its last tile is no longer needed.
  Logits logits = getLogits(batch, row);
  Heads y = getWeightLogits(logits, scores(tile));
  auto hasReadQueries = [&] {
    meet();
    copyQueries(tile + stages * plan.teams, segment.lastTile);
    commitCopies(k);
  };
  if (plan.isOnline) {
    softmax(y, row, hasReadQueries);
  } else {
    hasReadQueries();
    weightsFromLse(y, row);
  }
  // Four positions at a time, so that few registers hold both sides. The words of a team of one
  // warp are left operands as they come.
  SharedTiles weights{teamMemory.at(plan.weights), plan.weightTile};
  SmallVector<SmallVector<Value>> words(plan.blockHeads);
  for (unsigned first = 0; first < plan.positions(); first += 4) {
    ScoreUnit part = getUnit(first);
    Heads z = mixAfter(logits, part, sliceHeads(y, first));
    for (auto [head, x] : llvm::enumerate(z))
      if (isAlone())
        words[head].append({k.packHere(x[0], x[1], plan.type), k.packHere(x[2], x[3], plan.type)});
      else
        storeWeights(k, plan.type, part, x, weights.tile(head), plan.weightTile);
  }

  if (!isAlone())
    meet();
  // Every tile has a first row. The assembler does not know, and so starts no matrix products while
  // weights wait for being mixed and rounded: together they would not fit the registers.
  k.when(row < queries, [&] {
    if (isAlone())
      multiplyOwnWeights(row, words);
    else
      multiplyWeights(row, weights);
  });
}

// A warp alone: all heads one after the other.
void ReadOut::multiplyOwnWeights(Int row, ArrayRef<SmallVector<Value>> words) {
  RightReader right(k, plan.valueTile, k.i32(0));
  RowPair to = resultRows(row, k.i32(0));
  Int headStride = k.tensor(op.getInit()).stride(tokenDims(op.getOutputOrder()).head);
  for (int64_t head = 0; head < plan.blockHeads; ++head) {
    multiplyValues(row, to, k.i32(head), k.i32(0), right, [&](int64_t step) {
      LeftFragment a;
      llvm::copy(ArrayRef(words[head]).drop_front(4 * step).take_front(4), a.begin());
      return a;
    });
    to = {to[0].at(headStride), to[1].at(headStride)};
  }
}

// A warp of several: its share of heads and columns.
void ReadOut::multiplyWeights(Int row, SharedTiles weights) {
  int64_t columnItems = plan.blockColumns() / plan.itemColumns;
  LeftReader left(k, plan.weightTile, k.i32(0));
  k.deal(plan.blockHeads * columnItems, teamWarp, plan.teamWarps, [&](Int item) {
    Int head = item / columnItems, column = item % columnItems * plan.itemColumns;
    RightReader right(k, plan.valueTile, column);
    multiplyValues(row, resultRows(row, head), head, column, right, [&](int64_t step) {
      bool isWhole = 16 * step + 16 <= plan.valueTile.rows;
      Pointer tile = weights.tile(head);
      return isWhole ? left.load(tile, 0, step) : left.loadHalf(tile, 0, step);
    });
  });
}

void ReadOut::emit(const Segment &segment) {
  batch = segment.batch;
  copyKeysAndValues(segment);
  commitCopies(k);
  int64_t stages = plan.tile.stages;
  Int first = segment.firstTile + team;
  for (int64_t i = 0; i < stages; ++i) {
    copyQueries(first + i * plan.teams, segment.lastTile);
    commitCopies(k);
  }
  waitForCopies(k, stages);
  k.barrier(); // Keys and values are there.
  k.loop(first, segment.lastTile, k.i32(plan.teams), [&](Int number) { tile(segment, number); });
  waitForCopies(k, 0);
  k.barrier(); // They are no longer needed.
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

// Of an H100. Any number of blocks is right; with this one each multiprocessor there has its share.
static constexpr int64_t kMultiprocessors = 132;

LogicalResult imhsa::lowerReadOut(OpBuilder &host, AttentionOp op, gpu::GPUModuleOp kernels,
                                  StringRef name) {
  FailureOr<ReadOutPlan> plan = ReadOutPlan::get(op, errorOn(op));
  if (failed(plan))
    return failure();
  Location loc = op.getLoc();
  KernelBuilder k(host, loc, kernels, name, plan->tile.warps);
  Value query = op.getQuery();
  TokenDims dims = tokenDims(op.getQueryOrder());

  // Tiles of all batch elements one after the other, cut into equal parts.
  Value tiles = k.hostCeilDiv(k.hostSize(query, dims.token), 16);
  Value all = host.createOrFold<arith::MulIOp>(loc, tiles, k.hostSize(query, dims.batch));
  Value share = k.hostCeilDiv(all, kMultiprocessors * plan->residentBlocks());
  Value grid = host.createOrFold<arith::CeilDivUIOp>(
      loc, all, host.createOrFold<arith::MaxUIOp>(loc, share, k.hostIndex(1)));

  Int perBatch = k.index(tiles), count = k.index(share);
  Int first = k.block(0) * count, last = min(first + count, k.index(all));
  Int group = k.block(1);
  ReadOut readOut(k, op, *plan, group / plan->columnGroups, group % plan->columnGroups);
  readOut.loadParameters();
  k.loop(first / perBatch, (last + (perBatch - 1)) / perBatch, k.i32(1), [&](Int batch) {
    Int start = batch * perBatch;
    Int first = k.here(k.block(0)) * count, last = min(first + count, k.index(all));
    readOut.emit({batch, max(first - start, k.i32(0)), min(last - start, perBatch)});
  });
  k.launch(grid, k.hostIndex(plan->headGroups * plan->columnGroups), k.hostIndex(1), plan->bytes,
           plan->residentBlocks());
  return success();
}
