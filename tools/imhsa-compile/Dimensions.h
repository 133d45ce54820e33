//===- Dimensions.h - what the dimensions of tensors are called --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_DIMENSIONS_H
#define IMHSA_TOOLS_IMHSA_COMPILE_DIMENSIONS_H

#include "tools/imhsa-compile/Functions.h"

namespace imhsa::compile {

/// Says in `TensorInfo::dimensions` what is the same. Dynamic dimensions of inputs that are
/// compared when a function runs, as those of `imhsa` operations are, get one name, that of the
/// first; so do dimensions of outputs that always agree with one of an input. Those that must have
/// a certain size are that number.
void nameDimensions(mlir::ModuleOp module, llvm::MutableArrayRef<FunctionInfo> functions);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_DIMENSIONS_H
