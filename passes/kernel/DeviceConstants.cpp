//===- DeviceConstants.cpp - constants that kernels read ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/DeviceConstants.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

memref::GetGlobalOp imhsa::getViewedConstant(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value.getDefiningOp<memref::GetGlobalOp>();
}

Value imhsa::cloneView(OpBuilder &b, Value value) {
  IRMapping mapping;
  if (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    mapping.map(view.getViewSource(), cloneView(b, view.getViewSource()));
  Operation *clone = b.clone(*value.getDefiningOp(), mapping);
  return clone->getResult(cast<OpResult>(value).getResultNumber());
}
