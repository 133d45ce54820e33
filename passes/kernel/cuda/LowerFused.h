//===- LowerFused.h - scheduled operations as fused kernels ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H
#define IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H

#include "passes/binary/Chip.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace imhsa {

/// Replaces `op`, an operation on memrefs with a fused schedule, by launches of the kernels of its
/// kind, which go into `kernels`; `nameOf` makes a free symbol of what a kernel does ("stream",
/// "combine"); `chip` is what the kernels have. Returns how many there are. What a kernel does not
/// serve is an error on `op`.
mlir::FailureOr<unsigned> lowerFused(mlir::Operation *op, mlir::gpu::GPUModuleOp kernels,
                                     const ChipResources &chip,
                                     llvm::function_ref<std::string(llvm::StringRef)> nameOf);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H
