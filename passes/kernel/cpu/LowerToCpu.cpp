//===- LowerToCpu.cpp - scheduled operations as loops over vectors --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/kernel/cpu/Kernels.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_LOWERTOCPUPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {
struct LowerToCpuPass : imhsa::impl::LowerToCpuPassBase<LowerToCpuPass> {
  using LowerToCpuPassBase::LowerToCpuPassBase;

  void runOnOperation() override {
    if (lanes != 8 && lanes != 16)
      return refuse("lanes", "8 or 16", lanes);
    if (tileBytes < 1)
      return refuse("tile-bytes", "at least 1", tileBytes);
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      if (hasFusedSchedule(op))
        operations.push_back(op);
    });
    for (Operation *op : operations) {
      if (!cast<DestinationStyleOpInterface>(op).hasPureBufferSemantics()) {
        op->emitOpError("expected memrefs, found tensors: run imhsa-bufferize first");
        return signalPassFailure();
      }
      if (std::optional<std::string> reason = cpu::whyNoKernel(op)) {
        op->emitOpError("has no kernel for the CPU: ") << *reason;
        return signalPassFailure();
      }
      OpBuilder b(op);
      emit(b, op);
      op->erase();
      ++numKernels;
    }
  }

private:
  void refuse(StringRef option, StringRef expected, int64_t found) {
    emitError(getOperation()->getLoc())
        << getArgument() << ": " << option << ": expected " << expected << ", found " << found;
    signalPassFailure();
  }

  void emit(OpBuilder &b, Operation *op) {
    cpu::KernelOptions options = {secondSweep, lanes, tileBytes};
    if (auto pool = dyn_cast<PoolOp>(op))
      return cpu::emitPool(b, pool, options);
    if (auto normalisers = dyn_cast<LogSumExpOp>(op))
      return cpu::emitStream(b, normalisers, options);
    auto attention = cast<AttentionOp>(op);
    if (attention.getScheduleAttr().getKind() == KernelKind::ReadOut)
      return cpu::emitReadOut(b, attention, options);
    cpu::emitStream(b, attention, options);
  }
};
} // namespace
