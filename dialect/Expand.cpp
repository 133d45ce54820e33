//===- Expand.cpp - softmax and attention as plain linalg -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Expand.h"
#include "dialect/ScoresExpander.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

static constexpr auto parallel = utils::IteratorType::parallel;
static constexpr auto reduction = utils::IteratorType::reduction;
static constexpr double negativeInfinity = -std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

// max over m of Y[b,s,n,m]; -inf for a row with nothing kept, NaN if any is NaN.
Value ScoresExpander::rowMaximum(Value logits) {
  Value init = filledTensor(builder, loc, negativeInfinity,
                            emptyTensor(builder, loc, {batch, scoreHeads, queries}, type));
  return generic(logits, init, {builder.getMultiDimIdentityMap(4), map(4, {d(0), d(1), d(2)})},
                 {parallel, parallel, parallel, reduction}, [&](OpBuilder &b, ValueRange args) {
                   return arith::MaximumFOp::create(b, loc, args[1], args[0]);
                 });
}

// A row's reference value with 0 in place of -inf: -inf - 0 is -inf, where
// -inf - -inf would be NaN.
Value ScoresExpander::replaceInfinite(OpBuilder &b, Value rowValue) {
  Value bottom = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, negativeInfinity));
  Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 0.0));
  Value isBottom = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, rowValue, bottom);
  return arith::SelectOp::create(b, loc, isBottom, zero, rowValue);
}

// log(total) + maximum, -inf where the total is 0.
Value ScoresExpander::logOfSum(Value total, Value maximum, Value init) {
  AffineMap row = builder.getMultiDimIdentityMap(3);
  return generic({total, maximum}, init, {row, row, row}, {parallel, parallel, parallel},
                 [&](OpBuilder &b, ValueRange args) {
                   Value log = math::LogOp::create(b, loc, args[0]);
                   return arith::AddFOp::create(b, loc, log, replaceInfinite(b, args[1]));
                 });
}

// exp(Y - reference) over `logits`, where reference is [b,s,n].
static Value exponential(OpBuilder &b, Location loc, Value logit, Value reference) {
  Value difference = arith::SubFOp::create(b, loc, logit, reference);
  return math::ExpOp::create(b, loc, difference);
}

std::pair<Value, Value> ScoresExpander::softmax(Value logits) {
  AffineMap full = builder.getMultiDimIdentityMap(4), row = map(4, {d(0), d(1), d(2)});
  SmallVector<utils::IteratorType> all(4, parallel);
  Value maximum = rowMaximum(logits);
  Value exponentials =
      generic(maximum, logits, {row, full}, all, [&](OpBuilder &b, ValueRange args) {
        return exponential(b, loc, args[1], replaceInfinite(b, args[0]));
      });
  Value zeros = filledTensor(builder, loc, 0.0,
                             emptyTensor(builder, loc, {batch, scoreHeads, queries}, type));
  Value total = generic(exponentials, zeros, {full, row}, {parallel, parallel, parallel, reduction},
                        [&](OpBuilder &b, ValueRange args) {
                          // The order of a row's sum is free, so that it can be vectorised.
                          return arith::AddFOp::create(b, loc, args[1], args[0],
                                                       arith::FastMathFlags::reassoc);
                        });
  // A total of 0 means that nothing is kept: the row is zeros.
  Value normalized =
      generic(total, exponentials, {row, full}, all, [&](OpBuilder &b, ValueRange args) {
        Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 0.0));
        Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[0], zero);
        Value quotient = arith::DivFOp::create(b, loc, args[1], args[0]);
        return arith::SelectOp::create(b, loc, isZero, zero, quotient);
      });
  Value lseInit = emptyTensor(builder, loc, {batch, scoreHeads, queries}, type);
  return {normalized, logOfSum(total, maximum, lseInit)};
}

Value ScoresExpander::softmaxWithLse(Value logits) {
  return generic(scores.lse, logits,
                 {map(4, {d(0), d(1), d(2)}), builder.getMultiDimIdentityMap(4)},
                 {parallel, parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
                   return exponential(b, loc, args[1], replaceInfinite(b, args[0]));
                 });
}

Value ScoresExpander::logSumExp(Value logits, Value init) {
  AffineMap full = builder.getMultiDimIdentityMap(4), row = map(4, {d(0), d(1), d(2)});
  Value maximum = rowMaximum(logits);
  Value zeros = filledTensor(builder, loc, 0.0,
                             emptyTensor(builder, loc, {batch, scoreHeads, queries}, type));
  Value total =
      generic({logits, maximum}, zeros, {full, row, row}, {parallel, parallel, parallel, reduction},
              [&](OpBuilder &b, ValueRange args) {
                Value term = exponential(b, loc, args[0], replaceInfinite(b, args[1]));
                return arith::AddFOp::create(b, loc, args[2], term, arith::FastMathFlags::reassoc);
              });
  return logOfSum(total, maximum, init);
}

//===----------------------------------------------------------------------===//
// After the softmax
//===----------------------------------------------------------------------===//

Value ScoresExpander::mixAfter(Value weights, Value init) {
  const Interaction &interaction = scores.interaction;
  if (!interaction.mixesAfter())
    return weights;
  if (!init)
    init = interaction.post ? emptyTensor(builder, loc, {batch, resultHeads, queries, keys}, type)
                            : weights;
  Value mixed = mix(weights, interaction.post, interaction.postBias, init);
  // The bias must not reach positions that are not kept; without it they are 0 already.
  return interaction.postBias ? zeroWhereNotKept(mixed) : mixed;
}

Value ScoresExpander::zeroWhereNotKept(Value weights) {
  if (!kept)
    return weights;
  Value zero = constant(0.0);
  return generic(kept, weights, {map(4, {d(0), d(2), d(3)}), builder.getMultiDimIdentityMap(4)},
                 {parallel, parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
                   return arith::SelectOp::create(b, loc, args[0], args[1], zero);
                 });
}

// O[b,g,n,e] = sum_m Z[b,g,n,m] V[b,g,m,e] over the kept m.
FailureOr<Value> ScoresExpander::valueProduct(Value weights, AttentionOp attention) {
  TokenDims v = tokenDims(attention.getValueOrder()), o = tokenDims(attention.getOutputOrder());
  Value value = attention.getValue(), init = attention.getInit();
  int64_t heads = scores.resultHeads();
  if (ShapedType::isDynamic(heads))
    heads = dimSize(init, o.head);
  FailureOr<int64_t> members = groupSize(op, "value", heads, dimSize(value, v.head));
  if (failed(members))
    return failure();

  AffineExpr valueHead = *members == 1 ? d(1) : d(1).floorDiv(*members);
  SmallVector<AffineExpr> readValue(4), write(4);
  readValue[0] = d(0), readValue[v.head] = valueHead, readValue[v.token] = d(4);
  readValue[3] = d(3);
  write[0] = d(0), write[o.head] = d(1), write[o.token] = d(2), write[3] = d(3);

  // A value that is not kept may be NaN, and 0 * NaN is NaN: such values are replaced by 0.
  if (kept || getElementTypeOrSelf(value) != type) {
    SmallVector<Value> ins = {value};
    SmallVector<AffineMap> maps = {map(4, {d(0), d(1), d(2), d(3)})};
    if (kept) {
      Value none = arith::ConstantOp::create(builder, loc, builder.getBoolAttr(false));
      Value start =
          linalg::FillOp::create(builder, loc, none,
                                 emptyTensor(builder, loc, {batch, keys}, builder.getI1Type()))
              .getResult(0);
      Value read = generic(kept, start, {map(3, {d(0), d(2), d(1)}), map(3, {d(0), d(1)})},
                           {parallel, parallel, reduction}, [&](OpBuilder &b, ValueRange args) {
                             return arith::OrIOp::create(b, loc, args[0], args[1]);
                           });
      ins.push_back(read);
      maps.push_back(map(4, {d(0), d(v.token)}));
    }
    maps.push_back(builder.getMultiDimIdentityMap(4));
    Value copy = emptyTensor(builder, loc, tensor::getMixedSizes(builder, loc, value), type);
    Value zero = constant(0.0);
    value = generic(ins, copy, maps, {parallel, parallel, parallel, parallel},
                    [&](OpBuilder &b, ValueRange args) -> Value {
                      Value element = compute(b, args[0]);
                      if (!kept)
                        return element;
                      return arith::SelectOp::create(b, loc, args[1], element, zero);
                    });
  }

  bool needsConversion = getElementTypeOrSelf(init) != type;
  Value sum = init;
  if (needsConversion)
    sum = emptyTensor(builder, loc, tensor::getMixedSizes(builder, loc, init), type);
  Value product = generic({weights, value}, filledTensor(builder, loc, 0.0, sum),
                          {map(5, {d(0), d(1), d(2), d(4)}), map(5, readValue), map(5, write)},
                          {parallel, parallel, parallel, parallel, reduction},
                          [&](OpBuilder &b, ValueRange args) {
                            Value term = arith::MulFOp::create(b, loc, args[0], args[1]);
                            return arith::AddFOp::create(b, loc, args[2], term);
                          });
  return needsConversion ? convertInto(builder, loc, product, init) : product;
}

//===----------------------------------------------------------------------===//
// The operations
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> imhsa::expandAttention(OpBuilder &builder, AttentionOp op) {
  ScoresExpander expander(builder, op, op.getScores());
  if (failed(expander.prepare()))
    return failure();
  Location loc = op.getLoc();
  Value logits = expander.logits(), weights, lse = op.getLse();
  if (lse)
    weights = expander.softmaxWithLse(logits);
  else
    std::tie(weights, lse) = expander.softmax(logits);
  FailureOr<Value> output = expander.valueProduct(expander.mixAfter(weights, {}), op);
  if (failed(output))
    return failure();
  SmallVector<Value> results = {*output};
  if (Value lseInit = op.getLseInit())
    results.push_back(linalg::CopyOp::create(builder, loc, lse, lseInit).getResult(0));
  return results;
}

FailureOr<SmallVector<Value>> imhsa::expandWeights(OpBuilder &builder, WeightsOp op) {
  ScoresExpander expander(builder, op, op.getScores());
  if (failed(expander.prepare()))
    return failure();
  Value logits = expander.logits();
  Value weights = op.getLse() ? expander.softmaxWithLse(logits) : expander.softmax(logits).first;
  // A row with NaN is all NaN by now, also where it is not kept: that can be seen here.
  weights = expander.mixAfter(weights, op.getPost() ? op.getInit() : Value());
  if (!op.getPostBias())
    weights = expander.zeroWhereNotKept(weights);
  if (op.getPost())
    return SmallVector<Value>{weights};
  return SmallVector<Value>{
      linalg::CopyOp::create(builder, op.getLoc(), weights, op.getInit()).getResult(0)};
}

FailureOr<SmallVector<Value>> imhsa::expandLogSumExp(OpBuilder &builder, LogSumExpOp op) {
  ScoresExpander expander(builder, op, op.getScores());
  if (failed(expander.prepare()))
    return failure();
  return SmallVector<Value>{expander.logSumExp(expander.logits(), op.getInit())};
}

FailureOr<SmallVector<Value>> WeightsOp::decomposeOperation(OpBuilder &builder) {
  return expandWeights(builder, *this);
}
FailureOr<SmallVector<Value>> LogSumExpOp::decomposeOperation(OpBuilder &builder) {
  return expandLogSumExp(builder, *this);
}
FailureOr<SmallVector<Value>> PoolOp::decomposeOperation(OpBuilder &builder) {
  return expandPool(builder, *this);
}
