//===- Tiling.h - tiles of attention and log-sum-exp ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_TILING_H
#define IMHSA_DIALECT_TILING_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// The loops that can be cut; None for what is never cut (heads, head size).
enum class Loop { Batch, Queries, Columns, Keys, None };

/// For each dimension of a tensor, the loop that runs over it.
using DimLoops = llvm::SmallVector<Loop, 4>;

/// The loops of an operation in the order of its iteration domain.
llvm::ArrayRef<Loop> loopsOf(AttentionOp op);
llvm::ArrayRef<Loop> loopsOf(LogSumExpOp op);

/// The loops over the dimensions of a result; result 1 of an attention is its
/// log-sum-exp, whether or not the operation has it.
DimLoops resultLoops(AttentionOp op, unsigned result);
DimLoops resultLoops(LogSumExpOp op, unsigned result);

/// A range of one loop: `size` iterations of `whole`, from `offset` on.
struct Cut {
  mlir::OpFoldResult offset, size, whole;
  bool isCut = false; ///< False where the range is known to be the whole loop.
};

/// A range of every loop; loops that an operation does not have are not cut.
class Tile {
public:
  Cut &operator[](Loop loop) { return cuts[static_cast<unsigned>(loop)]; }
  const Cut &operator[](Loop loop) const { return cuts[static_cast<unsigned>(loop)]; }
  bool isCut(Loop loop) const { return loop != Loop::None && (*this)[loop].isCut; }

private:
  Cut cuts[4];
};

/// The tile with these offsets and sizes, one for each of `loopsOf(op)`.
Tile tileOf(mlir::OpBuilder &builder, AttentionOp op, llvm::ArrayRef<mlir::OpFoldResult> offsets,
            llvm::ArrayRef<mlir::OpFoldResult> sizes);
Tile tileOf(mlir::OpBuilder &builder, LogSumExpOp op, llvm::ArrayRef<mlir::OpFoldResult> offsets,
            llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// Where a tile lies in a tensor of `wholeSizes` whose dimensions `loops` run over.
struct Position {
  llvm::SmallVector<mlir::OpFoldResult> offsets, sizes;
};
Position positionOf(llvm::ArrayRef<mlir::OpFoldResult> wholeSizes, llvm::ArrayRef<Loop> loops,
                    const Tile &tile, mlir::OpBuilder &builder);

/// Cuts operands and builds the operation on a tile.
class TileBuilder {
public:
  TileBuilder(mlir::OpBuilder &builder, mlir::Location loc, const Tile &tile)
      : builder(builder), loc(loc), tile(tile) {}

  /// The tile's part of `value`, or `value` itself where nothing is cut. Where it
  /// `mayBroadcast`, batch and query dimensions of size 1 stand for the whole loop.
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<Loop> loops, bool mayBroadcast = false);

  /// `op` on the tile's parts of its operands, writing to `outs`; there are as
  /// many results as `outs`.
  AttentionOp build(AttentionOp op, mlir::ValueRange outs);
  LogSumExpOp build(LogSumExpOp op, mlir::ValueRange outs);

  /// The slices made so far.
  llvm::SmallVector<mlir::Operation *> slices;

private:
  Scores scores(Scores scores);
  mlir::Value queryOffset(const Scores &scores);
  mlir::Value keyLengths(mlir::Value lengths);
  void keepBroadcast(mlir::OpFoldResult whole, mlir::OpFoldResult &offset,
                     mlir::OpFoldResult &size);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const Tile &tile;
};

/// [B,S,N], the sizes of the log-sum-exp of these scores.
llvm::SmallVector<mlir::OpFoldResult> logSumExpSizes(mlir::OpBuilder &builder, mlir::Location loc,
                                                     const Scores &scores);

/// True if the types say that some operand has no elements. There is nothing to cut then, and
/// slices of such a tensor are not valid.
bool hasEmptyOperand(mlir::Operation *op);

/// A remark on `op` that starts with "not tiled".
mlir::InFlightDiagnostic notTiled(mlir::Operation *op);

} // namespace imhsa

#endif // IMHSA_DIALECT_TILING_H
