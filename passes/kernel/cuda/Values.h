//===- Values.h - values of a kernel, with operators -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// An SSA value with the builder of its kernel, so that arithmetic reads as arithmetic: every
// operator writes an operation where the builder stands. Numbers beside a value are constants.

#ifndef IMHSA_PASSES_KERNEL_CUDA_VALUES_H
#define IMHSA_PASSES_KERNEL_CUDA_VALUES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace imhsa {

/// What all values of a kernel have in common.
struct KernelValue {
  mlir::ImplicitLocOpBuilder *b = nullptr;
  mlir::Value value;

  KernelValue() = default;
  KernelValue(mlir::ImplicitLocOpBuilder &b, mlir::Value value) : b(&b), value(value) {}
  explicit operator bool() const { return static_cast<bool>(value); }
  mlir::Type type() const { return value.getType(); }
};

/// A truth value, i1. Both sides of `&` and `|` are computed.
struct Bool : KernelValue {
  using KernelValue::KernelValue;
  Bool operator&(Bool other) const;
  Bool operator|(Bool other) const;
  Bool operator!() const;
};

/// An integer, i32 or i64. Division, remainder and `>>` are unsigned, comparisons signed.
struct Int : KernelValue {
  using KernelValue::KernelValue;
  /// A constant of this value's type.
  Int same(int64_t constant) const;
  /// The number that this is known to be.
  std::optional<int64_t> known() const;
  /// Sign-extended to i64; the low half as i32.
  Int wide() const;
  Int narrow() const;

#define IMHSA_INT_OPERATOR(OP)                                                                     \
  Int operator OP(Int other) const;                                                                \
  Int operator OP(int64_t other) const { return *this OP same(other); }
  IMHSA_INT_OPERATOR(+)
  IMHSA_INT_OPERATOR(-)
  IMHSA_INT_OPERATOR(*)
  IMHSA_INT_OPERATOR(/)
  IMHSA_INT_OPERATOR(%)
  IMHSA_INT_OPERATOR(&)
  IMHSA_INT_OPERATOR(|)
  IMHSA_INT_OPERATOR(^)
  IMHSA_INT_OPERATOR(<<)
  IMHSA_INT_OPERATOR(>>)
#undef IMHSA_INT_OPERATOR
#define IMHSA_INT_COMPARISON(OP)                                                                   \
  Bool operator OP(Int other) const;                                                               \
  Bool operator OP(int64_t other) const { return *this OP same(other); }
  IMHSA_INT_COMPARISON(<)
  IMHSA_INT_COMPARISON(<=)
  IMHSA_INT_COMPARISON(>)
  IMHSA_INT_COMPARISON(>=)
  IMHSA_INT_COMPARISON(==)
  IMHSA_INT_COMPARISON(!=)
#undef IMHSA_INT_COMPARISON
};

/// An f32. A product that is added to may become one fused multiply-add.
struct Float : KernelValue {
  using KernelValue::KernelValue;
  Float same(double constant) const;
  Float operator+(Float other) const;
  Float operator-(Float other) const;
  Float operator*(Float other) const;
  Float operator/(Float other) const;
  Float operator*(double other) const { return *this * same(other); }
  /// Equal, false beside NaN.
  Bool operator==(Float other) const;
  Bool operator==(double other) const { return *this == same(other); }
};

/// An address in global or shared memory. Constant distances are kept apart up to the access, where
/// they cost nothing: all that lies at constant distances shares one address.
class Pointer {
public:
  Pointer() = default;
  Pointer(mlir::ImplicitLocOpBuilder &b, mlir::Value base) : b(&b), base(base) {}

  /// So many bytes further.
  Pointer at(Int bytes) const;
  Pointer at(int64_t bytes) const;
  /// One access of `type`, a scalar or a vector, aligned as `alignment` says or as its size is.
  mlir::Value load(mlir::Type type, unsigned alignment = 0) const;
  /// The same, every time anew: where keeping what many accesses read takes too many registers.
  mlir::Value reload(mlir::Type type) const;
  void store(mlir::Value value, unsigned alignment = 0) const;
  /// The address for other accesses.
  mlir::Value get() const;

private:
  mlir::ImplicitLocOpBuilder *b = nullptr;
  mlir::Value base;
  /// In bytes, from `base`.
  int64_t distance = 0;
};

/// Larger and smaller, signed.
Int max(Int a, Int b);
Int min(Int a, Int b);
/// The larger; the other one beside NaN.
Float max(Float a, Float b);
Float fma(Float a, Float b, Float c);
/// 2 to the power of x, and its inverse: the device's approximations; denormals are 0.
Float ex2(Float x);
Float lg2(Float x);
/// 1 / x, approximately.
Float rcp(Float x);

template <typename T> T select(Bool condition, T a, T b) {
  return T(*a.b,
           a.b->template createOrFold<mlir::arith::SelectOp>(condition.value, a.value, b.value));
}

/// Bytes of a scalar or vector type.
unsigned bytesOf(mlir::Type type);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_VALUES_H
