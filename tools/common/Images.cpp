//===- Images.cpp - compiled kernels, taken out of a module ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/Images.h"
#include "dialect/Imhsa.h"
#include "passes/binary/Chip.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace imhsa;

static Image makeImage(gpu::ObjectAttr object) {
  StringRef chip = cast<NVVM::NVVMTargetAttr>(object.getTarget()).getChip();
  StringRef data = object.getObject().getValue();
  Image image;
  image.format = object.getFormat() == gpu::CompilationTarget::Assembly ? kImhsaPtx : kImhsaCubin;
  image.capability = static_cast<int32_t>(getCapability(chip));
  image.isSpecific = isSpecificChip(chip);
  // PTX ends in one zero byte, whether or not the serializer has written it.
  image.data = image.format == kImhsaPtx ? data.rtrim('\0').str() + '\0' : data.str();
  return image;
}

std::vector<Image> imhsa::takeImages(ModuleOp module) {
  std::vector<Image> images;
  for (auto binary : llvm::make_early_inc_range(module.getOps<gpu::BinaryOp>())) {
    for (auto object : binary.getObjects().getAsRange<gpu::ObjectAttr>())
      images.push_back(makeImage(object));
    binary.erase();
  }
  module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  module->removeAttr(kKernelsAttr);
  return images;
}

std::vector<std::string> imhsa::getKernels(ModuleOp module) {
  std::vector<std::string> names;
  if (auto kernels = module->getAttrOfType<ArrayAttr>(kKernelsAttr))
    for (auto name : kernels.getAsValueRange<StringAttr>())
      names.push_back(name.str());
  return names;
}
