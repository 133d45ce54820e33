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
// What one thread does
//===----------------------------------------------------------------------===//

namespace {
/// The dimensions of an operation in the order in which a kernel runs through them.
struct LoopOrder {
  /// Spread over threads. Those of the first result come in its order, so that
  /// neighbouring threads write neighbouring elements.
  SmallVector<unsigned> parallel;
  /// Loops of a thread that select elements of a result (rare: reductions that
  /// index an output), then those that add to one element.
  SmallVector<unsigned> outer, inner;

  explicit LoopOrder(linalg::LinalgOp op) {
    llvm::SetVector<unsigned> order;
    for (OpOperand &output : op.getDpsInitsMutable())
      op.getMatchingIndexingMap(&output).walkExprs([&](AffineExpr expr) {
        if (auto dim = dyn_cast<AffineDimExpr>(expr))
          order.insert(dim.getPosition());
      });
    unsigned numInOutputs = order.size();
    order.insert_range(llvm::seq(op.getNumLoops()));

    SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
    for (auto [i, dim] : llvm::enumerate(order)) {
      if (iterators[dim] == utils::IteratorType::parallel)
        parallel.push_back(dim);
      else
        (i < numInOutputs ? outer : inner).push_back(dim);
    }
  }
};

/// Writes what one thread does for one point of the parallel dimensions.
class PointBuilder {
public:
  PointBuilder(linalg::LinalgOp op, ArrayRef<Value> sizes)
      : op(op), loc(op.getLoc()), order(op), sizes(sizes), indices(op.getNumLoops()) {}

  /// The number of points.
  Value buildCount(OpBuilder &b) {
    Value count = arith::ConstantIndexOp::create(b, loc, 1);
    for (unsigned dim : order.parallel)
      count = b.createOrFold<arith::MulIOp>(loc, count, sizes[dim]);
    return count;
  }

  /// The work of the point with the number `point`.
  void buildPoint(OpBuilder &b, Value point) {
    // Unsigned, and the fastest dimension last: one division for each but the first.
    for (unsigned dim :
         llvm::reverse(ArrayRef(order.parallel).drop_front(!order.parallel.empty()))) {
      indices[dim] = b.createOrFold<arith::RemUIOp>(loc, point, sizes[dim]);
      point = b.createOrFold<arith::DivUIOp>(loc, point, sizes[dim]);
    }
    if (!order.parallel.empty())
      indices[order.parallel.front()] = point;

    buildLoops(b, order.outer, {}, [&](OpBuilder &b, ValueRange) -> SmallVector<Value> {
      SmallVector<Value> partial;
      for (OpOperand &output : op.getDpsInitsMutable())
        partial.push_back(buildLoad(b, output));
      SmallVector<Value> results =
          buildLoops(b, order.inner, partial,
                     [&](OpBuilder &b, ValueRange partial) { return buildPayload(b, partial); });
      for (auto [output, result] : llvm::zip_equal(op.getDpsInitsMutable(), results))
        memref::StoreOp::create(b, loc, result, output.get(), buildIndices(b, output));
      return {};
    });
  }

private:
  using Body = llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)>;

  /// Loops over `dims` around `body` that carry `carried`; their results.
  SmallVector<Value> buildLoops(OpBuilder &b, ArrayRef<unsigned> dims, ValueRange carried,
                                Body body) {
    SmallVector<Value> zeros(dims.size(), arith::ConstantIndexOp::create(b, loc, 0));
    SmallVector<Value> ones(dims.size(), arith::ConstantIndexOp::create(b, loc, 1));
    auto bounds = llvm::map_to_vector(dims, [&](unsigned dim) { return sizes[dim]; });
    return scf::buildLoopNest(
               b, loc, zeros, bounds, ones, carried,
               [&](OpBuilder &b, Location, ValueRange loopIndices, ValueRange carried) {
                 for (auto [dim, index] : llvm::zip_equal(dims, loopIndices))
                   indices[dim] = index;
                 return body(b, carried);
               })
        .results;
  }

  /// Where the current point finds its element of the buffer `operand`.
  SmallVector<Value> buildIndices(OpBuilder &b, OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
      return getValueOrCreateConstantIndexOp(
          b, loc,
          affine::makeComposedFoldedAffineApply(b, loc, AffineMap::get(map.getNumDims(), 0, expr),
                                                getAsOpFoldResult(indices)));
    });
  }

  /// The current point's element of `operand`: of a buffer, or a scalar itself.
  Value buildLoad(OpBuilder &b, OpOperand &operand) {
    if (!isa<MemRefType>(operand.get().getType()))
      return operand.get();
    return memref::LoadOp::create(b, loc, operand.get(), buildIndices(b, operand));
  }

  /// The results of the operation's body at the current point, from the outputs so far.
  SmallVector<Value> buildPayload(OpBuilder &b, ValueRange outputs) {
    IRMapping mapping;
    for (OpOperand *input : op.getDpsInputOperands())
      mapping.map(op.getMatchingBlockArgument(input), buildLoad(b, *input));
    mapping.map(op.getRegionOutputArgs(), outputs);

    Block *payload = op.getBlock();
    payload->walk(
        [&](linalg::IndexOp index) { mapping.map(index.getResult(), indices[index.getDim()]); });
    for (Operation &inner : payload->without_terminator())
      if (!isa<linalg::IndexOp>(inner))
        b.clone(inner, mapping);
    return llvm::map_to_vector(payload->getTerminator()->getOperands(),
                               [&](Value value) { return mapping.lookupOrDefault(value); });
  }

  linalg::LinalgOp op;
  Location loc;
  LoopOrder order;
  ArrayRef<Value> sizes;
  /// The current point, by dimension of the operation.
  SmallVector<Value> indices;
};
} // namespace

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
