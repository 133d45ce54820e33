//===- ExpandLogits.cpp - masked logits as plain linalg -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/ScoresExpander.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

static constexpr auto parallel = utils::IteratorType::parallel;
static constexpr auto reduction = utils::IteratorType::reduction;
static constexpr double negativeInfinity = -std::numeric_limits<double>::infinity();

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
