//===- Kernels.h - the fused CUDA kernels ----------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// One function for each kind of `#imhsa.schedule`. Each puts a kernel `name`, a symbol that is
// free there, into `kernels`, and its launch at the insertion point of `host`, for an operation on
// memrefs with a schedule of that kind. The operation itself stays: the caller erases it. What a
// kernel does not serve is an error on the operation; `imhsa-schedule` does not choose it.

#ifndef IMHSA_PASSES_KERNEL_CUDA_KERNELS_H
#define IMHSA_PASSES_KERNEL_CUDA_KERNELS_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cuda/KernelBuilder.h"
#include <functional>

namespace imhsa {

/// `stream`: a block keeps a tile of queries, all heads, while the keys stream by. With an `lse`
/// operand a plain sum over keys; without, an online softmax (no mixing after the softmax).
/// `rider`, if any, pools the same keys on the way: see `findRider`.
/// With `splits` S > 1 each block sums one range of keys into `scratch`, see `lowerCombine`.
mlir::LogicalResult lowerStream(mlir::OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                llvm::StringRef name, PoolOp rider = {});

/// What follows `lowerStream` where the schedule has splits: adds the partial results of `scratch`,
/// [S,B,G,N,E] f32, in the order of the ranges into the result. Without an `lse` operand each is a
/// normalised attention, weighted by its natural-log log-sum-exp in the second of `scratch`,
/// [S,B,scoreHeads,N] f32, -inf where the range keeps nothing of a row.
mlir::LogicalResult lowerCombine(mlir::OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                 llvm::StringRef name);

/// What follows `lowerNormalisers` where the schedule has splits: the log-sum-exps of the ranges,
/// [S,B,scoreHeads,N] f32 in `scratch`, together.
mlir::LogicalResult lowerCombine(mlir::OpBuilder &host, LogSumExpOp op, const KernelModule &kernels,
                                 llvm::StringRef name);

/// `read_out`: a block keeps all keys and values, few and of a known number, and queries stream by.
/// There are as many blocks as the chip runs at a time.
mlir::LogicalResult lowerReadOut(mlir::OpBuilder &host, AttentionOp op, const KernelModule &kernels,
                                 llvm::StringRef name);

/// `normalisers`: the log-sum-exps of rows over many keys. `rider`, if any, pools the same keys on
/// the way: see `findRider`.
mlir::LogicalResult lowerNormalisers(mlir::OpBuilder &host, LogSumExpOp op,
                                     const KernelModule &kernels, llvm::StringRef name,
                                     PoolOp rider = {});

/// `pool`: landmarks as segment means.
mlir::LogicalResult lowerPool(mlir::OpBuilder &host, PoolOp op, const KernelModule &kernels,
                              llvm::StringRef name);

/// The part of a batch element that a block has in a kernel that is whole: see Whole.h.
struct Share {
  Int batch, rank;
  int64_t blocks; ///< that do the batch element; `rank` is below it

  /// Calls `body` for the items of the block among `count`.
  void deal(KernelBuilder &k, Int count, llvm::function_ref<void(Int)> body) const {
    k.loop(rank, count, k.i32(blocks), body);
  }
};

/// What a block does for its share in a kernel that is whole. What are blocks otherwise are items;
/// for each the block meets before it touches shared memory.
struct Phase {
  int64_t sharedBytes;
  std::function<void(KernelBuilder &, const Share &)> emit;
};

mlir::FailureOr<Phase> getStreamPhase(AttentionOp op);
mlir::FailureOr<Phase> getReadOutPhase(AttentionOp op);
mlir::FailureOr<Phase> getNormalisersPhase(LogSumExpOp op);
Phase getPoolPhase(PoolOp op);
/// What follows the phase of an operation with splits.
Phase getCombinePhase(AttentionOp op);
Phase getCombinePhase(LogSumExpOp op);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_KERNELS_H
