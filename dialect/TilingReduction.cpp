//===- TilingReduction.cpp - tiling over keys as a partial reduction ------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The partial results of a range of keys are, in the compute type,
//
//   without `lse` operand   the output normalised over the range, and the range's log-sum-exp
//   with `lse` operand      the output alone: a plain sum over keys
//   imhsa.log_sum_exp       the range's log-sum-exp
//
// each with a leading dimension of lanes. With the strategy OuterParallel every
// range has its own lane; with OuterReduction all ranges are accumulated in lane 0,
// one after the other, and the others keep the neutral element. One lane is enough
// then, and `imhsa-tile` asks for one; upstream's transformations ask for as many as
// a tile has keys, since the interface does not say which strategy initial values
// are for.

#include "dialect/Decompose.h"
#include "dialect/Tiling.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <limits>

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// What differs between the operations
//===----------------------------------------------------------------------===//

// The results, by number as in `resultLoops`, that partial results are of.
static SmallVector<unsigned> partials(AttentionOp op) {
  if (op.getLse())
    return {0};
  return {0, 1};
}
static SmallVector<unsigned> partials(LogSumExpOp) { return {0}; }

static bool isLogSumExp(AttentionOp, unsigned result) { return result == 1; }
static bool isLogSumExp(LogSumExpOp, unsigned) { return true; }

static DimOrder outputOrder(AttentionOp op) { return op.getOutputOrder(); }
static DimOrder outputOrder(LogSumExpOp) { return DimOrder::BHND; }

static LogicalResult checkKind(AttentionOp op) {
  if (op.hasLandmarks())
    return notTiled(op) << "with landmarks, keys cannot be cut; run imhsa-decompose first";
  if (op.getInteraction().mixesAfter() && !op.getLse())
    return notTiled(op)
           << "heads are mixed after the softmax, and a row's normaliser is known only "
              "after all keys: compute imhsa.log_sum_exp first and give it as `lse`";
  return success();
}
static LogicalResult checkKind(LogSumExpOp) { return success(); }

//===----------------------------------------------------------------------===//
// Shapes and lanes
//===----------------------------------------------------------------------===//

// The sizes of a result, also of a log-sum-exp that the operation does not return. They come from
// inputs alone, since `outs` is of another shape while a partial reduction is made.
static SmallVector<OpFoldResult> resultSizes(OpBuilder &builder, AttentionOp op, unsigned result) {
  SmallVector<OpFoldResult> rows = logSumExpSizes(builder, op.getLoc(), op.getScores());
  if (result == 1)
    return rows;
  TokenDims dims = tokenDims(op.getOutputOrder());
  SmallVector<OpFoldResult> sizes(4);
  sizes[dims.batch] = rows[0];
  sizes[dims.head] =
      op.getPost() ? tensor::getMixedSize(builder, op.getLoc(), op.getPost(), 0) : rows[1];
  sizes[dims.token] = rows[2];
  sizes[dims.width] = tensor::getMixedSize(builder, op.getLoc(), op.getValue(), 3);
  return sizes;
}
static SmallVector<OpFoldResult> resultSizes(OpBuilder &builder, LogSumExpOp op, unsigned) {
  return logSumExpSizes(builder, op.getLoc(), op.getScores());
}

// Lane `lane` of `value`, or the part of it at `position`, without the dimension of lanes.
static Value laneSlice(OpBuilder &builder, Location loc, Value value, OpFoldResult lane,
                       Position position) {
  position.offsets.insert(position.offsets.begin(), lane);
  position.sizes.insert(position.sizes.begin(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> strides(position.sizes.size(), builder.getIndexAttr(1));
  auto source = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape = std::get<0>(decomposeMixedValues(position.sizes));
  auto type = RankedTensorType::get(ArrayRef<int64_t>(shape).drop_front(), source.getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, type, value, position.offsets, position.sizes,
                                        strides);
}

static SmallVector<OpFoldResult> sizesInLane(OpBuilder &builder, Location loc, Value value) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  sizes.erase(sizes.begin());
  return sizes;
}

static double neutralElement(bool isLogSumExp) {
  return isLogSumExp ? -std::numeric_limits<double>::infinity() : 0.0;
}

//===----------------------------------------------------------------------===//
// Combining the results of two ranges of keys
//===----------------------------------------------------------------------===//

static Value sum(OpBuilder &builder, Location loc, Value total, Value part) {
  auto type = cast<RankedTensorType>(total.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, type, part, total,
                                   ArrayRef<AffineMap>{identity, identity}, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange args) {
                                     Value sum = arith::AddFOp::create(b, loc, args[1], args[0]);
                                     linalg::YieldOp::create(b, loc, sum);
                                   })
      .getResult(0);
}

namespace {
/// The log-sum-exp of two ranges together, and the share of each in the softmax.
struct LogSums {
  Value lse, totalShare, partShare;
};
} // namespace

//   lse = log(exp(total) + exp(part)),  shares exp(total - lse) and exp(part - lse)
// A row with nothing kept in either has -inf and shares of 0; NaN stays NaN.
static LogSums addLogSums(OpBuilder &builder, Location loc, Value total, Value part) {
  auto type = cast<RankedTensorType>(total.getType());
  auto elementType = cast<FloatType>(type.getElementType());
  Value share = emptyTensor(builder, loc, tensor::getMixedSizes(builder, loc, total), elementType);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps(4, identity);
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(b, loc, b.getFloatAttr(elementType, value));
    };
    auto exponential = [&](Value logit, Value reference) -> Value {
      return math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, logit, reference));
    };
    Value part = args[0], total = args[1];
    Value maximum = arith::MaximumFOp::create(b, loc, total, part);
    Value isEmpty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, maximum,
                                          constant(neutralElement(/*isLogSumExp=*/true)));
    // -inf - 0 is -inf, where -inf - -inf would be NaN.
    Value reference = arith::SelectOp::create(b, loc, isEmpty, constant(0.0), maximum);
    Value totalTerm = exponential(total, reference), partTerm = exponential(part, reference);
    Value sum = arith::AddFOp::create(b, loc, totalTerm, partTerm);
    Value lse = arith::AddFOp::create(b, loc, reference, math::LogOp::create(b, loc, sum));
    Value divisor = arith::SelectOp::create(b, loc, isEmpty, constant(1.0), sum);
    linalg::YieldOp::create(b, loc,
                            ValueRange{lse, arith::DivFOp::create(b, loc, totalTerm, divisor),
                                       arith::DivFOp::create(b, loc, partTerm, divisor)});
  };
  auto op =
      linalg::GenericOp::create(builder, loc, TypeRange{type, share.getType(), share.getType()},
                                part, ValueRange{total, share, share}, maps, parallel, body);
  return {op.getResult(0), op.getResult(1), op.getResult(2)};
}

// total * shares.totalShare + part * shares.partShare, in each row of an output.
static Value weightedSum(OpBuilder &builder, Location loc, Value total, Value part,
                         const LogSums &shares, DimOrder order) {
  TokenDims dims = tokenDims(order);
  AffineMap identity = builder.getMultiDimIdentityMap(4);
  AffineMap row =
      AffineMap::get(4, 0,
                     {builder.getAffineDimExpr(dims.batch), builder.getAffineDimExpr(dims.head),
                      builder.getAffineDimExpr(dims.token)},
                     builder.getContext());
  SmallVector<utils::IteratorType> parallel(4, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, total.getType(),
                                   ValueRange{part, shares.partShare, shares.totalShare}, total,
                                   ArrayRef<AffineMap>{identity, row, row, identity}, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange args) {
                                     Value kept = arith::MulFOp::create(b, loc, args[3], args[2]);
                                     Value added = arith::MulFOp::create(b, loc, args[0], args[1]);
                                     Value sum = arith::AddFOp::create(b, loc, kept, added);
                                     linalg::YieldOp::create(b, loc, sum);
                                   })
      .getResult(0);
}

// The partial results of two ranges of keys as those of both together.
template <typename OpTy>
static SmallVector<Value> combine(OpBuilder &builder, OpTy op, ValueRange totals,
                                  ValueRange parts) {
  Location loc = op.getLoc();
  SmallVector<unsigned> results = partials(op);
  if (!isLogSumExp(op, results.back()))
    return {sum(builder, loc, totals.front(), parts.front())};
  LogSums sums = addLogSums(builder, loc, totals.back(), parts.back());
  if (results.size() == 1)
    return {sums.lse};
  return {weightedSum(builder, loc, totals.front(), parts.front(), sums, outputOrder(op)),
          sums.lse};
}

//===----------------------------------------------------------------------===//
// PartialReductionOpInterface
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult checkPartial(OpTy op, const SetVector<unsigned> &reductionDims) {
  if (!op.hasPureTensorSemantics())
    return notTiled(op) << "expected tensors, found memrefs";
  if (hasEmptyOperand(op))
    return notTiled(op) << "there is nothing to cut: an operand has no elements";
  unsigned keys = loopsOf(op).size() - 1;
  if (reductionDims.size() != 1 || reductionDims.front() != keys)
    return notTiled(op) << "expected the keys, loop " << keys << ", as the reduction to tile";
  return checkKind(op);
}

template <typename OpTy>
static FailureOr<SmallVector<Value>> initialTensors(OpTy op, OpBuilder &builder, Location loc,
                                                    ArrayRef<OpFoldResult> tileSizes,
                                                    const SetVector<unsigned> &reductionDims) {
  if (failed(checkPartial(op, reductionDims)))
    return failure();
  SmallVector<Value> inits;
  for (unsigned result : partials(op)) {
    SmallVector<OpFoldResult> sizes = {tileSizes[reductionDims.front()]};
    llvm::append_range(sizes, resultSizes(builder, op, result));
    Value empty = emptyTensor(builder, loc, sizes, op.getScores().computeType());
    inits.push_back(filledTensor(builder, loc, neutralElement(isLogSumExp(op, result)), empty));
  }
  return inits;
}

template <typename OpTy>
static FailureOr<TilingResult>
partialReduction(OpTy op, OpBuilder &builder, Location loc, ReductionTilingStrategy strategy,
                 ValueRange inits, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                 const SetVector<unsigned> &reductionDims, ArrayRef<OpFoldResult> lanes) {
  if (failed(checkPartial(op, reductionDims)))
    return failure();
  Tile tile = tileOf(builder, op, offsets, sizes);
  TileBuilder tiler(builder, loc, tile);
  bool isSweep = strategy == ReductionTilingStrategy::PartialReductionOuterReduction;
  SmallVector<Value> totals, outs;
  for (auto [init, result] : llvm::zip_equal(inits, partials(op))) {
    Position position =
        positionOf(resultSizes(builder, op, result), resultLoops(op, result), tile, builder);
    totals.push_back(laneSlice(builder, loc, init, lanes.front(), position));
    // A tile of a sweep is computed beside the total that it is then added to.
    outs.push_back(
        isSweep ? emptyTensor(builder, loc, position.sizes, getElementTypeOrSelf(init.getType()))
                : totals.back());
  }
  Operation *tiled = tiler.build(op, outs);
  SmallVector<Value> results(tiled->getResults());
  if (isSweep)
    results = combine(builder, op, totals, results);
  for (Value total : totals)
    tiler.slices.push_back(total.getDefiningOp());
  return TilingResult{{tiled}, results, tiler.slices};
}

template <typename OpTy>
static LogicalResult
partialPosition(OpTy op, OpBuilder &builder, unsigned index, ArrayRef<OpFoldResult> offsets,
                ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> lanes,
                SmallVector<OpFoldResult> &resultOffsets, SmallVector<OpFoldResult> &resultSizes) {
  unsigned result = partials(op)[index];
  Position position = positionOf(::resultSizes(builder, op, result), resultLoops(op, result),
                                 tileOf(builder, op, offsets, sizes), builder);
  resultOffsets = {lanes.front()};
  resultSizes = {builder.getIndexAttr(1)};
  llvm::append_range(resultOffsets, position.offsets);
  llvm::append_range(resultSizes, position.sizes);
  return success();
}

// Adds up all lanes in their order, which is what makes the result independent of
// who computed them, and rounds to the result's type once.
template <typename OpTy>
static FailureOr<MergeResult> merge(OpTy op, OpBuilder &builder, Location loc, ValueRange values,
                                    const SetVector<unsigned> &reductionDims) {
  if (failed(checkPartial(op, reductionDims)))
    return failure();
  auto lanesOf = [&](OpBuilder &b, OpFoldResult lane) {
    return llvm::map_to_vector(values, [&](Value value) {
      SmallVector<OpFoldResult> sizes = sizesInLane(b, loc, value);
      SmallVector<OpFoldResult> zeros(sizes.size(), b.getIndexAttr(0));
      return laneSlice(b, loc, value, lane, Position{zeros, sizes});
    });
  };
  MergeResult merged;
  SmallVector<Value> totals;
  if (dimSize(values.front(), 0) == 1) {
    totals = lanesOf(builder, builder.getIndexAttr(0));
    merged.mergeOps.push_back(totals.front().getDefiningOp());
  } else {
    for (auto [value, result] : llvm::zip_equal(values, partials(op))) {
      Value empty = emptyTensor(builder, loc, sizesInLane(builder, loc, value),
                                getElementTypeOrSelf(value.getType()));
      totals.push_back(filledTensor(builder, loc, neutralElement(isLogSumExp(op, result)), empty));
    }
    auto index = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(builder, loc, value);
    };
    Value lanes = getValueOrCreateConstantIndexOp(
        builder, loc, tensor::getMixedSize(builder, loc, values.front(), 0));
    auto loop = scf::ForOp::create(
        builder, loc, index(0), lanes, index(1), totals,
        [&](OpBuilder &b, Location loc, Value lane, ValueRange args) {
          scf::YieldOp::create(b, loc, combine(b, op, args, lanesOf(b, OpFoldResult(lane))));
        });
    totals = SmallVector<Value>(loop.getResults());
    merged.mergeOps.push_back(loop);
  }
  for (auto [index, out] : llvm::enumerate(op.getOuts())) {
    Value total;
    if (index < totals.size())
      total = totals[index];
    else // A log-sum-exp beside the operand that stands for it.
      total = op.getScores().lse;
    if (getElementTypeOrSelf(total) != getElementTypeOrSelf(out))
      total = convertInto(builder, loc, total, out);
    else if (total.getType() != out.getType())
      total = tensor::CastOp::create(builder, loc, out.getType(), total);
    merged.replacements.push_back(total);
  }
  return merged;
}

#define IMHSA_PARTIAL_REDUCTION_METHODS(OP)                                                        \
  FailureOr<SmallVector<Value>> OP::generateInitialTensorForPartialReduction(                      \
      OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> tileSizes,                          \
      const SetVector<unsigned> &reductionDims) {                                                  \
    return initialTensors(*this, builder, loc, tileSizes, reductionDims);                          \
  }                                                                                                \
  FailureOr<TilingResult> OP::tileToPartialReduction(                                              \
      OpBuilder &builder, Location loc, ReductionTilingStrategy strategy, ValueRange inits,        \
      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,                                \
      const SetVector<unsigned> &reductionDims, ArrayRef<OpFoldResult> lanes) {                    \
    return partialReduction(*this, builder, loc, strategy, inits, offsets, sizes, reductionDims,   \
                            lanes);                                                                \
  }                                                                                                \
  FailureOr<MergeResult> OP::mergeReductions(OpBuilder &builder, Location loc, ValueRange values,  \
                                             const SetVector<unsigned> &reductionDims) {           \
    return merge(*this, builder, loc, values, reductionDims);                                      \
  }                                                                                                \
  LogicalResult OP::getPartialResultTilePosition(                                                  \
      OpBuilder &builder, unsigned index, ReductionTilingStrategy, ArrayRef<OpFoldResult> offsets, \
      ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &, ArrayRef<OpFoldResult> lanes,     \
      SmallVector<OpFoldResult> &resultOffsets, SmallVector<OpFoldResult> &resultSizes) {          \
    return partialPosition(*this, builder, index, offsets, sizes, lanes, resultOffsets,            \
                           resultSizes);                                                           \
  }

IMHSA_PARTIAL_REDUCTION_METHODS(AttentionOp)
IMHSA_PARTIAL_REDUCTION_METHODS(LogSumExpOp)
