//===- ClampedSum.cpp - sums of far positions -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/ClampedSum.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

Value imhsa::createClampedSum(OpBuilder &b, Location loc, Value value, int64_t shift,
                              int64_t most) {
  auto constant = [&](int64_t x) -> Value { return arith::ConstantIndexOp::create(b, loc, x); };
  // The value of which the sum is `limit`; where there is none, the value next to it.
  auto before = [&](int64_t limit) {
    int64_t result;
    if (!llvm::SubOverflow(limit, shift, result))
      return result;
    return shift < 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  };
  value = b.createOrFold<arith::MinSIOp>(loc, value, constant(before(most)));
  value = b.createOrFold<arith::MaxSIOp>(loc, value, constant(before(-most)));
  return b.createOrFold<arith::AddIOp>(loc, value, constant(shift));
}
