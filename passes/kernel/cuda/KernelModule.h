//===- KernelModule.h - where the kernels of a function go -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_KERNELMODULE_H
#define IMHSA_PASSES_KERNEL_CUDA_KERNELMODULE_H

#include "passes/binary/Chip.h"
#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace imhsa {

/// The module of the kernels that a function launches, and what they may count on.
struct KernelModule {
  mlir::gpu::GPUModuleOp module;
  /// What each chip has.
  ChipResources chip;
  /// Whether a kernel may begin while the one before it still runs: see `waitForKernelsBefore`.
  bool hasDependentLaunches = false;
  /// The buffers that the function writes; none if that is not known.
  std::optional<llvm::DenseSet<mlir::Value>> written;

  /// Whether no kernel of the function writes `memref`.
  bool isOnlyRead(mlir::Value memref) const {
    mlir::Value buffer = getBuffer(memref);
    return written && buffer && !written->contains(buffer);
  }
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_KERNELMODULE_H
