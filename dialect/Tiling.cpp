//===- Tiling.cpp - tiling over batch, queries, value columns and keys ----===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// `imhsa.attention` iterates over batch, queries, value columns and keys;
// `imhsa.log_sum_exp` over batch, queries and keys. Heads interact, so every tile
// has all of them. Keys are a reduction, cut in TilingReduction.cpp.

#include "dialect/Tiling.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Loops and dimensions
//===----------------------------------------------------------------------===//

ArrayRef<Loop> imhsa::loopsOf(AttentionOp) {
  static constexpr Loop loops[] = {Loop::Batch, Loop::Queries, Loop::Columns, Loop::Keys};
  return loops;
}
ArrayRef<Loop> imhsa::loopsOf(LogSumExpOp) {
  static constexpr Loop loops[] = {Loop::Batch, Loop::Queries, Loop::Keys};
  return loops;
}

// The loops over the dimensions of a token tensor.
static DimLoops tokenLoops(DimOrder order, Loop token, Loop width = Loop::None) {
  DimLoops loops(4, Loop::None);
  TokenDims dims = tokenDims(order);
  loops[dims.batch] = Loop::Batch;
  loops[dims.token] = token;
  loops[dims.width] = width;
  return loops;
}

// The loops over the dimensions of a log-sum-exp, [B,S,N].
static DimLoops rowLoops() { return {Loop::Batch, Loop::None, Loop::Queries}; }

DimLoops imhsa::resultLoops(AttentionOp op, unsigned result) {
  return result == 0 ? tokenLoops(op.getOutputOrder(), Loop::Queries, Loop::Columns) : rowLoops();
}
DimLoops imhsa::resultLoops(LogSumExpOp, unsigned) { return rowLoops(); }

// The size of the first dimension among `places` that the types say, or else of the first.
static OpFoldResult sizeOf(OpBuilder &builder, Location loc,
                           ArrayRef<std::pair<Value, unsigned>> places) {
  for (auto [value, dim] : places)
    if (int64_t size = dimSize(value, dim); !ShapedType::isDynamic(size))
      return builder.getIndexAttr(size);
  return linalg::createFoldedDimOp(builder, loc, places.front().first, places.front().second);
}

// Sizes come from inputs alone: while a partial reduction is made, `outs` is of another shape.
static OpFoldResult loopSize(OpBuilder &builder, Location loc, const Scores &scores, Value value,
                             DimOrder valueOrder, Loop loop) {
  TokenDims q = tokenDims(scores.queryOrder), k = tokenDims(scores.keyOrder);
  switch (loop) {
  case Loop::Batch:
    return sizeOf(builder, loc, {{scores.query, q.batch}, {scores.key, k.batch}});
  case Loop::Queries:
    return sizeOf(builder, loc, {{scores.query, q.token}});
  case Loop::Columns:
    return sizeOf(builder, loc, {{value, 3}});
  case Loop::Keys:
    if (value)
      return sizeOf(builder, loc, {{scores.key, k.token}, {value, tokenDims(valueOrder).token}});
    return sizeOf(builder, loc, {{scores.key, k.token}});
  case Loop::None:
    break;
  }
  llvm_unreachable("not a loop");
}

SmallVector<OpFoldResult> imhsa::logSumExpSizes(OpBuilder &builder, Location loc,
                                                const Scores &scores) {
  TokenDims q = tokenDims(scores.queryOrder), k = tokenDims(scores.keyOrder);
  OpFoldResult heads = scores.interaction.pre ? sizeOf(builder, loc, {{scores.interaction.pre, 0}})
                                              : sizeOf(builder, loc, {{scores.query, q.head}});
  return {sizeOf(builder, loc, {{scores.query, q.batch}, {scores.key, k.batch}}), heads,
          sizeOf(builder, loc, {{scores.query, q.token}})};
}

static OpFoldResult loopSize(OpBuilder &builder, AttentionOp op, Loop loop) {
  return loopSize(builder, op.getLoc(), op.getScores(), op.getValue(), op.getValueOrder(), loop);
}
static OpFoldResult loopSize(OpBuilder &builder, LogSumExpOp op, Loop loop) {
  return loopSize(builder, op.getLoc(), op.getScores(), Value(), DimOrder::BHND, loop);
}

template <typename OpTy> static SmallVector<utils::IteratorType> iteratorTypes(OpTy op) {
  return llvm::map_to_vector(loopsOf(op), [](Loop loop) {
    return loop == Loop::Keys ? utils::IteratorType::reduction : utils::IteratorType::parallel;
  });
}

template <typename OpTy> static SmallVector<Range> iterationDomain(OpTy op, OpBuilder &builder) {
  return llvm::map_to_vector(loopsOf(op), [&](Loop loop) {
    return Range{builder.getIndexAttr(0), loopSize(builder, op, loop), builder.getIndexAttr(1)};
  });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

// True if both are one number, or the size of one dimension of one value.
static bool isSameSize(OpFoldResult lhs, OpFoldResult rhs) {
  if (isEqualConstantIntOrValue(lhs, rhs))
    return true;
  auto l = dyn_cast<Value>(lhs), r = dyn_cast<Value>(rhs);
  auto lhsDim = l ? l.getDefiningOp<tensor::DimOp>() : tensor::DimOp();
  auto rhsDim = r ? r.getDefiningOp<tensor::DimOp>() : tensor::DimOp();
  return lhsDim && rhsDim && lhsDim.getSource() == rhsDim.getSource() &&
         lhsDim.getConstantIndex() && lhsDim.getConstantIndex() == rhsDim.getConstantIndex();
}

template <typename OpTy>
static Tile makeTile(OpBuilder &builder, OpTy op, ArrayRef<OpFoldResult> offsets,
                     ArrayRef<OpFoldResult> sizes) {
  Tile tile;
  for (auto [loop, offset, size] : llvm::zip_equal(loopsOf(op), offsets, sizes)) {
    OpFoldResult whole = loopSize(builder, op, loop);
    bool isCut = !isZeroInteger(offset) || !isSameSize(size, whole);
    tile[loop] = {offset, size, whole, isCut};
  }
  return tile;
}
Tile imhsa::tileOf(OpBuilder &builder, AttentionOp op, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes) {
  return makeTile(builder, op, offsets, sizes);
}
Tile imhsa::tileOf(OpBuilder &builder, LogSumExpOp op, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes) {
  return makeTile(builder, op, offsets, sizes);
}

Position imhsa::positionOf(ArrayRef<OpFoldResult> wholeSizes, ArrayRef<Loop> loops,
                           const Tile &tile, OpBuilder &builder) {
  Position position;
  for (auto [size, loop] : llvm::zip_equal(wholeSizes, loops)) {
    bool isCut = tile.isCut(loop);
    position.offsets.push_back(isCut ? tile[loop].offset : builder.getIndexAttr(0));
    position.sizes.push_back(isCut ? tile[loop].size : size);
  }
  return position;
}

Value TileBuilder::slice(Value value, ArrayRef<Loop> loops, bool mayBroadcast) {
  if (!value || llvm::none_of(loops, [&](Loop loop) { return tile.isCut(loop); }))
    return value;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  Position position = positionOf(sizes, loops, tile, builder);
  for (auto [dim, loop] : llvm::enumerate(loops))
    if (mayBroadcast && loop != Loop::Keys && tile.isCut(loop))
      keepBroadcast(sizes[dim], position.offsets[dim], position.sizes[dim]);
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  auto slice = tensor::ExtractSliceOp::create(builder, loc, value, position.offsets, position.sizes,
                                              strides);
  slices.push_back(slice);
  return slice;
}

// A dimension of size 1 that stands for all of a loop stays whole. Where the
// type does not say whether it is one, that is decided when the program runs.
void TileBuilder::keepBroadcast(OpFoldResult whole, OpFoldResult &offset, OpFoldResult &size) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  if (isOneInteger(whole)) {
    offset = zero;
    size = one;
    return;
  }
  auto dynamic = dyn_cast<Value>(whole);
  if (!dynamic)
    return;
  auto toValue = [&](OpFoldResult index) {
    return getValueOrCreateConstantIndexOp(builder, loc, index);
  };
  Value isOne =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, dynamic, toValue(one));
  auto choose = [&](OpFoldResult broadcast, OpFoldResult other) -> OpFoldResult {
    if (broadcast == other)
      return other;
    return arith::SelectOp::create(builder, loc, isOne, toValue(broadcast), toValue(other))
        .getResult();
  };
  offset = choose(zero, offset);
  size = choose(one, size);
}

// Query i of the tile stands at key i + offset of the tile.
Value TileBuilder::queryOffset(const Scores &scores) {
  const Cut &queries = tile[Loop::Queries], &keys = tile[Loop::Keys];
  if ((!scores.causal && !scores.window) || (!queries.isCut && !keys.isCut))
    return scores.queryOffset;
  AffineExpr d0, d1, d2, d3;
  bindDims(builder.getContext(), d0, d1, d2, d3);
  OpFoldResult offset = scores.queryOffset
                            ? affine::makeComposedFoldedAffineApply(
                                  builder, loc, d0 + d1 - d2,
                                  {OpFoldResult(scores.queryOffset), queries.offset, keys.offset})
                            : affine::makeComposedFoldedAffineApply(
                                  builder, loc, d0 - d1 + d2 - d3,
                                  {keys.whole, queries.whole, queries.offset, keys.offset});
  return getValueOrCreateConstantIndexOp(builder, loc, offset);
}

// How many of a batch element's first keys lie in the tile: length - offset, at
// least 0. Computed in i64, as max(length, offset) - offset, which cannot overflow.
Value TileBuilder::keyLengths(Value lengths) {
  lengths = slice(lengths, {Loop::Batch});
  if (!lengths || !tile.isCut(Loop::Keys))
    return lengths;
  Value offset = arith::IndexCastOp::create(
      builder, loc, builder.getI64Type(),
      getValueOrCreateConstantIndexOp(builder, loc, tile[Loop::Keys].offset));
  Value init = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, lengths),
                                       builder.getI64Type());
  AffineMap identity = builder.getMultiDimIdentityMap(1);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), lengths, init, ArrayRef<AffineMap>{identity, identity},
             ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
             [&](OpBuilder &b, Location loc, ValueRange args) {
               Value length = args[0];
               if (length.getType() != b.getI64Type())
                 length = arith::ExtSIOp::create(b, loc, b.getI64Type(), length);
               length = arith::MaxSIOp::create(b, loc, length, offset);
               length = arith::SubIOp::create(b, loc, length, offset);
               linalg::YieldOp::create(b, loc, length);
             })
      .getResult(0);
}

Scores TileBuilder::scores(Scores scores) {
  scores.queryOffset = queryOffset(scores);
  scores.query = slice(scores.query, tokenLoops(scores.queryOrder, Loop::Queries));
  scores.key = slice(scores.key, tokenLoops(scores.keyOrder, Loop::Keys));
  scores.bias = slice(scores.bias, {Loop::Batch, Loop::None, Loop::Queries, Loop::Keys},
                      /*mayBroadcast=*/true);
  scores.keep = slice(scores.keep, {Loop::Batch, Loop::Queries, Loop::Keys}, /*mayBroadcast=*/true);
  scores.keyLengths = keyLengths(scores.keyLengths);
  scores.lse = slice(scores.lse, rowLoops());
  return scores;
}

AttentionOp TileBuilder::build(AttentionOp op, ValueRange outs) {
  Value value = slice(op.getValue(), tokenLoops(op.getValueOrder(), Loop::Keys, Loop::Columns));
  if (!op.hasLandmarks()) {
    auto tiled = AttentionOp::create(builder, loc, scores(op.getScores()), value,
                                     op.getValueOrder(), outs, op.getOutputOrder());
    tiled.setScheduleAttr(op.getScheduleAttr());
    tiled->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    return tiled;
  }
  Scores sliced = scores(op.getScores());
  auto landmarks = [&](Value value) -> Value {
    // [H,L,D] is shared by the batch.
    bool isShared = !value || cast<ShapedType>(value.getType()).getRank() == 3;
    return isShared ? value : slice(value, tokenLoops(DimOrder::BHND, Loop::None));
  };
  Value query = landmarks(op.getQueryLandmarks()), key = landmarks(op.getKeyLandmarks());
  auto tiled = cast<AttentionOp>(builder.clone(*op));
  tiled.getQueryMutable().set(sliced.query);
  tiled.getKeyMutable().set(sliced.key);
  tiled.getValueMutable().set(value);
  if (query)
    tiled.getQueryLandmarksMutable().assign(query);
  if (key)
    tiled.getKeyLandmarksMutable().assign(key);
  if (sliced.keyLengths)
    tiled.getKeyLengthsMutable().assign(sliced.keyLengths);
  tiled.getOutsMutable().assign(outs);
  for (auto [result, out] : llvm::zip_equal(tiled->getResults(), outs))
    result.setType(out.getType());
  return tiled;
}

LogSumExpOp TileBuilder::build(LogSumExpOp op, ValueRange outs) {
  auto tiled = LogSumExpOp::create(builder, loc, scores(op.getScores()), outs.front());
  tiled.setScheduleAttr(op.getScheduleAttr());
  tiled->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return tiled;
}

//===----------------------------------------------------------------------===//
// TilingInterface
//===----------------------------------------------------------------------===//

bool imhsa::hasEmptyOperand(Operation *op) {
  return llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && shaped.hasRank() && llvm::is_contained(shaped.getShape(), 0);
  });
}

InFlightDiagnostic imhsa::notTiled(Operation *op) { return op->emitRemark("not tiled: "); }

static LogicalResult checkTile(AttentionOp op, const Tile &tile) {
  if (op.hasLandmarks() && (tile.isCut(Loop::Queries) || tile.isCut(Loop::Keys)))
    return notTiled(op) << "with landmarks, only batch and value columns can be cut, found a tile "
                           "of "
                        << (tile.isCut(Loop::Queries) ? "queries" : "keys")
                        << "; run imhsa-decompose first";
  if (tile.isCut(Loop::Columns) && op->getNumResults() > 1)
    return notTiled(op) << "the log-sum-exp has no value columns, so each tile of columns would "
                           "write it again";
  return success();
}
static LogicalResult checkTile(LogSumExpOp, const Tile &) { return success(); }

template <typename OpTy>
static FailureOr<TilingResult> tiledImplementation(OpTy op, OpBuilder &builder,
                                                   ArrayRef<OpFoldResult> offsets,
                                                   ArrayRef<OpFoldResult> sizes) {
  if (!op.hasPureTensorSemantics() || hasEmptyOperand(op)) {
    notTiled(op) << (hasEmptyOperand(op) ? "there is nothing to cut: an operand has no elements"
                                         : "expected tensors, found memrefs");
    return failure();
  }
  Tile tile = makeTile(builder, op, offsets, sizes);
  if (failed(checkTile(op, tile)))
    return failure();
  if (tile.isCut(Loop::Keys)) {
    notTiled(op) << "keys are a reduction: expected a tile of all of them, or tiling as a partial "
                    "reduction";
    return failure();
  }
  TileBuilder tiler(builder, op.getLoc(), tile);
  SmallVector<Value> outs;
  for (auto [index, out] : llvm::enumerate(op.getOuts()))
    outs.push_back(tiler.slice(out, resultLoops(op, index)));
  Operation *tiled = tiler.build(op, outs);
  return TilingResult{{tiled}, SmallVector<Value>(tiled->getResults()), tiler.slices};
}

template <typename OpTy>
static LogicalResult
resultTilePosition(OpTy op, OpBuilder &builder, unsigned result, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
                   SmallVector<OpFoldResult> &resultSizes) {
  if (result >= op->getNumResults())
    return failure();
  SmallVector<OpFoldResult> whole =
      tensor::getMixedSizes(builder, op.getLoc(), op.getOuts()[result]);
  Position position =
      positionOf(whole, resultLoops(op, result), makeTile(builder, op, offsets, sizes), builder);
  resultOffsets = std::move(position.offsets);
  resultSizes = std::move(position.sizes);
  return success();
}

// The tile of the loops that computes a tile of a result: all keys, and all that the
// result does not have.
template <typename OpTy>
static LogicalResult
domainTileOfResult(OpTy op, OpBuilder &builder, unsigned result, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes, SmallVectorImpl<OpFoldResult> &domainOffsets,
                   SmallVectorImpl<OpFoldResult> &domainSizes) {
  if (result >= op->getNumResults())
    return failure();
  for (const Range &range : iterationDomain(op, builder)) {
    domainOffsets.push_back(range.offset);
    domainSizes.push_back(range.size);
  }
  Value out = op.getOuts()[result];
  for (auto [dim, loop] : llvm::enumerate(resultLoops(op, result))) {
    if (loop == Loop::None) {
      OpFoldResult whole = tensor::getMixedSize(builder, op.getLoc(), out, dim);
      if (!isZeroInteger(offsets[dim]) || !isSameSize(sizes[dim], whole))
        return notTiled(op) << "heads interact: expected a tile of all heads of result " << result
                            << ", found a part of dimension " << dim;
      continue;
    }
    size_t position = llvm::find(loopsOf(op), loop) - loopsOf(op).begin();
    domainOffsets[position] = offsets[dim];
    domainSizes[position] = sizes[dim];
  }
  return success();
}

template <typename OpTy>
static FailureOr<TilingResult> resultTileValue(OpTy op, OpBuilder &builder, unsigned result,
                                               ArrayRef<OpFoldResult> offsets,
                                               ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> domainOffsets, domainSizes;
  if (failed(domainTileOfResult(op, builder, result, offsets, sizes, domainOffsets, domainSizes)))
    return failure();
  FailureOr<TilingResult> tiled = tiledImplementation(op, builder, domainOffsets, domainSizes);
  if (succeeded(tiled))
    tiled->tiledValues = {tiled->tiledValues[result]};
  return tiled;
}

#define IMHSA_TILING_METHODS(OP)                                                                   \
  SmallVector<utils::IteratorType> OP::getLoopIteratorTypes() { return iteratorTypes(*this); }     \
  SmallVector<Range> OP::getIterationDomain(OpBuilder &builder) {                                  \
    return iterationDomain(*this, builder);                                                        \
  }                                                                                                \
  FailureOr<TilingResult> OP::getTiledImplementation(                                              \
      OpBuilder &builder, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {          \
    return tiledImplementation(*this, builder, offsets, sizes);                                    \
  }                                                                                                \
  LogicalResult OP::getResultTilePosition(                                                         \
      OpBuilder &builder, unsigned result, ArrayRef<OpFoldResult> offsets,                         \
      ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,                      \
      SmallVector<OpFoldResult> &resultSizes) {                                                    \
    return resultTilePosition(*this, builder, result, offsets, sizes, resultOffsets, resultSizes); \
  }                                                                                                \
  FailureOr<TilingResult> OP::generateResultTileValue(OpBuilder &builder, unsigned result,         \
                                                      ArrayRef<OpFoldResult> offsets,              \
                                                      ArrayRef<OpFoldResult> sizes) {              \
    return resultTileValue(*this, builder, result, offsets, sizes);                                \
  }                                                                                                \
  LogicalResult OP::getIterationDomainTileFromResultTile(                                          \
      OpBuilder &builder, unsigned result, ArrayRef<OpFoldResult> offsets,                         \
      ArrayRef<OpFoldResult> sizes, SmallVectorImpl<OpFoldResult> &domainOffsets,                  \
      SmallVectorImpl<OpFoldResult> &domainSizes) {                                                \
    return domainTileOfResult(*this, builder, result, offsets, sizes, domainOffsets, domainSizes); \
  }

IMHSA_TILING_METHODS(AttentionOp)
IMHSA_TILING_METHODS(LogSumExpOp)
