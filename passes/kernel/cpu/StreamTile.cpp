//===- StreamTile.cpp - what a stream computes of a tile ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Stream.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

Value Stream::parity(Value count) {
  OpBuilder &b = t.builder();
  return b.createOrFold<arith::RemUIOp>(t.getLoc(), count, t.index(2));
}

// Y of a tile. `highest` [2, rowElements], where it is not null, are the maxima before this tile in
// row 0, and then those with it in row `count` % 2. One row is read and the other one written,
// since of a maximum that is stored where it was loaded LLVM makes a masked store, which takes
// long.
void Stream::logits(const Task &task, const ScoreTile &tile, Value first, Value count,
                    Value highest) {
  core.clearTails(tile, count);
  t.loop(t.index(core.queryHeads), [&](Value head) {
    Value rows = core.key.rows(t, task.batch, core.keyHead(head), first, count);
    Value after = core.key.rowsAfter(t, task.batch, core.keyHead(head), first, count);
    core.multiply(tile, t.asF32(rows, tileSize), count, packed.of(t, {task.slot, head}), head,
                  [&](Value row) { t.prefetchRow(after, row); });
  });
  if (!core.scores.interaction.pre && !positions.hasBias() && !positions.isMasked()) {
    if (highest)
      forRow([&](Value column, int64_t width) {
        Value before = t.load(highest, {t.index(0), column}, width);
        Value after = t.carry(t.index(0), count, 1, before, [&](Value token, ValueRange greatest) {
          Value logit = t.load(tile.memref, {token, column}, width);
          return SmallVector<Value>{t.maxf(logit, greatest.front())};
        })[0];
        t.store(after, highest, {parity(count), column});
      });
    return;
  }
  t.loop(count, [&](Value token) {
    Value key = t.add(first, token);
    if (positions.isMasked())
      keepRow(task, key, token);
    core.mixBefore(
        tile,
        [&](Value head, Value j, int64_t width) {
          Value vector = tile.load(t, token, head, j, width);
          if (!positions.hasBias())
            return vector;
          Value query = t.add(task.firstQuery, j);
          return t.addf(vector, positions.bias(task.batch, head, query, key, width));
        },
        [&](Value head, Value j, Value vector) {
          if (positions.isMasked())
            vector = kept.select(t, vector, j, -std::numeric_limits<float>::infinity());
          tile.store(t, token, head, j, vector);
          if (!highest)
            return;
          Value at = tile.at(t, head, j);
          int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
          Value before = t.load(highest, {parity(token), at}, width);
          t.store(t.maxf(vector, before), highest, {parity(t.add(token, 1)), at});
        });
  });
}

// Sets `mask` to 1 for the queries that keep a key, 0 for the others, and `readKeys` likewise for
// the key, if any does.
void Stream::keepRow(const Task &task, Value key, Value token) {
  Value none = t.real(0, kLanes), any = none;
  for (int64_t j = 0; j < columns.inHead; j += kLanes) {
    Value query = t.add(task.firstQuery, j);
    Value isKept =
        t.select(positions.kept(task.batch, query, key, kLanes), t.real(1, kLanes), none);
    t.store(isKept, kept.columns, {t.index(j)});
    any = t.maxf(any, isKept);
  }
  t.store(t.reduce(any, [&](Value a, Value b) { return t.maxf(a, b); }), kept.keys, {token});
}

// From Y and its maxima: all maxima and sums so far, e^(Y - m) where it is wanted, and m where that
// is stored.
void Stream::normalise(const Task &task, const ScoreTile &tile, Value reference, Value count,
                       Value highest, Value maximum, Value sum, Value factors, Sweep kind) {
  forRow([&](Value column, int64_t width) {
    Value after = t.load(highest, {parity(count), column}, width);
    Value factor = t.exp(t.subf(t.load(maximum, {column}, width), after));
    t.store(after, maximum, {column});
    t.store(t.mulf(t.load(sum, {column}, width), factor), sum, {column});
    if (reference)
      t.store(after, reference, {column});
    if (kind == Sweep::Both)
      t.store(factor, factors, {column});
  });
  t.loop(count, [&](Value token) {
    forRow([&](Value column, int64_t width) {
      Value logit = t.load(tile.memref, {token, column}, width);
      Value power = t.exp(t.subf(logit, t.load(maximum, {column}, width)));
      if (reference || kind == Sweep::Both)
        t.store(power, tile.memref, {token, column});
      t.store(t.addf(t.load(sum, {column}, width), power), sum, {column});
    });
  });
  if (kind == Sweep::Both)
    scaleSums(task, factors);
}

// Z of a tile from Y.
void Stream::weights(const Task &task, const ScoreTile &tile, Value first, Value count,
                     Value maximum, Value inverse) {
  t.loop(count, [&](Value token) {
    forRow([&](Value column, int64_t width) {
      Value logit = t.load(tile.memref, {token, column}, width);
      Value most = t.load(maximum, {column}, width);
      Value power = core.scores.lse
                        ? core.powerOf(logit, most)
                        : t.mulf(t.exp(t.subf(logit, most)), t.load(inverse, {column}, width));
      t.store(power, tile.memref, {token, column});
    });
    if (!core.scores.interaction.mixesAfter())
      return;
    if (positions.isMasked())
      keepRow(task, t.add(first, token), token);
    mixAfter(tile, token, [&](Value head, Value j, int64_t width) {
      return tile.load(t, token, head, j, width);
    });
  });
}

// Z of a token from P; 0 where it is not kept, since a bias could make it another number.
void Stream::mixAfter(const ScoreTile &tile, Value token, AttentionTile::In in) {
  core.mixAfter(tile, in, [&](Value head, Value j, Value vector) {
    if (positions.isMasked() && core.scores.interaction.postBias)
      vector = kept.select(t, vector, j, 0);
    tile.store(t, token, head, j, vector);
  });
}

// Z of a tile, in place, from e^(Y - m'), where m' is the maximum that sweep 1 had at the tile.
void Stream::weightsOfStored(const Task &task, const ScoreTile &tile, Value number, Value first,
                             Value count, Value maximum, Value inverse, Value factors) {
  Value before = storedOf(task, references, number);
  forRow([&](Value column, int64_t width) {
    Value factor = t.exp(t.subf(t.load(before, {column}, width), t.load(maximum, {column}, width)));
    t.store(t.mulf(factor, t.load(inverse, {column}, width)), factors, {column});
  });
  t.loop(count, [&](Value token) {
    if (positions.isMasked())
      keepRow(task, t.add(first, token), token);
    mixAfter(tile, token, [&](Value head, Value j, int64_t width) {
      return t.mulf(tile.load(t, token, head, j, width),
                    t.load(factors, {tile.at(t, head, j)}, width));
    });
  });
}

// O[g] += Z[g]^T V[g], or = where it is the first.
void Stream::addProduct(const Task &task, const ScoreTile &tile, Value first, Value count,
                        Value isFirst) {
  t.loop(t.index(core.resultHeads), [&](Value head) {
    Value v = t.asF32(core.value.rows(t, task.batch, core.valueHead(head), first, count), tileSize);
    Value after = core.value.rowsAfter(t, task.batch, core.valueHead(head), first, count);
    Value result = sumOf(task, head);
    // Of the queries from `begin` on.
    auto add = [&](Value begin, Value rows, function_ref<Value(Value)> columnOf, auto beforeRow) {
      t.product(
          rows, core.value.width(), count,
          [&](Value i, Value k) {
            return t.loadScalar(tile.memref, {k, tile.at(t, head, columnOf(i))});
          },
          [&](Value k, Value j, int64_t width) {
            Value vector = t.load(v, {k, j}, width);
            return positions.isMasked() ? kept.valueOf(t, vector, k) : vector;
          },
          /*start=*/nullptr,
          [&](Value i, Value j, Value vector) {
            // Loaded here, not at the start: products do not wait for it.
            int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
            Value row = t.add(begin, i), before = t.load(result, {row, j}, width);
            t.store(t.select(isFirst, vector, t.addf(before, vector)), result, {row, j});
          },
          beforeRow);
    };
    Value zero = t.index(0), others = columns.hasTail ? t.index(columns.inHead) : task.numQueries;
    add(zero, others, [](Value i) { return i; }, [&](Value row) { t.prefetchRow(after, row); });
    if (columns.hasTail)
      add(others, t.index(1), [](Value) { return Value(); }, nullptr);
  });
}
