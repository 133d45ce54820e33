//===- FusedBuffers.cpp - the buffers that fused kernels ask for ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/bufferize/FusedBuffers.h"
#include "dialect/Imhsa.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Operands of fused kernels
//===----------------------------------------------------------------------===//

static bool hasContiguousRows(MemRefType type) {
  return type.getRank() == 0 || type.isLastDimUnitStride();
}

// A buffer of the shape of `memref`, without gaps.
static Value allocateLike(OpBuilder &b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> dynamic;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      dynamic.push_back(b.createOrFold<memref::DimOp>(loc, memref, i));
  return memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()),
                                 dynamic);
}

void imhsa::packRows(func::FuncOp function) {
  function.walk([](DestinationStyleOpInterface op) {
    if (!hasFusedSchedule(op))
      return;
    OpBuilder b(op);
    Location loc = op.getLoc();
    llvm::SmallDenseMap<Value, Value> inputs;
    for (OpOperand &operand : op->getOpOperands()) {
      Value given = operand.get();
      auto type = dyn_cast<MemRefType>(given.getType());
      if (!type || hasContiguousRows(type))
        continue;
      b.setInsertionPoint(op);
      if (op.isDpsInit(&operand)) {
        operand.set(allocateLike(b, loc, given));
        b.setInsertionPointAfter(op);
        linalg::CopyOp::create(b, loc, operand.get(), given);
        continue;
      }
      Value &packed = inputs[given];
      if (!packed) {
        packed = allocateLike(b, loc, given);
        linalg::CopyOp::create(b, loc, given, packed);
      }
      operand.set(packed);
    }
  });
}

//===----------------------------------------------------------------------===//
// What the splits of fused kernels give
//===----------------------------------------------------------------------===//

// A buffer of f32, `splits` times these dimensions of buffers.
static Value allocatePartial(OpBuilder &b, Location loc, int64_t splits,
                             ArrayRef<std::pair<Value, unsigned>> dims) {
  SmallVector<int64_t> shape = {splits};
  SmallVector<Value> dynamic;
  for (auto [value, dim] : dims) {
    shape.push_back(dimSize(value, dim));
    if (ShapedType::isDynamic(shape.back()))
      dynamic.push_back(b.createOrFold<memref::DimOp>(loc, value, dim));
  }
  return memref::AllocOp::create(b, loc, MemRefType::get(shape, b.getF32Type()), dynamic);
}

void imhsa::allocateScratch(func::FuncOp function) {
  function.walk([](Operation *op) {
    auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    if (!hasFusedSchedule(op) || schedule.getSplits() <= 1)
      return;
    OpBuilder b(op);
    Location loc = op->getLoc();
    int64_t splits = schedule.getSplits();
    if (auto normalisers = dyn_cast<LogSumExpOp>(op)) {
      Value out = normalisers.getInit();
      normalisers.getScratchMutable().assign(
          allocatePartial(b, loc, splits, {{out, 0}, {out, 1}, {out, 2}}));
      return;
    }
    auto attention = cast<AttentionOp>(op);
    Value out = attention.getInit();
    TokenDims dims = tokenDims(attention.getOutputOrder());
    // The value's type tells E to the kernels, also where that of the result does not.
    std::pair<Value, unsigned> width(attention.getValue(),
                                     tokenDims(attention.getValueOrder()).width);
    SmallVector<Value> scratch = {allocatePartial(
        b, loc, splits, {{out, dims.batch}, {out, dims.head}, {out, dims.token}, width})};
    // Without mixing after the softmax, which would need an operand `lse`, S is G.
    if (!attention.getLse())
      scratch.push_back(allocatePartial(b, loc, splits,
                                        {{out, dims.batch}, {out, dims.head}, {out, dims.token}}));
    attention.getScratchMutable().assign(scratch);
  });
}
