//===- LowerFused.h - scheduled operations as fused kernels ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H
#define IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H

#include "passes/kernel/cuda/KernelModule.h"

namespace imhsa {

/// Replaces `op`, an operation on memrefs with a fused schedule, by launches of the kernels of its
/// kind, which go into `kernels`; `nameOf` makes a free symbol of what a kernel does ("stream",
/// "combine"). Returns how many there are. What a kernel does not serve is an error on `op`.
mlir::FailureOr<unsigned> lowerFused(mlir::Operation *op, const KernelModule &kernels,
                                     llvm::function_ref<std::string(llvm::StringRef)> nameOf);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_LOWERFUSED_H
