//===- ReadOut.cpp - attention over few keys on the CPU -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A tile has some queries of all heads; its columns are the keys, all of them at once, packed
// once for each batch element. One pass over the queries:
//
//   for each head:  S[i,h,:] = scale * Q[i,h,:] K[h]^T
//   for each query: Y = pre S, maximum and sum of each row, Z = post softmax(Y)
//   for each head:  O[i,g,:] = Z[i,g,:] V[g]

#include "passes/kernel/cpu/Kernels.h"
#include "passes/kernel/cpu/Positions.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

namespace {

class ReadOut {
public:
  ReadOut(OpBuilder &b, AttentionOp op, const KernelOptions &options)
      : t(b, op.getLoc(), options.lanes), core(t, op), queries(core.query.tokens(t)),
        keys(core.scores.keys()),
        columns(AttentionTile::columnsFor(core.scores, keys, !core.scores.keyLengths)),
        positions(t, core.scores, Positions::Lanes::Keys, queries, t.index(keys)),
        tileSize(AttentionTile::tokensInTile(columns, options.tileBytes, core.scores.queries(),
                                             op.getScheduleAttr().getQueries())) {}

  void emit() {
    packKeys();
    convertValues();
    Value batches = t.dim(core.query.memref, 0);
    t.parallel({batches, t.ceilDiv(queries, tileSize)}, [&](ValueRange at) {
      Value first = t.mul(at[1], tileSize);
      Value count = t.index(tileSize);
      if (std::optional<int64_t> all = getConstantIntValue(queries); !all || *all % tileSize)
        count = t.min(count, t.sub(queries, first));
      emitTile(at[0], first, count);
    });
  }

private:
  // K[b,h] as [width, keys].
  void packKeys() {
    Value batches = t.dim(core.key.memref, 0);
    int64_t heads = core.key.heads(), width = core.key.width();
    packed.columns = t.workspace(
        {batches, t.index(heads), t.index(width), t.index(AttentionTile::packedStride(columns))});
    if (columns.hasTail)
      packed.tail = t.workspace({batches, t.index(heads), t.index(width)});
    t.parallel(
        {batches, t.index(heads)},
        [&](ValueRange at) {
          core.pack(core.key, at[0], at[1], t.index(0), core.keysOf(at[0]), core.scale(),
                    packed.of(t, {at[0], at[1]}), columns);
        },
        width * columns.inHead);
  }

  // V in f32.
  void convertValues() {
    values = core.value;
    auto type = cast<MemRefType>(values.memref.getType());
    if (type.getElementType().isF32())
      return;
    Value batches = t.dim(values.memref, 0);
    int64_t heads = values.heads(), width = values.width();
    Value copy = t.workspace({batches, t.index(heads), t.index(keys), t.index(width)});
    t.parallel({batches, t.index(heads)}, [&](ValueRange at) {
      Value count = core.keysOf(at[0]);
      Value rows = values.rows(t, at[0], at[1], t.index(0), count);
      Value into = t.inner(copy, {at[0], at[1]});
      t.loop(count, [&](Value row) {
        t.columns(width, [&](Value column, int64_t lanes) {
          t.store(t.load(rows, {row, column}, lanes), into, {row, column});
        });
      });
    });
    values = {copy, tokenDims(DimOrder::BHND)};
  }

  void emitTile(Value batch, Value first, Value count) {
    ScoreTile tile = core.makeTile(tileSize, columns);
    Value depth = core.keysOf(batch);
    core.prepareTails(columns);
    core.clearTails(tile, count);
    t.loop(t.index(core.queryHeads), [&](Value head) {
      Value rows = core.query.rows(t, batch, head, first, count);
      Value after = core.query.rowsAfter(t, batch, head, first, count);
      core.multiply(tile, t.asF32(rows, tileSize), count, packed.of(t, {batch, core.keyHead(head)}),
                    head, [&](Value row) { t.prefetchRow(after, row); });
    });
    if (positions.isMasked()) {
      kept = {t.scratch({columns.inHead}), t.scratch({columns.inHead})};
      t.fill(kept.keys, 0);
    }
    partial = t.scratch({core.scoreHeads, kLanes});
    maxima = t.scratch({padToVectors(core.scoreHeads)});
    inverse = t.scratch({padToVectors(core.scoreHeads)});
    t.loop(count, [&](Value token) { softmax(tile, batch, t.add(first, token), token, depth); });
    t.loop(t.index(core.resultHeads), [&](Value head) {
      Value zero = t.index(0);
      Value v = values.rows(t, batch, core.valueHead(head), zero, t.index(keys));
      Value out = core.output.rows(t, batch, head, first, count);
      Value after = core.output.rowsAfter(t, batch, head, first, count);
      auto fromTail = [&](Value i, Value j, int64_t width) {
        Value weight = t.loadScalar(tile.memref, {i, tile.at(t, head, Value())});
        return t.mulf(t.broadcast(weight, width), t.load(v, {t.index(columns.inHead), j}, width));
      };
      TileBuilder::Vector start = nullptr;
      if (columns.hasTail)
        start = fromTail;
      t.product(
          count, core.value.width(), columns.hasTail ? t.index(columns.inHead) : depth,
          [&](Value i, Value k) { return t.loadScalar(tile.memref, {i, tile.at(t, head, k)}); },
          [&](Value k, Value j, int64_t width) {
            Value vector = t.load(v, {k, j}, width);
            return positions.isMasked() ? kept.valueOf(t, vector, k) : vector;
          },
          start, [&](Value i, Value j, Value vector) { t.store(vector, out, {i, j}); },
          [&](Value row) { t.prefetchRow(after, row, /*forWrite=*/true); });
    });
  }

  // Scores of a token to weights, all heads.
  void softmax(const ScoreTile &tile, Value batch, Value query, Value token, Value depth) {
    auto load = [&](Value head, Value column, int64_t width) {
      return tile.load(t, token, head, column, width);
    };
    auto store = [&](Value head, Value column, Value vector) {
      tile.store(t, token, head, column, vector);
    };
    if (positions.isMasked())
      keepRow(batch, query);
    if (core.scores.interaction.pre || positions.hasBias())
      core.mixBefore(
          tile,
          [&](Value head, Value column, int64_t width) {
            Value vector = load(head, column, width);
            if (!positions.hasBias())
              return vector;
            return t.addf(vector, positions.bias(batch, head, query, column, width));
          },
          store);

    auto logits = [&](Value head, Value column) {
      return keep(load(head, column, kLanes), column, depth);
    };
    Value given = core.scores.lse;
    if (given) {
      t.loop(t.index(core.scoreHeads), [&](Value head) {
        Value lse = t.loadScalar(given, {batch, head, query});
        Value reference = t.broadcast(core.reference(head, lse), kLanes);
        for (int64_t j = 0; j < columns.inHead; j += kLanes) {
          Value column = t.index(j);
          store(head, column, core.powerOf(logits(head, column), reference));
        }
        if (core.lseInit)
          t.store(lse, core.lseInit, {batch, head, query});
      });
    } else {
      auto forTail = [&](function_ref<void(Value, Value, int64_t)> body) {
        t.columns(columns.tailSize(), [&](Value head, int64_t width) {
          body(head, load(head, Value(), width), width);
        });
      };
      normalise(batch, query, logits, forTail, store);
    }
    if (given && !core.scores.interaction.mixesAfter())
      return;

    core.mixAfter(
        tile,
        [&](Value head, Value column, int64_t width) {
          Value power = load(head, column, width);
          if (given)
            return power;
          return t.mulf(power, t.broadcast(t.loadScalar(inverse, {head}), width));
        },
        [&](Value head, Value column, Value vector) {
          // A bias could make it another number than 0.
          if (positions.isMasked() && core.scores.interaction.postBias)
            vector = kept.select(t, vector, column, 0);
          store(head, column, vector);
        });
  }

  // e^(Y - m) of a token, and 1 / z in `inverse`. What is one number for a head is computed of all
  // heads together.
  // `forTail` gives the tail, of vectors of heads.
  void normalise(Value batch, Value query, function_ref<Value(Value, Value)> logits,
                 function_ref<void(function_ref<void(Value, Value, int64_t)>)> forTail,
                 AttentionTile::Out store) {
    Value zero = t.index(0), heads = t.index(core.scoreHeads);
    t.loop(heads, [&](Value head) {
      Value lowest = t.real(std::numeric_limits<float>::lowest(), kLanes);
      Value greatest = overColumns(
          lowest, [&](Value column, Value before) { return t.maxf(logits(head, column), before); });
      t.store(greatest, partial, {head, zero});
    });
    t.reduceRows(partial, maxima, [&](Value a, Value b) { return t.maxf(a, b); });
    forTail([&](Value head, Value tail, int64_t width) {
      t.store(t.maxf(tail, t.load(maxima, {head}, width)), maxima, {head});
    });
    t.loop(heads, [&](Value head) {
      Value reference = t.broadcast(t.loadScalar(maxima, {head}), kLanes);
      Value sums = overColumns(t.real(0, kLanes), [&](Value column, Value before) {
        Value power = t.exp(t.subf(logits(head, column), reference));
        store(head, column, power);
        return t.addf(before, power);
      });
      t.store(sums, partial, {head, zero});
    });
    t.reduceRows(partial, inverse, [&](Value a, Value b) { return t.addf(a, b); });
    forTail([&](Value head, Value tail, int64_t width) {
      Value power = t.exp(t.subf(tail, t.load(maxima, {head}, width)));
      store(head, Value(), power);
      t.store(t.addf(t.load(inverse, {head}, width), power), inverse, {head});
    });
    if (core.lseInit)
      t.loop(heads, [&](Value head) {
        Value maximum = t.loadScalar(maxima, {head}), sum = t.loadScalar(inverse, {head});
        t.store(core.logSumExp(head, maximum, sum), core.lseInit, {batch, head, query});
      });
    t.columns(padToVectors(core.scoreHeads), [&](Value head, int64_t width) {
      t.store(t.reciprocal(t.load(inverse, {head}, width)), inverse, {head});
    });
  }

  void keepRow(Value batch, Value query) {
    for (int64_t j = 0; j < columns.inHead; j += kLanes) {
      Value column = t.index(j);
      Value isKept = t.select(positions.kept(batch, query, column, kLanes), t.real(1, kLanes),
                              t.real(0, kLanes));
      t.store(isKept, kept.columns, {column});
      t.store(t.maxf(t.load(kept.keys, {column}, kLanes), isKept), kept.keys, {column});
    }
  }

  // `vector` where its keys are kept, otherwise -inf.
  Value keep(Value vector, Value column, Value depth) {
    double excluded = -std::numeric_limits<float>::infinity();
    if (positions.isMasked())
      vector = kept.select(t, vector, column, excluded);
    std::optional<int64_t> constant = getConstantIntValue(depth);
    if (constant && *getConstantIntValue(column) + kLanes <= *constant)
      return vector;
    OpBuilder &b = t.builder();
    Value isKey = vector::CreateMaskOp::create(
        b, t.getLoc(), VectorType::get(kLanes, b.getI1Type()), t.sub(depth, column));
    return t.select(isKey, vector, t.real(excluded, kLanes));
  }

  // Folds all columns of a row, vector by vector.
  Value overColumns(Value start, function_ref<Value(Value, Value)> body) {
    for (int64_t column = 0; column < columns.inHead; column += kLanes)
      start = body(t.index(column), start);
    return start;
  }

  TileBuilder t;
  AttentionTile core;
  Value queries;
  int64_t keys;
  ScoreColumns columns;
  Positions positions;
  int64_t tileSize;
  AttentionTile::Packed packed; ///< K
  Tokens values;
  // Of the current query, of all score heads:
  Value partial;         ///< maxima or sums of each lane [heads, kLanes]
  Value maxima, inverse; ///< m, and z or 1 / z
  KeptRow kept;          ///< of the keys, where positions are masked
};

} // namespace

void imhsa::cpu::emitReadOut(OpBuilder &b, AttentionOp op, const KernelOptions &options) {
  ReadOut(b, op, options).emit();
}
