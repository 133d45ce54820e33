//===- imhsa-opt.cpp - the optimizer driver -------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// All upstream dialects and passes, and those of imhsa.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/transform/TransformOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  imhsa::registerDialect(registry);
  imhsa::registerTranslations(registry);
  imhsa::registerTransformExtension(registry);
  mlir::registerAllPasses();
  imhsa::registerImhsaPasses();
  imhsa::registerImhsaPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "imhsa optimizer driver\n", registry));
}
