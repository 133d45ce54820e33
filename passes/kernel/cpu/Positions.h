//===- Positions.h - what is added and kept at a position -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CPU_POSITIONS_H
#define IMHSA_PASSES_KERNEL_CPU_POSITIONS_H

#include "dialect/Scores.h"
#include "passes/kernel/cpu/TileBuilder.h"

namespace imhsa::cpu {

/// The bias and the masks of an attention at vectors of positions (query, key) of a batch element.
/// The lanes are consecutive queries, or consecutive keys.
class Positions {
public:
  enum class Lanes { Queries, Keys };

  /// `queries` and `keys` are the numbers of all of them.
  Positions(TileBuilder &t, const Scores &scores, Lanes lanes, mlir::Value queries,
            mlir::Value keys)
      : t(t), scores(scores), lanes(lanes), queries(queries), keys(keys) {}

  bool hasBias() const { return scores.bias != nullptr; }
  /// True if more than the lengths of batch elements excludes positions.
  bool isMasked() const { return scores.keep || scores.causal || scores.window; }

  /// The bias, with the first lane at `query` and `key`; lanes beyond the last query or
  /// key have that of the last.
  mlir::Value bias(mlir::Value batch, mlir::Value head, mlir::Value query, mlir::Value key,
                   int64_t width);
  /// Which lanes are kept: i1. None beyond the last query or key.
  mlir::Value kept(mlir::Value batch, mlir::Value query, mlir::Value key, int64_t width);
  /// The keys that `causal` and `window` may keep for one of `count` queries from `first` on: from
  /// the first value to the second, which may be none. Both are in [0, most].
  std::pair<mlir::Value, mlir::Value> keptKeys(mlir::Value first, mlir::Value count,
                                               mlir::Value most);

private:
  mlir::Value keyAt(int64_t shift);
  /// The first and last key that `window` and `causal` keep for query 0, as if there were keys
  /// everywhere; they move on with the queries. Only where these ask for it.
  mlir::Value firstKey();
  mlir::Value lastKey();
  mlir::Value gather(mlir::Value memref, mlir::ArrayRef<mlir::Value> position, unsigned lane,
                     int64_t width);

  TileBuilder &t;
  const Scores &scores;
  Lanes lanes;
  mlir::Value queries, keys;
};

/// What the mask says of the row of scores at hand and of the keys of a tile, in f32: 1 where
/// something is kept, otherwise 0.
struct KeptRow {
  mlir::Value columns; ///< [columns] of the row
  mlir::Value keys;    ///< [keys]: some query of the tile keeps the key

  /// `vector`, which stands at `column` of the row, where it is kept; elsewhere `otherwise`.
  mlir::Value select(TileBuilder &t, mlir::Value vector, mlir::Value column,
                     double otherwise) const;
  /// The value `vector` of a key, or 0 where nothing keeps it: then it may be NaN.
  mlir::Value valueOf(TileBuilder &t, mlir::Value vector, mlir::Value key) const;
};

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_POSITIONS_H
