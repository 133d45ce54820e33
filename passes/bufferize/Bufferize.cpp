//===- Bufferize.cpp - entry functions on memrefs -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/bufferize/FusedBuffers.h"
#include "passes/bufferize/Sizes.h"
#include "passes/bufferize/Workspace.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace imhsa {
#define GEN_PASS_DEF_BUFFERIZEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// A function on tensors, and the function of its sizes.
namespace {
struct Entry {
  func::FuncOp function, sizes;
};
} // namespace

//===----------------------------------------------------------------------===//
// What can be an entry
//===----------------------------------------------------------------------===//

static LogicalResult checkType(func::FuncOp function, Type type, StringRef what, unsigned index) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding() || !MemRefType::isValidElementType(tensor.getElementType()))
    return function.emitOpError()
           << what << " " << index
           << " of a public function: expected a ranked tensor without encoding, found " << type;
  return success();
}

static LogicalResult checkEntry(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has branches between blocks: expected structured control flow");
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(checkType(function, type, "argument", index)))
      return failure();
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(checkType(function, type, "result", index)))
      return failure();

  auto walk = function.walk([](Operation *op) {
    if (!isa<CallOpInterface, func::ConstantOp>(op))
      return WalkResult::advance();
    op->emitOpError("refers to a function: expected all calls of private functions inlined");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// The interface of an entry
//===----------------------------------------------------------------------===//

// The last dimension contiguous, any offset and other strides.
static MemRefType getBoundaryType(RankedTensorType type) {
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  auto layout = StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides);
  return MemRefType::get(type.getShape(), type.getElementType(), layout);
}

static func::FuncOp createEntry(OpBuilder &b, Location loc, StringRef name, TypeRange arguments) {
  auto function = func::FuncOp::create(b, loc, name, b.getFunctionType(arguments, {}));
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), b.getUnitAttr());
  function.addEntryBlock();
  return function;
}

// Creates `f_sizes` behind `function`, with the sizes of the results; the size of
// the workspace follows when it is known.
static FailureOr<func::FuncOp> createSizes(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  SmallVector<Value> dims = resolveDims(terminator, terminator->getOperands());

  OpBuilder b(function->getContext());
  b.setInsertionPointAfter(function);
  Location loc = function.getLoc();
  SmallVector<Type> arguments;
  for (Type type : function.getArgumentTypes())
    arguments.push_back(getBoundaryType(cast<RankedTensorType>(type)));
  arguments.push_back(MemRefType::get(ShapedType::kDynamic, b.getIndexType()));
  func::FuncOp sizes = createEntry(b, loc, (function.getName() + kSizesSuffix).str(), arguments);

  b.setInsertionPointToStart(&sizes.getBody().front());
  auto known = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &function.getBody().front()
               ? sizes.getArgument(argument.getArgNumber())
               : Value();
  };
  SizeComputer computer(b, known);
  unsigned position = 0;
  for (auto [index, result] : llvm::enumerate(terminator->getOperands()))
    for (int64_t i = 0, rank = cast<RankedTensorType>(result.getType()).getRank(); i < rank; ++i) {
      Value dim = computer.exact(dims[position]);
      if (!dim)
        return function.emitOpError() << "result " << index << ", dimension " << i
                                      << ": expected a size that follows from dimensions of "
                                         "arguments, found one that depends on data";
      OpBuilder &at = computer.getBuilder();
      memref::StoreOp::create(at, loc, dim, sizes.getArguments().back(),
                              arith::ConstantIndexOp::create(at, loc, position++).getResult());
    }
  func::ReturnOp::create(computer.getBuilder(), loc);
  return sizes;
}

// Tensor arguments become memrefs that are only read, results memrefs that are
// written, and the workspace is the last argument.
static void convertBoundary(func::FuncOp function) {
  Block &entry = function.getBody().front();
  Operation *terminator = entry.getTerminator();
  Location loc = function.getLoc();
  OpBuilder b = OpBuilder::atBlockBegin(&entry);
  SmallVector<Type> arguments;
  for (BlockArgument argument : entry.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    argument.setType(getBoundaryType(type));
    arguments.push_back(argument.getType());
    auto tensor = ToTensorOp::create(b, loc, type, argument, /*restrict=*/true, /*writable=*/false);
    argument.replaceAllUsesExcept(tensor, tensor);
  }
  b.setInsertionPoint(terminator);
  for (Value result : terminator->getOperands()) {
    arguments.push_back(getBoundaryType(cast<RankedTensorType>(result.getType())));
    Value output = entry.addArgument(arguments.back(), loc);
    MaterializeInDestinationOp::create(b, result.getLoc(), Type(), result, output,
                                       /*restrict=*/true, /*writable=*/true);
  }
  terminator->setOperands({});
  arguments.push_back(MemRefType::get(ShapedType::kDynamic, b.getI8Type()));
  entry.addArgument(arguments.back(), loc);

  function.setResAttrsAttr(nullptr);
  if (ArrayAttr attributes = function.getArgAttrsAttr()) {
    SmallVector<Attribute> extended(attributes.begin(), attributes.end());
    extended.resize(arguments.size(), b.getDictionaryAttr({}));
    function.setArgAttrsAttr(b.getArrayAttr(extended));
  }
  function.setType(b.getFunctionType(arguments, {}));
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), b.getUnitAttr());
}

//===----------------------------------------------------------------------===//
// Bufferization
//===----------------------------------------------------------------------===//

static OneShotBufferizationOptions getOptions() {
  OneShotBufferizationOptions options;
  // Loops are analysed from what they yield, which makes it likely that this has
  // the buffer of the loop-carried tensor.
  options.analysisHeuristic =
      OneShotBufferizationOptions::AnalysisHeuristic::BottomUpFromTerminators;
  // Copies are kernels like any other: on a GPU the host cannot make them.
  options.memCpyFn = [](OpBuilder &b, Location loc, Value from, Value to) {
    linalg::CopyOp::create(b, loc, from, to);
    return success();
  };
  return options;
}

// True if `v1` and `v2`, tensors of one type, have the same size at run time.
static bool haveSameShape(Value v1, Value v2) {
  auto type = cast<RankedTensorType>(v1.getType());
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i)) {
      FailureOr<bool> equal = ValueBoundsConstraintSet::areEqual({v1, i}, {v2, i});
      if (failed(equal) || !*equal)
        return false;
    }
  return true;
}

// A loop that yields another buffer than the one it carries would allocate in
// every iteration. Copies what it yields into the carried buffer instead.
static LogicalResult yieldCarriedBuffers(scf::ForOp loop, const OneShotAnalysisState &state,
                                         bool &changed) {
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  OpBuilder b(yield);
  SmallVector<std::pair<OpOperand *, Value>> copies;
  for (auto [carried, operand] :
       llvm::zip_equal(loop.getRegionIterArgs(), yield->getOpOperands())) {
    Value yielded = operand.get();
    if (!isa<RankedTensorType>(yielded.getType()) ||
        state.areEquivalentBufferizedValues(carried, yielded))
      continue;
    if (!haveSameShape(carried, yielded))
      return loop.emitOpError() << "carries a tensor whose shape may change: expected the shape of "
                                   "iteration argument "
                                << operand.getOperandNumber() << " to stay";
    // The copies must not overwrite what a later one reads.
    bool readsCarried = llvm::any_of(loop.getRegionIterArgs(), [&](Value other) {
      return isa<TensorType>(other.getType()) && state.areAliasingBufferizedValues(other, yielded);
    });
    if (readsCarried)
      yielded = AllocTensorOp::create(b, loop.getLoc(), cast<RankedTensorType>(yielded.getType()),
                                      ValueRange(), yielded);
    copies.push_back({&operand, yielded});
  }
  for (auto [operand, yielded] : copies) {
    Value carried = loop.getRegionIterArgs()[operand->getOperandNumber()];
    auto copy = MaterializeInDestinationOp::create(b, loop.getLoc(), yielded, carried);
    operand->set(copy.getResult());
    changed = true;
  }
  return success();
}

static LogicalResult bufferizeBody(func::FuncOp function) {
  // Padding, concatenation and the like write into a destination: their result may
  // then be an output too.
  RewritePatternSet patterns(function->getContext());
  linalg::populateConvertToDestinationStylePatterns(patterns);
  tensor::populateDecomposeTensorConcatPatterns(patterns);
  if (failed(applyPatternsGreedily(function, std::move(patterns))))
    return failure();

  IRRewriter rewriter(function->getContext());
  if (failed(eliminateEmptyTensors(rewriter, function)))
    return failure();
  OneShotBufferizationOptions options = getOptions();
  options.allowReturnAllocsFromLoops = true;
  // Inner loops that have been repaired change what outer loops yield, so one
  // analysis for each level of nesting, and a last one that finds nothing.
  for (bool changed = true; changed;) {
    changed = false;
    OneShotAnalysisState state(function, options);
    if (failed(analyzeOp(function, state)))
      return failure();
    auto walk = function.walk(
        [&](scf::ForOp loop) { return WalkResult(yieldCarriedBuffers(loop, state, changed)); });
    if (walk.wasInterrupted())
      return failure();
  }
  options.allowReturnAllocsFromLoops = false;
  BufferizationState state;
  return runOneShotBufferize(function, options, state);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct BufferizePass : imhsa::impl::BufferizePassBase<BufferizePass> {
  using BufferizePassBase::BufferizePassBase;

  void runOnOperation() override {
    if (failed(run()))
      signalPassFailure();
  }

private:
  LogicalResult run() {
    if (failed(checkAlignment(getOperation(), getArgument(), workspaceAlignment)))
      return failure();
    SmallVector<Entry> entries;
    if (failed(convertFunctions(entries)))
      return failure();
    for (Entry &entry : entries)
      if (failed(bufferizeBody(entry.function)))
        return failure();
    // Copies of a buffer to itself and allocations that only they used vanish
    // before anything gets a place.
    if (failed(cleanUp()))
      return failure();
    for (Entry &entry : entries)
      packRows(entry.function);
    if (!place)
      return success();
    for (Entry &entry : entries) {
      allocateScratch(entry.function);
      FailureOr<Placement> placement =
          placeInWorkspace(entry.function, entry.sizes, workspaceAlignment);
      if (failed(placement))
        return failure();
      numWorkspaceBuffers += placement->numWorkspaceBuffers;
      numParallelBuffers += placement->numParallelBuffers;
    }
    return cleanUp();
  }

  LogicalResult convertFunctions(SmallVector<Entry> &entries) {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (!function.isPublic())
        continue;
      if (failed(checkEntry(function)))
        return failure();
      if (Operation *other = symbols.lookup((function.getName() + kSizesSuffix).str())) {
        InFlightDiagnostic error = function.emitOpError()
                                   << "needs the name '" << function.getName() << kSizesSuffix
                                   << "' for the function of its sizes";
        error.attachNote(other->getLoc()) << "which is taken";
        return error;
      }
    }
    for (func::FuncOp function : functions) {
      // Nothing calls private functions any more.
      if (!function.isPublic()) {
        function.erase();
        continue;
      }
      // What chooses by sizes has run, and the pointers that arguments become have none.
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        function.removeArgAttr(i, kSizeHintAttr);
      FailureOr<func::FuncOp> sizes = createSizes(function);
      if (failed(sizes))
        return failure();
      convertBoundary(function);
      entries.push_back({function, *sizes});
    }
    return success();
  }

  LogicalResult cleanUp() {
    OpPassManager pm(ModuleOp::getOperationName());
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
    return runPipeline(pm, getOperation());
  }
};
} // namespace
