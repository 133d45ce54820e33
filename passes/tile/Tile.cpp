//===- Tile.cpp - attention cores in loops over tiles ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/tile/Tile.h"
#include "dialect/Tiling.h"
#include "passes/tile/Normalisers.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_TILEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

//===----------------------------------------------------------------------===//
// Sizes of tiles
//===----------------------------------------------------------------------===//

namespace {
/// What bounds the sizes that nobody gave.
struct Budget {
  int64_t scores;             ///< in one tile, in all heads together
  int64_t queries;            ///< in a tile over many keys
  int64_t queriesOverFewKeys; ///< in a tile that has all keys
  int64_t keys;               ///< in a tile
};
} // namespace

// The expansion of a tile holds up to three matrices of its scores (logits, mixed logits, mixed
// weights), 4 bytes each, and copies of its keys and values: about 1 MiB together where each
// thread has a tile, 20 MiB where one tile at a time keeps a device busy.
static constexpr Budget parallelBudget = {48 * 1024, 64, 64, 512};
static constexpr Budget sequentialBudget = {1024 * 1024, 256, 4096, 4096};
// Keys that need no sweep: all of them are in one tile.
static constexpr int64_t mostFewKeys = 512;
// Queries (of landmarks) that stay together over many keys, so that all tokens are read once.
static constexpr int64_t mostLandmarks = 256;
// Ranges of keys where queries alone give no parallel work.
static constexpr int64_t defaultSplits = 8;
// Head count assumed where the types do not say it.
static constexpr int64_t assumedHeads = 8;

// The largest tile of at most `most` and at least half of it, a multiple of `multiple`, that
// divides `size`, so that all tiles have one static shape; `most` where there is none.
static int64_t evenTile(int64_t size, int64_t most, int64_t multiple) {
  if (ShapedType::isDynamic(size) || size == 0)
    return most;
  for (int64_t tile = llvm::alignDown(most, multiple); 2 * tile >= most; tile -= multiple)
    if (size % tile == 0)
      return tile;
  return most;
}

static int64_t headsOf(const Scores &scores) {
  int64_t heads = 1;
  for (int64_t count : {scores.queryHeads(), scores.scoreHeads(), scores.resultHeads()})
    heads = std::max(heads, ShapedType::isDynamic(count) ? assumedHeads : count);
  return heads;
}

static bool isAtMost(int64_t size, int64_t limit) {
  return !ShapedType::isDynamic(size) && size <= limit;
}

// Fills in the sizes that are 0 in `sizes`.
static TileSizes chooseSizes(const Scores &scores, TileSizes sizes, imhsa::TileLoops loops) {
  bool isParallel = loops == imhsa::TileLoops::Parallel;
  const Budget &budget = isParallel ? parallelBudget : sequentialBudget;
  int64_t heads = headsOf(scores), queries = scores.queries(), keys = scores.keys();
  bool fewKeys = isAtMost(keys, sizes.keys ? sizes.keys : mostFewKeys);
  if (!sizes.queries && fewKeys) {
    int64_t most = budget.scores / (heads * std::max<int64_t>(keys, 1));
    most = std::clamp<int64_t>(most, 8, budget.queriesOverFewKeys);
    sizes.queries = evenTile(queries, most, 1);
  } else if (!sizes.queries) {
    sizes.queries = isAtMost(queries, mostLandmarks) ? std::max<int64_t>(queries, 1)
                                                     : evenTile(queries, budget.queries, 1);
  }
  bool oneTile = isAtMost(queries, sizes.queries);
  if (!sizes.keys && fewKeys) {
    sizes.keys = std::max<int64_t>(keys, 1);
  } else if (!sizes.keys) {
    int64_t rows = oneTile ? std::max<int64_t>(queries, 1) : sizes.queries;
    int64_t most = std::clamp<int64_t>(budget.scores / (heads * rows), 16, budget.keys);
    sizes.keys = evenTile(keys, llvm::alignDown(most, 16), 16);
  }
  if (!sizes.splits)
    sizes.splits = isParallel && oneTile ? defaultSplits : 1;
  return sizes;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

// Tiles `op` by `tileSizes`, 0 for loops that are not cut, and returns the operation on the tile.
template <typename OpTy>
static FailureOr<OpTy> tile(RewriterBase &rewriter, OpTy op, imhsa::TileLoops loops,
                            ArrayRef<OpFoldResult> tileSizes, ReductionTilingStrategy strategy) {
  scf::SCFTilingOptions options;
  options.setLoopType(loops == imhsa::TileLoops::Parallel
                          ? scf::SCFTilingOptions::LoopType::ForallOp
                          : scf::SCFTilingOptions::LoopType::ForOp);
  options.setTileSizes(tileSizes);
  options.setReductionTilingStrategy(strategy);
  if (strategy != ReductionTilingStrategy::FullReduction)
    options.setReductionDims(static_cast<unsigned>(tileSizes.size() - 1));
  FailureOr<scf::SCFTilingResult> result = scf::tileUsingSCF(rewriter, op, options);
  if (failed(result))
    return failure();
  rewriter.replaceOp(op, result->replacements);
  return cast<OpTy>(result->tiledOps.front());
}

// Batch elements and queries. A loop that is known to be no longer than its tile is not cut.
template <typename OpTy>
static FailureOr<OpTy> tileRows(RewriterBase &rewriter, OpTy op, imhsa::TileLoops loops,
                                const TileSizes &sizes) {
  Scores scores = op.getScores();
  SmallVector<OpFoldResult> tileSizes(loopsOf(op).size(), rewriter.getIndexAttr(0));
  if (!isAtMost(scores.batch(), sizes.batch))
    tileSizes[0] = rewriter.getIndexAttr(sizes.batch);
  if (!isAtMost(scores.queries(), sizes.queries))
    tileSizes[1] = rewriter.getIndexAttr(sizes.queries);
  if (llvm::all_of(tileSizes, isZeroInteger))
    return op;
  return tile(rewriter, op, loops, tileSizes, ReductionTilingStrategy::FullReduction);
}

// At most `splits` ranges of keys, each of whole tiles. Which keys a range has depends on their
// number alone, never on the number of threads.
template <typename OpTy>
static FailureOr<OpTy> splitKeys(RewriterBase &rewriter, OpTy op, imhsa::TileLoops loops,
                                 const TileSizes &sizes) {
  int64_t keys = op.getScores().keys();
  if (sizes.splits == 1 || isAtMost(keys, sizes.keys))
    return op;
  rewriter.setInsertionPoint(op);
  OpFoldResult count = op.getIterationDomain(rewriter).back().size;
  AffineExpr keysExpr = rewriter.getAffineSymbolExpr(0);
  AffineExpr range = keysExpr.ceilDiv(sizes.splits * sizes.keys) * sizes.keys;
  // Where there are no keys, a range of one tile, since a loop cannot have a step of 0.
  AffineMap map = AffineMap::get(0, 1, {range, rewriter.getAffineConstantExpr(sizes.keys)},
                                 rewriter.getContext());
  SmallVector<OpFoldResult> tileSizes(loopsOf(op).size(), rewriter.getIndexAttr(0));
  tileSizes.back() = affine::makeComposedFoldedAffineMax(rewriter, op.getLoc(), map, {count});
  return tile(rewriter, op, loops, tileSizes,
              ReductionTilingStrategy::PartialReductionOuterParallel);
}

// The keys that causal and window masks may keep for some query: from the first to the second,
// which may be none. Query i stands at key position i + query_offset.
static std::pair<OpFoldResult, OpFoldResult> keptRange(OpBuilder &builder, Location loc,
                                                       const Scores &scores, OpFoldResult queries,
                                                       OpFoldResult keys) {
  // How far a kept key may stand before and after its query. Larger numbers are as good as none.
  constexpr int64_t far = int64_t(1) << 32;
  int64_t before = scores.window ? std::min(scores.window->first, far) : far;
  int64_t after = scores.causal ? 0 : scores.window ? std::min(scores.window->second, far) : far;
  AffineExpr n, m, offset;
  bindDims(builder.getContext(), n, m, offset);
  AffineExpr zero = builder.getAffineConstantExpr(0);
  SmallVector<OpFoldResult> operands = {queries, keys};
  if (scores.queryOffset)
    operands.push_back(scores.queryOffset);
  else
    offset = m - n;
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(operands.size(), 0, results, builder.getContext());
  };
  OpFoldResult first = builder.getIndexAttr(0), last = keys;
  if (before < far)
    first =
        affine::makeComposedFoldedAffineMax(builder, loc, map({zero, offset - before}), operands);
  if (after < far)
    last =
        affine::makeComposedFoldedAffineMin(builder, loc, map({m, n + offset + after}), operands);
  return {first, last};
}

// One tile of keys after the other, added to what the tiles before gave. Built here rather than
// by `scf::tileUsingSCF`, which would ask for as many lanes as a tile has keys, and would sweep
// keys that the mask keeps from all queries.
template <typename OpTy>
static FailureOr<OpTy> sweepKeys(RewriterBase &rewriter, OpTy op, int64_t tileSize) {
  Location loc = op.getLoc();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<OpFoldResult> offsets, sizes;
  for (const Range &range : op.getIterationDomain(rewriter)) {
    offsets.push_back(range.offset);
    sizes.push_back(range.size);
  }
  auto [first, last] = keptRange(rewriter, loc, op.getScores(), sizes[1], sizes.back());
  OpFoldResult zero = rewriter.getIndexAttr(0);
  SetVector<unsigned> reductionDims;
  reductionDims.insert(sizes.size() - 1);
  constexpr auto strategy = ReductionTilingStrategy::PartialReductionOuterReduction;

  sizes.back() = rewriter.getIndexAttr(1); // lanes
  FailureOr<SmallVector<Value>> inits =
      op.generateInitialTensorForPartialReduction(rewriter, loc, sizes, reductionDims);
  if (failed(inits))
    return failure();
  auto toValue = [&](OpFoldResult index) {
    return getValueOrCreateConstantIndexOp(rewriter, loc, index);
  };
  auto loop = scf::ForOp::create(rewriter, loc, toValue(first), toValue(last),
                                 toValue(rewriter.getIndexAttr(tileSize)), *inits);
  rewriter.setInsertionPointToEnd(loop.getBody());
  offsets.back() = loop.getInductionVar();
  std::optional<int64_t> begin = getConstantIntValue(first), end = getConstantIntValue(last);
  if (begin && end && (*end - *begin) % tileSize == 0) {
    sizes.back() = rewriter.getIndexAttr(tileSize);
  } else {
    AffineExpr first = rewriter.getAffineDimExpr(0), all = rewriter.getAffineSymbolExpr(0);
    AffineMap rest = AffineMap::get(1, 1, {all - first, rewriter.getAffineConstantExpr(tileSize)},
                                    rewriter.getContext());
    sizes.back() = affine::makeComposedFoldedAffineMin(rewriter, loc, rest, {offsets.back(), last});
  }
  FailureOr<TilingResult> tiled = op.tileToPartialReduction(
      rewriter, loc, strategy, loop.getRegionIterArgs(), offsets, sizes, reductionDims, zero);
  if (failed(tiled))
    return failure();
  SmallVector<Value> yields;
  for (auto [index, value] : llvm::enumerate(tiled->tiledValues)) {
    SmallVector<OpFoldResult> resultOffsets, resultSizes;
    if (failed(op.getPartialResultTilePosition(rewriter, index, strategy, offsets, sizes,
                                               reductionDims, zero, resultOffsets, resultSizes)))
      return failure();
    SmallVector<OpFoldResult> strides(resultSizes.size(), rewriter.getIndexAttr(1));
    yields.push_back(tensor::InsertSliceOp::create(rewriter, loc, value,
                                                   loop.getRegionIterArgs()[index], resultOffsets,
                                                   resultSizes, strides));
  }
  scf::YieldOp::create(rewriter, loc, yields);

  rewriter.setInsertionPointAfter(loop);
  FailureOr<MergeResult> merged =
      op.mergeReductions(rewriter, loc, loop.getResults(), reductionDims);
  if (failed(merged))
    return failure();
  rewriter.replaceOp(op, merged->replacements);
  return cast<OpTy>(tiled->tiledOps.front());
}

//===----------------------------------------------------------------------===//
// Cores
//===----------------------------------------------------------------------===//

template <typename OpTy>
static LogicalResult reduceKeys(RewriterBase &rewriter, OpTy op, imhsa::TileLoops loops,
                                const TileSizes &sizes, TiledCore &core) {
  FailureOr<OpTy> range = splitKeys(rewriter, op, loops, sizes);
  if (failed(range))
    return failure();
  if (!isAtMost(range->getScores().keys(), sizes.keys)) {
    ++core.numSwept;
    range = sweepKeys(rewriter, *range, sizes.keys);
  }
  if (succeeded(range))
    core.tiles.push_back(*range);
  return range;
}

// What the schedule of `op` says, or else `sizes`. It is for what is whole: tiles have none.
template <typename OpTy>
static TileSizes takeSizes(OpTy op, TileSizes sizes, imhsa::TileLoops loops) {
  if (ScheduleAttr schedule = op.getScheduleAttr())
    sizes = {sizes.batch, schedule.getQueries(), schedule.getKeys(), schedule.getSplits()};
  op.removeScheduleAttr();
  return chooseSizes(op.getScores(), sizes, loops);
}

static FailureOr<TiledCore> tileAttention(RewriterBase &rewriter, AttentionOp op, TileSizes sizes,
                                          imhsa::TileLoops loops) {
  sizes = takeSizes(op, sizes, loops);
  FailureOr<AttentionOp> rows = tileRows(rewriter, op, loops, sizes);
  if (failed(rows))
    return failure();
  Scores scores = rows->getScores();
  TiledCore core;
  if (isAtMost(scores.keys(), sizes.keys) || !scores.interaction.mixesAfter() || scores.lse) {
    if (failed(reduceKeys(rewriter, *rows, loops, sizes, core)))
      return failure();
    return core;
  }
  core.isSeparated = true;
  auto [normalisers, sum] = separateNormalisers(rewriter, *rows);
  if (failed(reduceKeys(rewriter, normalisers, loops, sizes, core)) ||
      failed(reduceKeys(rewriter, sum, loops, sizes, core)))
    return failure();
  return core;
}

static FailureOr<TiledCore> tileLogSumExp(RewriterBase &rewriter, LogSumExpOp op, TileSizes sizes,
                                          imhsa::TileLoops loops) {
  sizes = takeSizes(op, sizes, loops);
  FailureOr<LogSumExpOp> rows = tileRows(rewriter, op, loops, sizes);
  TiledCore core;
  if (failed(rows) || failed(reduceKeys(rewriter, *rows, loops, sizes, core)))
    return failure();
  return core;
}

const char *imhsa::whyNotTiled(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op); attention && attention.hasLandmarks())
    return "it has landmarks; run imhsa-decompose first";
  return cast<DestinationStyleOpInterface>(op).hasPureTensorSemantics()
             ? nullptr
             : "expected tensors, found memrefs";
}

FailureOr<TiledCore> imhsa::tileCore(RewriterBase &rewriter, Operation *op, TileSizes sizes,
                                     imhsa::TileLoops loops) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  if (auto attention = dyn_cast<AttentionOp>(op))
    return tileAttention(rewriter, attention, sizes, loops);
  return tileLogSumExp(rewriter, cast<LogSumExpOp>(op), sizes, loops);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct TilePass : imhsa::impl::TilePassBase<TilePass> {
  using TilePassBase::TilePassBase;

  void runOnOperation() override {
    for (auto [name, value, least] :
         {std::tuple("batch", int64_t(batch), 1), std::tuple("queries", int64_t(queries), 0),
          std::tuple("keys", int64_t(keys), 0), std::tuple("splits", int64_t(splits), 0)})
      if (value < least) {
        emitError(getOperation()->getLoc())
            << "imhsa-tile: option " << name << ": expected at least " << least << ", found "
            << value;
        return signalPassFailure();
      }
    SmallVector<Operation *> cores;
    getOperation()->walk([&](Operation *op) {
      if (isa<AttentionOp, LogSumExpOp>(op) && !hasEmptyOperand(op) && !hasFusedSchedule(op))
        cores.push_back(op);
    });
    for (Operation *op : cores) {
      if (const char *reason = whyNotTiled(op)) {
        notTiled(op) << reason;
        continue;
      }
      IRRewriter rewriter(op);
      FailureOr<TiledCore> core = tileCore(rewriter, op, {batch, queries, keys, splits}, loops);
      if (failed(core))
        return signalPassFailure();
      ++numTiled;
      numSeparated += core->isSeparated;
      numSwept += core->numSwept;
    }
  }
};

} // namespace
