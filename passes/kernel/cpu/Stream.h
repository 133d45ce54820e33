//===- Stream.h - attention over many keys on the CPU ---------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The kernel and what happens when (Stream.cpp), its memory (StreamBuffers.cpp), what is computed
// of a tile (StreamTile.cpp), and of what the ranges of keys give (StreamRanges.cpp).

#ifndef IMHSA_PASSES_KERNEL_CPU_STREAM_H
#define IMHSA_PASSES_KERNEL_CPU_STREAM_H

#include "passes/kernel/cpu/Kernels.h"
#include "passes/kernel/cpu/Positions.h"

namespace imhsa::cpu {

class Stream {
public:
  Stream(mlir::OpBuilder &b, AttentionOp op, const KernelOptions &options);
  /// The log-sum-exps alone.
  Stream(mlir::OpBuilder &b, LogSumExpOp op, const KernelOptions &options);

  void emit();

private:
  /// The range of keys that a task sweeps, and what it does it for.
  struct Task {
    mlir::Value batch, split;
    mlir::Value slot; ///< of the block of queries in the buffers
    mlir::Value firstQuery, numQueries;
  };
  enum class Sweep { Normalisers, Sum, Both };

  void chooseSizes(ScheduleAttr schedule, const KernelOptions &options);
  /// All of `numBlocks` blocks of queries from `firstBlock` on.
  void emitBlocks();
  void sweepAll(Sweep kind);
  void sweep(const Task &task, Sweep kind);

  //===--- Buffers ----------------------------------------------------------===//
  void makeBuffers();
  std::optional<int64_t> chooseStored(mlir::Value allKeys);
  void chooseAtOnce(mlir::Value elements, int64_t most);
  void packQueries();
  /// A task of the block of queries in `slot`.
  Task taskOf(mlir::Value slot, mlir::Value split = nullptr);
  /// Where a task sums its part of the result: [queries, width] of one head.
  mlir::Value sumOf(const Task &task, mlir::Value head);
  /// The part of `powers` or `references` for a task, and the rows of `powers` of `count` keys.
  mlir::Value storedOf(const Task &task, mlir::Value buffer, mlir::Value position);
  mlir::Value storedRows(const Task &task, mlir::Value inRange, mlir::Value first,
                         mlir::Value count);

  //===--- Steps on a tile ---------------------------------------------------===//
  // `maximum`, `sum`, `inverse` (of the sum) and `factors` are rows [rowElements] in f32.
  void logits(const Task &task, const ScoreTile &tile, mlir::Value first, mlir::Value count,
              mlir::Value highest);
  void normalise(const Task &task, const ScoreTile &tile, mlir::Value reference, mlir::Value count,
                 mlir::Value highest, mlir::Value maximum, mlir::Value sum, mlir::Value factors,
                 Sweep kind);
  void weights(const Task &task, const ScoreTile &tile, mlir::Value first, mlir::Value count,
               mlir::Value maximum, mlir::Value inverse);
  void weightsOfStored(const Task &task, const ScoreTile &tile, mlir::Value number,
                       mlir::Value first, mlir::Value count, mlir::Value maximum,
                       mlir::Value inverse, mlir::Value factors);
  void mixAfter(const ScoreTile &tile, mlir::Value token, AttentionTile::In in);
  void keepRow(const Task &task, mlir::Value key, mlir::Value token);
  void addProduct(const Task &task, const ScoreTile &tile, mlir::Value first, mlir::Value count,
                  mlir::Value isFirst);
  mlir::Value parity(mlir::Value count);
  void forRow(llvm::function_ref<void(mlir::Value column, int64_t width)> body) {
    t.columns(rowElements, body);
  }

  //===--- Ranges -----------------------------------------------------------===//
  std::pair<mlir::Value, mlir::Value> combined(mlir::Value slot, mlir::Value column, int64_t width,
                                               llvm::SmallVector<mlir::Value> &powersOf);
  void combineNormalisers(const Task &task, mlir::Value maximum, mlir::Value inverse);
  void takeNormalisers(const Task &task, mlir::Value maximum, mlir::Value inverse);
  void clear(const Task &task);
  void scaleSums(const Task &task, mlir::Value factors);
  void
  forSums(const Task &task,
          llvm::function_ref<void(mlir::Value result, mlir::Value head, mlir::Value row)> body);
  void combine();
  llvm::SmallVector<mlir::Value> splitFactors(mlir::ValueRange at);
  void writeLogSumExps();

  TileBuilder t;
  AttentionTile core;
  mlir::Value queries;
  Positions positions;
  int64_t numSplits, blockSize, tileSize, rowElements;
  int64_t storedTiles; ///< of each range, where not all of them are stored
  ScoreColumns columns;
  SecondSweep secondSweep;
  mlir::Value blocks, allBlocks;     ///< of queries: of a batch element, and of all of them
  mlir::Value atOnce;                ///< blocks that have room in the buffers
  mlir::Value firstBlock, numBlocks; ///< those that are swept now, of all
  // Buffers, all with a first dimension of slots, one for each of them:
  AttentionTile::Packed packed; ///< Q [slots, heads, width, stride], [slots, heads, width]
  mlir::Value maxima, sums;     ///< m and z [slots, splits, rowElements], or null
  mlir::Value partial;    ///< O of each range [slots, splits, heads, blockSize, width], or null
  mlir::Value powers;     ///< e^(Y - m') [slots, keys, row size] where it is stored, or null
  mlir::Value references; ///< m' likewise [slots, tiles, rowElements]
  KeptRow kept;           ///< of the queries, where positions are masked
};

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_STREAM_H
