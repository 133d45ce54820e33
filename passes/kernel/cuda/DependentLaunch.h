//===- DependentLaunch.h - kernels that begin early ------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_DEPENDENTLAUNCH_H
#define IMHSA_PASSES_KERNEL_CUDA_DEPENDENTLAUNCH_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/DenseSet.h"

namespace imhsa {

/// Makes `kernel` one that may begin while the kernel before it in the stream still runs
/// (programmatic dependent launch): in its first block, before the first operation that may touch
/// memory which other kernels write, all of its threads wait for that kernel, and then let the next
/// one begin. Before that there are only reads through `constants`, pointers to what no kernel of
/// the function writes. Why that is right is in docs/schedules.md.
void waitForKernelsBefore(mlir::LLVM::LLVMFuncOp kernel,
                          const llvm::DenseSet<mlir::Value> &constants);

/// Whether `kernel` begins like that, so that it may be launched to begin early.
bool waitsForKernelsBefore(mlir::Operation *kernel);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_DEPENDENTLAUNCH_H
