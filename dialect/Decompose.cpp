//===- Decompose.cpp - landmark attention in simpler words ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Decompose.h"
#include "dialect/Expand.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Small builders
//===----------------------------------------------------------------------===//

Value imhsa::emptyTensor(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes,
                         Type elementType) {
  return tensor::EmptyOp::create(builder, loc, sizes, elementType);
}

Value imhsa::filledTensor(OpBuilder &builder, Location loc, double value, Value destination) {
  auto type = cast<FloatType>(getElementTypeOrSelf(destination));
  Value scalar = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
  return linalg::FillOp::create(builder, loc, scalar, destination).getResult(0);
}

Value imhsa::convertFloat(OpBuilder &builder, Location loc, Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (value.getType() == type)
    return value;
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, value);
  if (from > to)
    return arith::TruncFOp::create(builder, loc, type, value);
  // f16 and bf16 have one width: through the type that holds both.
  return convertFloat(builder, loc, convertFloat(builder, loc, value, builder.getF32Type()), type);
}

Value imhsa::convertInto(OpBuilder &builder, Location loc, Value source, Value init,
                         ArrayRef<unsigned> permutation) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank();
  AffineMap identity = builder.getMultiDimIdentityMap(rank), read = identity;
  if (!permutation.empty())
    read = inversePermutation(AffineMap::getPermutationMap(permutation, builder.getContext()));
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  Type type = getElementTypeOrSelf(init);
  return linalg::GenericOp::create(builder, loc, init.getType(), source, init,
                                   ArrayRef<AffineMap>{read, identity}, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange args) {
                                     Value converted = convertFloat(b, loc, args[0], type);
                                     linalg::YieldOp::create(b, loc, converted);
                                   })
      .getResult(0);
}

FailureOr<int64_t> imhsa::groupSize(Operation *op, StringRef name, int64_t heads, int64_t grouped) {
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(grouped))
    return heads / grouped;
  auto text = [](int64_t size) {
    return ShapedType::isDynamic(size) ? std::string("?") : std::to_string(size);
  };
  op->emitOpError() << name
                    << ": expected static numbers of heads, which say how heads are grouped; "
                    << "found " << text(grouped) << " for " << text(heads);
  return failure();
}

//===----------------------------------------------------------------------===//
// Landmark attention
//===----------------------------------------------------------------------===//

Landmarks imhsa::materializeLandmarks(OpBuilder &builder, AttentionOp op) {
  Location loc = op.getLoc();
  Type sumType = op.getScores().computeType();
  auto pooled = [&](Value tokens, DimOrder order) -> Value {
    TokenDims dims = tokenDims(order);
    auto size = [&](unsigned dim) { return tensor::getMixedSize(builder, loc, tokens, dim); };
    OpFoldResult count = builder.getIndexAttr(op.getPoolAttr().getNumLandmarks());
    Value init =
        emptyTensor(builder, loc, {size(0), size(dims.head), count, size(dims.width)}, sumType);
    return PoolOp::create(builder, loc, op.getPoolAttr(), tokens, order, op.getKeyLengths(), init)
        ->getResult(0);
  };
  auto batched = [&](Value landmarks) -> Value {
    if (cast<ShapedType>(landmarks.getType()).getRank() == 4)
      return landmarks;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, landmarks);
    sizes.insert(sizes.begin(), tensor::getMixedSize(builder, loc, op.getQuery(), 0));
    Value init = emptyTensor(builder, loc, sizes, getElementTypeOrSelf(landmarks));
    return linalg::BroadcastOp::create(builder, loc, landmarks, init, ArrayRef<int64_t>{0})
        ->getResult(0);
  };
  if (op.getPoolAttr())
    return {pooled(op.getQuery(), op.getQueryOrder()), pooled(op.getKey(), op.getKeyOrder())};
  return {batched(op.getQueryLandmarks()), batched(op.getKeyLandmarks())};
}

Scores imhsa::queryLessScores(AttentionOp op, Value queryLandmarks) {
  Scores scores;
  scores.query = queryLandmarks;
  scores.key = op.getKey();
  scores.keyOrder = op.getKeyOrder();
  scores.interaction = op.getQueryLess();
  scores.keyLengths = op.getKeyLengths();
  scores.scale = op.getScores().scale;
  return scores;
}

Scores imhsa::keyLessScores(AttentionOp op, Value keyLandmarks) {
  Scores scores;
  scores.query = op.getQuery();
  scores.key = keyLandmarks;
  scores.queryOrder = op.getQueryOrder();
  scores.interaction = op.getKeyLess();
  scores.scale = op.getScores().scale;
  return scores;
}

namespace {
/// Sizes of a landmark attention, as constants where some type says so.
struct LandmarkSizes {
  OpFoldResult batch, heads, queries, landmarks, keys, width;
};
} // namespace

// The first of `places` (value, dimension) whose size is static, otherwise the first.
static OpFoldResult sizeFromAny(OpBuilder &builder, Location loc,
                                ArrayRef<std::pair<Value, unsigned>> places) {
  for (auto [value, dim] : places)
    if (!ShapedType::isDynamic(dimSize(value, dim)))
      return builder.getIndexAttr(dimSize(value, dim));
  return tensor::getMixedSize(builder, loc, places.front().first, places.front().second);
}

static LandmarkSizes landmarkSizes(OpBuilder &builder, AttentionOp op, const Landmarks &landmarks) {
  Location loc = op.getLoc();
  TokenDims q = tokenDims(op.getQueryOrder()), k = tokenDims(op.getKeyOrder()),
            v = tokenDims(op.getValueOrder()), o = tokenDims(op.getOutputOrder());
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue(), init = op.getInit();
  return {sizeFromAny(builder, loc, {{init, 0}, {query, 0}, {key, 0}, {value, 0}}),
          sizeFromAny(builder, loc, {{init, o.head}}),
          sizeFromAny(builder, loc, {{init, o.token}, {query, q.token}}),
          sizeFromAny(builder, loc, {{landmarks.query, 2}, {landmarks.key, 2}}),
          sizeFromAny(builder, loc, {{key, k.token}, {value, v.token}}),
          sizeFromAny(builder, loc, {{init, o.width}, {value, v.width}})};
}

Value imhsa::splitLandmarkAttention(OpBuilder &builder, AttentionOp op) {
  Location loc = op.getLoc();
  Landmarks landmarks = materializeLandmarks(builder, op);
  LandmarkSizes size = landmarkSizes(builder, op, landmarks);
  Value init = emptyTensor(builder, loc, {size.batch, size.heads, size.landmarks, size.width},
                           op.getScores().computeType());
  Value context = AttentionOp::create(builder, loc, queryLessScores(op, landmarks.query),
                                      op.getValue(), op.getValueOrder(), init)
                      ->getResult(0);
  return AttentionOp::create(builder, loc, keyLessScores(op, landmarks.key), context,
                             DimOrder::BHND, op.getInit(), op.getOutputOrder())
      ->getResult(0);
}

// [.., G, ..] as [.., G', r, ..]: heads `dim` of `value` by the value head that serves them.
static Value splitHeads(OpBuilder &builder, Location loc, Value value, unsigned dim, int64_t groups,
                        int64_t size) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  sizes[dim] = builder.getIndexAttr(groups);
  sizes.insert(sizes.begin() + dim + 1, builder.getIndexAttr(size));
  SmallVector<ReassociationIndices> reassociation;
  for (int64_t i = 0, rank = sizes.size(); i < rank; ++i) {
    if (i == dim + 1)
      reassociation.back().push_back(i);
    else
      reassociation.push_back({i});
  }
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  return tensor::ExpandShapeOp::create(builder, loc, type, value, reassociation, sizes);
}

// A contraction of f32 accumulation over zeros; maps are over all iteration
// dimensions, those missing in `result` are reduced.
static Value contract(OpBuilder &builder, Location loc, Value lhs, Value rhs, Value init,
                      ArrayRef<AffineMap> maps) {
  return linalg::ContractOp::create(builder, loc, init.getType(), ValueRange{lhs, rhs},
                                    filledTensor(builder, loc, 0.0, init),
                                    builder.getAffineMapArrayAttr(maps))
      ->getResult(0);
}

Value imhsa::maskTokens(OpBuilder &builder, Location loc, Value value, DimOrder order,
                        Value lengths) {
  auto type = cast<FloatType>(getElementTypeOrSelf(value));
  AffineMap identity = builder.getMultiDimIdentityMap(4);
  AffineMap batch = AffineMap::get(4, 0, {builder.getAffineDimExpr(0)}, builder.getContext());
  Value zero = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, 0.0));
  Value init = emptyTensor(builder, loc, tensor::getMixedSizes(builder, loc, value), type);
  SmallVector<utils::IteratorType> parallel(4, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), ValueRange{value, lengths}, init,
             ArrayRef<AffineMap>{identity, batch, identity}, parallel,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value token = linalg::IndexOp::create(b, loc, tokenDims(order).token);
               Value length = arith::IndexCastOp::create(b, loc, b.getIndexType(), args[1]);
               Value isRead =
                   arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, token, length);
               Value element = arith::SelectOp::create(b, loc, isRead, args[0], zero);
               linalg::YieldOp::create(b, loc, element);
             })
      .getResult(0);
}

Value imhsa::unmaskedTokens(Value masked, DimOrder order, Value lengths) {
  auto generic = masked.getDefiningOp<linalg::GenericOp>();
  if (!generic || !lengths || generic.getNumDpsInputs() != 2 || generic.getNumDpsInits() != 1 ||
      generic.getNumParallelLoops() != 4 || generic.getNumLoops() != 4 ||
      generic.getDpsInputOperand(1)->get() != lengths ||
      !generic.getIndexingMapsArray()[0].isIdentity() ||
      !generic.getIndexingMapsArray()[2].isIdentity())
    return {};
  // select(token < length, value, 0)
  Block *body = generic.getBody();
  auto select = body->getTerminator()->getOperand(0).getDefiningOp<arith::SelectOp>();
  auto compare = select ? select.getCondition().getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::slt ||
      select.getTrueValue() != body->getArgument(0) ||
      !matchPattern(select.getFalseValue(), m_AnyZeroFloat()))
    return {};
  auto length = compare.getRhs().getDefiningOp<arith::IndexCastOp>();
  auto token = compare.getLhs().getDefiningOp<linalg::IndexOp>();
  if (!token || token.getDim() != tokenDims(order).token || !length ||
      length.getIn() != body->getArgument(1))
    return {};
  return generic.getDpsInputOperand(0)->get();
}

// (A_Q A_K) V in the paper's order. With grouped values the heads g are split in
// (group, member), so that every map is a projected permutation.
static FailureOr<Value> decomposeLandmarks(OpBuilder &builder, AttentionOp op) {
  Location loc = op.getLoc();
  TokenDims v = tokenDims(op.getValueOrder()), o = tokenDims(op.getOutputOrder());
  int64_t resultHeads = dimSize(op.getInit(), o.head), valueHeads = dimSize(op.getValue(), v.head);
  FailureOr<int64_t> members = groupSize(op, "value", resultHeads, valueHeads);
  if (failed(members))
    return failure();
  bool grouped = *members != 1;

  Landmarks landmarks = materializeLandmarks(builder, op);
  LandmarkSizes size = landmarkSizes(builder, op, landmarks);
  Type sumType = op.getScores().computeType();
  auto weights = [&](const Scores &scores, OpFoldResult rows, OpFoldResult columns) -> Value {
    Value init = emptyTensor(builder, loc, {size.batch, size.heads, rows, columns}, sumType);
    Value result = WeightsOp::create(builder, loc, scores, init)->getResult(0);
    return grouped ? splitHeads(builder, loc, result, 1, valueHeads, *members) : result;
  };
  Value keyLess = weights(keyLessScores(op, landmarks.key), size.queries, size.landmarks);
  Value queryLess = weights(queryLessScores(op, landmarks.query), size.landmarks, size.keys);

  // Iteration dimensions of both products: b, g (and its member), then the three of a matmul.
  AffineExpr b, g, member, row, column, inner;
  bindDims(builder.getContext(), b, g, member, row, column, inner);
  unsigned numDims = 6;
  if (!grouped) {
    bindDims(builder.getContext(), b, g, row, column, inner);
    numDims = 5;
  }
  auto map = [&](ArrayRef<AffineExpr> exprs, bool withMember = true) {
    SmallVector<AffineExpr> results(exprs);
    if (grouped && withMember)
      results.insert(llvm::find(results, g) + 1, member);
    return AffineMap::get(numDims, 0, results, builder.getContext());
  };
  auto withMembers = [&](SmallVector<OpFoldResult> sizes, unsigned head) {
    if (grouped) {
      sizes[head] = builder.getIndexAttr(valueHeads);
      sizes.insert(sizes.begin() + head + 1, builder.getIndexAttr(*members));
    }
    return sizes;
  };

  Value forwardInit = emptyTensor(
      builder, loc, withMembers({size.batch, size.heads, size.queries, size.keys}, 1), sumType);
  Value forward =
      contract(builder, loc, keyLess, queryLess, forwardInit,
               {map({b, g, row, inner}), map({b, g, inner, column}), map({b, g, row, column})});

  SmallVector<AffineExpr> valueExprs(4), resultExprs(4);
  valueExprs[0] = b, valueExprs[v.head] = g, valueExprs[v.token] = inner, valueExprs[3] = column;
  resultExprs[0] = b, resultExprs[o.head] = g, resultExprs[o.token] = row, resultExprs[3] = column;
  bool needsConversion = getElementTypeOrSelf(op.getInit()) != sumType;
  SmallVector<OpFoldResult> resultSizes(4);
  resultSizes[0] = size.batch, resultSizes[o.head] = size.heads;
  resultSizes[o.token] = size.queries, resultSizes[3] = size.width;
  Value productInit;
  if (!needsConversion)
    productInit = grouped ? splitHeads(builder, loc, op.getInit(), o.head, valueHeads, *members)
                          : op.getInit();
  else
    productInit = emptyTensor(builder, loc, withMembers(resultSizes, o.head), sumType);
  Value value = op.getValue();
  if (op.getKeyLengths())
    value = maskTokens(builder, loc, value, op.getValueOrder(), op.getKeyLengths());
  Value product =
      contract(builder, loc, forward, value, productInit,
               {map({b, g, row, inner}), map(valueExprs, /*withMember=*/false), map(resultExprs)});
  if (grouped) {
    SmallVector<ReassociationIndices> reassociation;
    for (int64_t i = 0; i < 5; ++i) {
      if (i == o.head + 1)
        reassociation.back().push_back(i);
      else
        reassociation.push_back({i});
    }
    product = tensor::CollapseShapeOp::create(builder, loc, product, reassociation);
  }
  if (needsConversion)
    return convertInto(builder, loc, product, op.getInit());
  if (product.getType() != op.getInit().getType())
    product = tensor::CastOp::create(builder, loc, op.getInit().getType(), product);
  return product;
}

FailureOr<SmallVector<Value>> AttentionOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return emitOpError("expected tensors to decompose, found memrefs"), failure();
  if (!hasLandmarks())
    return expandAttention(builder, *this);
  FailureOr<Value> result = decomposeLandmarks(builder, *this);
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}
