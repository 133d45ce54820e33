//===- Values.cpp - values of a kernel, with operators --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Values.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Truth values and integers
//===----------------------------------------------------------------------===//

Bool Bool::operator&(Bool other) const {
  return {*b, b->createOrFold<arith::AndIOp>(value, other.value)};
}
Bool Bool::operator|(Bool other) const {
  return {*b, b->createOrFold<arith::OrIOp>(value, other.value)};
}
Bool Bool::operator!() const {
  Value yes = arith::ConstantOp::create(*b, b->getBoolAttr(true));
  return {*b, b->createOrFold<arith::XOrIOp>(value, yes)};
}

Int Int::same(int64_t constant) const {
  return {*b, arith::ConstantOp::create(*b, b->getIntegerAttr(type(), constant))};
}

std::optional<int64_t> Int::known() const { return getConstantIntValue(value); }

Int Int::wide() const {
  if (type().isInteger(64))
    return *this;
  return {*b, b->createOrFold<arith::ExtSIOp>(b->getI64Type(), value)};
}

Int Int::narrow() const {
  if (type().isInteger(32))
    return *this;
  return {*b, b->createOrFold<arith::TruncIOp>(b->getI32Type(), value)};
}

#define IMHSA_INT_OPERATOR(OP, CLASS)                                                              \
  Int Int::operator OP(Int other) const {                                                          \
    return {*b, b->createOrFold<arith::CLASS>(value, other.value)};                                \
  }
IMHSA_INT_OPERATOR(+, AddIOp)
IMHSA_INT_OPERATOR(-, SubIOp)
IMHSA_INT_OPERATOR(*, MulIOp)
IMHSA_INT_OPERATOR(/, DivUIOp)
IMHSA_INT_OPERATOR(%, RemUIOp)
IMHSA_INT_OPERATOR(&, AndIOp)
IMHSA_INT_OPERATOR(|, OrIOp)
IMHSA_INT_OPERATOR(^, XOrIOp)
IMHSA_INT_OPERATOR(<<, ShLIOp)
IMHSA_INT_OPERATOR(>>, ShRUIOp)
#undef IMHSA_INT_OPERATOR

#define IMHSA_INT_COMPARISON(OP, PREDICATE)                                                        \
  Bool Int::operator OP(Int other) const {                                                         \
    return {*b,                                                                                    \
            b->createOrFold<arith::CmpIOp>(arith::CmpIPredicate::PREDICATE, value, other.value)};  \
  }
IMHSA_INT_COMPARISON(<, slt)
IMHSA_INT_COMPARISON(<=, sle)
IMHSA_INT_COMPARISON(>, sgt)
IMHSA_INT_COMPARISON(>=, sge)
IMHSA_INT_COMPARISON(==, eq)
IMHSA_INT_COMPARISON(!=, ne)
#undef IMHSA_INT_COMPARISON

Int imhsa::max(Int a, Int b) { return {*a.b, a.b->createOrFold<arith::MaxSIOp>(a.value, b.value)}; }
Int imhsa::min(Int a, Int b) { return {*a.b, a.b->createOrFold<arith::MinSIOp>(a.value, b.value)}; }

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static constexpr auto contract = arith::FastMathFlags::contract;

Float Float::same(double constant) const {
  return {*b, arith::ConstantOp::create(*b, b->getFloatAttr(type(), constant))};
}
Float Float::operator+(Float other) const {
  return {*b, arith::AddFOp::create(*b, value, other.value, contract)};
}
Float Float::operator-(Float other) const {
  return {*b, arith::SubFOp::create(*b, value, other.value, contract)};
}
Float Float::operator*(Float other) const {
  return {*b, arith::MulFOp::create(*b, value, other.value, contract)};
}
Float Float::operator/(Float other) const {
  return {*b, arith::DivFOp::create(*b, value, other.value)};
}
Bool Float::operator==(Float other) const {
  return {*b, arith::CmpFOp::create(*b, arith::CmpFPredicate::OEQ, value, other.value)};
}

Float imhsa::max(Float a, Float b) {
  return {*a.b, LLVM::MaxNumOp::create(*a.b, a.value, b.value)};
}
Float imhsa::fma(Float a, Float b, Float c) {
  return {*a.b, LLVM::FMAOp::create(*a.b, a.value, b.value, c.value)};
}

static Float intrinsic(StringRef name, Float x) {
  return {*x.b, LLVM::CallIntrinsicOp::create(*x.b, x.type(), x.b->getStringAttr(name), x.value)
                    .getResult(0)};
}
Float imhsa::ex2(Float x) { return intrinsic("llvm.nvvm.ex2.approx.ftz.f32", x); }
Float imhsa::rcp(Float x) { return intrinsic("llvm.nvvm.rcp.approx.ftz.f", x); }
Float imhsa::lg2(Float x) { return intrinsic("llvm.nvvm.lg2.approx.ftz.f", x); }

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

unsigned imhsa::bytesOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * bytesOf(vector.getElementType());
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

Pointer Pointer::at(Int bytes) const {
  if (std::optional<int64_t> known = bytes.known())
    return at(*known);
  Pointer result = *this;
  result.base = LLVM::GEPOp::create(*b, base.getType(), b->getI8Type(), base,
                                    ArrayRef<LLVM::GEPArg>{bytes.value});
  return result;
}

Pointer Pointer::at(int64_t bytes) const {
  Pointer result = *this;
  result.distance += bytes;
  return result;
}

Value Pointer::get() const {
  if (distance == 0)
    return base;
  LLVM::GEPArg bytes = static_cast<int32_t>(distance);
  if (distance != static_cast<int32_t>(distance))
    bytes = arith::ConstantOp::create(*b, b->getI64IntegerAttr(distance)).getResult();
  return LLVM::GEPOp::create(*b, base.getType(), b->getI8Type(), base, bytes);
}

Value Pointer::load(Type type, unsigned alignment) const {
  return LLVM::LoadOp::create(*b, type, get(), alignment ? alignment : bytesOf(type));
}

Value Pointer::reload(Type type) const {
  return LLVM::LoadOp::create(*b, type, get(), bytesOf(type), /*isVolatile=*/true);
}

void Pointer::store(Value stored, unsigned alignment) const {
  LLVM::StoreOp::create(*b, stored, get(), alignment ? alignment : bytesOf(stored.getType()));
}
