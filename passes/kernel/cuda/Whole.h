//===- Whole.h - several operations in one launch --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// With the attribute `imhsa.whole`, some blocks do all that a scheduled operation does for a batch
// element: one block, or a cluster (sm_90 and later). Such operations one after the other share a
// launch, of these blocks for each batch element: short sequences are sooner done with than kernels
// are started. What one operation writes the next reads from global memory, behind a barrier of the
// cluster.

#ifndef IMHSA_PASSES_KERNEL_CUDA_WHOLE_H
#define IMHSA_PASSES_KERNEL_CUDA_WHOLE_H

#include "passes/kernel/cuda/KernelModule.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace imhsa {

/// Those operations of `function` on memrefs that are whole, by the launch that they share: in
/// order, with nothing between them that touches memory, with as many warps and blocks, and with
/// all that one needs of another of the same batch element.
llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> findWholes(mlir::func::FuncOp function);

/// Replaces such operations by one launch of a kernel `name` in `kernels`. An error where a chip
/// has no clusters and they ask for them.
mlir::LogicalResult lowerWhole(llvm::ArrayRef<mlir::Operation *> operations,
                               const KernelModule &kernels, llvm::StringRef name);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_WHOLE_H
