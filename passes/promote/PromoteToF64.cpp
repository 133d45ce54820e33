//===- PromoteToF64.cpp - the same module in double precision -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include "dialect/Whole.h"
#include "passes/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace imhsa;

namespace imhsa {
#define GEN_PASS_DEF_PROMOTETOF64PASS
#include "passes/Passes.h.inc"
} // namespace imhsa

static bool isNarrowFloat(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  return floatType && floatType.getWidth() < 64;
}

// The same number, exactly: f64 holds every number of a narrower type.
static APFloat toDouble(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value;
}

static DenseElementsAttr toDouble(DenseFPElementsAttr elements) {
  auto convert = [](const APFloat &value) { return toDouble(value).bitcastToAPInt(); };
  return elements.mapValues(Float64Type::get(elements.getContext()), convert);
}

// Constants are replaced whole: a new type alone would leave the old bits.
static AttrTypeReplacer makeReplacer() {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](FloatType type) -> std::optional<Type> {
    return isNarrowFloat(type) ? Float64Type::get(type.getContext()) : Type(type);
  });
  using Replaced = std::optional<std::pair<Attribute, WalkResult>>;
  replacer.addReplacement([](FloatAttr attr) -> Replaced {
    if (!isNarrowFloat(attr.getType()))
      return std::pair(attr, WalkResult::skip());
    return std::pair(FloatAttr::get(Float64Type::get(attr.getContext()), toDouble(attr.getValue())),
                     WalkResult::skip());
  });
  replacer.addReplacement([](DenseFPElementsAttr attr) -> Replaced {
    return std::pair(isNarrowFloat(attr.getElementType()) ? toDouble(attr) : attr,
                     WalkResult::skip());
  });
  replacer.addReplacement([](DenseResourceElementsAttr attr) -> Replaced {
    AsmResourceBlob *blob = attr.getRawHandle().getBlob();
    bool isSplat;
    if (!isNarrowFloat(attr.getElementType()) || !blob ||
        !DenseElementsAttr::isValidRawBuffer(attr.getType(), blob->getData(), isSplat))
      return std::pair(attr, WalkResult::skip());
    auto elements = DenseElementsAttr::getFromRawBuffer(attr.getType(), blob->getData());
    return std::pair(toDouble(cast<DenseFPElementsAttr>(elements)), WalkResult::skip());
  });
  return replacer;
}

namespace {
struct PromoteToF64Pass : imhsa::impl::PromoteToF64PassBase<PromoteToF64Pass> {
  void runOnOperation() override {
    WalkResult casts = getOperation()->walk([](Operation *op) {
      if (!isa<arith::BitcastOp, tensor::BitcastOp, vector::BitCastOp>(op))
        return WalkResult::advance();
      for (Type type : {op->getOperand(0).getType(), op->getResult(0).getType()})
        if (isNarrowFloat(getElementTypeOrSelf(type))) {
          op->emitOpError("reinterprets the bits of ")
              << type << ", which f64 does not have; cannot promote it";
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    if (casts.wasInterrupted())
      return signalPassFailure();

    makeReplacer().recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                                /*replaceLocs=*/false, /*replaceTypes=*/true);
    // No fused kernel computes f64.
    getOperation()->walk([](Operation *op) {
      if (hasFusedSchedule(op)) {
        op->removeAttr(kScheduleAttr);
        op->removeAttr(kWholeAttr);
      }
    });
    getOperation()->walk([&](Operation *op) {
      if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
          op->getOperand(0).getType() != op->getResult(0).getType())
        return;
      op->replaceAllUsesWith(op->getOperands());
      op->erase();
      ++numFolded;
    });
  }
};
} // namespace
