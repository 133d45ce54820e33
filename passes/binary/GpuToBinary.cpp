//===- GpuToBinary.cpp - kernels compiled for a chip ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/binary/Chip.h"
#include "passes/binary/Toolkit.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_GPUTOBINARYPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

using gpu::CompilationTarget;

namespace {
/// What to make of each module of kernels.
struct Product {
  NVVM::NVVMTargetAttr target;
  CompilationTarget format;
};

struct GpuToBinaryPass : imhsa::impl::GpuToBinaryPassBase<GpuToBinaryPass> {
  using GpuToBinaryPassBase::GpuToBinaryPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Product> products;
    std::string folder = toolkit;
    if (failed(chooseProducts(products)) || failed(chooseToolkit(folder)))
      return signalPassFailure();
    if (lineInfo && failed(keepLines(module)))
      return signalPassFailure();
    SymbolTable symbols(module);
    for (auto kernels : llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
      SmallVector<Attribute> objects;
      for (const Product &product : products) {
        gpu::TargetOptions options(folder, /*librariesToLink=*/{},
                                   /*cmdOptions=*/lineInfo ? "-lineinfo" : "",
                                   /*elfSection=*/{}, product.format, [&] { return &symbols; });
        auto target = cast<gpu::TargetAttrInterface>(product.target);
        std::optional<SmallVector<char, 0>> object = target.serializeToObject(kernels, options);
        if (!object)
          return signalPassFailure();
        objects.push_back(target.createObject(kernels, *object, options));
      }
      OpBuilder builder(kernels);
      gpu::BinaryOp::create(builder, kernels.getLoc(), kernels.getName(),
                            /*offloadingHandler=*/nullptr, builder.getArrayAttr(objects));
      kernels.erase();
      ++numModules;
    }
  }

private:
  // Line directives and nothing else: with DWARF sections beside them the driver would take kernels
  // as ones to debug, and not optimize them.
  LogicalResult keepLines(ModuleOp module) {
    OpPassManager pipeline(ModuleOp::getOperationName());
    pipeline.addPass(LLVM::createDIScopeForLLVMFuncOpPass(
        {/*emissionKind=*/LLVM::DIEmissionKind::DebugDirectivesOnly}));
    return runPipeline(pipeline, module);
  }

  LogicalResult chooseProducts(SmallVectorImpl<Product> &products) {
    SmallVector<StringRef> names;
    StringRef(chip).split(names, ',');
    NVVM::NVVMTargetAttr oldest;
    for (StringRef name : names) {
      FailureOr<NVVM::NVVMTargetAttr> target = getChipTarget(getOperation().getLoc(), name);
      if (failed(target))
        return failure();
      if (llvm::is_contained(
              llvm::map_range(products, [](const Product &product) { return product.target; }),
              *target))
        return getOperation().emitError("option 'chip': '") << name << "' is there twice";
      products.push_back({*target, format});
      if (!isSpecificChip(name) &&
          (!oldest || getCapability(name) < getCapability(oldest.getChip())))
        oldest = *target;
    }
    if (withPtx && oldest && format != CompilationTarget::Assembly)
      products.push_back({oldest, CompilationTarget::Assembly});
    return success();
  }

  LogicalResult chooseToolkit(std::string &folder) {
    if (format != CompilationTarget::Binary && format != CompilationTarget::Fatbin)
      return success();
    FailureOr<std::string> found = findToolkit(getOperation().getLoc(), "ptxas", toolkit);
    if (succeeded(found) && format == CompilationTarget::Fatbin)
      found = findToolkit(getOperation().getLoc(), "fatbinary", *found);
    if (failed(found))
      return failure();
    folder = *found;
    return success();
  }
};
} // namespace
