//===- Pending.cpp - kinds of kernels that do not exist yet ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Kernels.h"

using namespace mlir;
using namespace imhsa;

static LogicalResult pending(Operation *op, StringRef kind) {
  return op->emitOpError("has a schedule of a kind that has no kernel yet: ") << kind;
}

LogicalResult imhsa::lowerReadOut(OpBuilder &, AttentionOp op, gpu::GPUModuleOp, StringRef) {
  return pending(op, "read_out");
}
