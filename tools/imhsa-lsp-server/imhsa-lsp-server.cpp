//===- imhsa-lsp-server.cpp - the language server -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "passes/transform/TransformOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  imhsa::registerDialect(registry);
  imhsa::registerTransformExtension(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
