//===- Capture.h - values that a parallel body uses -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_CAPTURE_H
#define IMHSA_PASSES_KERNEL_CAPTURE_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/Builders.h"

namespace imhsa {

/// Takes a scalar or memref apart into `fields` of LLVM types: a scalar is one field, a
/// memref its pointer, then the sizes and strides that its type does not tell. Fails,
/// with an error, if its type has no LLVM type.
mlir::LogicalResult takeApart(mlir::OpBuilder &b, const mlir::LLVMTypeConverter &converter,
                              mlir::Value value, llvm::SmallVector<mlir::Value> &fields);

/// Puts a value of `type` together again, from the first of `fields`, which it removes.
mlir::Value putTogether(mlir::OpBuilder &b, mlir::Location loc,
                        const mlir::LLVMTypeConverter &converter, mlir::Type type,
                        mlir::ValueRange &fields);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CAPTURE_H
