//===- AttentionTile.cpp - the steps of an attention on a tile ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/AttentionTile.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// Elements in a line of the cache.
static constexpr int64_t kLine = 16;
// Bytes on the stack for the scores of one token.
static constexpr int64_t kMostRowBytes = 160 << 10;
// Tokens of a tile at most, a multiple of the rows that products keep in registers.
static constexpr int64_t kMostTokens = 60;
// So many tiles that it does not matter that the last one is smaller.
static constexpr int64_t kManyTiles = 64;
// Results of mixing that are in registers at once.
static constexpr int64_t kHeadsInPlace = 12;

Value Tokens::rows(TileBuilder &t, Value batch, Value head, Value first, Value count) const {
  SmallVector<OpFoldResult> offsets(4, OpFoldResult(t.builder().getIndexAttr(0))), sizes(4);
  offsets[0] = batch, offsets[dims.head] = head, offsets[dims.token] = first;
  sizes[dims.token] = count, sizes[3] = t.builder().getIndexAttr(width());
  return t.view(memref, offsets, sizes);
}

Value Tokens::rowsAfter(TileBuilder &t, Value batch, Value head, Value first, Value count) const {
  Value isLast = t.isEqual(head, t.index(heads() - 1));
  Value next = t.min(t.add(first, count), t.sub(tokens(t), count));
  return rows(t, batch, t.select(isLast, t.index(0), t.add(head, 1)), t.select(isLast, next, first),
              count);
}

AttentionTile::AttentionTile(TileBuilder &t, AttentionOp op)
    : scores(op.getScores()), query{op.getQuery(), tokenDims(op.getQueryOrder())},
      key{op.getKey(), tokenDims(op.getKeyOrder())},
      value{op.getValue(), tokenDims(op.getValueOrder())},
      output{op.getInit(), tokenDims(op.getOutputOrder())}, lseInit(op.getLseInit()),
      queryHeads(scores.queryHeads()), scoreHeads(scores.scoreHeads()),
      resultHeads(scores.resultHeads()), t(t) {}

AttentionTile::AttentionTile(TileBuilder &t, LogSumExpOp op)
    : scores(op.getScores()), query{op.getQuery(), tokenDims(op.getQueryOrder())},
      key{op.getKey(), tokenDims(op.getKeyOrder())}, value{}, output{}, lseInit(op.getInit()),
      queryHeads(scores.queryHeads()), scoreHeads(scores.scoreHeads()),
      resultHeads(scores.resultHeads()), t(t) {}

static int64_t mostHeads(const Scores &scores) {
  return std::max({scores.queryHeads(), scores.scoreHeads(), scores.resultHeads()});
}

ScoreColumns AttentionTile::columnsFor(const Scores &scores, int64_t count, bool mayHaveTail) {
  int64_t heads = mostHeads(scores);
  bool isSameEverywhere = scores.queryHeads() == heads && scores.scoreHeads() == heads &&
                          scores.resultHeads() == heads && heads <= kHeadsInPlace;
  bool isPlain = !scores.bias && !scores.keep && !scores.causal && !scores.window && !scores.lse;
  bool isWhole = dimSize(scores.query, 3) % kLanes == 0;
  bool hasTail = mayHaveTail && isSameEverywhere && isPlain && isWhole && count > kLanes &&
                 count % kLanes == 1;
  return {hasTail ? count - 1 : padToVectors(count), heads, hasTail};
}

// An odd number of lines: rows that are a power of two apart would share few sets of the cache.
int64_t AttentionTile::rowSize(const ScoreColumns &columns) {
  int64_t lines = llvm::divideCeil(columns.heads * columns.inHead + columns.tailSize(), kLine);
  return (lines | 1) * kLine;
}

int64_t AttentionTile::tokensInTile(const ScoreColumns &columns, int64_t bytes, int64_t count,
                                    int64_t wanted) {
  int64_t most = std::clamp<int64_t>(bytes / (4 * rowSize(columns)), 1, kMostTokens);
  if (most >= 12)
    most = llvm::alignDown(most, 12);
  int64_t tokens = std::min(wanted, most);
  if (ShapedType::isDynamic(count) || count > kManyTiles * tokens)
    return tokens;
  // Where tiles are few, a number near it of which all have the same.
  for (int64_t step = 0; step <= tokens / 8; ++step)
    for (int64_t size : {tokens - step, tokens + step})
      if (size <= most && count % size == 0)
        return size;
  return tokens;
}

bool AttentionTile::fitsOnStack(const Scores &scores, int64_t count) {
  return 4 * rowSize(columnsFor(scores, count, /*mayHaveTail=*/false)) <= kMostRowBytes;
}

ScoreTile AttentionTile::makeTile(int64_t tokens, const ScoreColumns &columns) {
  int64_t size = rowSize(columns);
  Value spare = mostHeads(scores) > kHeadsInPlace ? t.scratch({size}) : Value();
  return {t.scratch({tokens, size}), spare, columns};
}

double AttentionTile::scale() const { return scores.scaleOrDefault(); }

Value AttentionTile::keysOf(Value batch) {
  Value all = key.tokens(t);
  if (!scores.keyLengths)
    return all;
  return t.clampedLength(scores.keyLengths, batch, all);
}

void AttentionTile::pack(const Tokens &side, Value batch, Value head, Value first, Value count,
                         double scale, const Packed &packed, const ScoreColumns &columns) {
  Value rows = side.rows(t, batch, head, first, count);
  if (columns.hasTail) {
    count = t.index(columns.inHead);
    t.columns(side.width(), [&](Value k, int64_t width) {
      Value vector = t.load(rows, {count, k}, width);
      t.store(t.mulf(vector, t.real(scale, width)), packed.tail, {k});
    });
  }
  Value factor = t.real(scale), zero = t.real(0);
  int64_t width = side.width(), wholeWidth = llvm::alignDown(width, kLanes);
  auto packOne = [&](Value i, Value k) {
    t.store(t.mulf(t.loadScalar(rows, {i, k}), factor), packed.columns, {k, i});
  };
  // Squares of vectors, and one by one what is left at the right and at the bottom.
  Value whole = t.mul(t.floorDiv(count, kLanes), kLanes);
  t.loop(t.index(0), whole, kLanes, [&](Value i) {
    t.loop(t.index(0), t.index(wholeWidth), kLanes, [&](Value k) {
      SmallVector<Value> square;
      for (int64_t row = 0; row < kLanes; ++row)
        square.push_back(t.mulf(t.load(rows, {t.add(i, row), k}, kLanes), t.real(scale, kLanes)));
      for (auto [column, vector] : llvm::enumerate(t.transpose(std::move(square))))
        t.store(vector, packed.columns, {t.add(k, column), i});
    });
    for (int64_t k = wholeWidth; k < width; ++k)
      t.loop(i, t.add(i, kLanes), 1, [&](Value token) { packOne(token, t.index(k)); });
  });
  t.loop(t.index(width), [&](Value k) {
    t.loop(whole, count, 1, [&](Value i) { packOne(i, k); });
    t.loop(count, t.index(columns.inHead), 1,
           [&](Value i) { t.store(zero, packed.columns, {k, i}); });
  });
}

void AttentionTile::prepareTails(const ScoreColumns &columns) {
  const Interaction &interaction = scores.interaction;
  preForTail = postForTail = nullptr;
  if (columns.hasTail && interaction.pre)
    preForTail = weightsForTail(interaction.pre, {});
  if (columns.hasTail && interaction.post)
    postForTail = weightsForTail(interaction.post, interaction.postBias);
}

void AttentionTile::clearTails(const ScoreTile &tile, Value count) {
  if (!tile.columns.hasTail || scores.interaction.pre)
    return;
  t.loop(count, [&](Value token) {
    t.columns(tile.columns.tailSize(), [&](Value lane, int64_t width) {
      tile.store(t, token, lane, Value(), t.real(0, width));
    });
  });
}

// The transposed weights and a row of the bias, with zeros for lanes that are no head.
Value AttentionTile::weightsForTail(Value weight, Value bias) {
  int64_t heads = dimSize(weight, 0), inHeads = dimSize(weight, 1);
  Value rows = t.scratch({inHeads + 1, padToVectors(heads)});
  for (int64_t i = 0; i <= inHeads; ++i)
    t.fill(t.inner(rows, {t.index(i)}), 0);
  t.loop(t.index(heads), [&](Value head) {
    t.loop(t.index(inHeads),
           [&](Value i) { t.store(t.loadScalar(weight, {head, i}), rows, {i, head}); });
    if (bias)
      t.store(t.loadScalar(bias, {head}), rows, {t.index(inHeads), head});
  });
  return rows;
}

void AttentionTile::multiply(const ScoreTile &tile, Value rows, Value count, const Packed &packed,
                             Value head, TileBuilder::Body beforeRow) {
  t.product(
      count, tile.columns.inHead, t.index(query.width()),
      [&](Value i, Value k) { return t.loadScalar(rows, {i, k}); },
      [&](Value k, Value j, int64_t width) { return t.load(packed.columns, {k, j}, width); },
      /*start=*/nullptr,
      [&](Value i, Value j, Value vector) {
        t.store(vector, tile.memref, {i, tile.at(t, head, j)});
      },
      beforeRow);
  if (!tile.columns.hasTail)
    return;
  t.product(count, rows, packed.tail,
            [&](Value i, Value sum) { t.store(sum, tile.memref, {i, tile.at(t, head, Value())}); });
}

void AttentionTile::mixBefore(const ScoreTile &tile, In in, Out out) {
  // A bias before the softmax shifts all logits of a row alike: `logSumExp` and `reference` know
  // it.
  mix(scores.interaction.pre, {}, preForTail, scoreHeads, queryHeads, tile, in, out);
}

void AttentionTile::mixAfter(const ScoreTile &tile, In in, Out out) {
  mix(scores.interaction.post, scores.interaction.postBias, postForTail, resultHeads, scoreHeads,
      tile, in, out);
}

Value AttentionTile::logSumExp(Value head, Value maximum, Value sum) {
  OpBuilder &b = t.builder();
  Value log = math::LogOp::create(b, t.getLoc(), sum);
  Value result = t.addf(maximum, log);
  if (Value bias = scores.interaction.preBias)
    result = t.addf(result, t.loadScalar(bias, {head}));
  return result;
}

Value AttentionTile::reference(Value head, Value logSumExp) {
  Value lowest = t.real(std::numeric_limits<float>::lowest());
  Value isBottom = t.isGreater(lowest, logSumExp);
  Value result = t.select(isBottom, t.real(0), logSumExp);
  if (Value bias = scores.interaction.preBias)
    result = t.subf(result, t.loadScalar(bias, {head}));
  return result;
}

Value AttentionTile::powerOf(Value logit, Value reference) {
  // From 2^128 on it is infinite.
  int64_t width = cast<VectorType>(logit.getType()).getDimSize(0);
  Value difference = t.subf(logit, reference), most = t.real(128 * llvm::numbers::ln2, width);
  return t.exp(t.select(t.isGreater(difference, most), most, difference));
}

void AttentionTile::mix(Value weight, Value bias, Value forTail, int64_t heads, int64_t inHeads,
                        const ScoreTile &tile, In in, Out out) {
  auto start = [&](Value head, Value, int64_t width) {
    return t.broadcast(t.loadScalar(bias, {head}), width);
  };
  if (!weight) {
    t.loop(t.index(heads), [&](Value head) {
      t.columns(tile.columns.inHead, [&](Value column, int64_t width) {
        Value vector = in(head, column, width);
        out(head, column, bias ? t.addf(vector, start(head, column, width)) : vector);
      });
      if (tile.columns.hasTail) {
        Value element = in(head, Value(), 0);
        out(head, Value(), bias ? t.addf(element, start(head, Value(), 0)) : element);
      }
    });
    return;
  }
  bool inPlace = heads <= kHeadsInPlace;
  auto toSpare = [&](Value head, Value column, Value vector) {
    t.store(vector, tile.spare, {tile.at(t, head, column)});
  };
  TileBuilder::Vector startOrZeros = nullptr;
  if (bias)
    startOrZeros = start;
  t.product(
      t.index(heads), tile.columns.inHead, t.index(inHeads),
      [&](Value i, Value k) { return t.loadScalar(weight, {i, k}); }, in, startOrZeros,
      inPlace ? out : Out(toSpare));
  if (tile.columns.hasTail) {
    auto tailOf = [&](Value head, Value column, int64_t width) {
      return t.load(forTail, {head, column}, width);
    };
    t.product(
        t.index(1), tile.columns.tailSize(), t.index(inHeads),
        [&](Value, Value k) { return in(k, Value(), 0); }, tailOf,
        [&](Value, Value j, int64_t width) { return tailOf(t.index(inHeads), j, width); },
        [&](Value, Value j, Value vector) { out(j, Value(), vector); });
  }
  if (inPlace)
    return;
  t.loop(t.index(heads), [&](Value head) {
    t.columns(tile.columns.inHead, [&](Value column, int64_t width) {
      out(head, column, t.load(tile.spare, {tile.at(t, head, column)}, width));
    });
  });
}
