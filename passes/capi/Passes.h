/*===- imhsa-c/Passes.h - the passes and pipelines, for C -------*- C -*-===*/
/* Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE. */

#ifndef IMHSA_C_PASSES_H
#define IMHSA_C_PASSES_H

#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"

/* For every pass `mlirCreateImhsa...Pass`, with default options, and `mlirRegisterImhsa...Pass`,
 * after which `mlirOpPassManagerAddPipeline` knows its name, with options;
 * `mlirRegisterImhsaPasses` for all. To register again does nothing. */
#include "imhsa-c/Passes.capi.h.inc"

#ifdef __cplusplus
extern "C" {
#endif

/** Registers `imhsa-cpu-pipeline` and `imhsa-cuda-pipeline`, so that `mlirOpPassManagerAddPipeline`
 * knows them. To register again does nothing. */
MLIR_CAPI_EXPORTED void mlirRegisterImhsaPipelines(void);

/** Registers what a context needs to read functions on tensors and to run the pipelines on them:
 * the dialect, those of upstream that the stages use, and the interfaces that upstream implements
 * apart from its operations. */
MLIR_CAPI_EXPORTED void mlirRegisterImhsaPipelineDialects(MlirDialectRegistry registry);

#ifdef __cplusplus
}
#endif

#endif /* IMHSA_C_PASSES_H */
