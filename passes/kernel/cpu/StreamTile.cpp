//===- StreamTile.cpp - what a stream computes of a tile ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Stream.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// Y of a tile.
void Stream::logits(const Task &task, const ScoreTile &tile, Value first, Value count) {
  core.clearTails(tile, count);
  t.loop(t.index(core.queryHeads), [&](Value head) {
    Value rows = core.key.rows(t, task.batch, core.keyHead(head), first, count);
    Value after = core.key.rowsAfter(t, task.batch, core.keyHead(head), first, count);
    core.multiply(tile, t.asF32(rows, tileSize), count, packed.of(t, {task.slot, head}), head,
                  [&](Value row) { t.prefetchRow(after, row); });
  });
  if (!core.scores.interaction.pre && !positions.hasBias() && !positions.isMasked())
    return;
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

// From Y: the maxima and sums, and e^(Y - m) where it is wanted. A range of columns at a time, so
// that what is computed of it is in registers over all keys.
void Stream::normalise(const Task &task, const ScoreTile &tile, Value number, Value count,
                       Value maximum, Value sum, Value factors, Sweep kind) {
  Value zero = t.index(0);
  forRow([&](Value column, int64_t width) {
    auto logit = [&](Value token) { return t.load(tile.memref, {token, column}, width); };
    Value before = t.load(maximum, {column}, width);
    Value after = t.carry(zero, count, 1, before, [&](Value token, ValueRange greatest) {
      return SmallVector<Value>{t.maxf(logit(token), greatest.front())};
    })[0];
    Value factor = t.exp(t.subf(before, after));
    Value scaled = t.mulf(t.load(sum, {column}, width), factor);
    Value total = t.carry(zero, count, 1, scaled, [&](Value token, ValueRange sums) {
      Value power = t.exp(t.subf(logit(token), after));
      if (powers || kind == Sweep::Both)
        t.store(power, tile.memref, {token, column});
      return SmallVector<Value>{t.addf(sums.front(), power)};
    })[0];
    t.store(after, maximum, {column});
    t.store(total, sum, {column});
    if (powers)
      t.store(after, storedOf(task, references, number), {column});
    if (kind == Sweep::Both)
      t.store(factor, factors, {column});
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

// Z of a tile from e^(Y - m'), where m' is the maximum that sweep 1 had at the tile.
void Stream::weightsOfStored(const Task &task, const ScoreTile &tile, Value number, Value first,
                             Value count, Value maximum, Value inverse, Value factors) {
  Value before = storedOf(task, references, number);
  forRow([&](Value column, int64_t width) {
    Value factor = t.exp(t.subf(t.load(before, {column}, width), t.load(maximum, {column}, width)));
    t.store(t.mulf(factor, t.load(inverse, {column}, width)), factors, {column});
  });
  t.loop(count, [&](Value token) {
    Value stored = storedOf(task, powers, t.add(first, token));
    if (positions.isMasked())
      keepRow(task, t.add(first, token), token);
    mixAfter(tile, token, [&](Value head, Value j, int64_t width) {
      Value at = tile.at(t, head, j);
      return t.mulf(t.load(stored, {at}, width), t.load(factors, {at}, width));
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
          [&](Value i, Value j, int64_t width) {
            Value before = t.load(result, {t.add(begin, i), j}, width);
            return t.select(isFirst, t.real(0, width), before);
          },
          [&](Value i, Value j, Value vector) { t.store(vector, result, {t.add(begin, i), j}); },
          beforeRow);
    };
    Value zero = t.index(0), others = columns.hasTail ? t.index(columns.inHead) : task.numQueries;
    add(zero, others, [](Value i) { return i; }, [&](Value row) { t.prefetchRow(after, row); });
    if (columns.hasTail)
      add(others, t.index(1), [](Value) { return Value(); }, nullptr);
  });
}
