//===- Kernels.h - the kernels for the CPU --------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CPU_KERNELS_H
#define IMHSA_PASSES_KERNEL_CPU_KERNELS_H

#include "passes/Passes.h"
#include "passes/kernel/cpu/AttentionTile.h"

namespace imhsa::cpu {

/// So many keys, and so many queries, can be the columns of a tile all at once.
inline constexpr int64_t kMostFewKeys = 256;

/// Why none of the kernels below computes `op`; nothing if one does.
std::optional<std::string> whyNoKernel(mlir::Operation *op);

/// What kernels are made for, as the options of `imhsa-lower-to-cpu` say.
struct KernelOptions {
  SecondSweep secondSweep;
  int64_t lanes;     ///< of a vector of f32, 8 or 16
  int64_t tileBytes; ///< of the scores of a tile, at most
};

/// Attention over at most `kMostFewKeys` keys.
void emitReadOut(mlir::OpBuilder &b, AttentionOp op, const KernelOptions &options);
/// Attention over any number of keys, and its log-sum-exps alone.
void emitStream(mlir::OpBuilder &b, AttentionOp op, const KernelOptions &options);
void emitStream(mlir::OpBuilder &b, LogSumExpOp op, const KernelOptions &options);
/// Segment means.
void emitPool(mlir::OpBuilder &b, PoolOp op, const KernelOptions &options);

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_KERNELS_H
