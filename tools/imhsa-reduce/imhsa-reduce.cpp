//===- imhsa-reduce.cpp - makes a test case smaller -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// mlir-reduce with the dialects and passes of imhsa-opt, and a way to reduce operations of the
// dialect.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/transform/TransformOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

namespace {
/// An operation on tensors gives what stands in its `outs`, where the module stays interesting
/// without it. It and what only it uses can go then.
struct ReplaceByDestination : public OpInterfaceRewritePattern<DestinationStyleOpInterface> {
  ReplaceByDestination(MLIRContext *context, Tester &tester)
      : OpInterfaceRewritePattern(context), tester(tester) {}

  LogicalResult matchAndRewrite(DestinationStyleOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (!isa<imhsa::ImhsaDialect>(op->getDialect()) || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not an operation of imhsa on tensors");
    // Tried on a copy, since the pass that applies patterns cannot take them back.
    IRMapping mapping;
    OwningOpRef<ModuleOp> copy = cast<ModuleOp>(op->getParentOfType<ModuleOp>()->clone(mapping));
    auto twin = cast<DestinationStyleOpInterface>(mapping.lookup(op.getOperation()));
    twin->replaceAllUsesWith(twin.getDpsInits());
    twin->erase();
    if (tester.isInteresting(*copy).first != Tester::Interestingness::True)
      return rewriter.notifyMatchFailure(op, "not interesting without it");
    rewriter.replaceOp(op, op.getDpsInits());
    return success();
  }

private:
  Tester &tester;
};

struct ReductionPatterns : public DialectReductionPatternInterface {
  explicit ReductionPatterns(Dialect *dialect) : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &) const override {}
  void populateReductionPatternsWithTester(RewritePatternSet &patterns,
                                           Tester &tester) const override {
    patterns.add<ReplaceByDestination>(patterns.getContext(), tester);
  }
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  imhsa::registerDialect(registry);
  registry.addExtension(+[](MLIRContext *, imhsa::ImhsaDialect *dialect) {
    dialect->addInterfaces<ReductionPatterns>();
  });
  imhsa::registerTranslations(registry);
  imhsa::registerTransformExtension(registry);
  registerAllPasses();
  imhsa::registerImhsaPasses();
  imhsa::registerImhsaPipelines();
  MLIRContext context(registry);
  if (succeeded(mlirReduceMain(argc, argv, context)))
    return 0;
  // A warning of upstream's pass, which nobody prints, is all that it says of the most likely
  // reason.
  llvm::WithColor::error(llvm::errs(), "imhsa-reduce")
      << "not reduced: expected a valid module that is interesting, which the test says by ending "
         "with 1\n";
  return 1;
}
