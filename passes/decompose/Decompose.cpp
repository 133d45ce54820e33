//===- Decompose.cpp - landmark attention to weights and products ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "passes/Passes.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_DECOMPOSEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {
struct DecomposePass : imhsa::impl::DecomposePassBase<DecomposePass> {
  void runOnOperation() override {}
};
} // namespace
