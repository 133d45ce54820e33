//===- Tile.h - an attention core in loops over tiles ---------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_TILE_TILE_H
#define IMHSA_PASSES_TILE_TILE_H

#include "dialect/Imhsa.h"
#include "passes/Passes.h"

namespace imhsa {

/// How a core is cut. What is 0 is chosen; a schedule on the operation comes before all of it.
struct TileSizes {
  int64_t batch, queries, keys, splits;
};

/// What has become of a core.
struct TiledCore {
  /// Attentions and log-sum-exps on tiles: one, or the normalisers and the sum.
  llvm::SmallVector<mlir::Operation *, 2> tiles;
  /// Whether those were separated.
  bool isSeparated = false;
  /// How many of them are in a sweep over their keys.
  unsigned numSwept = 0;
};

/// Why `op`, an attention or a log-sum-exp, cannot be tiled; null if it can.
const char *whyNotTiled(mlir::Operation *op);

/// Replaces an exact attention or a log-sum-exp on tensors by loops over tiles.
mlir::FailureOr<TiledCore> tileCore(mlir::RewriterBase &rewriter, mlir::Operation *op,
                                    TileSizes sizes, TileLoops loops);

} // namespace imhsa

#endif // IMHSA_PASSES_TILE_TILE_H
