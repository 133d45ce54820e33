//===- EntryTypes.h - the types that entry functions may have ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_ENTRYTYPES_H
#define IMHSA_TOOLS_COMMON_ENTRYTYPES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace imhsa {

/// Whether the outside has elements of `type`: f16, bf16, f32, f64, i1, i8, i16, i32, i64, index.
bool isEntryElementType(mlir::Type type);

/// An error that names the function and the argument or result that is no ranked tensor of such
/// elements.
llvm::Error checkEntryTypes(mlir::func::FuncOp function);

} // namespace imhsa

#endif // IMHSA_TOOLS_COMMON_ENTRYTYPES_H
