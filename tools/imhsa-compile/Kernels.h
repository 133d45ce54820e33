//===- Kernels.h - compiled kernels, taken out of a module -------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_KERNELS_H
#define IMHSA_TOOLS_IMHSA_COMPILE_KERNELS_H

#include "tools/imhsa-compile/Tables.h"
#include "mlir/IR/BuiltinOps.h"

namespace imhsa::compile {

/// The objects of each `gpu.binary` of `module`, PTX and cubins. Erases what is about kernels in
/// the module, so that it can be translated to LLVM IR for the host.
std::vector<Image> takeImages(mlir::ModuleOp module);

/// The names of the kernels that functions of `module` launch by number.
std::vector<std::string> getKernels(mlir::ModuleOp module);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_KERNELS_H
