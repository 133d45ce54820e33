//===- Narrow.h - intermediates in their consumers' type -------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_NARROW_H
#define IMHSA_PASSES_SCHEDULE_NARROW_H

#include "mlir/IR/Operation.h"

namespace imhsa {

/// Landmarks and contexts, f32 on tensors in `root` from fused kernels, become f16 or bf16 where
/// all that reads them are fused kernels that take their tokens in that type: these would round the
/// same numbers to nearest even when they copy them to shared memory, each time they do. How many
/// results that were.
unsigned narrowIntermediates(mlir::Operation *root);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_NARROW_H
