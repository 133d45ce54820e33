//===- LaunchesToRuntime.cpp - launches as calls of the caller's launcher -===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Upstream's `gpu-to-llvm` calls a runtime library by global names, which loads the
// kernels when the program starts. Here the caller of a function says who launches:
// the CUDA driver for the stream of the call, or an emulator.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/kernel/cuda/DependentLaunch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_LAUNCHESTORUNTIMEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// `f_sizes` computes on the host alone; its last argument is the vector of sizes.
static bool isSizesFunction(func::FuncOp func) {
  auto last =
      func.getNumArguments() ? dyn_cast<MemRefType>(func.getArgumentTypes().back()) : nullptr;
  return last && last.getElementType().isIndex();
}

// The scalars and pointers that `argument` of a launch is as arguments of the kernel in the NVVM
// dialect: upstream's conversion takes a memref apart into the fields of its descriptor.
static SmallVector<Value> flatten(OpBuilder &b, Location loc, Value argument) {
  auto toInteger = [&](Value index) -> Value {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  };
  if (argument.getType().isIndex())
    return {toInteger(argument)};
  if (!isa<MemRefType>(argument.getType()))
    return {argument};

  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, argument);
  Value pointer = LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()),
                                           toInteger(address));
  auto fields = memref::ExtractStridedMetadataOp::create(b, loc, argument);
  SmallVector<Value> flat = {pointer, pointer, toInteger(fields.getOffset())};
  for (Value field : llvm::concat<Value>(fields.getSizes(), fields.getStrides()))
    flat.push_back(toInteger(field));
  return flat;
}

namespace {
struct LaunchesToRuntimePass : imhsa::impl::LaunchesToRuntimePassBase<LaunchesToRuntimePass> {
  using LaunchesToRuntimePassBase::LaunchesToRuntimePassBase;

  void runOnOperation() override {
    SmallVector<Attribute> kernels;
    bool failedAny = false;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (!isSizesFunction(func) && func.isPublic() &&
          func->hasAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName())) {
        failedAny |= failed(convert(func, kernels));
        continue;
      }
      func.walk([&](gpu::LaunchFuncOp op) {
        op.emitOpError("expected in an entry function, which its caller gives a launcher");
        failedAny = true;
      });
    }
    if (failedAny)
      return signalPassFailure();
    OpBuilder b(&getContext());
    getOperation()->setAttr(kKernelsAttr, b.getArrayAttr(kernels));
  }

private:
  LogicalResult convert(func::FuncOp func, SmallVectorImpl<Attribute> &kernels) {
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    Location loc = func.getLoc();
    if (failed(func.insertArgument(func.getNumArguments(), pointer, {}, loc)))
      return failure();
    bool failedAny = false;
    SmallVector<gpu::LaunchFuncOp> launches;
    func.walk([&](gpu::LaunchFuncOp op) {
      launches.push_back(op);
      failedAny |= failed(verify(op));
    });
    if (failedAny)
      return failure();
    for (gpu::LaunchFuncOp op : launches) {
      launch(op, getIndex(op.getKernelName(), kernels), func);
      op.erase();
      ++numLaunches;
    }
    return success();
  }

  static LogicalResult verify(gpu::LaunchFuncOp op) {
    if (op.getAsyncToken() || !op.getAsyncDependencies().empty() || op.getAsyncObject())
      return op.emitOpError("is asynchronous; expected launches in the order of the stream");
    if (op.hasClusterSize())
      return op.emitOpError("has clusters of blocks, which the launcher does not know");
    for (Value argument : op.getKernelOperands())
      if (!argument.getType().isIntOrIndexOrFloat() &&
          !isa<MemRefType, LLVM::LLVMPointerType>(argument.getType()))
        return op.emitOpError("expected arguments that are numbers, memrefs with a rank and "
                              "pointers, found ")
               << argument.getType();
    return success();
  }

  // Kernels are counted in the order of their first launches.
  static int32_t getIndex(StringAttr kernel, SmallVectorImpl<Attribute> &kernels) {
    auto *found = llvm::find(kernels, kernel);
    int32_t index = found - kernels.begin();
    if (found == kernels.end())
      kernels.push_back(kernel);
    return index;
  }

  static void launch(gpu::LaunchFuncOp op, int32_t kernel, func::FuncOp func) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto constant = [&](int32_t value) -> Value {
      return LLVM::ConstantOp::create(b, loc, b.getI32Type(), value);
    };
    SmallVector<Value> values, dims;
    for (Value argument : op.getKernelOperands())
      values.append(flatten(b, loc, argument));
    for (gpu::KernelDim3 size : {op.getGridSizeOperandValues(), op.getBlockSizeOperandValues()})
      for (Value dim : {size.x, size.y, size.z})
        dims.push_back(arith::IndexCastOp::create(b, loc, b.getI64Type(), dim));
    Value shared = op.getDynamicSharedMemorySize() ? op.getDynamicSharedMemorySize() : constant(0);
    dims.push_back(arith::ExtUIOp::create(b, loc, b.getI64Type(), shared));
    // Where the kernel is not in this module, nothing is known of it.
    Operation *callee = SymbolTable::lookupNearestSymbolFrom(op, op.getKernelAttr());
    bool isEarly = callee && waitsForKernelsBefore(callee);
    dims.push_back(LLVM::ConstantOp::create(b, loc, b.getI64Type(), isEarly));

    // What is handed over lies on the stack, once for each launch: it may be in a loop.
    auto valuesType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), llvm::map_to_vector(values, [](Value value) { return value.getType(); }));
    auto addressesType = LLVM::LLVMArrayType::get(pointer, values.size());
    auto dimsType = LLVM::LLVMArrayType::get(b.getI64Type(), dims.size());
    SmallVector<Value> slots;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&func.front());
      for (Type type : {Type(valuesType), Type(addressesType), Type(dimsType)})
        slots.push_back(LLVM::AllocaOp::create(b, loc, pointer, type, constant(1)));
    }
    auto element = [&](unsigned slot, Type type, unsigned index) -> Value {
      return LLVM::GEPOp::create(b, loc, pointer, type, slots[slot],
                                 ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
    };
    for (auto [index, value] : llvm::enumerate(values)) {
      Value address = element(0, valuesType, index);
      LLVM::StoreOp::create(b, loc, value, address);
      LLVM::StoreOp::create(b, loc, address, element(1, addressesType, index));
    }
    for (auto [index, dim] : llvm::enumerate(dims))
      LLVM::StoreOp::create(b, loc, dim, element(2, dimsType, index));

    // imhsa_launcher::launch (runtime/Artifact.h).
    Value launcher = func.getArguments().back();
    Value function = LLVM::LoadOp::create(b, loc, pointer, launcher);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                            {pointer, b.getI32Type(), pointer, pointer});
    LLVM::CallOp::create(b, loc, type,
                         ValueRange{function, launcher, constant(kernel), slots[2], slots[1]});
  }
};
} // namespace
