//===- Kernels.h - the kernels for the CPU --------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CPU_KERNELS_H
#define IMHSA_PASSES_KERNEL_CPU_KERNELS_H

#include "passes/kernel/cpu/AttentionTile.h"

namespace imhsa::cpu {

/// So many keys, and so many queries, can be the columns of a tile all at once.
inline constexpr int64_t kMostFewKeys = 256;

/// Why none of the kernels below computes `op`; nothing if one does.
std::optional<std::string> whyNoKernel(mlir::Operation *op);

/// Attention over at most `kMostFewKeys` keys.
void emitReadOut(mlir::OpBuilder &b, AttentionOp op);
/// Attention over any number of keys, and its log-sum-exps alone.
void emitStream(mlir::OpBuilder &b, AttentionOp op);
void emitStream(mlir::OpBuilder &b, LogSumExpOp op);
/// Segment means.
void emitPool(mlir::OpBuilder &b, PoolOp op);

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_KERNELS_H
