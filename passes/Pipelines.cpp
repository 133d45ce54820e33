//===- Pipelines.cpp - the stages in their order --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Pipelines.h"
#include "passes/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace imhsa;

// FLOPs that a stored byte is worth: processors do about that many in the time
// in which they move one.
static constexpr double kByteWeight = 16;

static void addCleanUp(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

// What is left on the host, loops over scalars and memrefs, to the LLVM dialect.
static void addHostToLLVM(OpPassManager &pm, bool convertsToBf16 = false) {
  // 16-bit types are computed in f32, without calls for conversions of bf16.
  pm.addPass(math::createMathExtendToSupportedTypes());
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"bf16", "f16"};
  pm.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
  pm.addPass(createApproximateMathPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = !convertsToBf16;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  addCleanUp(pm);

  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createReturnFailuresPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  // `malloc` and rounding up would hide from LLVM that buffers are distinct.
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useAlignedAlloc = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createPackEntriesPass());
  addCleanUp(pm);
}

void imhsa::buildFrontEnd(OpPassManager &pm, const FrontEndOptions &options, TileLoops loops,
                          AddSchedules addSchedules) {
  if (options.checkShapes)
    pm.addPass(createGenerateRuntimeVerificationPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  addCleanUp(pm);

  pm.addPass(options.direct ? createSplitLandmarksPass() : createDecomposePass());
  if (options.until <= Stage::Decompose)
    return;

  if (!options.direct) {
    ReorderContractionsPassOptions reorder;
    reorder.allowReassociation = true;
    reorder.byteWeight = kByteWeight;
    pm.addPass(createReorderContractionsPass(reorder));
  }
  if (options.until <= Stage::Reorder)
    return;

  if (!options.direct)
    pm.addPass(createFusePass());
  addCleanUp(pm);
  if (options.until <= Stage::Fuse)
    return;

  if (addSchedules)
    addSchedules(pm);
  if (options.until <= Stage::Schedule)
    return;

  TilePassOptions tile;
  tile.loops = loops;
  pm.addPass(createTilePass(tile));
  if (options.until <= Stage::Tile)
    return;

  pm.addPass(createExpandPass());
  addCleanUp(pm);
}

void imhsa::buildCpuPipeline(OpPassManager &pm, const CpuPipelineOptions &options) {
  buildFrontEnd(pm, options, TileLoops::Parallel, [&](OpPassManager &pm) {
    if (!options.fused)
      return;
    ScheduleCpuPassOptions schedule;
    schedule.schedules = options.schedules;
    pm.addPass(createScheduleCpuPass(schedule));
  });
  if (options.until <= Stage::Expand)
    return;

  pm.addPass(createParallelizePass());
  addCleanUp(pm);
  BufferizePassOptions bufferize;
  bufferize.place = false;
  pm.addPass(createBufferizePass(bufferize));
  if (options.until <= Stage::Bufferize)
    return;

  LowerToCpuPassOptions lower;
  lower.secondSweep = options.secondSweep;
  lower.lanes = options.lanes;
  lower.tileBytes = options.tileBytes;
  pm.addPass(createLowerToCpuPass(lower));
  addCleanUp(pm);
  pm.addPass(createPlaceTemporariesPass());
  pm.addPass(createLinalgToLoopsPass());
  pm.addPass(memref::createFoldMemRefAliasOpsPass());
  addCleanUp(pm);
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createOutlineParallelPass());
  addCleanUp(pm);
  pm.addPass(createVerifyLoweredPass());
  if (options.until <= Stage::Lower)
    return;

  addHostToLLVM(pm, options.convertsToBf16);
}

void imhsa::buildCudaPipeline(OpPassManager &pm, const CudaPipelineOptions &options) {
  buildFrontEnd(pm, options, TileLoops::Sequential, [&](OpPassManager &pm) {
    SchedulePassOptions schedule;
    schedule.chip = options.chip;
    schedule.fused = options.fused;
    schedule.allowTf32 = options.allowTf32;
    schedule.schedules = options.schedules;
    pm.addPass(createSchedulePass(schedule));
  });
  if (options.until <= Stage::Expand)
    return;

  pm.addPass(createBufferizePass());
  if (options.until <= Stage::Bufferize)
    return;

  LowerToGpuPassOptions lower;
  lower.chip = options.chip;
  lower.batchChunk = options.batchChunk;
  pm.addPass(createLowerToGpuPass(lower));
  addCleanUp(pm);
  pm.addPass(createVerifyLoweredPass());
  if (options.until <= Stage::Lower)
    return;

  pm.addPass(createLaunchesToRuntimePass());
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createKernelsToNvvmPass());
  addCleanUp(kernels);
  addHostToLLVM(pm);
  if (options.until <= Stage::Llvm)
    return;

  GpuToBinaryPassOptions binary;
  binary.chip = options.chip;
  binary.withPtx = options.withPtx;
  binary.format = options.format;
  binary.toolkit = options.toolkit;
  binary.lineInfo = options.lineInfo;
  pm.addPass(createGpuToBinaryPass(binary));
}

void imhsa::registerImhsaPipelines() {
  // Static, so that they are registered once, however often this is called: an MLIR with assertions
  // ends the process where a pipeline is registered again.
  static PassPipelineRegistration<CpuPipelineOptions> cpu(
      "imhsa-cpu-pipeline", "From functions on tensors to the LLVM dialect of the host",
      buildCpuPipeline);
  static PassPipelineRegistration<CudaPipelineOptions> cuda(
      "imhsa-cuda-pipeline", "From functions on tensors to kernels compiled for a CUDA chip",
      buildCudaPipeline);
}
