//===- ExpandPool.cpp - segment means as plain linalg ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Decompose.h"
#include "dialect/Expand.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace imhsa;

namespace {

/// One pooled dimension: `extent` tokens in `count` segments. On a grid there are two.
struct Axis {
  Value extent; ///< n, index; the largest over the batch
  int64_t count;
};

/// Tokens [begin, end) of one segment.
struct Segment {
  Value begin, end;
};

} // namespace

// Segment l of L covers floor(l n / L) up to, not including, ceil((l + 1) n / L).
static Segment segmentOf(OpBuilder &b, Location loc, Value l, Value n, int64_t count) {
  Value segments = arith::ConstantIndexOp::create(b, loc, count);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value begin = arith::DivUIOp::create(b, loc, arith::MulIOp::create(b, loc, l, n), segments);
  Value next = arith::MulIOp::create(b, loc, arith::AddIOp::create(b, loc, l, one), n);
  return {begin, arith::CeilDivUIOp::create(b, loc, next, segments)};
}

// The most tokens that any segment of an axis has: at most ceil(n / L) + 1, and n.
static Value longestSegment(OpBuilder &b, Location loc, const Axis &axis) {
  Value count = arith::ConstantIndexOp::create(b, loc, axis.count);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value longest =
      arith::AddIOp::create(b, loc, arith::CeilDivUIOp::create(b, loc, axis.extent, count), one);
  return arith::MinUIOp::create(b, loc, longest, axis.extent);
}

// Two steps: the sum over a loop that is as long as the longest segment, where tokens
// beyond a segment's end add 0; then the division by the number of tokens.
FailureOr<SmallVector<Value>> imhsa::expandPool(OpBuilder &builder, PoolOp op) {
  Location loc = op.getLoc();
  Value input = op.getInput(), init = op.getInit(), lengths = op.getKeyLengths();
  FloatType type = computeTypeOf(getElementTypeOrSelf(input));
  TokenDims in = tokenDims(op.getInputOrder());
  PoolAttr pool = op.getPool();
  MLIRContext *context = builder.getContext();

  SmallVector<Axis> axes;
  if (pool.isGrid())
    for (auto [extent, count] : llvm::zip_equal(pool.getGrid(), pool.getLandmarks()))
      axes.push_back({arith::ConstantIndexOp::create(builder, loc, extent), count});
  else
    axes.push_back({getValueOrCreateConstantIndexOp(
                        builder, loc, tensor::getMixedSize(builder, loc, input, in.token)),
                    pool.getLandmarks().front()});
  Value zeroIndex = arith::ConstantIndexOp::create(builder, loc, 0);

  // Axis by axis, the segment of landmark `l` of batch element `length`.
  auto segments = [&](OpBuilder &b, Value l, Value length) {
    SmallVector<Segment> result;
    if (!pool.isGrid()) {
      Value tokens = axes[0].extent;
      if (length) {
        Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), length);
        tokens = arith::MinSIOp::create(b, loc, tokens,
                                        arith::MaxSIOp::create(b, loc, index, zeroIndex));
      }
      result.push_back(segmentOf(b, loc, l, tokens, axes[0].count));
      return result;
    }
    Value columns = arith::ConstantIndexOp::create(b, loc, axes[1].count);
    Value row = arith::DivUIOp::create(b, loc, l, columns);
    Value column = arith::RemUIOp::create(b, loc, l, columns);
    result.push_back(segmentOf(b, loc, row, axes[0].extent, axes[0].count));
    result.push_back(segmentOf(b, loc, column, axes[1].extent, axes[1].count));
    return result;
  };

  // Loops: b, h, l, d, then one for each axis. A loop's extent needs an operand of that
  // shape; its elements are not read.
  unsigned numLoops = 4 + axes.size();
  SmallVector<Value> ins;
  SmallVector<AffineMap> maps;
  auto dim = [&](unsigned i) { return getAffineDimExpr(i, context); };
  if (lengths) {
    ins.push_back(lengths);
    maps.push_back(AffineMap::get(numLoops, 0, {dim(0)}, context));
  }
  SmallVector<AffineExpr> windowDims;
  SmallVector<OpFoldResult> windowSizes;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    windowDims.push_back(dim(4 + i));
    windowSizes.push_back(longestSegment(builder, loc, axis));
  }
  ins.push_back(emptyTensor(builder, loc, windowSizes, builder.getI1Type()));
  maps.push_back(AffineMap::get(numLoops, 0, windowDims, context));
  maps.push_back(AffineMap::get(numLoops, 0, {dim(0), dim(1), dim(2), dim(3)}, context));
  SmallVector<utils::IteratorType> iterators(4, utils::IteratorType::parallel);
  iterators.append(axes.size(), utils::IteratorType::reduction);

  Value zeros =
      filledTensor(builder, loc, 0.0,
                   emptyTensor(builder, loc, tensor::getMixedSizes(builder, loc, init), type));
  Value sum =
      linalg::GenericOp::create(
          builder, loc, zeros.getType(), ins, zeros, maps, iterators,
          [&](OpBuilder &b, Location, ValueRange args) {
            auto index = [&](unsigned i) -> Value { return linalg::IndexOp::create(b, loc, i); };
            Value inside, token = zeroIndex;
            for (auto [i, segment] :
                 llvm::enumerate(segments(b, index(2), lengths ? args[0] : Value()))) {
              Value at = arith::AddIOp::create(b, loc, segment.begin, index(4 + i));
              Value before =
                  arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, segment.end);
              inside = inside ? arith::AndIOp::create(b, loc, inside, before).getResult() : before;
              // Positions outside read the first token of all instead, and add 0.
              token = arith::AddIOp::create(
                  b, loc, arith::MulIOp::create(b, loc, token, axes[i].extent), at);
            }
            token = arith::SelectOp::create(b, loc, inside, token, zeroIndex);
            SmallVector<Value> position(4);
            position[0] = index(0), position[in.head] = index(1);
            position[in.token] = token, position[3] = index(3);
            Value element =
                convertFloat(b, loc, tensor::ExtractOp::create(b, loc, input, position), type);
            Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 0.0));
            Value term = arith::SelectOp::create(b, loc, inside, element, zero);
            Value added = arith::AddFOp::create(b, loc, args.back(), term);
            linalg::YieldOp::create(b, loc, added);
          })
          .getResult(0);

  AffineMap identity = builder.getMultiDimIdentityMap(4);
  SmallVector<Value> meanIns = {sum};
  SmallVector<AffineMap> meanMaps = {identity, identity};
  if (lengths) {
    meanIns.push_back(lengths);
    meanMaps.insert(meanMaps.begin() + 1, AffineMap::get(4, 0, {dim(0)}, context));
  }
  SmallVector<utils::IteratorType> parallel(4, utils::IteratorType::parallel);
  Type resultType = getElementTypeOrSelf(init);
  Value mean =
      linalg::GenericOp::create(
          builder, loc, init.getType(), meanIns, init, meanMaps, parallel,
          [&](OpBuilder &b, Location, ValueRange args) {
            Value l = linalg::IndexOp::create(b, loc, 2), count;
            for (const Segment &segment : segments(b, l, lengths ? args[1] : Value())) {
              Value length = arith::SubIOp::create(b, loc, segment.end, segment.begin);
              count = count ? arith::MulIOp::create(b, loc, count, length).getResult() : length;
            }
            // An empty segment has the sum 0; dividing it by 1 keeps it.
            Value one = arith::ConstantIndexOp::create(b, loc, 1);
            count = arith::MaxUIOp::create(b, loc, count, one);
            Value wide = arith::IndexCastOp::create(b, loc, b.getI64Type(), count);
            Value divisor = arith::SIToFPOp::create(b, loc, type, wide);
            Value quotient = arith::DivFOp::create(b, loc, args[0], divisor);
            linalg::YieldOp::create(b, loc, convertFloat(b, loc, quotient, resultType));
          })
          .getResult(0);
  return SmallVector<Value>{mean};
}
