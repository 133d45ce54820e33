//===- Resources.h - what a block of a fused kernel takes ------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The one source for whether a schedule fits a chip: the kernels lay out their shared memory and
// spread their registers by the same numbers.

#ifndef IMHSA_PASSES_KERNEL_CUDA_RESOURCES_H
#define IMHSA_PASSES_KERNEL_CUDA_RESOURCES_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// Multiply-adds that mix the heads of a block, for each query and key.
struct MixingWork {
  int64_t floats = 0; ///< of f32, lane by lane
  int64_t matrix = 0; ///< of matrix instructions

  MixingWork operator+(MixingWork other) const {
    return {floats + other.floats, matrix + other.matrix};
  }
};

/// What one block takes of a multiprocessor.
struct BlockResources {
  /// Bytes of shared memory by what they hold.
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> shared;
  int64_t threads = 32;
  /// 32-bit registers of a thread, an estimate.
  int64_t registers = 32;
  /// Bytes through shared memory for each tile of keys, in passes of 128 bytes as a multiprocessor
  /// has them in a clock. 0 where the kernel does not say.
  int64_t tileTraffic = 0;
  MixingWork mixing;

  int64_t sharedBytes() const;
};

/// Registers that a thread of a block of so many may have.
inline int64_t mostRegisters(int64_t threads) {
  constexpr int64_t kMostOfThread = 255, kOfBlock = 65536;
  return std::min<int64_t>(kMostOfThread, llvm::alignDown(kOfBlock / threads, 8));
}

/// Says why a kernel does not serve an operation, or nothing where nobody asks; a failure either
/// way.
class Refusal {
public:
  Refusal() = default;
  Refusal(mlir::InFlightDiagnostic &&diagnostic) : diagnostic(std::move(diagnostic)) {}

  template <typename T> Refusal &operator<<(T &&text) & {
    diagnostic << std::forward<T>(text);
    return *this;
  }
  template <typename T> Refusal &&operator<<(T &&text) && {
    return std::move(*this << std::forward<T>(text));
  }
  operator mlir::LogicalResult() const { return mlir::failure(); }
  template <typename T> operator mlir::FailureOr<T>() const { return mlir::failure(); }

private:
  mlir::InFlightDiagnostic diagnostic;
};
using Complain = llvm::function_ref<Refusal()>;

/// An error on `op`, a `Complain` for kernels.
inline auto errorOn(mlir::Operation *op) {
  return [op] { return Refusal(op->emitOpError("fused kernel: ")); };
}

/// What a block takes that computes `op`, with a fused schedule, on tensors or memrefs. Fails, with
/// a reason in `complain`, where the kernel of that kind does not serve the operation.
mlir::FailureOr<BlockResources> getBlockResources(mlir::Operation *op, Complain complain);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_RESOURCES_H
