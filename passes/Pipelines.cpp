//===- Pipelines.cpp - the stages in their order --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Pipelines.h"
#include "passes/Passes.h"
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

void imhsa::buildFrontEnd(OpPassManager &pm, const FrontEndOptions &options, TileLoops loops) {
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  addCleanUp(pm);

  pm.addPass(options.direct ? createSplitLandmarksPass() : createDecomposePass());
  if (options.until <= Stage::Decompose)
    return;

  ReorderContractionsPassOptions reorder;
  reorder.allowReassociation = true;
  reorder.byteWeight = kByteWeight;
  pm.addPass(createReorderContractionsPass(reorder));
  if (options.until <= Stage::Reorder)
    return;

  if (!options.direct)
    pm.addPass(createFusePass());
  addCleanUp(pm);
  if (options.until <= Stage::Fuse)
    return;

  if (options.until <= Stage::Tile)
    return;

  pm.addPass(createExpandPass());
  addCleanUp(pm);
}

void imhsa::buildCpuPipeline(OpPassManager &pm, const CpuPipelineOptions &options) {
  buildFrontEnd(pm, options, TileLoops::Parallel);
  if (options.until <= Stage::Expand)
    return;

  pm.addPass(createBufferizePass());
  if (options.until <= Stage::Bufferize)
    return;
}

void imhsa::buildCudaPipeline(OpPassManager &pm, const CudaPipelineOptions &options) {
  buildFrontEnd(pm, options, TileLoops::Sequential);
  if (options.until <= Stage::Expand)
    return;

  pm.addPass(createBufferizePass());
  if (options.until <= Stage::Bufferize)
    return;

  pm.addPass(createLowerToGpuPass());
  addCleanUp(pm);
  if (options.until <= Stage::Lower)
    return;

  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createKernelsToNvvmPass());
  addCleanUp(kernels);
  GpuToBinaryPassOptions binary;
  binary.chip = options.chip;
  binary.format = options.format;
  binary.toolkit = options.toolkit;
  pm.addPass(createGpuToBinaryPass(binary));
}

void imhsa::registerImhsaPipelines() {
  PassPipelineRegistration<CpuPipelineOptions>(
      "imhsa-cpu-pipeline", "From functions on tensors to the LLVM dialect of the host",
      buildCpuPipeline);
  PassPipelineRegistration<CudaPipelineOptions>(
      "imhsa-cuda-pipeline", "From functions on tensors to kernels compiled for a CUDA chip",
      buildCudaPipeline);
}
