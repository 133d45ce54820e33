//===- Stream.cpp - attention over many keys ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block keeps R queries of all heads in shared memory. Keys and values come by in tiles of C. In
// every turn each warp
//   - computes scores of its units (16 queries x 8 or 16 keys, all heads), mixes them in registers,
//     takes them to weights and stores these in shared memory, [heads][R][C] in 16 bits;
//   - adds weights times values to its part of the result, [16][columns] f32 in registers.
// With normalisers given, weights are final at once; otherwise maxima of rows are found by all
// warps together, and the result so far is scaled by how much they grew.

#include "passes/kernel/cuda/AttentionTile.h"
#include "passes/kernel/cuda/Copies.h"
#include "passes/kernel/cuda/Kernels.h"
#include "passes/kernel/cuda/ValueProduct.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

static constexpr double kLog2e = 1.4426950408889634;
static constexpr double kLowest = -std::numeric_limits<double>::infinity();

namespace {
/// What a block works on.
struct Work {
  Int batch, firstQuery, headGroup, columnGroup, split;
};

class Stream {
public:
  Stream(KernelBuilder &k, AttentionOp op, const AttentionPlan &plan)
      : k(k), op(op), plan(plan), layout(plan), memory(k.shared()),
        queries(k.size(op.getQuery(), tokenDims(op.getQueryOrder()).token)),
        keys(k.size(op.getKey(), tokenDims(op.getKeyOrder()).token)),
        product(k, plan, /*hasSums=*/plan.isOnline) {}

  void emit(const Work &work);

private:
  const ScheduleSizes &tile() const { return plan.tile; }
  const Interaction &mixing() const { return plan.scores.interaction; }
  /// The first head of the block among heads of which a block has `count`.
  Int firstHead(int64_t count, int64_t all) const {
    return count == all ? k.i32(0) : work.headGroup * count;
  }
  Pointer at(int64_t offset) const { return memory.at(offset); }

  void loadParameters();
  void loadShift();
  void copyKeys(Int firstKey, Int stage);
  void copyValues(Int firstKey, Int stage);
  void turn(Int firstKey, Int number, SmallVectorImpl<Float> &sums);

  SmallVector<Positions> logits(const ScoreUnit &unit, Int firstKey, Int stage);
  void storeUnit(const ScoreUnit &unit, Int firstKey, ArrayRef<Positions> weights);
  void weightsFromLse(Int firstKey, Int stage);
  void weightsFromMaxima(Int firstKey, Int stage, Int number, llvm::function_ref<void()> copied);
  std::array<Float, 2> loadMaxima(Int number, Int head, const ScoreUnit &unit);
  void rescale(Int number, SmallVectorImpl<Float> &sums);
  void store(Int turns, SmallVectorImpl<Float> &sums);

  KernelBuilder &k;
  AttentionOp op;
  const AttentionPlan &plan;
  SharedLayout layout;
  Pointer memory;
  Int queries, keys;
  ValueProduct product;
  Work work;
  std::optional<TokenRows> keyRows, valueRows;
  /// Keys of the block: from the first to the last, which is beyond.
  Int firstKey, lastKey;
};
} // namespace

//===----------------------------------------------------------------------===//
// Before the sweep
//===----------------------------------------------------------------------===//

// What is the same for all keys: interaction weights and, with normalisers, the shift of each row.
void Stream::loadParameters() {
  Int score0 = firstHead(plan.blockScoreHeads, plan.scoreHeads);
  Int result0 = firstHead(plan.blockHeads, plan.resultHeads);
  if (mixing().pre) {
    // Logits are in base 2. A bias is added before mixing, to scaled scores.
    double factor = kLog2e * (op.getBias() ? 1 : plan.scores.scaleOrDefault());
    loadMixing(k, {at(layout.pre), plan.blockQueryHeads}, plan.blockScoreHeads,
               k.tensor(mixing().pre), score0, k.i32(0), /*isTransposed=*/false, factor);
  }
  if (mixing().post)
    loadMixing(k, {at(layout.post), plan.blockHeads}, plan.blockScoreHeads, k.tensor(mixing().post),
               k.i32(0), result0, /*isTransposed=*/true, 1);
  if (mixing().postBias) {
    Tensor bias = k.tensor(mixing().postBias);
    k.loop(k.thread(), k.i32(plan.blockHeads), k.i32(k.threads()), [&](Int g) {
      Float value = k.toFloat(bias.at({result0 + g}).load(bias.element));
      at(layout.postBias).at(g * 4).store(value.value);
    });
  }
  if (!plan.isOnline)
    loadShift();
}

// [S][R]: what takes a logit in base 2 to the exponent of its weight.
void Stream::loadShift() {
  Int score0 = firstHead(plan.blockScoreHeads, plan.scoreHeads);
  Tensor lse = k.tensor(op.getLse());
  int64_t rows = tile().queries;
  k.loop(k.thread(), k.i32(plan.blockScoreHeads * rows), k.i32(k.threads()), [&](Int item) {
    Int head = score0 + item / rows, query = work.firstQuery + item % rows;
    Float shift = k.loadFloatWhere(query < queries, lse.at({work.batch, head, query}), lse.element);
    // A row that keeps nothing has only logits of -inf: its weights are 0 with any shift.
    shift = select(shift == kLowest, k.f32(0), shift * -kLog2e);
    if (mixing().preBias) {
      Tensor bias = k.tensor(mixing().preBias);
      shift = shift + k.toFloat(bias.at({head}).load(bias.element)) * kLog2e;
    }
    at(layout.shift).at(item * 4).store(shift.value);
  });
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void Stream::copyKeys(Int first, Int stage) {
  copyTiles(
      k, *keyRows, first, plan.blockKeyHeads, [&](Int row) { return first + row < lastKey; },
      {at(layout.key).at(stage * layout.keyStage), plan.keyTile}, plan.type);
}

void Stream::copyValues(Int first, Int stage) {
  copyTiles(
      k, *valueRows, first, plan.blockValueHeads, [&](Int row) { return first + row < lastKey; },
      {at(layout.value).at(stage * layout.valueStage), plan.valueTile}, plan.type);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

// Logits in base 2, [S][positions] f32, -inf where a key is beyond the last.
SmallVector<Positions> Stream::logits(const ScoreUnit &unit, Int first, Int stage) {
  SmallVector<Positions> x = computeScores(
      k, plan.type, unit, plan.unitKeys, {at(layout.query), plan.queryTile}, plan.blockQueryHeads,
      {at(layout.key).at(stage * layout.keyStage), plan.keyTile}, plan.blockKeyHeads);
  // Keys beyond the last are zeros in shared memory, so that their scores are finite.
  Positions start;
  for (unsigned p = 0; p < x.front().size(); ++p)
    start.push_back(select(first + columnOf(k, unit, p) < lastKey, k.f32(0), k.f32(kLowest)));

  SmallVector<Positions> y;
  MixingMatrix pre{at(layout.pre), plan.blockQueryHeads};
  Float scale = k.f32(plan.scores.scaleOrDefault() * kLog2e);
  for (int64_t s = 0; s < plan.blockScoreHeads; ++s)
    y.push_back(mixing().pre ? mixHeads(pre.row(k, s), x, start)
                             : mixHeads(scale, ArrayRef(x).slice(s, 1), start));
  return y;
}

// Mixes weights P after the softmax, rounds them and stores them for the value product.
void Stream::storeUnit(const ScoreUnit &unit, Int first, ArrayRef<Positions> p) {
  SmallVector<Positions> z;
  if (!mixing().post) {
    llvm::append_range(z, p);
  } else {
    z.assign(plan.blockHeads, Positions(p.front().size(), k.f32(0)));
    MixingMatrix post{at(layout.post), plan.blockHeads};
    for (auto [s, weights] : llvm::enumerate(p))
      for (auto [g, factor] : llvm::enumerate(post.row(k, s)))
        z[g] = mixHeads(factor, weights, z[g]);
  }
  for (auto [g, weights] : llvm::enumerate(z)) {
    if (mixing().postBias) {
      Float bias(k.builder(), at(layout.postBias).at(4 * g).load(k.builder().getF32Type()));
      for (auto [i, x] : llvm::enumerate(weights))
        x = select(first + columnOf(k, unit, i) < lastKey, x + bias, k.f32(0));
    }
    storeWeights(k, plan.type, unit, weights,
                 SharedTiles{at(layout.weights), plan.weightTile}.tile(g), plan.weightTile);
  }
}

void Stream::weightsFromLse(Int first, Int stage) {
  k.deal(plan.units(), k.warp(), k.warps(), [&](Int number) {
    ScoreUnit unit = getUnit(number, tile().keys, plan.unitKeys);
    SmallVector<Positions> y = logits(unit, first, stage);
    for (auto [s, logits] : llvm::enumerate(y)) {
      auto shift = loadRowPair(k, at(layout.shift + 4 * s * tile().queries), unit);
      for (auto [i, x] : llvm::enumerate(logits))
        x = ex2(x + shift[i / 2 % 2]);
    }
    storeUnit(unit, first, y);
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

void Stream::weightsFromMaxima(Int first, Int stage, Int number,
                               llvm::function_ref<void()> copied) {
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
    y.push_back(logits(unit, first, stage));
    SmallVector<std::array<Float, 2>> maxima;
    for (const Positions &logits : y.back())
      maxima.push_back(rowMaximum(k, logits));
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
        x = ex2(x - subtracted[i / 2 % 2]);
    }
    k.when(isFirstOfQuad & isOwn & (unit.number == 0), [&, unit = unit] {
      Pointer next = at(layout.maxima).at(((number + 1) & 1) * (4 * heads * rows));
      for (auto [s, pair] : llvm::enumerate(maxima))
        storePair(next.at(4 * rows * s), unit, pair);
    });
    k.when(isOwn, [&, unit = unit] { storeUnit(unit, first, p); });
  }
}

// Scales what was summed before turn `number` to the maxima after it.
void Stream::rescale(Int number, SmallVectorImpl<Float> &sums) {
  for (auto [i, item] : llvm::enumerate(product.getItems())) {
    ScoreUnit rows{item.row, k.i32(0), k.i32(0)};
    auto before = loadMaxima(number, item.head, rows);
    auto after = loadMaxima(number + 1, item.head, rows);
    std::array<Float, 2> factors;
    for (unsigned row = 0; row < 2; ++row)
      factors[row] = ex2(before[row] - finite(k, after[row]));
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
    copyKeys(next, ahead);
    copyValues(next, ahead);
  }
  commitCopies(k);

  if (plan.isOnline)
    weightsFromMaxima(first, stage, number, nullptr);
  else
    weightsFromLse(first, stage);
  if (stages == 1)
    waitForCopies(k, 0);
  k.barrier();
  if (stages == 1) {
    copyKeys(first + tile().keys, stage);
    commitCopies(k);
  }
  if (plan.isOnline)
    rescale(number, sums);
  product.add(sums, {at(layout.weights), plan.weightTile},
              {at(layout.value).at(stage * layout.valueStage), plan.valueTile});
}

void Stream::emit(const Work &workItem) {
  work = workItem;
  int64_t stages = tile().stages, tileKeys = tile().keys;
  Int query0 = firstHead(plan.blockQueryHeads, plan.queryHeads);
  Int keyHead0 = query0 / (plan.queryHeads / plan.keyHeads);
  Int valueHead0 =
      firstHead(plan.blockHeads, plan.resultHeads) / (plan.resultHeads / plan.valueHeads);
  TokenRows queryRows(k, op.getQuery(), op.getQueryOrder(), work.batch, query0);
  keyRows.emplace(k, op.getKey(), op.getKeyOrder(), work.batch, keyHead0);
  valueRows.emplace(k, op.getValue(), op.getValueOrder(), work.batch, valueHead0);
  valueRows->selectColumns(work.columnGroup * plan.blockColumns(), plan.blockColumns());
  firstKey = k.i32(0), lastKey = keys;

  loadParameters();
  if (plan.isOnline)
    k.loop(k.thread(), k.i32(plan.blockScoreHeads * tile().queries), k.i32(k.threads()),
           [&](Int i) { at(layout.maxima).at(i * 4).store(k.f32(kLowest).value); });
  copyTiles(
      k, queryRows, work.firstQuery, plan.blockQueryHeads,
      [&](Int row) { return work.firstQuery + row < queries; }, {at(layout.query), plan.queryTile},
      plan.type);
  for (int64_t i = 0; i < std::max<int64_t>(1, stages - 1); ++i) {
    copyKeys(firstKey + i * tileKeys, k.i32(i));
    if (stages > 1)
      copyValues(firstKey + i * tileKeys, k.i32(i));
    commitCopies(k);
  }

  SmallVector<Float> sums = product.zeros();
  Int turns = max(lastKey - firstKey + (tileKeys - 1), k.i32(0)) / tileKeys;
  k.loop(k.i32(0), turns, k.i32(1), sums, [&](Int number, SmallVectorImpl<Float> &sums) {
    turn(firstKey + number * tileKeys, number, sums);
  });
  waitForCopies(k, 0);
  k.barrier();
  store(turns, sums);
}

void Stream::store(Int turns, SmallVectorImpl<Float> &sums) {
  Value out = op.getInit();
  TokenDims dims = tokenDims(op.getOutputOrder());
  Tensor result = k.tensor(out);
  Type element = result.element;
  Int head0 = firstHead(plan.blockHeads, plan.resultHeads);
  Int column0 = work.columnGroup * plan.blockColumns();
  bool isEven = plan.valueSize % 2 == 0;
  Bool hasPairs = isEven ? k.isAligned(out, 2 * bytesOf(element)) : k.boolean(false);
  for (unsigned i = 0; i < product.getItems().size(); ++i) {
    const ValueItem &item = product.getItems()[i];
    ScoreUnit rows{item.row, k.i32(0), k.i32(0)};
    std::array<Float, 2> maxima, factors;
    if (plan.isOnline) {
      auto total = product.rowSums(sums, i);
      maxima = loadMaxima(turns, item.head, rows);
      for (unsigned row = 0; row < 2; ++row)
        factors[row] = select(total[row] == 0.0, k.f32(0),
                              Float(k.builder(), arith::DivFOp::create(k.builder(), k.f32(1).value,
                                                                       total[row].value)));
      product.scale(sums, i, factors);
    }
    SmallVector<Accumulator> accumulators = product.getAccumulators(sums, i);
    for (unsigned row = 0; row < 2; ++row) {
      Int query = work.firstQuery + rowOf(k, rows, 2 * row);
      k.when(item.isOwn & (query < queries), [&] {
        Pointer start = result.base.at(work.batch.wide() * result.stride(dims.batch))
                            .at((head0 + item.head).wide() * result.stride(dims.head))
                            .at(query.wide() * result.stride(dims.token));
        Int first = column0 + item.column + fragmentColumn(k);
        start = start.at(first * bytesOf(element));
        auto each = [&](llvm::function_ref<void(Pointer, Int, Float, Float)> storePair) {
          for (auto [j, x] : llvm::enumerate(accumulators))
            storePair(start.at(8 * j * bytesOf(element)), first + 8 * j, x[2 * row],
                      x[2 * row + 1]);
        };
        k.when(
            hasPairs,
            [&] {
              each([&](Pointer to, Int column, Float a, Float b) {
                k.when(column < plan.valueSize, [&] {
                  if (element.isF32())
                    to.store(k.vector({a.value, b.value}));
                  else
                    to.store(k.pack(a, b, element));
                });
              });
            },
            [&] {
              each([&](Pointer to, Int column, Float a, Float b) {
                for (unsigned c = 0; c < 2; ++c)
                  k.when(column + c < plan.valueSize, [&] {
                    to.at(c * bytesOf(element)).store(k.fromFloat(c ? b : a, element));
                  });
              });
            });
      });
    }
  }
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

LogicalResult imhsa::lowerStream(OpBuilder &host, AttentionOp op, gpu::GPUModuleOp kernels,
                                 StringRef name) {
  FailureOr<AttentionPlan> plan = AttentionPlan::get(op);
  if (failed(plan))
    return failure();
  if (op.getBias() || plan->scores.isMasked() || op.getLseInit() || plan->tile.splits > 1)
    return op.emitOpError("kernel 'stream': bias, masks, log-sum-exps and splits are to come");
  KernelBuilder k(host, op.getLoc(), kernels, name, plan->tile.warps);
  Value query = op.getQuery();
  TokenDims dims = tokenDims(op.getQueryOrder());
  // One block after the other takes tiles of the same batch element: they share its keys.
  Int tiles = (k.size(query, dims.token) + (plan->tile.queries - 1)) / plan->tile.queries;
  Int x = k.block(0), y = k.block(1);
  Work work{x / tiles, x % tiles * plan->tile.queries, y / plan->columnGroups,
            y % plan->columnGroups, k.block(2)};
  Stream(k, op, *plan).emit(work);

  Location loc = op.getLoc();
  Value hostTiles = k.hostCeilDiv(k.hostSize(query, dims.token), plan->tile.queries);
  Value gridX = host.createOrFold<arith::MulIOp>(loc, hostTiles, k.hostSize(query, dims.batch));
  k.launch(gridX, k.hostIndex(plan->headGroups * plan->columnGroups),
           k.hostIndex(plan->tile.splits), SharedLayout(*plan).bytes);
  return success();
}
