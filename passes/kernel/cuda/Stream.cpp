//===- Stream.cpp - attention over many keys ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps R queries of all heads in shared memory. Keys and values come by in tiles of C. In
// every turn each warp
//   - computes scores of its units (16 queries x 8 to 32 keys, all heads), mixes them in registers,
//     takes them to weights and stores these in shared memory, [heads][R][C] in 16 bits;
//   - adds weights times values to its part of the result, [16][columns] f32 in registers.
// With normalisers given, weights are final at once; otherwise maxima of rows are found by all
// warps together, and the result so far is scaled by how much they grew.

#include "passes/kernel/cuda/Kernels.h"
#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/cuda/ResultRows.h"
#include "passes/kernel/cuda/RidingPool.h"
#include "passes/kernel/cuda/SharedLayout.h"
#include "passes/kernel/cuda/ValueProduct.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

static constexpr double kLowest = -std::numeric_limits<double>::infinity();
// Up to so many keys, f16 has enough bits for the weight of an average one.
static constexpr int64_t kKeysUnscaled = 4096;

namespace {
/// What a block works on: which batch element, tile of queries, heads, columns, and range of keys.
struct Work {
  Int batch, firstQuery, headGroup, columnGroup, split;
};

class Stream {
public:
  Stream(KernelBuilder &k, AttentionOp op, const AttentionPlan &plan, PoolOp rider,
         const Work &work)
      : k(k), op(op), plan(plan), work(work), layout(plan), memory(k.shared()),
        logits(k, plan, work.batch, work.firstQuery, work.headGroup, at(layout.pre)),
        product(k, plan, /*hasSums=*/plan.isOnline) {
    firstHead = work.headGroup * plan.blockHeads;
    firstColumn = work.columnGroup * plan.blockColumns();
    if (rider)
      pool.emplace(k, rider, plan, logits, work.split, /*isFirst=*/work.columnGroup == 0);
    range = pool ? pool->range() : logits.splitRange(logits.keyRange(), work.split, tile().splits);
  }

  void emit();

private:
  const ScheduleSizes &tile() const { return plan.tile; }
  const Interaction &mixing() const { return plan.scores.interaction; }
  Pointer at(int64_t offset) const { return memory.at(offset); }
  SharedTiles keyTiles(Int stage) const {
    return {at(layout.key).at(stage * plan.keyBytes()), plan.keyTile};
  }
  SharedTiles valueTiles(Int stage) const {
    return {at(layout.value).at(stage * plan.valueBytes()), plan.valueTile};
  }
  SharedTiles weightTiles() const { return {at(layout.weights), plan.weightTile}; }

  void loadParameters();
  bool hasScaledWeights() const;
  Float scaleExponent();
  void loadShift();
  void copyValues(Int first, Int stage);
  void turn(Int first, Int number, SmallVectorImpl<Float> &sums);

  void getLogits(const ScoreUnit &unit, Int first, Int stage,
                 llvm::function_ref<void(int64_t, Positions)> take) {
    logits.compute(unit, first, range.last, {at(layout.query), plan.queryTile}, keyTiles(stage),
                   take);
  }
  void mixAndStore(const ScoreUnit &unit, Int first, ArrayRef<Positions> p);
  void storeHead(const ScoreUnit &unit, Int first, int64_t head, Positions weights);
  void weightsFromLse(Int first, Int stage);
  void weightsFromMaxima(Int first, Int stage, Int number);
  std::array<Float, 2> loadMaxima(Int number, Int head, const ScoreUnit &unit);
  void rescale(Int number, SmallVectorImpl<Float> &sums);

  void store(Int turns, SmallVectorImpl<Float> &sums);
  void storeLse(const ValueItem &item, std::array<Float, 2> maxima, std::array<Float, 2> totals);
  void copyLse();

  KernelBuilder &k;
  AttentionOp op;
  const AttentionPlan &plan;
  Work work;
  SharedLayout layout;
  Pointer memory;
  Logits logits;
  ValueProduct product;
  /// Of the block, among result heads and columns of the value.
  Int firstHead, firstColumn;
  KeyRange range;
  /// Pools the keys on their way, if somebody wants that.
  std::optional<RidingPool> pool;
};
} // namespace

//===----------------------------------------------------------------------===//
// Before the sweep
//===----------------------------------------------------------------------===//

// What is the same for all keys: interaction weights and, with normalisers, the shift of each row.
void Stream::loadParameters() {
  logits.loadParameters(/*byQueryHead=*/true);
  if (mixing().post)
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

// Values that no query of the tile keeps are zeros: they may be NaN, and 0 * NaN is NaN.
void Stream::copyValues(Int first, Int stage) {
  TokenRows rows(k, op.getValue(), op.getValueOrder(), work.batch,
                 firstHead / (plan.resultHeads / plan.valueHeads));
  rows.selectColumns(firstColumn, plan.blockColumns());
  Pointer flags = at(layout.flags);
  if (plan.hasKeepByQuery()) {
    k.barrier();
    logits.findKeptKeys(first, range.last, flags);
    k.barrier();
  }
  auto isValid = [&](Int row) {
    if (plan.hasKeepByQuery())
      return !(Float(k.builder(), flags.at(row * 4).load(k.builder().getF32Type())) == 0.0);
    Bool isInside = first + row < range.last;
    return plan.scores.keep ? logits.isKeptByAll(first + row, isInside) : isInside;
  };
  copyTiles(k, rows, first, plan.blockValueHeads, isValid, valueTiles(stage), plan.type);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

// Mixes weights P after the softmax, one result head after the other.
void Stream::mixAndStore(const ScoreUnit &unit, Int first, ArrayRef<Positions> p) {
  MixingMatrix post{at(layout.post), plan.blockScoreHeads};
  Positions zeros(p.front().size(), k.f32(0));
  for (int64_t g = 0; g < plan.blockHeads; ++g)
    storeHead(unit, first, g, mixHeads(post.row(k, g), p, zeros));
}

// Rounds weights of a result head and stores them for the value product.
void Stream::storeHead(const ScoreUnit &unit, Int first, int64_t head, Positions weights) {
  if (mixing().postBias) {
    Float bias(k.builder(), at(layout.postBias + 4 * head).load(k.builder().getF32Type()));
    // The bias must not reach positions that are not kept.
    for (auto [i, x] : llvm::enumerate(weights)) {
      Int key = first + columnOf(k, unit, i);
      Bool isKept = key < range.last;
      if (plan.scores.isMasked())
        isKept = isKept & logits.isKept(work.firstQuery + rowOf(k, unit, i), key);
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
      if (mixing().post)
        all.push_back(p);
      else
        storeHead(unit, first, s, p);
    });
    if (mixing().post)
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

// A maximum to subtract: 0 where there is none yet, since -inf - -inf would be NaN.
static Float finite(KernelBuilder &k, Float maximum) {
  return select(maximum == kLowest, k.f32(0), maximum);
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
    SmallVector<std::array<Float, 2>> maxima;
    auto &heads = y.emplace_back();
    getLogits(unit, first, stage, [&](int64_t, Positions rows) {
      maxima.push_back(rowMaximum(k, rows));
      heads.push_back(std::move(rows));
    });
    k.when(isFirstOfQuad & isOwn, [&] {
      for (auto [s, pair] : llvm::enumerate(maxima))
        storePair(part(unit.number, s), unit, pair);
    });
  }
  k.barrier();

  for (unsigned turn = 0; turn < units.size(); ++turn) {
    auto [unit, isOwn] = units[turn];
    SmallVector<Positions> &p = y[turn];
    SmallVector<std::array<Float, 2>> maxima;
    for (int64_t s = 0; s < heads; ++s) {
      auto &maximum = maxima.emplace_back(loadMaxima(number, k.i32(s), unit));
      for (int64_t i = 0; i < unitsInRow; ++i) {
        auto other = loadRowPair(k, part(k.i32(i), s), unit);
        for (unsigned row = 0; row < 2; ++row)
          maximum[row] = max(maximum[row], other[row]);
      }
      std::array<Float, 2> subtracted = {finite(k, maximum[0]), finite(k, maximum[1])};
      for (auto [i, x] : llvm::enumerate(p[s]))
        x = exponential(plan, x - subtracted[i / 2 % 2]);
    }
    k.when(isFirstOfQuad & isOwn & (unit.number == 0), [&, unit = unit] {
      Pointer next = at(layout.maxima).at(((number + 1) & 1) * (4 * heads * rows));
      for (auto [s, pair] : llvm::enumerate(maxima))
        storePair(next.at(4 * rows * s), unit, pair);
    });
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
      factors[row] = exponential(plan, before[row] - finite(k, after[row]));
    product.scale(sums, i, factors);
  }
}

//===----------------------------------------------------------------------===//
// The sweep
//===----------------------------------------------------------------------===//

// One tile of keys. With one stage, keys and values take turns in being copied: values while scores
// are computed, the next keys during the value product.
void Stream::turn(Int first, Int number, SmallVectorImpl<Float> &sums) {
  int64_t stages = tile().stages;
  Int stage = stages == 1 ? k.i32(0) : number % stages;
  waitForCopies(k, stages == 1 ? 0 : stages - 2);
  k.barrier();
  if (stages == 1) {
    copyValues(first, stage);
  } else {
    Int ahead = (number + (stages - 1)) % stages, next = first + (stages - 1) * tile().keys;
    logits.copyKeys(next, range.last, keyTiles(ahead));
    copyValues(next, ahead);
  }
  commitCopies(k);

  if (plan.isOnline)
    weightsFromMaxima(first, stage, number);
  else
    weightsFromLse(first, stage);
  if (pool)
    pool->add(MutableArrayRef(sums).take_back(pool->floats()), first, keyTiles(stage));
  if (stages == 1)
    waitForCopies(k, 0);
  k.barrier();
  if (stages == 1) {
    logits.copyKeys(first + tile().keys, range.last, keyTiles(stage));
    commitCopies(k);
  }
  if (plan.isOnline)
    rescale(number, sums);
  product.add(sums, weightTiles(), valueTiles(stage));
}

void Stream::emit() {
  int64_t stages = tile().stages, tileKeys = tile().keys;
  loadParameters();
  logits.copyQueries({at(layout.query), plan.queryTile});
  for (int64_t i = 0; i < std::max<int64_t>(1, stages - 1); ++i) {
    logits.copyKeys(range.first + i * tileKeys, range.last, keyTiles(k.i32(i)));
    if (stages > 1)
      copyValues(range.first + i * tileKeys, k.i32(i));
    commitCopies(k);
  }

  SmallVector<Float> sums = product.zeros();
  if (pool)
    sums.append(pool->zeros());
  Int turns = max(range.last - range.first + (tileKeys - 1), k.i32(0)) / tileKeys;
  k.loop(k.i32(0), turns, k.i32(1), sums, [&](Int number, SmallVectorImpl<Float> &sums) {
    turn(range.first + number * tileKeys, number, sums);
  });
  waitForCopies(k, 0);
  k.barrier();
  if (pool)
    pool->finish(ArrayRef(sums).take_back(pool->floats()));
  store(turns, sums);
}

//===----------------------------------------------------------------------===//
// After the sweep
//===----------------------------------------------------------------------===//

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
  Bool isWriter = item.isOwn & ((k.lane() & 3) == 0) & (item.column == 0) & (work.columnGroup == 0);
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
  Int first = mixing().post ? work.headGroup * 0 : logits.firstScoreHead;
  int64_t rows = tile().queries;
  Bool isWriter = (work.columnGroup == 0) & (work.split == 0);
  if (mixing().post)
    isWriter = isWriter & (work.headGroup == 0);
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

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

// Tiles of queries of a batch element.
static Int countTiles(KernelBuilder &k, AttentionOp op, const AttentionPlan &plan) {
  Int queries = k.size(op.getQuery(), tokenDims(op.getQueryOrder()).token);
  return (queries + (plan.tile.queries - 1)) / plan.tile.queries;
}

LogicalResult imhsa::lowerStream(OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                 StringRef name, PoolOp rider) {
  FailureOr<AttentionPlan> plan = AttentionPlan::get(op, errorOn(op));
  if (failed(plan))
    return failure();
  KernelBuilder k(host, op.getLoc(), kernels, name, plan->tile.warps);
  Value query = op.getQuery();
  TokenDims dims = tokenDims(op.getQueryOrder());
  // One block after the other takes tiles of the same batch element: they share its keys.
  Int tiles = countTiles(k, op, *plan);
  Int x = k.block(0), y = k.block(1);
  Work work{x / tiles, x % tiles * plan->tile.queries, y / plan->columnGroups,
            y % plan->columnGroups, k.block(2)};
  Stream(k, op, *plan, rider, work).emit();

  Location loc = op.getLoc();
  Value hostTiles = k.hostCeilDiv(k.hostSize(query, dims.token), plan->tile.queries);
  Value gridX = host.createOrFold<arith::MulIOp>(loc, hostTiles, k.hostSize(query, dims.batch));
  k.launch(gridX, k.hostIndex(plan->headGroups * plan->columnGroups),
           k.hostIndex(plan->tile.splits), SharedLayout(*plan).bytes);
  return success();
}

FailureOr<Phase> imhsa::getStreamPhase(AttentionOp op) {
  FailureOr<AttentionPlan> found = AttentionPlan::get(op, errorOn(op));
  if (failed(found))
    return failure();
  auto emit = [op, plan = *found](KernelBuilder &k, const Share &share) {
    Int tiles = countTiles(k, op, plan);
    int64_t groups = plan.headGroups * plan.columnGroups, splits = plan.tile.splits;
    share.deal(k, tiles * (groups * splits), [&](Int item) {
      Int split = item % splits, group = item / splits % groups, tile = item / (splits * groups);
      Work work{share.batch, tile * plan.tile.queries, group / plan.columnGroups,
                group % plan.columnGroups, split};
      k.barrier();
      Stream(k, op, plan, /*rider=*/PoolOp(), work).emit();
    });
  };
  return Phase{SharedLayout(*found).bytes, emit};
}
