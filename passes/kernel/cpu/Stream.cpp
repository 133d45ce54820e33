//===- Stream.cpp - attention over many keys on the CPU -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A tile has some keys of all heads; its columns are the queries of a block, packed once. So a
// maximum or a sum over keys needs nothing but vectors of queries. The keys of a block of queries
// are cut into ranges, each of which is one task; what they give is combined in their order, so
// that results do not depend on the number of threads.
//
// With heads mixed after the softmax, whose rows then need their normalisers first:
//   sweep 1, each tile:  Y = pre (K[h] packed Q[h]);  m = max(m, Y);  z = z e^(m' - m) + sum e^(Y -
//   m) sweep 2, each tile:  P = e^(Y - m) / z;  Z = post P;  O[g] += Z[g]^T V[g]
// where Y is computed again in sweep 2, or e^(Y - m') is stored in the workspace.
// Otherwise one sweep, which corrects O for each new maximum. Where the normalisers are given,
// sweep 2 alone; where nothing else is wanted, sweep 1 alone.

#include "passes/kernel/cpu/Kernels.h"
#include "passes/kernel/cpu/Positions.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <limits>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// What e^(Y - m') of a batch element may take in the workspace, in bytes, where sweep 2 is free to
// compute it again.
static constexpr int64_t kMostStored = 48 << 20;
// What the buffers of several batch elements that are swept at once may take, with that and
// without.
static constexpr int64_t kManyStored = 12 << 20, kManyRecomputed = 4 << 20;
// So many at once at most.
static constexpr int64_t kMostBatches = 64;

namespace {

/// The range of keys that a task sweeps, and what it does it for.
struct Task {
  Value batch, block, split;
  Value slot; ///< of the batch element in the buffers
  Value firstQuery, numQueries;
};

class Stream {
public:
  template <typename OpTy>
  Stream(OpBuilder &b, OpTy op, const KernelOptions &options)
      : t(b, op.getLoc(), options.lanes), core(t, op), queries(core.query.tokens(t)),
        positions(t, core.scores, Positions::Lanes::Queries, queries, core.key.tokens(t)),
        secondSweep(options.secondSweep) {
    ScheduleAttr schedule = op.getScheduleAttr();
    numSplits = schedule.getSplits();
    blockSize = schedule.getQueries();
    int64_t queries = core.scores.queries();
    if (!ShapedType::isDynamic(queries))
      blockSize = std::min(blockSize, queries);
    columns = padToVectors(blockSize);
    tileSize = AttentionTile::tokensInTile(core.scores, columns, options.tileBytes,
                                           core.scores.keys(), schedule.getKeys());
    rowElements = core.scoreHeads * columns;
  }

  void emit() {
    batches = t.dim(core.query.memref, 0);
    blocks = t.ceilDiv(queries, blockSize);
    makeBuffers();
    std::optional<int64_t> all = getConstantIntValue(batches);
    std::optional<int64_t> most = getConstantIntValue(batchesAtOnce);
    if (all && most && *all == *most) {
      firstBatch = t.index(0), numBatches = batches;
      return emitBatches();
    }
    t.loop(t.index(0), batches, batchesAtOnce, [&](Value first) {
      firstBatch = first;
      numBatches = all && most && *all % *most == 0 ? batchesAtOnce
                                                    : t.min(batchesAtOnce, t.sub(batches, first));
      emitBatches();
    });
  }

private:
  enum class Sweep { Normalisers, Sum, Both };

  // All of `numBatches` batch elements from `firstBatch` on.
  void emitBatches() {
    packQueries();
    if (!core.output.memref) {
      sweepAll(Sweep::Normalisers);
    } else if (core.scores.lse) {
      sweepAll(Sweep::Sum);
    } else if (!core.scores.interaction.mixesAfter()) {
      sweepAll(Sweep::Both);
    } else {
      sweepAll(Sweep::Normalisers);
      sweepAll(Sweep::Sum);
    }
    if (partial)
      combine();
    if (core.lseInit)
      writeLogSumExps();
  }

  //===--- Buffers ----------------------------------------------------------===//

  void makeBuffers() {
    Value splits = t.index(numSplits), row = t.index(rowElements);
    Value heads = t.index(core.queryHeads), width = t.index(core.query.width());
    Value stride = t.index(AttentionTile::packedStride(columns));
    // Of one batch element each.
    SmallVector<Value> packedSizes = {blocks, heads, width, stride};
    SmallVector<Value> normaliserSizes, partialSizes, powerSizes, referenceSizes;
    if (!core.scores.lse)
      normaliserSizes = {blocks, splits, row};
    if (core.output.memref) {
      // A result in f32 of one range is summed where it ends up.
      bool isF32 = cast<MemRefType>(core.output.memref.getType()).getElementType().isF32();
      if (numSplits > 1 || !isF32)
        partialSizes = {splits, t.index(core.resultHeads), queries, t.index(core.value.width())};
      if (!core.scores.lse && core.scores.interaction.mixesAfter()) {
        Value keys = core.key.tokens(t);
        powerSizes = {blocks, keys, t.index(AttentionTile::rowSize(core.scores, columns))};
        referenceSizes = {blocks, t.ceilDiv(keys, tileSize), row};
      }
    }
    if (!powerSizes.empty() && !isStored(elementsOf({blocks, core.key.tokens(t), row})))
      powerSizes.clear(), referenceSizes.clear();

    Value elements = t.index(0);
    for (ArrayRef<Value> sizes :
         {packedSizes, normaliserSizes, normaliserSizes, partialSizes, powerSizes, referenceSizes})
      elements = t.add(elements, elementsOf(sizes));
    chooseBatches(elements, powerSizes.empty() ? kManyRecomputed : kManyStored);

    auto make = [&](ArrayRef<Value> sizes) {
      SmallVector<Value> all = {t.min(batchesAtOnce, batches)};
      all.append(sizes.begin(), sizes.end());
      return sizes.empty() ? Value() : t.workspace(all);
    };
    packed = make(packedSizes);
    maxima = make(normaliserSizes), sums = make(normaliserSizes);
    partial = make(partialSizes);
    powers = make(powerSizes), references = make(referenceSizes);
  }

  Value elementsOf(ArrayRef<Value> sizes) {
    Value product = t.index(sizes.empty() ? 0 : 1);
    for (Value size : sizes)
      product = t.mul(product, size);
    return product;
  }

  // Whether sweep 1 keeps its powers, so many of a batch element.
  bool isStored(Value elements) {
    if (secondSweep != SecondSweep::Auto)
      return secondSweep == SecondSweep::Store;
    std::optional<int64_t> count = getConstantIntValue(elements);
    return count && *count * 4 <= kMostStored;
  }

  // As many batch elements at once as have room in `most` bytes, a power of two. No division: the
  // size of the workspace is computed elsewhere, and only what cannot trap can be computed there.
  void chooseBatches(Value elements, int64_t most) {
    OpBuilder &b = t.builder();
    Location loc = t.getLoc();
    batchesAtOnce = t.index(1);
    for (int64_t count = 2; count <= kMostBatches; count *= 2) {
      Value fits = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sle,
                                                 t.mul(elements, count * 4), t.index(most));
      batchesAtOnce = b.createOrFold<arith::SelectOp>(loc, fits, t.index(count), batchesAtOnce);
    }
    std::optional<int64_t> all = getConstantIntValue(batches);
    std::optional<int64_t> some = getConstantIntValue(batchesAtOnce);
    if (all && some && *all > 0)
      batchesAtOnce = t.index(std::min(*all, *some));
  }

  void packQueries() {
    t.parallel(
        {numBatches, blocks, t.index(core.queryHeads)},
        [&](ValueRange at) {
          auto [first, count] = queriesOf(at[1]);
          core.pack(core.query, t.add(firstBatch, at[0]), at[2], first, count, core.scale(),
                    t.inner(packed, {at[0], at[1], at[2]}), columns);
        },
        core.query.width() * columns);
  }

  std::pair<Value, Value> queriesOf(Value block) {
    Value first = t.mul(block, blockSize), count = t.index(blockSize);
    if (std::optional<int64_t> all = getConstantIntValue(queries); !all || *all % blockSize)
      count = t.min(count, t.sub(queries, first));
    return {first, count};
  }

  // Where a task sums its part of the result: [queries, width] of one head.
  Value sumOf(const Task &task, Value head) {
    if (!partial)
      return core.output.rows(t, task.batch, head, task.firstQuery, task.numQueries);
    OpBuilder &b = t.builder();
    return t.view(partial, {task.slot, task.split, head, task.firstQuery, b.getIndexAttr(0)},
                  {OpFoldResult(), OpFoldResult(), OpFoldResult(), task.numQueries,
                   b.getIndexAttr(core.value.width())});
  }

  //===--- Sweeps -----------------------------------------------------------===//

  void sweepAll(Sweep kind) {
    t.parallel({numBatches, blocks, t.index(numSplits)}, [&](ValueRange at) {
      auto [first, count] = queriesOf(at[1]);
      sweep({t.add(firstBatch, at[0]), at[1], at[2], at[0], first, count}, kind);
    });
  }

  // The references of a tile, and the rows of `powers` of `count` keys from `first` on.
  Value storedOf(const Task &task, Value buffer, Value position) {
    return t.inner(buffer, {task.slot, task.block, position});
  }
  Value keptRows(const Task &task, Value first, Value count) {
    OpBuilder &b = t.builder();
    int64_t rowSize = cast<MemRefType>(powers.getType()).getShape().back();
    return t.view(powers, {task.slot, task.block, first, b.getIndexAttr(0)},
                  {OpFoldResult(), OpFoldResult(), count, b.getIndexAttr(rowSize)});
  }

  void forRow(function_ref<void(Value, int64_t)> body) { t.columns(rowElements, body); }

  void sweep(const Task &task, Sweep kind) {
    bool keepsPowers = kind == Sweep::Normalisers && powers;
    ScoreTile tile = core.makeTile(keepsPowers ? 0 : tileSize, columns);
    Value maximum, sum, factors = t.scratch({rowElements});
    if (positions.isMasked()) {
      mask = t.scratch({columns});
      readKeys = t.scratch({tileSize});
    }
    if (kind == Sweep::Sum) {
      maximum = t.scratch({rowElements});
      sum = t.scratch({rowElements});
      if (core.scores.lse)
        takeNormalisers(task, maximum, sum);
      else
        combineNormalisers(task, maximum, sum);
    } else {
      maximum = t.inner(maxima, {task.slot, task.block, task.split});
      sum = t.inner(sums, {task.slot, task.block, task.split});
      t.fill(maximum, std::numeric_limits<float>::lowest());
      t.fill(sum, 0);
    }
    Value keys = core.keysOf(task.batch), tiles = t.ceilDiv(keys, tileSize);
    Value begin = t.floorDiv(t.mul(tiles, task.split), numSplits);
    Value end = t.floorDiv(t.mul(tiles, t.add(task.split, 1)), numSplits);
    // Not those of which the mask keeps no key for any query.
    auto [firstKey, lastKey] = positions.keptKeys(task.firstQuery, task.numQueries, keys);
    begin = t.max(begin, t.floorDiv(firstKey, tileSize));
    end = t.min(end, t.ceilDiv(lastKey, tileSize));
    // The first tile sets the sums. Where there is none they are zeros.
    if (kind != Sweep::Normalisers)
      t.loop(end, t.min(t.add(end, 1), t.add(begin, 1)), 1, [&](Value) { clear(task); });
    t.loop(begin, end, 1, [&](Value number) {
      Value first = t.mul(number, tileSize), count = t.index(tileSize);
      if (std::optional<int64_t> all = getConstantIntValue(keys); !all || *all % tileSize)
        count = t.min(count, t.sub(keys, first));
      if (keepsPowers)
        tile.memref = keptRows(task, first, count);
      if (kind == Sweep::Sum && powers) {
        weightsOfStored(task, tile, number, first, count, maximum, sum, factors);
      } else {
        logits(task, tile, first, count);
        if (kind == Sweep::Sum)
          weights(task, tile, first, count, maximum, sum);
        else
          normalise(task, tile, number, count, maximum, sum, factors, kind);
      }
      if (kind != Sweep::Normalisers)
        addProduct(task, tile, first, count, t.isEqual(number, begin));
    });
    if (kind == Sweep::Both && !partial) {
      forRow([&](Value column, int64_t width) {
        t.store(t.reciprocal(t.load(sum, {column}, width)), factors, {column});
      });
      scaleSums(task, factors);
    }
  }

  // Y of a tile.
  void logits(const Task &task, const ScoreTile &tile, Value first, Value count) {
    t.loop(t.index(core.queryHeads), [&](Value head) {
      Value rows = core.key.rows(t, task.batch, core.keyHead(head), first, count);
      Value after = core.key.rowsAfter(t, task.batch, core.keyHead(head), first, count);
      core.multiply(tile, t.asF32(rows, tileSize), count,
                    t.inner(packed, {task.slot, task.block, head}), head,
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
            Value vector = load(tile, token, head, j, width);
            if (!positions.hasBias())
              return vector;
            Value query = t.add(task.firstQuery, j);
            return t.addf(vector, positions.bias(task.batch, head, query, key, width));
          },
          [&](Value head, Value j, Value vector) {
            if (positions.isMasked())
              vector = whereKept(vector, j, -std::numeric_limits<float>::infinity());
            store(tile, token, head, j, vector);
          });
    });
  }

  // Sets `mask` to 1 for the queries that keep a key, 0 for the others, and `readKeys` likewise for
  // the key, if any does.
  void keepRow(const Task &task, Value key, Value token) {
    Value none = t.real(0, kLanes), any = none;
    for (int64_t j = 0; j < columns; j += kLanes) {
      Value query = t.add(task.firstQuery, j);
      Value kept =
          t.select(positions.kept(task.batch, query, key, kLanes), t.real(1, kLanes), none);
      t.store(kept, mask, {t.index(j)});
      any = t.maxf(any, kept);
    }
    t.store(t.reduce(any, [&](Value a, Value b) { return t.maxf(a, b); }), readKeys, {token});
  }

  Value whereKept(Value vector, Value column, double otherwise) {
    int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
    Value isKept = t.isGreater(t.load(mask, {column}, width), t.real(0, width));
    return t.select(isKept, vector, t.real(otherwise, width));
  }

  // From Y: the maxima and sums, and e^(Y - m) where it is wanted. A range of columns at a time, so
  // that what is computed of it is in registers over all keys.
  void normalise(const Task &task, const ScoreTile &tile, Value number, Value count, Value maximum,
                 Value sum, Value factors, Sweep kind) {
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

  // The maximum over all ranges at a column of a row, and the sum; in `powersOf` what the sums of
  // the ranges are multiplied by.
  std::pair<Value, Value> combined(Value slot, Value block, Value column, int64_t width,
                                   SmallVector<Value> &powersOf) {
    auto load = [&](Value buffer, int64_t split) {
      return t.load(buffer, {slot, block, t.index(split), column}, width);
    };
    Value most = load(maxima, 0), total = t.real(0, width);
    for (int64_t split = 1; split < numSplits; ++split)
      most = t.maxf(load(maxima, split), most);
    for (int64_t split = 0; split < numSplits; ++split) {
      powersOf.push_back(t.exp(t.subf(load(maxima, split), most)));
      total = t.fma(powersOf.back(), load(sums, split), total);
    }
    return {most, total};
  }

  // The maxima over all ranges, and the reciprocals of the sums.
  void combineNormalisers(const Task &task, Value maximum, Value inverse) {
    forRow([&](Value column, int64_t width) {
      SmallVector<Value> powersOf;
      auto [most, total] = combined(task.slot, task.block, column, width, powersOf);
      t.store(most, maximum, {column});
      t.store(t.reciprocal(total), inverse, {column});
    });
  }

  // The log-sum-exps that are given as maxima, of which the sum is 1.
  void takeNormalisers(const Task &task, Value maximum, Value inverse) {
    t.fill(maximum, 0);
    t.fill(inverse, 1);
    t.loop(t.index(core.scoreHeads), [&](Value head) {
      t.loop(task.numQueries, [&](Value j) {
        Value given = t.loadScalar(core.scores.lse, {task.batch, head, t.add(task.firstQuery, j)});
        t.store(core.reference(head, given), maximum, {t.add(t.mul(head, columns), j)});
      });
    });
  }

  // Z of a tile from Y.
  void weights(const Task &task, const ScoreTile &tile, Value first, Value count, Value maximum,
               Value inverse) {
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
        return load(tile, token, head, j, width);
      });
    });
  }

  // Z of a token from P; 0 where it is not kept, since a bias could make it another number.
  void mixAfter(const ScoreTile &tile, Value token, AttentionTile::In in) {
    core.mixAfter(tile, in, [&](Value head, Value j, Value vector) {
      if (positions.isMasked() && core.scores.interaction.postBias)
        vector = whereKept(vector, j, 0);
      store(tile, token, head, j, vector);
    });
  }

  // Z of a tile from e^(Y - m'), where m' is the maximum that sweep 1 had at the tile.
  void weightsOfStored(const Task &task, const ScoreTile &tile, Value number, Value first,
                       Value count, Value maximum, Value inverse, Value factors) {
    Value before = storedOf(task, references, number);
    forRow([&](Value column, int64_t width) {
      Value factor =
          t.exp(t.subf(t.load(before, {column}, width), t.load(maximum, {column}, width)));
      t.store(t.mulf(factor, t.load(inverse, {column}, width)), factors, {column});
    });
    t.loop(count, [&](Value token) {
      Value kept = storedOf(task, powers, t.add(first, token));
      if (positions.isMasked())
        keepRow(task, t.add(first, token), token);
      mixAfter(tile, token, [&](Value head, Value j, int64_t width) {
        Value at = tile.at(t, head, j);
        return t.mulf(t.load(kept, {at}, width), t.load(factors, {at}, width));
      });
    });
  }

  // O[g] += Z[g]^T V[g], or = where it is the first.
  void addProduct(const Task &task, const ScoreTile &tile, Value first, Value count,
                  Value isFirst) {
    t.loop(t.index(core.resultHeads), [&](Value head) {
      Value v =
          t.asF32(core.value.rows(t, task.batch, core.valueHead(head), first, count), tileSize);
      Value after = core.value.rowsAfter(t, task.batch, core.valueHead(head), first, count);
      Value result = sumOf(task, head);
      t.product(
          task.numQueries, core.value.width(), count,
          [&](Value i, Value k) { return t.loadScalar(tile.memref, {k, tile.at(t, head, i)}); },
          [&](Value k, Value j, int64_t width) {
            Value vector = t.load(v, {k, j}, width);
            if (!positions.isMasked())
              return vector;
            // A value that nothing keeps may be NaN.
            Value isRead = t.isGreater(t.loadScalar(readKeys, {k}), t.real(0));
            return t.select(isRead, vector, t.real(0, width));
          },
          [&](Value i, Value j, int64_t width) {
            return t.select(isFirst, t.real(0, width), t.load(result, {i, j}, width));
          },
          [&](Value i, Value j, Value vector) { t.store(vector, result, {i, j}); },
          [&](Value row) { t.prefetchRow(after, row); });
    });
  }

  // Sets the sums of a task to zero.
  void clear(const Task &task) {
    forSums(task, [&](Value result, Value, Value row) {
      t.columns(core.value.width(), [&](Value column, int64_t width) {
        t.store(t.real(0, width), result, {row, column});
      });
    });
  }

  // Multiplies the sums of a task by the factors of their rows [heads * columns].
  void scaleSums(const Task &task, Value factors) {
    forSums(task, [&](Value result, Value head, Value row) {
      Value factor = t.loadScalar(factors, {t.add(t.mul(head, columns), row)});
      t.columns(core.value.width(), [&](Value column, int64_t width) {
        Value before = t.load(result, {row, column}, width);
        t.store(t.mulf(before, t.broadcast(factor, width)), result, {row, column});
      });
    });
  }

  void forSums(const Task &task, function_ref<void(Value, Value, Value)> body) {
    t.loop(t.index(core.resultHeads), [&](Value head) {
      Value result = sumOf(task, head);
      t.loop(task.numQueries, [&](Value row) { body(result, head, row); });
    });
  }

  //===--- The result -------------------------------------------------------===//

  // The sum of the parts, in the order of their ranges.
  void combine() {
    bool isNormalised = core.scores.interaction.mixesAfter() || core.scores.lse;
    t.parallel({numBatches, blocks, t.index(core.resultHeads)}, [&](ValueRange at) {
      auto [first, count] = queriesOf(at[1]);
      Value batch = t.add(firstBatch, at[0]);
      Value out = core.output.rows(t, batch, at[2], first, count);
      SmallVector<Value> parts, factors;
      for (int64_t split = 0; split < numSplits; ++split)
        parts.push_back(sumOf({batch, at[1], t.index(split), at[0], first, count}, at[2]));
      if (!isNormalised)
        factors = splitFactors(at);
      t.loop(count, [&](Value row) {
        t.columns(core.value.width(), [&](Value column, int64_t width) {
          Value total;
          for (auto [split, part] : llvm::enumerate(parts)) {
            Value term = t.load(part, {row, column}, width);
            if (!isNormalised)
              term = t.mulf(term, t.broadcast(t.loadScalar(factors[split], {row}), width));
            total = total ? t.addf(total, term) : term;
          }
          t.store(total, out, {row, column});
        });
      });
    });
  }

  // For each range, what its sums of one head are multiplied by, row by row: e^(m' - m) / z.
  SmallVector<Value> splitFactors(ValueRange at) {
    SmallVector<Value> factors;
    for (int64_t split = 0; split < numSplits; ++split)
      factors.push_back(t.scratch({columns}));
    t.columns(columns, [&](Value column, int64_t width) {
      SmallVector<Value> powersOf;
      Value from = t.add(t.mul(at[2], columns), column);
      Value total = combined(at[0], at[1], from, width, powersOf).second;
      Value inverse = t.reciprocal(total);
      for (auto [factor, power] : llvm::zip_equal(factors, powersOf))
        t.store(t.mulf(power, inverse), factor, {column});
    });
    return factors;
  }

  void writeLogSumExps() {
    t.parallel({numBatches, blocks, t.index(core.scoreHeads)}, [&](ValueRange at) {
      auto [first, count] = queriesOf(at[1]);
      Value batch = t.add(firstBatch, at[0]);
      auto write = [&, first = first](Value j, Value value) {
        t.store(value, core.lseInit, {batch, at[2], t.add(first, j)});
      };
      if (core.scores.lse) {
        t.loop(count, [&, first = first](Value j) {
          write(j, t.loadScalar(core.scores.lse, {batch, at[2], t.add(first, j)}));
        });
        return;
      }
      Value maximum = t.scratch({columns}), sum = t.scratch({columns});
      t.columns(columns, [&](Value column, int64_t width) {
        SmallVector<Value> powersOf;
        Value from = t.add(t.mul(at[2], columns), column);
        auto [most, total] = combined(at[0], at[1], from, width, powersOf);
        t.store(most, maximum, {column});
        t.store(total, sum, {column});
      });
      t.loop(count, [&](Value j) {
        write(j, core.logSumExp(at[2], t.loadScalar(maximum, {j}), t.loadScalar(sum, {j})));
      });
    });
  }

  Value load(const ScoreTile &tile, Value token, Value head, Value column, int64_t width) {
    return t.load(tile.memref, {token, tile.at(t, head, column)}, width);
  }
  void store(const ScoreTile &tile, Value token, Value head, Value column, Value vector) {
    t.store(vector, tile.memref, {token, tile.at(t, head, column)});
  }

  TileBuilder t;
  AttentionTile core;
  Value queries;
  Positions positions;
  int64_t numSplits, blockSize, columns, tileSize, rowElements;
  SecondSweep secondSweep;
  Value batches, blocks;
  Value batchesAtOnce;          ///< that have room in the buffers, of type index
  Value firstBatch, numBatches; ///< those that are swept now
  // Buffers, all with a first dimension of slots, one for each of them:
  Value packed;       ///< Q [slots, blocks, heads, width, stride]
  Value maxima, sums; ///< m and z [slots, blocks, splits, rowElements], or null
  Value partial;      ///< O of each range [slots, splits, heads, queries, width], or null
  Value powers;       ///< e^(Y - m') [slots, blocks, keys, row size] where it is stored, or null
  Value references;   ///< m' likewise [slots, blocks, tiles, rowElements]
  // Of the current token and tile, where positions are masked:
  Value mask;     ///< [columns], 1 or 0: the query keeps the key
  Value readKeys; ///< [tileSize], 1 or 0: some query keeps the key
};

} // namespace

void imhsa::cpu::emitStream(OpBuilder &b, AttentionOp op, const KernelOptions &options) {
  Stream(b, op, options).emit();
}
void imhsa::cpu::emitStream(OpBuilder &b, LogSumExpOp op, const KernelOptions &options) {
  Stream(b, op, options).emit();
}
