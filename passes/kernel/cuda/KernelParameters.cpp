//===- KernelParameters.cpp - what a kernel gets from the host ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/DeviceConstants.h"
#include "passes/kernel/cuda/KernelBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace imhsa;

static constexpr unsigned kGlobalSpace = 1;

Pointer Tensor::at(ArrayRef<Int> indices) const {
  Pointer result = base;
  for (auto [index, stride] : llvm::zip(indices, strides))
    result = result.at(index.wide() * stride);
  return result;
}

Value KernelBuilder::parameter(Value hostValue, Type type) {
  arguments.push_back(hostValue);
  return function.getBody().front().addArgument(type, hostValue.getLoc());
}

Value KernelBuilder::hostIndex(int64_t value) {
  return arith::ConstantIndexOp::create(host, b.getLoc(), value);
}

Value KernelBuilder::hostSize(Value memref, unsigned dim) {
  Value &found = sizes[{memref, dim}];
  if (!found)
    found = host.createOrFold<memref::DimOp>(b.getLoc(), memref, dim);
  return found;
}

Value KernelBuilder::hostCeilDiv(Value a, int64_t divisor) {
  return host.createOrFold<arith::CeilDivSIOp>(b.getLoc(), a, hostIndex(divisor));
}

Int KernelBuilder::index(Value hostValue) {
  if (std::optional<int64_t> known = getConstantIntValue(hostValue))
    return i32(*known);
  Value &found = parameters[{hostValue, b.getI32Type()}];
  if (!found) {
    Value cast = hostValue.getType().isIndex()
                     ? host.createOrFold<arith::IndexCastOp>(b.getLoc(), b.getI32Type(), hostValue)
                     : host.createOrFold<arith::ExtUIOp>(b.getLoc(), b.getI32Type(), hostValue);
    found = parameter(cast, b.getI32Type());
  }
  return {b, found};
}

Int KernelBuilder::wideIndex(Value hostValue) {
  if (std::optional<int64_t> known = getConstantIntValue(hostValue))
    return {b, arith::ConstantOp::create(b, b.getI64IntegerAttr(*known))};
  Value &found = parameters[{hostValue, b.getI64Type()}];
  if (!found)
    found = parameter(host.createOrFold<arith::IndexCastOp>(b.getLoc(), b.getI64Type(), hostValue),
                      b.getI64Type());
  return {b, found};
}

Bool KernelBuilder::flag(Value hostValue) {
  if (std::optional<int64_t> known = getConstantIntValue(hostValue))
    return boolean(*known != 0);
  return index(hostValue) != 0;
}

Int KernelBuilder::size(Value memref, unsigned dim) { return index(hostSize(memref, dim)); }

/// The address of the first element of `memref`, i64.
static Value getAddress(OpBuilder &b, Location loc, Value memref,
                        memref::ExtractStridedMetadataOp metadata) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
  Value size = arith::ConstantIndexOp::create(b, loc, bytesOf(element));
  Value offset = b.createOrFold<arith::MulIOp>(
      loc, getValueOrCreateConstantIndexOp(b, loc, metadata.getConstifiedMixedOffset()), size);
  return b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(),
                                            b.createOrFold<arith::AddIOp>(loc, base, offset));
}

Tensor KernelBuilder::tensor(Value memref) {
  auto found = tensors.find(memref);
  if (found != tensors.end())
    return found->second;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(warpId.value);
  Location loc = b.getLoc();
  Tensor result;
  result.element = cast<MemRefType>(memref.getType()).getElementType();
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace);
  auto constantGlobal = getViewedConstant(memref);
  OpBuilder &at = constantGlobal ? static_cast<OpBuilder &>(b) : host;
  Value seen = memref;
  if (constantGlobal) {
    auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
        constantGlobal, constantGlobal.getNameAttr());
    if (!kernels.lookupSymbol(global.getSymNameAttr()))
      OpBuilder::atBlockBegin(kernels.getBody()).clone(*global);
    seen = cloneView(b, memref);
  }
  auto metadata = memref::ExtractStridedMetadataOp::create(at, loc, seen);
  Value address = getAddress(at, loc, seen, metadata);
  if (constantGlobal)
    result.base = {b, LLVM::IntToPtrOp::create(b, pointerType, address)};
  else
    result.base = {b, parameter(LLVM::IntToPtrOp::create(
                                    host, loc, LLVM::LLVMPointerType::get(b.getContext()), address),
                                pointerType)};
  // In bytes already on the host, so that the kernel takes them from where parameters are.
  unsigned bytes = bytesOf(result.element);
  for (OpFoldResult stride : metadata.getConstifiedMixedStrides()) {
    if (auto known = getConstantIntValue(stride))
      result.strides.push_back(
          {b, arith::ConstantOp::create(b, b.getI64IntegerAttr(*known * bytes))});
    else
      result.strides.push_back(
          wideIndex(host.createOrFold<arith::MulIOp>(loc, cast<Value>(stride), hostIndex(bytes))));
  }
  return tensors[memref] = result;
}

Bool KernelBuilder::isAligned(Value memref, unsigned bytes) {
  if (getViewedConstant(memref))
    return boolean(false);
  Value &found = alignments[{memref, bytes}];
  if (found)
    return flag(found);
  Location loc = b.getLoc();
  auto metadata = memref::ExtractStridedMetadataOp::create(host, loc, memref);
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(host, loc, host.getI64IntegerAttr(value));
  };
  unsigned elementBytes = bytesOf(cast<MemRefType>(memref.getType()).getElementType());
  Value all = getAddress(host, loc, memref, metadata);
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  for (OpFoldResult stride : ArrayRef(strides).drop_back()) {
    Value wide = host.createOrFold<arith::IndexCastOp>(
        loc, host.getI64Type(), getValueOrCreateConstantIndexOp(host, loc, stride));
    Value step = host.createOrFold<arith::MulIOp>(loc, wide, constant(elementBytes));
    all = host.createOrFold<arith::OrIOp>(loc, all, step);
  }
  Value low = host.createOrFold<arith::AndIOp>(loc, all, constant(bytes - 1));
  found = host.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, low, constant(0));
  return flag(found);
}
