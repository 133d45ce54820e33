//===- Passes.cpp - the passes and pipelines, for C -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "imhsa-c/Passes.h"
#include "passes/Pipelines.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Pass.h"

using namespace imhsa;

extern "C" {
#include "passes/capi/Passes.capi.cpp.inc"
}

void mlirRegisterImhsaPipelines() { registerImhsaPipelines(); }

void mlirRegisterImhsaPipelineDialects(MlirDialectRegistry registry) {
  registerPipelineDialects(*unwrap(registry));
}
