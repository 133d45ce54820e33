//===- ClampedSum.h - sums of far positions --------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CLAMPEDSUM_H
#define IMHSA_PASSES_KERNEL_CLAMPEDSUM_H

#include "mlir/IR/Builders.h"

namespace imhsa {

/// `value` + `shift`, of type index, but at least -`most` and at most `most`: exact also where the
/// sum is no 64-bit number, and where two that are far in opposite directions give a near one.
mlir::Value createClampedSum(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value,
                             int64_t shift, int64_t most);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CLAMPEDSUM_H
