//===- KernelsToNvvm.cpp - kernels in the NVVM dialect --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Upstream's conversion of a `gpu.module`, but for mathematical functions: there
// they become calls into CUDA's libdevice, here arithmetic, so that PTX is whole
// without the toolkit and the same formulas hold as on the CPU.

#include "passes/Passes.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_KERNELSTONVVMPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

/// Whether PTX has `op`, or LLVM makes it from what PTX has, at all float types.
static bool isNativeMath(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp,
             math::IsFiniteOp, math::IsNaNOp, math::RoundEvenOp, math::RoundOp, math::RsqrtOp,
             math::SqrtOp, math::TruncOp>(op);
}

/// Functions of f32, f16 and bf16 as polynomials in f32.
static void expandMath(Operation *module) {
  RewritePatternSet patterns(module->getContext());
  auto always = [](StringRef) { return true; };
  math::populateExpansionPatterns(patterns, {"acosh", "asinh", "atanh", "clampf", "cosh", "exp2",
                                             "fpowi", "powf", "sinh", "tan"});
  populateMathF32ExpansionPatterns(patterns, always);
  populateMathPolynomialApproximationPatterns(patterns, always);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  (void)applyPatternsGreedily(module, std::move(patterns));
}

static LogicalResult verifyMath(Operation *module) {
  bool failedAny = false;
  module->walk([&](Operation *op) {
    if (!isa<math::MathDialect>(op->getDialect()) || isNativeMath(op))
      return;
    failedAny = true;
    op->emitOpError("has no device code for ")
        << op->getOperandTypes().front()
        << ": only CUDA's libdevice has it, which kernels do without";
  });
  return failure(failedAny);
}

static LogicalResult verifyWhole(gpu::GPUModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (function.isExternal())
      return function.emitOpError("'")
             << function.getName() << "' is defined nowhere; kernels are linked with nothing";
  return success();
}

namespace {
struct KernelsToNvvmPass : imhsa::impl::KernelsToNvvmPassBase<KernelsToNvvmPass> {
  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    expandMath(module);
    if (failed(verifyMath(module)))
      return signalPassFailure();
    OpPassManager prepare(gpu::GPUModuleOp::getOperationName());
    prepare.addPass(memref::createExpandStridedMetadataPass());
    prepare.addPass(createLowerAffinePass());
    prepare.addPass(createSCFToControlFlowPass());
    if (failed(runPipeline(prepare, module)) || failed(convert(module)) ||
        failed(verifyWhole(module)))
      signalPassFailure();
  }

private:
  static LogicalResult convert(gpu::GPUModuleOp module) {
    MLIRContext *context = module.getContext();
    LowerToLLVMOptions options(context, DataLayout(module));
    LLVMTypeConverter converter(context, options);
    configureGpuToNVVMTypeConverter(converter);

    // Functions of floats first, which the patterns for kernels would make calls.
    RewritePatternSet functions(context);
    arith::populateArithToLLVMConversionPatterns(converter, functions);
    populateMathToLLVMConversionPatterns(converter, functions);
    ConversionTarget withoutFunctions(*context);
    withoutFunctions.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    withoutFunctions.addDynamicallyLegalDialect<math::MathDialect>(
        [](Operation *op) { return !isa<FloatType>(op->getOperandTypes().front()); });
    withoutFunctions.addIllegalOp<arith::RemFOp, arith::MaxNumFOp, arith::MinNumFOp>();
    if (failed(applyPartialConversion(module, withoutFunctions, std::move(functions))))
      return failure();

    RewritePatternSet patterns(context);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateGpuToNVVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(*context);
    target.addLegalDialect<NVVM::NVVMDialect>();
    target.addLegalOp<gpu::GPUModuleOp>();
    return applyFullConversion(module, target, std::move(patterns));
  }
};
} // namespace
