//===- Images.h - compiled kernels, taken out of a module --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_IMAGES_H
#define IMHSA_TOOLS_COMMON_IMAGES_H

#include "runtime/Artifact.h"
#include "mlir/IR/BuiltinOps.h"

namespace imhsa {

/// The kernels, compiled for one chip.
struct Image {
  imhsa_image_format format;
  int32_t capability; ///< as in imhsa_image
  bool isSpecific;
  std::string data;
};

/// The objects of each `gpu.binary` of `module`, PTX and cubins. Erases what is about kernels in
/// the module, so that it can be translated to LLVM IR for the host.
std::vector<Image> takeImages(mlir::ModuleOp module);

/// The names of the kernels that functions of `module` launch by number.
std::vector<std::string> getKernels(mlir::ModuleOp module);

} // namespace imhsa

#endif // IMHSA_TOOLS_COMMON_IMAGES_H
