//===- Capture.cpp - values that a parallel body uses ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/Capture.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;
using namespace imhsa;

static Value cast(OpBuilder &b, Location loc, Type type, Value from) {
  if (from.getType() == type)
    return from;
  return UnrealizedConversionCastOp::create(b, loc, type, from).getResult(0);
}

LogicalResult imhsa::takeApart(OpBuilder &b, const LLVMTypeConverter &converter, Value value,
                               SmallVector<Value> &fields) {
  Location loc = value.getLoc();
  auto memref = dyn_cast<MemRefType>(value.getType());
  Type type = converter.convertType(value.getType());
  if (!type || (!memref && !LLVM::isCompatibleType(type)) ||
      isa<UnrankedMemRefType>(value.getType()))
    return emitError(loc) << "used in a parallel loop: expected a scalar or a ranked memref, found "
                          << value.getType();
  Value converted = cast(b, loc, type, value);
  if (!memref) {
    fields.push_back(converted);
    return success();
  }
  MemRefDescriptor descriptor(converted);
  auto [strides, offset] = memref.getStridesAndOffset();
  fields.push_back(descriptor.alignedPtr(b, loc));
  if (ShapedType::isDynamic(offset))
    fields.push_back(descriptor.offset(b, loc));
  for (auto [i, size] : llvm::enumerate(memref.getShape()))
    if (ShapedType::isDynamic(size))
      fields.push_back(descriptor.size(b, loc, i));
  for (auto [i, stride] : llvm::enumerate(strides))
    if (ShapedType::isDynamic(stride))
      fields.push_back(descriptor.stride(b, loc, i));
  return success();
}

Value imhsa::putTogether(OpBuilder &b, Location loc, const LLVMTypeConverter &converter, Type type,
                         ValueRange &fields) {
  auto next = [&fields] {
    Value field = fields.front();
    fields = fields.drop_front();
    return field;
  };
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return cast(b, loc, type, next());

  auto nextUnlessKnown = [&](int64_t number) {
    return ShapedType::isDynamic(number)
               ? next()
               : LLVM::ConstantOp::create(b, loc, converter.getIndexType(), number).getResult();
  };
  auto descriptor = MemRefDescriptor::poison(b, loc, converter.convertType(memref));
  auto [strides, offset] = memref.getStridesAndOffset();
  Value pointer = next();
  descriptor.setAllocatedPtr(b, loc, pointer);
  descriptor.setAlignedPtr(b, loc, pointer);
  descriptor.setOffset(b, loc, nextUnlessKnown(offset));
  for (auto [i, size] : llvm::enumerate(memref.getShape()))
    descriptor.setSize(b, loc, i, nextUnlessKnown(size));
  for (auto [i, stride] : llvm::enumerate(strides))
    descriptor.setStride(b, loc, i, nextUnlessKnown(stride));
  return cast(b, loc, memref, descriptor);
}
