//===- DeviceConstants.h - constants that kernels read --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The host's copy of a constant of the module is not visible to the device: a kernel
// reads a copy beside it, by the same views.

#ifndef IMHSA_PASSES_KERNEL_DEVICECONSTANTS_H
#define IMHSA_PASSES_KERNEL_DEVICECONSTANTS_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace imhsa {

/// The constant buffer of the module that `value` shows (part of), or null.
mlir::memref::GetGlobalOp getViewedConstant(mlir::Value value);

/// Clones before the insertion point of `b` what leads from a constant to `value`.
mlir::Value cloneView(mlir::OpBuilder &b, mlir::Value value);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_DEVICECONSTANTS_H
