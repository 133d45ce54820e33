//===- Images.cpp - kernels that fit a device -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Images.h"

#include <tuple>

using namespace imhsa::runtime;

static bool fits(const imhsa_image &image, int32_t capability) {
  if (image.is_specific)
    return image.capability == capability;
  bool isSameMajor = image.capability / 10 == capability / 10;
  return image.capability <= capability && (isSameMajor || image.format == kImhsaPtx);
}

const imhsa_image *cuda::chooseImage(const imhsa_artifact &artifact, int32_t capability) {
  auto merit = [](const imhsa_image &image) {
    return std::make_tuple(image.format == kImhsaCubin, image.is_specific != 0, image.capability);
  };
  const imhsa_image *best = nullptr;
  for (int64_t i = 0; i < artifact.num_images; ++i) {
    const imhsa_image &image = artifact.images[i];
    if (fits(image, capability) && (!best || merit(image) > merit(*best)))
      best = &image;
  }
  return best;
}

std::string cuda::describe(const imhsa_image &image) {
  return std::string(image.format == kImhsaCubin ? "cubin" : "PTX") + " for sm_" +
         std::to_string(image.capability) + (image.is_specific ? " alone" : "");
}
