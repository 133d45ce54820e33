//===- Images.h - kernels that fit a device -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_CUDA_IMAGES_H
#define IMHSA_RUNTIME_CUDA_IMAGES_H

#include "runtime/Artifact.h"

#include <string>

namespace imhsa::runtime::cuda {

/// The image of `artifact` that serves a device of this compute capability (times ten) best, or
/// null. A cubin for just this chip comes first; then the cubin for the highest capability of the
/// same major version, up to the device's; then, for the driver to compile, the PTX for the highest
/// capability up to the device's. An image for a specific chip serves no other.
const imhsa_image *chooseImage(const imhsa_artifact &artifact, int32_t capability);

/// Such as "cubin for sm_90 alone" and "PTX for sm_80".
std::string describe(const imhsa_image &image);

} // namespace imhsa::runtime::cuda

#endif // IMHSA_RUNTIME_CUDA_IMAGES_H
