//===- VerifyLowered.cpp - nothing of imhsa is left -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_VERIFYLOWEREDPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {
struct VerifyLoweredPass : imhsa::impl::VerifyLoweredPassBase<VerifyLoweredPass> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!isa_and_present<ImhsaDialect>(op->getDialect()))
        return;
      op->emitOpError("is left after lowering: no pass before took it");
      signalPassFailure();
    });
  }
};
} // namespace
