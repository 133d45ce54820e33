//===- Pipelines.h - the stages in their order ----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// One enumeration of the stages, one options struct and one build function for
// each pipeline. The front half, on tensors, is common to all targets.

#ifndef IMHSA_PASSES_PIPELINES_H
#define IMHSA_PASSES_PIPELINES_H

#include "passes/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace imhsa {

/// The stages, in the order in which they run; `until=` names the last one.
enum class Stage {
  Decompose,
  Reorder,
  Fuse,
  Schedule,
  Tile,
  Expand,
  Bufferize,
  Lower,
  Llvm,
  Binary
};

/// Options of the front half. Pipelines derive theirs from it.
struct FrontEndOptions : public mlir::PassPipelineOptions<FrontEndOptions> {
  Option<Stage> until{
      *this, "until", llvm::cl::desc("Stop after this stage"), llvm::cl::init(Stage::Binary),
      llvm::cl::values(
          clEnumValN(Stage::Decompose, "decompose", "landmark attention as weights and products"),
          clEnumValN(Stage::Reorder, "reorder", "products in their cheapest order"),
          clEnumValN(Stage::Fuse, "fuse", "weights times value as exact attention cores"),
          clEnumValN(Stage::Schedule, "schedule", "CUDA: cores with the kernels that compute them"),
          clEnumValN(Stage::Tile, "tile", "cores in loops over tiles"),
          clEnumValN(Stage::Expand, "expand", "plain linalg on tensors"),
          clEnumValN(Stage::Bufferize, "bufferize", "memrefs, results and workspace as arguments"),
          clEnumValN(Stage::Lower, "lower", "loops or kernels, nothing of imhsa left"),
          clEnumValN(Stage::Llvm, "llvm", "the LLVM dialect, for kernels with NVVM"),
          clEnumValN(Stage::Binary, "binary", "kernels as device binaries"))};
  Option<bool> checkShapes{
      *this, "check-shapes", llvm::cl::init(false),
      llvm::cl::desc("Check, when a function runs, that the dimensions of its inputs agree where "
                     "their types do not say so")};
  Option<bool> direct{
      *this, "direct", llvm::cl::init(false),
      llvm::cl::desc(
          "Split landmark attention by its definition instead of decomposing, reordering "
          "and fusing it: an independent way to the same results, for checks")};
};

/// Adds what a target does to attention cores before they are tiled.
using AddSchedules = llvm::function_ref<void(mlir::OpPassManager &)>;

/// Stages 1 to 6c, from functions on tensors to linalg on tensors: inline,
/// decompose, reorder, fuse, schedule, tile, expand. Ends where `options.until` says.
void buildFrontEnd(mlir::OpPassManager &pm, const FrontEndOptions &options, TileLoops loops,
                   AddSchedules addSchedules = nullptr);

/// Options of `buildCpuPipeline`.
struct CpuPipelineOptions : public FrontEndOptions {
  Option<bool> fused{
      *this, "fused", llvm::cl::init(true),
      llvm::cl::desc("Compute attentions by kernels of their own where one serves them; "
                     "otherwise all of them become plain linalg")};
  Option<std::string> schedules{
      *this, "schedules",
      llvm::cl::desc("Schedules of kernels instead of those that would be chosen: what stands in "
                     "#imhsa.schedule<...>, with semicolons between")};
  Option<SecondSweep> secondSweep{
      *this, "second-sweep", llvm::cl::init(SecondSweep::Auto),
      llvm::cl::desc("What the second sweep over keys does for the exponentials of the first"),
      secondSweeps()};
  Option<int64_t> lanes{*this, "lanes", llvm::cl::init(8),
                        llvm::cl::desc("Elements of f32 in a vector: 8, or 16 for AVX-512")};
  Option<int64_t> tileBytes{
      *this, "tile-bytes", llvm::cl::init(160 << 10),
      llvm::cl::desc("The scores of a tile at most, in bytes: a third of a second-level cache")};
  Option<bool> convertsToBf16{
      *this, "converts-to-bf16", llvm::cl::init(false),
      llvm::cl::desc("The processor has instructions from f32 to bf16; otherwise integer "
                     "operations do it")};
};

/// From functions on tensors to the LLVM dialect of the host. The module that
/// results calls `imhsa_parallel_for` (runtime/ParallelFor.h); its entry functions
/// are those that `imhsa-bufferize` documents, with the results that
/// `imhsa-return-failures` gives them, and each stands there a second time as
/// `imhsa-pack-entries` makes it.
void buildCpuPipeline(mlir::OpPassManager &pm, const CpuPipelineOptions &options);

/// Options of `buildCudaPipeline`.
struct CudaPipelineOptions : public FrontEndOptions {
  Option<std::string> chip{*this, "chip", llvm::cl::init("sm_80"),
                           llvm::cl::desc("The chips, with commas between: sm_80, sm_90a, ...")};
  Option<bool> fused{*this, "fused", llvm::cl::init(true),
                     llvm::cl::desc("Compute attentions by fused kernels where one serves them")};
  Option<bool> allowTf32{*this, "allow-tf32", llvm::cl::init(false),
                         llvm::cl::desc("Round what enters products of f32 to tf32")};
  Option<std::string> schedules{
      *this, "schedules",
      llvm::cl::desc("Schedules of fused kernels instead of those that would be chosen: what "
                     "stands in #imhsa.schedule<...>, with semicolons between")};
  Option<int64_t> batchChunk{
      *this, "batch-chunk", llvm::cl::init(0),
      llvm::cl::desc("Batch elements that the kernels of one attention compute before the next; 0: "
                     "by the chip's second-level cache")};
  Option<bool> withPtx{*this, "with-ptx", llvm::cl::init(false),
                       llvm::cl::desc("Add PTX to binaries, for chips newer than all of them")};
  Option<mlir::gpu::CompilationTarget> format{
      *this, "format", llvm::cl::desc("What to make of the kernels"),
      llvm::cl::init(mlir::gpu::CompilationTarget::Assembly), binaryFormats()};
  Option<std::string> toolkit{*this, "toolkit",
                              llvm::cl::desc("The folder of the CUDA toolkit, for bin and fatbin")};
  Option<bool> lineInfo{*this, "line-info", llvm::cl::init(false),
                        llvm::cl::desc("Keep the lines of the source in the kernels")};
};

/// From functions on tensors to kernels compiled for a chip. The module that
/// results has one `gpu.binary` with all kernels, and functions of the host like
/// those of the CPU pipeline, but on buffers of the device, and with the launcher of
/// the kernels as last argument (`imhsa-launches-to-runtime`).
void buildCudaPipeline(mlir::OpPassManager &pm, const CudaPipelineOptions &options);

/// Registers what a context needs to read functions on tensors and to run the
/// pipelines on them: the dialect, those of upstream that the stages use, and the
/// interfaces that upstream implements apart from its operations. A program that calls
/// upstream's `registerAllDialects` and `registerAllExtensions` needs only
/// `registerDialect` and `registerTranslations`.
void registerPipelineDialects(mlir::DialectRegistry &registry);

/// Registers `imhsa-cpu-pipeline` and `imhsa-cuda-pipeline`. To call it again does nothing.
void registerImhsaPipelines();

} // namespace imhsa

#endif // IMHSA_PASSES_PIPELINES_H
