//===- Riding.h - pools that a sweep computes on its way -------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_RIDING_H
#define IMHSA_PASSES_SCHEDULE_RIDING_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// Moves a scheduled pool on tensors directly in front of the first sweep behind it that reads the
/// same tokens as keys, if it can be computed there. Where only the number of splits is in the way,
/// and `mayChange` that sweep's, and it is not more than twice the landmarks, there become as many
/// as landmarks. True if the pool rides.
bool letRide(PoolOp pool, llvm::function_ref<bool(mlir::Operation *)> mayChange);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_RIDING_H
