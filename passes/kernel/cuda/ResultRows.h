//===- ResultRows.h - results from registers to global memory --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CUDA_RESULTROWS_H
#define IMHSA_PASSES_KERNEL_CUDA_RESULTROWS_H

#include "dialect/Imhsa.h"
#include "passes/kernel/cuda/Fragments.h"

namespace imhsa {

/// The tokens of one batch element of a result that accumulators are stored to.
class ResultRows {
public:
  /// Of a memref [B,G,N,E] in any order; with `isSplit`, range `split` of [splits,B,G,N,E].
  ResultRows(KernelBuilder &k, mlir::Value memref, DimOrder order, bool isSplit, Int split,
             Int batch);

  /// Stores row g + 8 * `half` of an even number of accumulators [16][8], one after the other, to
  /// columns from `column` on of a token, as far as there are `columns` of them and where
  /// `isThere`. All lanes of a warp take part.
  void store(Bool isThere, Int head, Int token, Int column, int64_t columns, unsigned half,
             llvm::ArrayRef<Accumulator> accumulators) const;

private:
  KernelBuilder &k;
  Tensor tensor;
  Pointer origin;
  Int headStride, tokenStride;
  /// Whether 8 bytes can be stored at once.
  Bool isAligned;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_RESULTROWS_H
