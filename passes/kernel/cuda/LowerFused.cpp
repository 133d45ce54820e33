//===- LowerFused.cpp - scheduled operations as fused kernels -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/LowerFused.h"
#include "passes/kernel/cuda/Kernels.h"
#include "passes/kernel/cuda/RidingPool.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace imhsa;

FailureOr<unsigned> imhsa::lowerFused(Operation *op, const KernelModule &kernels,
                                      function_ref<std::string(StringRef)> nameOf) {
  if (auto pool = dyn_cast<PoolOp>(op); pool && findSweep(pool))
    return 0;
  PoolOp rider = findRider(op);
  OpBuilder host(op);
  auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  std::string name = nameOf(stringifyKernelKind(schedule.getKind()));
  bool isSplit = schedule.getSplits() > 1;
  LogicalResult result =
      llvm::TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](PoolOp pool) { return lowerPool(host, pool, kernels, name); })
          .Case([&](LogSumExpOp rows) {
            if (failed(lowerNormalisers(host, rows, kernels, name, rider)))
              return failure();
            return isSplit ? lowerCombine(host, rows, kernels, nameOf("combine")) : success();
          })
          .Case([&](AttentionOp attention) {
            if (schedule.getKind() == KernelKind::ReadOut)
              return lowerReadOut(host, attention, kernels, name);
            if (failed(lowerStream(host, attention, kernels, name, rider)))
              return failure();
            return isSplit ? lowerCombine(host, attention, kernels, nameOf("combine")) : success();
          });
  if (failed(result))
    return failure();
  op->erase();
  if (rider)
    rider->erase();
  return isSplit ? 2 : 1;
}
