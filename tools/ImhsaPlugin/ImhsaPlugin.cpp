//===- ImhsaPlugin.cpp - the dialect and the passes as a plugin -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// For unmodified MLIR tools, as --load-dialect-plugin= and --load-pass-plugin=. It
// uses the libMLIR of the process that loads it.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/transform/TransformOps.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

static constexpr const char *kName = "imhsa";

static void registerDialects(mlir::DialectRegistry *registry) {
  imhsa::registerDialect(*registry);
  imhsa::registerTranslations(*registry);
  imhsa::registerTransformExtension(*registry);
}

static void registerPasses() {
  imhsa::registerImhsaPasses();
  imhsa::registerImhsaPipelines();
}

extern "C" mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, kName, IMHSA_VERSION, registerDialects};
}

extern "C" mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, kName, IMHSA_VERSION, registerPasses};
}
