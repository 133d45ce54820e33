//===- AttentionTile.h - from queries and keys to weights ------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The verbs of an attention on one tile of queries and one of keys. A warp computes units of 16
// queries and 8 to 32 keys for all heads, so that heads are mixed lane by lane. A lane has 4
// positions of every 8 keys (Fragments.h): position p is row g + 8 * (p / 2 % 2) and column
// 2t + p % 2 + 8 * (p / 4).

#ifndef IMHSA_PASSES_KERNEL_CUDA_ATTENTIONTILE_H
#define IMHSA_PASSES_KERNEL_CUDA_ATTENTIONTILE_H

#include "passes/kernel/cuda/Fragments.h"

namespace imhsa {

/// A value for each position that a lane has of a unit.
using Positions = llvm::SmallVector<Float, 8>;

/// 16 queries from `row` on and some keys from `key` on, both counted in the tile. `number` counts
/// units of one row of units.
struct ScoreUnit {
  Int row, key, number;
};

/// Unit `unit` of a tile of `keys` keys cut into units of `unitKeys`.
ScoreUnit getUnit(Int unit, int64_t keys, int64_t unitKeys);

/// The query (1 of 2) and the key of a position, counted in the tile.
Int rowOf(KernelBuilder &k, const ScoreUnit &unit, unsigned position);
Int columnOf(KernelBuilder &k, const ScoreUnit &unit, unsigned position);

/// Products of queries and keys of a unit, not scaled, head by head.
class ScoreProducts {
public:
  /// `type` is that of the operands: f16, bf16, tf32 (tiles of f32, rounded), or f32 for products
  /// without matrix instructions. `queries` are tiles [rows][D], one for each head; `keys` are
  /// tiles [keys][D] of which every `headsPerKey` query heads share one.
  ScoreProducts(KernelBuilder &k, mlir::Type type, const ScoreUnit &unit, int64_t unitKeys,
                SharedTiles queries, SharedTiles keys, int64_t headsPerKey);

  /// Those of query head `head`. Of heads that are known and come in order, those that share keys
  /// share operands.
  Positions compute(Int head);

private:
  /// Keys as right operands, of one or two depths of 16: [depths][unitKeys / 8].
  using KeySteps = llvm::SmallVector<llvm::SmallVector<RightFragment, 4>, 2>;
  KeySteps loadKeys(Pointer tile, int64_t step) const;

  KernelBuilder &k;
  mlir::Type type;
  ScoreUnit unit;
  int64_t unitKeys;
  SharedTiles queries, keys;
  int64_t headsPerKey;
  std::optional<LeftReader> left;
  std::optional<TransposedRightReader> right;
  /// Operands of the key head that comes up: other query heads may share them.
  llvm::SmallVector<KeySteps> loaded;
};

/// A matrix of f32 in shared memory, rows padded to 16 bytes, that all lanes read alike.
struct MixingMatrix {
  Pointer base;
  int64_t columns;
  static int64_t rowBytes(int64_t columns) { return 16 * llvm::divideCeil(columns, 4); }
  /// Bytes through shared memory when a warp reads a row: two floats in a pass of 128.
  static int64_t rowTraffic(int64_t columns) { return 128 * llvm::divideCeil(columns, 2); }
  /// The elements of a row, loaded every time: they would take too many registers.
  llvm::SmallVector<Float> row(KernelBuilder &k, Int i) const;
  llvm::SmallVector<Float> row(KernelBuilder &k, int64_t i) const { return row(k, k.i32(i)); }
};

/// Fills a mixing matrix [rows][columns]: element (i, j) is `factor` times `source` at
/// `(firstRow + i, firstColumn + j)`, or at the swapped place where `isTransposed`. All threads.
void loadMixing(KernelBuilder &k, MixingMatrix target, int64_t rows, Tensor source, Int firstRow,
                Int firstColumn, bool isTransposed, double factor);

/// sum_h weights[h] x[h] + start, position by position.
Positions mixHeads(llvm::ArrayRef<Float> weights, llvm::ArrayRef<Positions> x,
                   const Positions &start);

/// The f32 in shared memory of each row of the unit that a lane has: rows g and g + 8 of an array
/// [rows] at `base`.
std::array<Float, 2> loadRowPair(KernelBuilder &k, Pointer base, const ScoreUnit &unit);

/// The largest of the positions of each row, over the lanes that share it. Quads, two shuffles.
std::array<Float, 2> rowMaximum(KernelBuilder &k, const Positions &x);
/// The sum of the positions of each row, over the lanes that share it.
std::array<Float, 2> rowSum(KernelBuilder &k, const Positions &x);

/// Stores weights of one head into its tile [rows][keys], rounded to `type` where that has 16 bits.
void storeWeights(KernelBuilder &k, mlir::Type type, const ScoreUnit &unit, const Positions &z,
                  Pointer tile, TileShape shape);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_ATTENTIONTILE_H
