//===- LowerToGpu.cpp - a kernel for each operation on buffers ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// An operation with a schedule becomes the fused kernels of its kind (cuda/). Every
// linalg operation becomes one kernel of the general path: its parallel dimensions
// are one grid-stride loop over threads, its reductions are loops in a thread
// with the partial results in registers. Right for every shape; nothing is tuned.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/kernel/BatchChunks.h"
#include "passes/kernel/DeviceConstants.h"
#include "passes/kernel/PointBuilder.h"
#include "passes/kernel/cuda/LowerFused.h"
#include "passes/kernel/cuda/Whole.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/Passes.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_LOWERTOGPUPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

/// The `gpu.module` that all kernels of a module share.
static constexpr llvm::StringLiteral kKernelModule = "imhsa_kernels";

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// Makes the kernel read constants of the module from the device's copy, which
/// outlining puts beside it: the host's is not visible to the device.
static void useConstantsOnDevice(gpu::LaunchOp launch) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(launch.getBody(), captured);
  OpBuilder b = OpBuilder::atBlockBegin(&launch.getBody().front());
  for (Value value : captured)
    if (isa<MemRefType>(value.getType()) && getViewedConstant(value))
      replaceAllUsesInRegionWith(value, cloneView(b, value), launch.getBody());
}

/// A symbol that PTX accepts as it is.
static std::string getKernelName(func::FuncOp func, unsigned number, StringRef what) {
  std::string name = (func.getName() + "_" + Twine(number) + "_" + what).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return llvm::isDigit(name.front()) ? "_" + name : name;
}

/// Puts a launch in the place of `op`, a linalg operation on buffers.
static void launchKernel(linalg::LinalgOp op, StringRef name, int64_t blockSize,
                         int64_t maxBlocks) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto sizes = llvm::map_to_vector(op.createLoopRanges(b, loc), [&](Range range) {
    return getValueOrCreateConstantIndexOp(b, loc, range.size);
  });
  PointBuilder points(op, sizes);

  // A grid must not be empty; with no points its one block finds nothing to do.
  Value one = constant(1), threads = constant(blockSize);
  Value count = points.buildCount(b);
  Value blocks = b.createOrFold<arith::AddIOp>(loc, count, constant(blockSize - 1));
  blocks = b.createOrFold<arith::DivUIOp>(loc, blocks, threads);
  blocks = b.createOrFold<arith::MinUIOp>(loc, blocks, constant(maxBlocks));
  blocks = b.createOrFold<arith::MaxUIOp>(loc, blocks, one);

  auto launch = gpu::LaunchOp::create(
      b, loc, blocks, one, one, threads, one, one, /*dynamicSharedMemorySize=*/nullptr,
      /*asyncTokenType=*/nullptr, /*asyncDependencies=*/{}, /*workgroupAttributions=*/{},
      /*privateAttributions=*/{}, /*clusterSizeX=*/nullptr, /*clusterSizeY=*/nullptr,
      /*clusterSizeZ=*/nullptr, FlatSymbolRefAttr::get(op->getContext(), kKernelModule),
      FlatSymbolRefAttr::get(op->getContext(), name));
  b.setInsertionPointToStart(&launch.getBody().front());
  Value first = arith::MulIOp::create(b, loc, launch.getBlockIds().x, threads);
  first = arith::AddIOp::create(b, loc, first, launch.getThreadIds().x);
  Value stride = arith::MulIOp::create(b, loc, launch.getGridSize().x, threads);
  auto loop = scf::ForOp::create(b, loc, first, count, stride);
  gpu::TerminatorOp::create(b, loc);
  b.setInsertionPointToStart(loop.getBody());
  points.buildPoint(b, loop.getInductionVar());
  useConstantsOnDevice(launch);
  op->erase();
}

//===----------------------------------------------------------------------===//
// The host
//===----------------------------------------------------------------------===//

/// Whether `op` writes what a caller asks the host for: the sizes that a function
/// of sizes, made by `imhsa-bufferize`, puts into its last argument.
static bool storesSize(Operation *op) {
  auto store = dyn_cast<memref::StoreOp>(op);
  auto func = op->getParentOfType<func::FuncOp>();
  return store && store.getMemRefType().getElementType().isIndex() &&
         store.getMemRef() == func.getArguments().back();
}

/// Refuses what neither becomes a kernel nor may stay on the host.
static LogicalResult verifyHostOperation(Operation *op) {
  if (isa<scf::ParallelOp, scf::ForallOp>(op))
    return op->emitOpError("is a parallel loop of the host; kernels come from linalg operations "
                           "only: tile with 'imhsa-tile{loops=for}'");
  if (isa<linalg::LinalgDialect>(op->getDialect()) && !isa<linalg::LinalgOp>(op))
    return op->emitOpError("has no kernel; expected a structured linalg operation");
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (linalgOp.hasPureBufferSemantics())
      return success();
    return op->emitOpError("expected operands that are buffers, found tensors: run "
                           "'imhsa-bufferize' first");
  }
  if (hasFusedSchedule(op)) {
    if (cast<DestinationStyleOpInterface>(op).hasPureBufferSemantics())
      return success();
    return op->emitOpError("expected operands that are buffers, found tensors: run "
                           "'imhsa-bufferize' first");
  }
  // What stands in control flow is looked at by itself.
  if (isa<RegionBranchOpInterface>(op) || isMemoryEffectFree(op) || storesSize(op))
    return success();
  auto isBuffer = [](Type type) { return isa<BaseMemRefType>(type); };
  if (hasEffect<MemoryEffects::Allocate>(op) || hasEffect<MemoryEffects::Free>(op))
    return op->emitOpError("manages memory on the host; expected temporaries in the workspace "
                           "argument that 'imhsa-bufferize' adds");
  if (llvm::any_of(op->getOperandTypes(), isBuffer))
    return op->emitOpError("accesses device memory on the host; expected only linalg operations "
                           "and 'memref.copy' to access buffers");
  return success();
}

namespace {
struct LowerToGpuPass : imhsa::impl::LowerToGpuPassBase<LowerToGpuPass> {
  using LowerToGpuPassBase::LowerToGpuPassBase;

  void runOnOperation() override {
    if (failed(verifyModule()))
      return signalPassFailure();
    FailureOr<ChipResources> least = getLeastResources(getOperation().getLoc(), chip);
    if (failed(least))
      return signalPassFailure();
    hasDependentLaunches = haveDependentLaunches(chip);
    bool failedAny = false;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (failed(lowerWholes(func, *least)))
        return signalPassFailure();
      numChunked += chunkBatches(func, *least, batchChunk);
      failedAny |= failed(lower(func, *least));
    }
    if (failedAny)
      return signalPassFailure();
    OpPassManager outline(ModuleOp::getOperationName());
    outline.addPass(createGpuLaunchSinkIndexComputationsPass());
    outline.addPass(createGpuKernelOutliningPass());
    if (failed(runPipeline(outline, getOperation())))
      signalPassFailure();
  }

private:
  LogicalResult verifyModule() {
    ModuleOp module = getOperation();
    if (blockSize < 1 || blockSize > 1024)
      return emitError(module.getLoc(), "option 'block-size': expected 1 to 1024 threads, found ")
             << blockSize.getValue();
    if (maxBlocks < 1 || maxBlocks > std::numeric_limits<int32_t>::max())
      return emitError(module.getLoc(),
                       "option 'max-blocks': expected 1 to 2147483647 blocks, found ")
             << maxBlocks.getValue();
    if (batchChunk < 0)
      return emitError(module.getLoc(), "option 'batch-chunk': expected at least 0, found ")
             << batchChunk.getValue();
    Operation *symbol = module.lookupSymbol(kKernelModule);
    if (symbol && !isa<gpu::GPUModuleOp>(symbol))
      return symbol->emitOpError("has the name of the module of all kernels");
    return success();
  }

  /// Replaces what shares a launch, whole batch elements at a time.
  LogicalResult lowerWholes(func::FuncOp func, const ChipResources &resources) {
    std::optional<DenseSet<Value>> written = findWrittenBuffers(func.getBody());
    for (auto [number, whole] : llvm::enumerate(findWholes(func))) {
      if (failed(lowerWhole(whole, {getKernels(), resources, hasDependentLaunches, written},
                            getKernelName(func, number, "whole"))))
        return failure();
      ++numKernels;
    }
    return success();
  }

  /// Replaces what touches buffers in `func` by launches of kernels.
  LogicalResult lower(func::FuncOp func, const ChipResources &resources) {
    SmallVector<Operation *> work;
    bool failedAny = false;
    func.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<gpu::LaunchOp>(op))
        return WalkResult::skip();
      if (isa<memref::CopyOp>(op)) {
        work.push_back(op);
        return WalkResult::advance();
      }
      bool refused = failed(verifyHostOperation(op));
      failedAny |= refused;
      if (isa<linalg::LinalgOp>(op) || hasFusedSchedule(op))
        work.push_back(op);
      return refused || isa<linalg::LinalgOp>(op) ? WalkResult::skip() : WalkResult::advance();
    });
    if (failedAny)
      return failure();

    IRRewriter rewriter(func.getContext());
    std::optional<DenseSet<Value>> written = findWrittenBuffers(func.getBody());
    for (auto [number, op] : llvm::enumerate(work)) {
      std::string name = getKernelName(func, number, op->getName().stripDialect());
      if (hasFusedSchedule(op)) {
        FailureOr<unsigned> made = lowerFused(
            op, {getKernels(), resources, hasDependentLaunches, written},
            [&, number = number](StringRef what) { return getKernelName(func, number, what); });
        if (failed(made))
          return failure();
        numKernels += *made;
        continue;
      }
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        rewriter.setInsertionPoint(copy);
        op = linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(), copy.getTarget());
        rewriter.eraseOp(copy);
      }
      launchKernel(cast<linalg::LinalgOp>(op), name, blockSize, maxBlocks);
      ++numKernels;
    }
    (void)runRegionDCE(rewriter, func->getRegions());
    return verifyConstants(func);
  }

  /// The module of the kernels, which outlining adds to as well.
  gpu::GPUModuleOp getKernels() {
    if (auto kernels = getOperation().lookupSymbol<gpu::GPUModuleOp>(kKernelModule))
      return kernels;
    OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
    return gpu::GPUModuleOp::create(b, getOperation().getLoc(), kKernelModule);
  }

  /// Constants must have gone into the kernels that read them.
  static LogicalResult verifyConstants(func::FuncOp func) {
    WalkResult result = func.walk<WalkOrder::PreOrder>([](Operation *op) {
      if (isa<gpu::LaunchOp>(op))
        return WalkResult::skip();
      if (!isa<memref::GetGlobalOp>(op))
        return WalkResult::advance();
      op->emitOpError("has a use on the host; expected only kernels to use constants, and only "
                      "through views");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  bool hasDependentLaunches = false;
};
} // namespace
