//===- PlaceTemporaries.cpp - temporaries placed after kernels are made ---===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/bufferize/Workspace.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_PLACETEMPORARIESPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {
struct PlaceTemporariesPass : imhsa::impl::PlaceTemporariesPassBase<PlaceTemporariesPass> {
  using PlaceTemporariesPassBase::PlaceTemporariesPassBase;

  void runOnOperation() override {
    if (failed(checkAlignment(getOperation(), getArgument(), workspaceAlignment)))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto sizes = symbols.lookup<func::FuncOp>((function.getName() + kSizesSuffix).str());
      if (!sizes)
        continue;
      FailureOr<Placement> placement = placeInWorkspace(function, sizes, workspaceAlignment);
      if (failed(placement))
        return signalPassFailure();
      numWorkspaceBuffers += placement->numWorkspaceBuffers;
      numParallelBuffers += placement->numParallelBuffers;
    }
  }
};
} // namespace
