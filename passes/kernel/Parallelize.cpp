//===- Parallelize.cpp - large linalg operations in parallel tiles --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Tiling.h"
#include "passes/Passes.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_PARALLELIZEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// What a dimension of unknown size is taken for: large, as the number of tokens.
static constexpr int64_t kDynamicExtent = 4096;

static int64_t multiply(int64_t a, int64_t b) {
  return llvm::SaturatingMultiply<uint64_t>(a, b) > INT64_MAX ? INT64_MAX : a * b;
}

// True if some input is read again for each index along `dim`, as the right-hand side
// of a matmul is for each row.
static bool isReuse(linalg::LinalgOp op, unsigned dim) {
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    bool isTable = false, isSummed = false;
    for (auto [i, type] : llvm::enumerate(types))
      (type == utils::IteratorType::parallel ? isTable : isSummed) |= map.isFunctionOfDim(i);
    return isTable && isSummed && !map.isFunctionOfDim(dim);
  });
}

// The sizes of parallel tiles in which `op` does about `work` steps; zero for a
// dimension that is not cut. All zero if one tile is enough.
static SmallVector<int64_t> chooseTiles(linalg::LinalgOp op, int64_t work, int64_t reuse) {
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<int64_t> tiles(extents.size(), 0);
  // No work, also where another operand does not tell the size; upstream's tiling divides by it.
  if (hasEmptyOperand(op))
    return tiles;
  int64_t inTile = 1;
  for (auto [extent, type] : llvm::zip_equal(extents, types)) {
    if (ShapedType::isDynamic(extent))
      extent = kDynamicExtent;
    if (type != utils::IteratorType::parallel)
      inTile = multiply(inTile, extent);
  }
  // From the innermost dimension out: whole as long as the tile is not full.
  bool isFull = false;
  for (unsigned dim = extents.size(); dim-- > 0;) {
    if (types[dim] != utils::IteratorType::parallel)
      continue;
    if (!isFull && multiply(inTile, extents[dim]) <= work) {
      inTile = multiply(inTile, extents[dim]);
      continue;
    }
    int64_t least = isReuse(op, dim) ? reuse : 1;
    int64_t fitting = llvm::divideCeil(work, std::max<int64_t>(inTile, 1));
    int64_t tile = isFull ? least : std::max(least, fitting);
    isFull = true;
    if (tile < extents[dim])
      tiles[dim] = tile;
  }
  return tiles;
}

namespace {
struct ParallelizePass : imhsa::impl::ParallelizePassBase<ParallelizePass> {
  using ParallelizePassBase::ParallelizePassBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureTensorSemantics() && !op->getParentOfType<scf::ForallOp>() &&
          !op->getParentOfType<scf::ParallelOp>())
        ops.push_back(op);
    });
    // Users first: the zeros that they start from are computed in their tiles.
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : llvm::reverse(ops)) {
      if (op->use_empty()) {
        rewriter.eraseOp(op);
        continue;
      }
      if (failed(parallelize(rewriter, op)))
        return signalPassFailure();
    }
  }

private:
  LogicalResult parallelize(IRRewriter &rewriter, linalg::LinalgOp op) {
    bool reduces = op.getNumReductionLoops() != 0;
    SmallVector<int64_t> tiles = chooseTiles(op, reduces ? reductionWork : elementwiseWork, reuse);
    if (llvm::all_of(tiles, [](int64_t tile) { return tile == 0; }))
      return success();

    scf::SCFTilingOptions tiling;
    tiling.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    tiling.setTileSizes(getAsIndexOpFoldResult(&getContext(), tiles));
    scf::SCFTileAndFuseOptions options;
    options.setTilingOptions(tiling);
    options.setFusionControlFn(
        [](tensor::ExtractSliceOp, OpResult producer,
           bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
          if (isa<linalg::FillOp>(producer.getOwner()))
            return scf::SCFTileAndFuseOptions::ControlFnResult{};
          return std::nullopt;
        });
    rewriter.setInsertionPoint(op);
    FailureOr<scf::SCFTileAndFuseResult> tiled = scf::tileConsumerAndFuseProducersUsingSCF(
        rewriter, cast<TilingInterface>(op.getOperation()), options);
    if (failed(tiled))
      return op.emitOpError("cannot be cut into tiles");
    for (OpResult result : op->getResults())
      rewriter.replaceAllUsesWith(result, tiled->replacements.lookup(result));
    rewriter.eraseOp(op);
    ++numParallelized;
    return success();
  }
};
} // namespace
