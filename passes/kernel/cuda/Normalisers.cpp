//===- Normalisers.cpp - log-sum-exps over many keys ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps R queries of all heads in shared memory; keys come by in tiles of C. A warp
// computes logits of its units (16 queries x 8 to 32 keys, all heads) and takes them up at once: a
// lane has a running maximum and a sum for each of its rows and score heads, of its own keys alone,
// so that nothing is exchanged in the loop. At the end they are put together, over the lanes of a
// row, over warps, and, by another kernel, over splits.

#include "passes/kernel/cuda/Normalisers.h"
#include "passes/kernel/cuda/BlockWork.h"
#include "passes/kernel/cuda/Logits.h"
#include "passes/kernel/cuda/RidingPool.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

// What maxima start with: finite, since -inf - -inf is NaN, and below no logit.
static constexpr double kLeast = -std::numeric_limits<float>::max();

namespace {
/// The normaliser of a row over some of its keys, in base 2: `sum` is that of 2^(y - maximum).
struct Normaliser {
  Float maximum, sum;
};

class Normalisers {
public:
  Normalisers(KernelBuilder &k, LogSumExpOp op, const NormalisersPlan &plan, PoolOp rider,
              const BlockWork &work)
      : k(k), op(op), plan(plan), rider(rider), memory(k.shared()), work(work),
        logits(k, plan, work.batch, work.firstQuery, work.group, memory.at(plan.pre)) {}

  void emit();

private:
  const ScheduleSizes &tile() const { return plan.tile; }
  SharedTiles queryTiles() const { return {memory.at(plan.query), plan.queryTile}; }
  SharedTiles keyTiles(Int stage) const {
    return {memory.at(plan.key).at(stage * plan.keyBytes()), plan.keyTile};
  }
  Int rowOfTurn(int64_t turn) const {
    return (k.warp() % plan.rowWarps() + turn * plan.rowWarps()) * 16;
  }
  Int keyGroup() const { return k.warp() / plan.rowWarps(); }

  void sweep(SmallVectorImpl<Float> &state);
  void takeUpTile(SmallVectorImpl<Float> &state, Int first, Int stage);
  void takeUp(MutableArrayRef<Float> rows, const Positions &y);
  Normaliser combine(Normaliser a, Normaliser b);
  void store(ArrayRef<Float> state);

  KernelBuilder &k;
  LogSumExpOp op;
  const NormalisersPlan &plan;
  PoolOp rider;
  Pointer memory;
  BlockWork work;
  Logits logits;
  KeyRange range;
  std::optional<RidingPool> pool;
};
} // namespace

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

// The rows of a lane in one score head: [2] maxima, [2] sums.
void Normalisers::takeUp(MutableArrayRef<Float> rows, const Positions &y) {
  for (unsigned row = 0; row < 2; ++row) {
    Float &maximum = rows[row], &sum = rows[2 + row], before = maximum;
    for (unsigned p = 0; p < y.size(); ++p)
      if (p / 2 % 2 == row)
        maximum = max(maximum, y[p]);
    sum = sum * exponential(plan, before - maximum);
    for (unsigned p = 0; p < y.size(); ++p)
      if (p / 2 % 2 == row)
        sum = sum + exponential(plan, y[p] - maximum);
  }
}

// A tile of keys. A warp goes over its units in a loop: unrolled, the code of many heads would not
// stay in the instruction cache.
void Normalisers::takeUpTile(SmallVectorImpl<Float> &state, Int first, Int stage) {
  int64_t units = tile().keys / plan.unitKeys;
  bool isFull = plan.rowWarps() * plan.keyGroups() == tile().warps &&
                plan.rowWarps() * plan.rowTurns() == plan.rowTiles();
  for (int64_t turn = 0; turn < plan.rowTurns(); ++turn) {
    Int row = rowOfTurn(turn), firstUnit = keyGroup();
    if (!isFull)
      firstUnit =
          select((firstUnit < plan.keyGroups()) & (row < tile().queries), firstUnit, k.i32(units));
    auto own = MutableArrayRef(state).slice(turn * plan.turnFloats(), plan.turnFloats());
    SmallVector<Float> rows(own.begin(), own.end());
    k.loop(firstUnit, k.i32(units), k.i32(plan.keyGroups()), rows,
           [&](Int number, SmallVectorImpl<Float> &rows) {
             ScoreUnit unit{row, number * plan.unitKeys, number};
             logits.compute(
                 unit, first, range.last, queryTiles(), keyTiles(stage),
                 [&](int64_t s, Positions y) { takeUp(MutableArrayRef(rows).slice(4 * s, 4), y); });
           });
    llvm::copy(rows, own.begin());
  }
}

Normaliser Normalisers::combine(Normaliser a, Normaliser b) {
  Float maximum = max(a.maximum, b.maximum);
  return {maximum, a.sum * exponential(plan, a.maximum - maximum) +
                       b.sum * exponential(plan, b.maximum - maximum)};
}

//===----------------------------------------------------------------------===//
// The sweep
//===----------------------------------------------------------------------===//

// `state`: of the rows of this warp, then of the pool.
void Normalisers::sweep(SmallVectorImpl<Float> &state) {
  int64_t stages = tile().stages, tileKeys = tile().keys;
  auto copyKeys = [&](Int first, Int stage) {
    logits.copyKeys(first, range.last, keyTiles(stage));
    commitCopies(k);
  };
  for (int64_t i = 0; i < std::max<int64_t>(1, stages - 1); ++i)
    copyKeys(range.first + i * tileKeys, k.i32(i));

  Int turns = max(range.last - range.first + (tileKeys - 1), k.i32(0)) / tileKeys;
  k.loop(k.i32(0), turns, k.i32(1), state, [&](Int number, SmallVectorImpl<Float> &state) {
    Int first = range.first + number * tileKeys;
    Int stage = stages == 1 ? k.i32(0) : number % stages;
    waitForCopies(k, stages == 1 ? 0 : stages - 2);
    k.barrier();
    if (stages > 1)
      copyKeys(first + (stages - 1) * tileKeys, (number + (stages - 1)) % stages);
    if (pool)
      pool->add(MutableArrayRef(state).take_back(pool->floats()), first, keyTiles(stage));
    takeUpTile(state, first, stage);
    if (stages == 1) {
      k.barrier();
      copyKeys(first + tileKeys, stage);
    }
  });
  waitForCopies(k, 0);
  if (pool)
    pool->finish(ArrayRef(state).take_back(pool->floats()));
}

// Lanes put their rows together, then warps theirs in shared memory, where the tiles were.
void Normalisers::store(ArrayRef<Float> state) {
  int64_t rows = tile().queries, heads = plan.blockScoreHeads, keyGroups = plan.keyGroups();
  Type pairType = VectorType::get(2, k.builder().getF32Type());
  auto part = [&](Int group, Int head, Int row) {
    return memory.at(((group * heads + head) * rows + row) * 8);
  };
  k.barrier();
  Int group = keyGroup();
  for (int64_t turn = 0; turn < plan.rowTurns(); ++turn) {
    Int row = rowOfTurn(turn);
    for (int64_t s = 0; s < heads; ++s)
      for (unsigned i = 0; i < 2; ++i) {
        ArrayRef<Float> values = state.slice(turn * plan.turnFloats() + 4 * s, 4);
        Normaliser own{values[i], values[2 + i]};
        for (unsigned mask : {1, 2})
          own = combine(own, {k.shuffleXor(own.maximum, mask), k.shuffleXor(own.sum, mask)});
        k.when(((k.lane() & 3) == 0) & (group < keyGroups) & (row < rows), [&] {
          part(group, k.i32(s), row + fragmentRow(k) + 8 * i)
              .store(k.vector({own.maximum.value, own.sum.value}));
        });
      }
  }
  k.barrier();

  bool isSplit = tile().splits > 1;
  Tensor result = k.tensor(isSplit ? op.getScratch().front() : op.getInit());
  k.loop(k.thread(), k.i32(heads * rows), k.i32(k.threads()), [&](Int item) {
    Int head = item / rows, row = item % rows, query = work.firstQuery + row;
    Normaliser all;
    for (int64_t group = 0; group < keyGroups; ++group) {
      Value pair = part(k.i32(group), head, row).load(pairType);
      Normaliser other{{k.builder(), k.extract(pair, 0)}, {k.builder(), k.extract(pair, 1)}};
      all = group ? combine(all, other) : other;
    }
    Float lse = logSumExp(plan, all.maximum, all.sum);
    k.when(query < logits.queries, [&] {
      if (Value preBias = plan.scores.interaction.preBias) {
        Tensor bias = k.tensor(preBias);
        lse = lse + k.toFloat(bias.at({logits.firstScoreHead + head}).load(bias.element));
      }
      SmallVector<Int> place = {work.batch, logits.firstScoreHead + head, query};
      if (isSplit)
        place.insert(place.begin(), work.split);
      result.at(place).store(k.fromFloat(lse, result.element));
    });
  });
}

void Normalisers::emit() {
  if (rider)
    pool.emplace(k, rider, plan, logits, work.split, /*isFirst=*/k.boolean(true));
  range = pool ? pool->range() : logits.splitRange(logits.keyRange(), work.split, tile().splits);
  logits.loadParameters(/*byQueryHead=*/true);
  logits.copyQueries(queryTiles());

  SmallVector<Float> state;
  for (int64_t i = 0; i < plan.rowTurns() * plan.blockScoreHeads; ++i)
    state.append({k.f32(kLeast), k.f32(kLeast), k.f32(0), k.f32(0)});
  if (pool)
    state.append(pool->zeros());
  sweep(state);
  store(state);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

LogicalResult imhsa::lowerNormalisers(OpBuilder &host, LogSumExpOp op, const KernelModule &kernels,
                                      StringRef name, PoolOp rider) {
  FailureOr<NormalisersPlan> plan = NormalisersPlan::get(op, errorOn(op));
  if (failed(plan))
    return failure();
  KernelBuilder k(host, op.getLoc(), kernels, name, plan->tile.warps);
  Normalisers(k, op, *plan, rider, getBlockWork(k, *plan)).emit();
  launchBlocks(k, *plan, plan->headGroups, plan->bytes);
  return success();
}

FailureOr<Phase> imhsa::getNormalisersPhase(LogSumExpOp op) {
  FailureOr<NormalisersPlan> found = NormalisersPlan::get(op, errorOn(op));
  if (failed(found))
    return failure();
  auto emit = [op, plan = *found](KernelBuilder &k, const Share &share) {
    dealBlockWork(k, share, plan, plan.headGroups, [&](const BlockWork &work) {
      Normalisers(k, op, plan, /*rider=*/PoolOp(), work).emit();
    });
  };
  return Phase{found->bytes, emit};
}
