//===- Toolkit.h - where the tools of CUDA are ----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BINARY_TOOLKIT_H
#define IMHSA_PASSES_BINARY_TOOLKIT_H

#include "mlir/IR/Location.h"

namespace imhsa {

/// Whether `findToolkit` would find `tool`.
bool hasTool(llvm::StringRef tool, llvm::StringRef folder);

/// The CUDA toolkit with `tool` ("ptxas") in its bin: `folder`, or if that is empty one of
/// CUDA_ROOT, CUDA_HOME, CUDA_PATH and /usr/local/cuda; empty if the tool is on PATH. An error at
/// `loc` if it is nowhere. Upstream searches likewise, but says less.
mlir::FailureOr<std::string> findToolkit(mlir::Location loc, llvm::StringRef tool,
                                         llvm::StringRef folder);

} // namespace imhsa

#endif // IMHSA_PASSES_BINARY_TOOLKIT_H
