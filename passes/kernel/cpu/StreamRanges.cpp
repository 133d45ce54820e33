//===- StreamRanges.cpp - what ranges of keys give ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Stream.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// The maximum over all ranges at a column of a row, and the sum; in `powersOf` what the sums of
// the ranges are multiplied by.
std::pair<Value, Value> Stream::combined(Value slot, Value column, int64_t width,
                                         SmallVector<Value> &powersOf) {
  auto load = [&](Value buffer, int64_t split) {
    return t.load(buffer, {slot, t.index(split), column}, width);
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
void Stream::combineNormalisers(const Task &task, Value maximum, Value inverse) {
  forRow([&](Value column, int64_t width) {
    SmallVector<Value> powersOf;
    auto [most, total] = combined(task.slot, column, width, powersOf);
    t.store(most, maximum, {column});
    t.store(t.reciprocal(total), inverse, {column});
  });
}

// The log-sum-exps that are given as maxima, of which the sum is 1.
void Stream::takeNormalisers(const Task &task, Value maximum, Value inverse) {
  t.fill(maximum, 0);
  t.fill(inverse, 1);
  t.loop(t.index(core.scoreHeads), [&](Value head) {
    t.loop(task.numQueries, [&](Value j) {
      Value given = t.loadScalar(core.scores.lse, {task.batch, head, t.add(task.firstQuery, j)});
      t.store(core.reference(head, given), maximum, {columns.at(t, head, j)});
    });
  });
}

// Sets the sums of a task to zero.
void Stream::clear(const Task &task) {
  forSums(task, [&](Value result, Value, Value row) {
    t.columns(core.value.width(), [&](Value column, int64_t width) {
      t.store(t.real(0, width), result, {row, column});
    });
  });
}

// Multiplies the sums of a task by the factors of their rows [heads * columns].
void Stream::scaleSums(const Task &task, Value factors) {
  forSums(task, [&](Value result, Value head, Value row) {
    Value factor = t.loadScalar(factors, {columns.at(t, head, row)});
    t.columns(core.value.width(), [&](Value column, int64_t width) {
      Value before = t.load(result, {row, column}, width);
      t.store(t.mulf(before, t.broadcast(factor, width)), result, {row, column});
    });
  });
}

void Stream::forSums(const Task &task, function_ref<void(Value, Value, Value)> body) {
  t.loop(t.index(core.resultHeads), [&](Value head) {
    Value result = sumOf(task, head);
    t.loop(task.numQueries, [&](Value row) { body(result, head, row); });
  });
}

// The sum of the parts, in the order of their ranges.
void Stream::combine() {
  bool isNormalised = core.scores.interaction.mixesAfter() || core.scores.lse;
  t.parallel({numBlocks, t.index(core.resultHeads)}, [&](ValueRange at) {
    Task task = taskOf(at[0]);
    Value out = core.output.rows(t, task.batch, at[1], task.firstQuery, task.numQueries);
    SmallVector<Value> parts, factors;
    for (int64_t split = 0; split < numSplits; ++split) {
      task.split = t.index(split);
      parts.push_back(sumOf(task, at[1]));
    }
    if (!isNormalised)
      factors = splitFactors(at);
    t.loop(task.numQueries, [&](Value row) {
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
SmallVector<Value> Stream::splitFactors(ValueRange at) {
  SmallVector<Value> factors;
  for (int64_t split = 0; split < numSplits; ++split)
    factors.push_back(t.scratch({columns.inHead}));
  t.columns(columns.inHead, [&](Value column, int64_t width) {
    SmallVector<Value> powersOf;
    Value from = columns.at(t, at[1], column);
    Value total = combined(at[0], from, width, powersOf).second;
    Value inverse = t.reciprocal(total);
    for (auto [factor, power] : llvm::zip_equal(factors, powersOf))
      t.store(t.mulf(power, inverse), factor, {column});
  });
  return factors;
}

void Stream::writeLogSumExps() {
  t.parallel({numBlocks, t.index(core.scoreHeads)}, [&](ValueRange at) {
    Task task = taskOf(at[0]);
    auto position = [&](Value j) {
      return SmallVector<Value>{task.batch, at[1], t.add(task.firstQuery, j)};
    };
    auto write = [&](Value j, Value value) { t.store(value, core.lseInit, position(j)); };
    if (core.scores.lse) {
      t.loop(task.numQueries,
             [&](Value j) { write(j, t.loadScalar(core.scores.lse, position(j))); });
      return;
    }
    Value maximum = t.scratch({columns.inHead}), sum = t.scratch({columns.inHead});
    t.columns(columns.inHead, [&](Value column, int64_t width) {
      SmallVector<Value> powersOf;
      Value from = columns.at(t, at[1], column);
      auto [most, total] = combined(at[0], from, width, powersOf);
      t.store(most, maximum, {column});
      t.store(total, sum, {column});
    });
    t.loop(task.numQueries, [&](Value j) {
      write(j, core.logSumExp(at[1], t.loadScalar(maximum, {j}), t.loadScalar(sum, {j})));
    });
  });
}
