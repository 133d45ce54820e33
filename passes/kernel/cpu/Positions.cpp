//===- Positions.cpp - what is added and kept at a position ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/Positions.h"
#include "passes/kernel/ClampedSum.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// More than a vector has lanes; an i32.
static constexpr int64_t kFar = int64_t(1) << 30;
// Farther than any key stands from a query; sums of a few of them are an i64.
static constexpr int64_t kFarthest = int64_t(1) << 61;

// Where the key at `shift` from the position of query 0 stands.
Value Positions::keyAt(int64_t shift) {
  Value offset = scores.queryOffset ? scores.queryOffset : t.sub(keys, queries);
  return createClampedSum(t.builder(), t.getLoc(), offset, shift, kFarthest);
}

Value Positions::firstKey() { return keyAt(-scores.window->first); }
Value Positions::lastKey() { return keyAt(scores.causal ? 0 : scores.window->second); }

// Elements of `memref`, of which dimension `lane` follows the lanes. A dimension of size 1 stands
// for any size.
Value Positions::gather(Value memref, ArrayRef<Value> position, unsigned lane, int64_t width) {
  OpBuilder &b = t.builder();
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> elements;
  for (int64_t i = 0; i < width; ++i) {
    SmallVector<Value> at;
    for (auto [dim, index] : llvm::enumerate(position)) {
      Value shifted = dim == lane ? t.add(index, i) : index;
      bool isOne = type.getDimSize(dim) == 1;
      // Lanes may go beyond the last one; other indices do not.
      bool mayExceed = dim == lane || type.isDynamicDim(dim);
      at.push_back(isOne       ? t.index(0)
                   : mayExceed ? t.min(shifted, t.sub(t.dim(memref, dim), t.index(1)))
                               : shifted);
    }
    elements.push_back(memref::LoadOp::create(b, t.getLoc(), memref, at));
    if (type.getDimSize(lane) == 1)
      return t.broadcast(elements.front(), width);
  }
  return vector::FromElementsOp::create(b, t.getLoc(),
                                        VectorType::get(width, type.getElementType()), elements);
}

Value Positions::bias(Value batch, Value head, Value query, Value key, int64_t width) {
  return t.toF32(
      gather(scores.bias, {batch, head, query, key}, lanes == Lanes::Queries ? 2 : 3, width));
}

Value Positions::kept(Value batch, Value query, Value key, int64_t width) {
  OpBuilder &b = t.builder();
  Location loc = t.getLoc();
  bool areQueries = lanes == Lanes::Queries;
  Value result =
      vector::CreateMaskOp::create(b, loc, VectorType::get(width, b.getI1Type()),
                                   areQueries ? t.sub(queries, query) : t.sub(keys, key));
  auto also = [&](Value condition) { result = arith::AndIOp::create(b, loc, result, condition); };
  if (scores.keep)
    also(gather(scores.keep, {batch, query, key}, areQueries ? 1 : 2, width));
  if (!scores.causal && !scores.window)
    return result;

  // How far each lane goes behind the first one, compared with how far it may.
  SmallVector<int32_t> steps;
  for (int64_t i = 0; i < width; ++i)
    steps.push_back(static_cast<int32_t>(areQueries ? -i : i));
  Value behind = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(VectorType::get(width, b.getI32Type()), ArrayRef<int32_t>(steps)));
  auto compare = [&](arith::CmpIPredicate predicate, Value keyOfFirstQuery) {
    Value most = t.sub(t.add(keyOfFirstQuery, query), key);
    most = t.max(t.min(most, t.index(kFar)), t.index(-kFar));
    most = arith::IndexCastOp::create(b, loc, b.getI32Type(), most);
    also(arith::CmpIOp::create(b, loc, predicate, behind, t.broadcast(most, width)));
  };
  compare(arith::CmpIPredicate::sle, lastKey());
  if (scores.window)
    compare(arith::CmpIPredicate::sge, firstKey());
  return result;
}

std::pair<Value, Value> Positions::keptKeys(Value first, Value count, Value most) {
  Value zero = t.index(0), begin = zero, end = most;
  auto within = [&](Value value) { return t.max(t.min(value, most), zero); };
  if (scores.window)
    begin = within(t.add(first, firstKey()));
  if (scores.causal || scores.window)
    end = within(t.add(t.add(first, count), lastKey()));
  return {begin, end};
}

static int64_t widthOf(Value vector) { return cast<VectorType>(vector.getType()).getDimSize(0); }

Value KeptRow::select(TileBuilder &t, Value vector, Value column, double otherwise) const {
  int64_t width = widthOf(vector);
  Value isKept = t.isGreater(t.load(columns, {column}, width), t.real(0, width));
  return t.select(isKept, vector, t.real(otherwise, width));
}

Value KeptRow::valueOf(TileBuilder &t, Value vector, Value key) const {
  Value isRead = t.isGreater(t.loadScalar(keys, {key}), t.real(0));
  return t.select(isRead, vector, t.real(0, widthOf(vector)));
}
