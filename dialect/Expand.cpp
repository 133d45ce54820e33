//===- Expand.cpp - scores, softmax and attention as plain linalg ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The formulas are those of `imhsa.attention`; each step below is one of their
// lines. Keys are laid out as [B,H',D,M], so that the innermost loop of the
// logits, of the mixing and of the softmax runs over contiguous keys.

#include "dialect/Expand.h"
#include "dialect/Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

namespace {

constexpr auto parallel = utils::IteratorType::parallel;
constexpr auto reduction = utils::IteratorType::reduction;
constexpr double negativeInfinity = -std::numeric_limits<double>::infinity();

/// Builds the tensors of one attention, step by step. The names of dimensions
/// are those of the formulas; in every tensor made here the order is b, head,
/// query, key (or width).
class ScoresExpander {
public:
  ScoresExpander(OpBuilder &builder, Operation *op, const Scores &scores)
      : builder(builder), op(op), loc(op->getLoc()), scores(scores), type(scores.computeType()) {}

  /// Checks that heads are static enough, and computes the sizes.
  LogicalResult prepare();

  Value logits();                                ///< Y, masked with -inf
  std::pair<Value, Value> softmax(Value logits); ///< P (over `logits`) and log-sum-exp
  Value softmaxWithLse(Value logits);            ///< P = exp(Y - lse)
  Value logSumExp(Value logits, Value init);
  Value mixAfter(Value weights, Value init); ///< Z
  Value zeroWhereNotKept(Value weights);
  FailureOr<Value> valueProduct(Value weights, AttentionOp attention);

private:
  AffineMap map(unsigned dims, ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(dims, 0, exprs, builder.getContext());
  }
  AffineExpr d(unsigned i) { return builder.getAffineDimExpr(i); }
  Value constant(double value) {
    return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
  }
  Value generic(ValueRange ins, Value init, ArrayRef<AffineMap> maps,
                ArrayRef<utils::IteratorType> iterators,
                function_ref<Value(OpBuilder &, ValueRange)> body) {
    return linalg::GenericOp::create(builder, loc, init.getType(), ins, init, maps, iterators,
                                     [&](OpBuilder &b, Location, ValueRange args) {
                                       linalg::YieldOp::create(b, loc, body(b, args));
                                     })
        .getResult(0);
  }
  Value compute(OpBuilder &b, Value value) { return convertFloat(b, loc, value, type); }
  OpFoldResult sizeOf(Value value, unsigned dim) {
    return tensor::getMixedSize(builder, loc, value, dim);
  }

  Value scaledQuery();
  Value transposedKey();
  Value addBias(Value logits);
  Value mix(Value scores, Value weight, Value bias, Value init);
  Value keptPositions();
  Value rowMaximum(Value logits);
  Value replaceInfinite(OpBuilder &b, Value rowValue);
  Value logOfSum(Value total, Value safeMaximum, Value init);

  OpBuilder &builder;
  Operation *op;
  Location loc;
  Scores scores;
  FloatType type;
  OpFoldResult batch, queryHeads, scoreHeads, resultHeads, queries, keys;
  int64_t headsPerKeyHead = 1;
  Value kept; ///< i1 [B,N,M], null where everything is kept
};

} // namespace

LogicalResult ScoresExpander::prepare() {
  FailureOr<int64_t> members = groupSize(op, "key", scores.queryHeads(), scores.keyHeads());
  if (failed(members))
    return failure();
  headsPerKeyHead = *members;
  TokenDims q = tokenDims(scores.queryOrder), k = tokenDims(scores.keyOrder);
  const Interaction &mix = scores.interaction;
  batch = sizeOf(scores.query, 0);
  queryHeads = sizeOf(scores.query, q.head);
  scoreHeads = mix.pre ? sizeOf(mix.pre, 0) : queryHeads;
  resultHeads = mix.post ? sizeOf(mix.post, 0) : scoreHeads;
  queries = sizeOf(scores.query, q.token);
  keys = sizeOf(scores.key, k.token);
  return success();
}

//===----------------------------------------------------------------------===//
// Logits
//===----------------------------------------------------------------------===//

// scale * Q[b,h,n,d]
Value ScoresExpander::scaledQuery() {
  TokenDims q = tokenDims(scores.queryOrder);
  Value init =
      emptyTensor(builder, loc, {batch, queryHeads, queries, sizeOf(scores.query, 3)}, type);
  SmallVector<AffineExpr> read(4);
  read[0] = d(0), read[q.head] = d(1), read[q.token] = d(2), read[3] = d(3);
  Value scale = constant(scores.scaleOrDefault());
  return generic(scores.query, init, {map(4, read), builder.getMultiDimIdentityMap(4)},
                 {parallel, parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
                   return arith::MulFOp::create(b, loc, compute(b, args[0]), scale);
                 });
}

// K[b,h',m,d] as [b,h',d,m]
Value ScoresExpander::transposedKey() {
  TokenDims k = tokenDims(scores.keyOrder);
  Value init = emptyTensor(
      builder, loc, {batch, sizeOf(scores.key, k.head), sizeOf(scores.key, k.width), keys}, type);
  SmallVector<unsigned> permutation = {0, k.head, k.width, k.token};
  return convertInto(builder, loc, scores.key, init, permutation);
}

// kept[b,n,m]: all that excludes positions, or null.
Value ScoresExpander::keptPositions() {
  if (!scores.isMasked())
    return {};
  Value init = emptyTensor(builder, loc, {batch, queries, keys}, builder.getI1Type());
  auto toValue = [&](OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(builder, loc, size);
  };
  Value offset = scores.queryOffset;
  if (!offset && (scores.causal || scores.window))
    offset = arith::SubIOp::create(builder, loc, toValue(keys), toValue(queries));

  SmallVector<Value> ins;
  SmallVector<AffineMap> maps;
  if (scores.keyLengths) {
    ins.push_back(scores.keyLengths);
    maps.push_back(map(3, {d(0)}));
  }
  // A dimension of `keep` that may be 1 repeats. Where the type does not say which it is,
  // the last valid index stands for all that follow.
  bool keepByMap = false;
  SmallVector<Value> lastIndex;
  if (scores.keep) {
    SmallVector<AffineExpr> read;
    keepByMap = true;
    for (unsigned i = 0; i < 3; ++i) {
      int64_t size = dimSize(scores.keep, i);
      read.push_back(i < 2 && size == 1 ? builder.getAffineConstantExpr(0) : d(i));
      keepByMap &= i == 2 || !ShapedType::isDynamic(size);
    }
    if (keepByMap) {
      ins.push_back(scores.keep);
      maps.push_back(map(3, read));
    } else {
      Value one = arith::ConstantIndexOp::create(builder, loc, 1);
      for (unsigned i = 0; i < 3; ++i)
        lastIndex.push_back(
            arith::SubIOp::create(builder, loc, toValue(sizeOf(scores.keep, i)), one));
    }
  }
  maps.push_back(builder.getMultiDimIdentityMap(3));
  return generic(
      ins, init, maps, {parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
        using arith::CmpIPredicate;
        auto index = [&](unsigned i) -> Value { return linalg::IndexOp::create(b, loc, i); };
        auto at = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(b, loc, value);
        };
        Value result;
        auto also = [&](Value condition) {
          result =
              result ? arith::AndIOp::create(b, loc, result, condition).getResult() : condition;
        };
        auto compare = [&](CmpIPredicate predicate, Value lhs, Value rhs) -> Value {
          return arith::CmpIOp::create(b, loc, predicate, lhs, rhs);
        };
        Value key = index(2);
        unsigned next = 0;
        if (scores.keyLengths) {
          Value length = arith::IndexCastOp::create(b, loc, b.getIndexType(), args[next++]);
          also(compare(CmpIPredicate::slt, key, length));
        }
        if (scores.keep && keepByMap) {
          also(args[next++]);
        } else if (scores.keep) {
          SmallVector<Value> position;
          for (unsigned i = 0; i < 3; ++i)
            position.push_back(arith::MinSIOp::create(b, loc, index(i), lastIndex[i]));
          also(tensor::ExtractOp::create(b, loc, scores.keep, position));
        }
        if (scores.causal || scores.window) {
          // How far the key stands before the query.
          Value position = arith::AddIOp::create(b, loc, index(1), offset);
          Value before = arith::SubIOp::create(b, loc, position, key);
          if (scores.causal)
            also(compare(CmpIPredicate::sge, before, at(0)));
          if (scores.window) {
            also(compare(CmpIPredicate::sle, before, at(scores.window->first)));
            also(compare(CmpIPredicate::sge, before, at(-scores.window->second)));
          }
        }
        return result;
      });
}

// X + bias, where a dimension of the bias may be 1.
Value ScoresExpander::addBias(Value logits) {
  Value bias = scores.bias;
  SmallVector<AffineExpr> read;
  bool byMap = true;
  for (unsigned i = 0; i < 4; ++i) {
    int64_t size = dimSize(bias, i);
    read.push_back(i < 3 && size == 1 ? builder.getAffineConstantExpr(0) : d(i));
    byMap &= i == 3 || !ShapedType::isDynamic(size);
  }
  AffineMap identity = builder.getMultiDimIdentityMap(4);
  SmallVector<utils::IteratorType> iterators(4, parallel);
  if (byMap)
    return generic(bias, logits, {map(4, read), identity}, iterators,
                   [&](OpBuilder &b, ValueRange args) {
                     return arith::AddFOp::create(b, loc, args[1], compute(b, args[0]));
                   });
  SmallVector<Value> lastIndex;
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  for (unsigned i = 0; i < 4; ++i)
    lastIndex.push_back(arith::SubIOp::create(
        builder, loc, getValueOrCreateConstantIndexOp(builder, loc, sizeOf(bias, i)), one));
  return generic({}, logits, {identity}, iterators, [&](OpBuilder &b, ValueRange args) {
    SmallVector<Value> position;
    for (unsigned i = 0; i < 4; ++i)
      position.push_back(
          arith::MinSIOp::create(b, loc, linalg::IndexOp::create(b, loc, i), lastIndex[i]));
    Value added = tensor::ExtractOp::create(b, loc, bias, position);
    return arith::AddFOp::create(b, loc, args[0], compute(b, added));
  });
}

// out[b,s,n,m] = sum_h weight[s,h] in[b,h,n,m] + bias[s], into `init`.
Value ScoresExpander::mix(Value in, Value weight, Value bias, Value init) {
  AffineMap result4 = builder.getMultiDimIdentityMap(4);
  if (!weight) // The heads stay; only the bias is added.
    return generic({in, bias}, init, {result4, map(4, {d(1)}), result4},
                   {parallel, parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
                     return arith::AddFOp::create(b, loc, args[0], compute(b, args[1]));
                   });
  Value start = bias ? generic(bias, init, {map(4, {d(1)}), result4},
                               {parallel, parallel, parallel, parallel},
                               [&](OpBuilder &b, ValueRange args) { return compute(b, args[0]); })
                     : filledTensor(builder, loc, 0.0, init);
  AffineMap weightMap = map(5, {d(1), d(4)}), inMap = map(5, {d(0), d(4), d(2), d(3)}),
            outMap = map(5, {d(0), d(1), d(2), d(3)});
  return generic({weight, in}, start, {weightMap, inMap, outMap},
                 {parallel, parallel, parallel, parallel, reduction},
                 [&](OpBuilder &b, ValueRange args) {
                   Value product = arith::MulFOp::create(b, loc, compute(b, args[0]), args[1]);
                   return arith::AddFOp::create(b, loc, args[2], product);
                 });
}

// Y[b,s,n,m], -inf where not kept.
Value ScoresExpander::logits() {
  Value query = scaledQuery(), key = transposedKey();
  Value init = filledTensor(builder, loc, 0.0,
                            emptyTensor(builder, loc, {batch, queryHeads, queries, keys}, type));
  AffineExpr keyHead = headsPerKeyHead == 1 ? d(1) : d(1).floorDiv(headsPerKeyHead);
  Value result = generic({query, key}, init,
                         {map(5, {d(0), d(1), d(2), d(4)}), map(5, {d(0), keyHead, d(4), d(3)}),
                          map(5, {d(0), d(1), d(2), d(3)})},
                         {parallel, parallel, parallel, parallel, reduction},
                         [&](OpBuilder &b, ValueRange args) {
                           Value product = arith::MulFOp::create(b, loc, args[0], args[1]);
                           return arith::AddFOp::create(b, loc, args[2], product);
                         });
  if (scores.bias)
    result = addBias(result);
  const Interaction &interaction = scores.interaction;
  if (interaction.pre || interaction.preBias) {
    Value mixed = interaction.pre
                      ? emptyTensor(builder, loc, {batch, scoreHeads, queries, keys}, type)
                      : result;
    result = mix(result, interaction.pre, interaction.preBias, mixed);
  }
  kept = keptPositions();
  if (!kept)
    return result;
  Value excluded = constant(negativeInfinity);
  return generic(kept, result, {map(4, {d(0), d(2), d(3)}), builder.getMultiDimIdentityMap(4)},
                 {parallel, parallel, parallel, parallel}, [&](OpBuilder &b, ValueRange args) {
                   return arith::SelectOp::create(b, loc, args[0], args[1], excluded);
                 });
}

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
