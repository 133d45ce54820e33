//===- TileBuilder.cpp - verbs for CPU kernels ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cpu/TileBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace imhsa::cpu;

TileBuilder::TileBuilder(OpBuilder &builder, Location loc, int64_t lanes)
    : b(builder), loc(loc), lanes(lanes) {
  Operation *parent = b.getInsertionBlock()->getParentOp();
  auto function = dyn_cast<FunctionOpInterface>(parent);
  if (!function)
    function = parent->getParentOfType<FunctionOpInterface>();
  scratchBlock = &function.getFunctionBody().front();
}

//===----------------------------------------------------------------------===//
// Sizes and positions
//===----------------------------------------------------------------------===//

Value TileBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value TileBuilder::add(Value lhs, Value rhs) {
  return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
}
Value TileBuilder::sub(Value lhs, Value rhs) {
  return b.createOrFold<arith::SubIOp>(loc, lhs, rhs);
}
Value TileBuilder::mul(Value lhs, Value rhs) {
  return b.createOrFold<arith::MulIOp>(loc, lhs, rhs);
}
Value TileBuilder::floorDiv(Value lhs, Value rhs) {
  return b.createOrFold<arith::DivUIOp>(loc, lhs, rhs);
}
Value TileBuilder::ceilDiv(Value lhs, int64_t rhs) { return floorDiv(add(lhs, rhs - 1), rhs); }
Value TileBuilder::min(Value lhs, Value rhs) {
  return b.createOrFold<arith::MinSIOp>(loc, lhs, rhs);
}
Value TileBuilder::max(Value lhs, Value rhs) {
  return b.createOrFold<arith::MaxSIOp>(loc, lhs, rhs);
}
Value TileBuilder::isEqual(Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lhs, rhs);
}
Value TileBuilder::isLess(Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, lhs, rhs);
}

Value TileBuilder::dim(Value memref, unsigned dimension) {
  int64_t size = cast<MemRefType>(memref.getType()).getDimSize(dimension);
  if (!ShapedType::isDynamic(size))
    return index(size);
  return memref::DimOp::create(b, loc, memref, dimension);
}

Value TileBuilder::clampedLength(Value lengths, Value batch, Value most) {
  Value length = memref::LoadOp::create(b, loc, lengths, batch);
  length = arith::IndexCastOp::create(b, loc, b.getIndexType(), length);
  return max(min(length, most), index(0));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void TileBuilder::loop(Value begin, Value end, Value step, Body body) {
  scf::ForOp::create(b, loc, begin, end, step, ValueRange(),
                     [&](OpBuilder &, Location, Value position, ValueRange) {
                       body(position);
                       scf::YieldOp::create(b, loc);
                     });
}

void TileBuilder::either(Value condition, function_ref<void()> then,
                         function_ref<void()> otherwise) {
  auto build = [&](function_ref<void()> body) {
    body();
    scf::YieldOp::create(b, loc);
  };
  scf::IfOp::create(
      b, loc, condition, [&](OpBuilder &, Location) { build(then); },
      [&](OpBuilder &, Location) { build(otherwise); });
}

SmallVector<Value> TileBuilder::carry(Value begin, Value end, int64_t step, ValueRange first,
                                      function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, loc, begin, end, index(step), first,
                                 [&](OpBuilder &, Location, Value position, ValueRange carried) {
                                   SmallVector<Value> next = body(position, carried);
                                   scf::YieldOp::create(b, loc, next);
                                 });
  return SmallVector<Value>(loop.getResults());
}

// Elements that one thread computes in less time than it takes to wake another.
static constexpr int64_t kFewElements = 1 << 15;

void TileBuilder::parallel(ArrayRef<Value> counts, function_ref<void(ValueRange)> body,
                           int64_t work) {
  for (Value count : counts)
    work *= getConstantIntValue(count).value_or(0);
  if (work > 0 && work <= kFewElements) {
    SmallVector<Value> begin(counts.size(), index(0)), step(counts.size(), index(1));
    scf::buildLoopNest(b, loc, begin, counts, step,
                       [&](OpBuilder &, Location, ValueRange positions) { body(positions); });
    return;
  }
  SmallVector<Value> begin(counts.size(), index(0)), step(counts.size(), index(1));
  scf::ParallelOp::create(b, loc, begin, counts, step,
                          [&](OpBuilder &, Location, ValueRange positions) {
                            llvm::SaveAndRestore inBody(scratchBlock, b.getInsertionBlock());
                            body(positions);
                          });
}

SmallVector<TileBuilder::Columns, 4> TileBuilder::splitColumns(int64_t size, int64_t lanes) {
  SmallVector<Columns, 4> result;
  for (int64_t width = lanes, first = 0; width; width /= 2)
    if (int64_t count = (size - first) / width) {
      result.push_back({first, width, count});
      first += count * width;
    }
  return result;
}

void TileBuilder::columns(int64_t size, function_ref<void(Value, int64_t)> body) {
  for (Columns range : splitColumns(size, lanes))
    if (range.count == 1)
      body(index(range.first), range.width);
    else
      loop(index(range.first), index(range.first + range.count * range.width), range.width,
           [&](Value column) { body(column, range.width); });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

// So that no buffer shares a line of the cache with another.
static constexpr int64_t kAlignment = 64;

Value TileBuilder::scratch(ArrayRef<int64_t> shape) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(scratchBlock);
  return memref::AllocaOp::create(b, loc, MemRefType::get(shape, b.getF32Type()),
                                  b.getI64IntegerAttr(kAlignment));
}

Value TileBuilder::workspace(ArrayRef<Value> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> unknown;
  for (Value size : sizes) {
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    if (ShapedType::isDynamic(shape.back()))
      unknown.push_back(size);
  }
  return memref::AllocOp::create(b, loc, MemRefType::get(shape, b.getF32Type()), unknown,
                                 b.getI64IntegerAttr(kAlignment));
}

Value TileBuilder::view(Value memref, ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes) {
  auto fold = [&](OpFoldResult value) -> OpFoldResult {
    std::optional<int64_t> constant = getConstantIntValue(value);
    return constant ? b.getIndexAttr(*constant) : value;
  };
  SmallVector<OpFoldResult> at, whole, steps(offsets.size(), b.getIndexAttr(1));
  for (auto [offset, size] : llvm::zip_equal(offsets, sizes)) {
    at.push_back(fold(offset));
    whole.push_back(size ? fold(size) : b.getIndexAttr(1));
  }
  MemRefType type =
      memref::SubViewOp::inferResultType(cast<MemRefType>(memref.getType()), at, whole, steps);
  auto [strides, offset] = type.getStridesAndOffset();
  SmallVector<int64_t> shape, kept;
  for (auto [i, size] : llvm::enumerate(sizes))
    if (size) {
      shape.push_back(type.getDimSize(i));
      kept.push_back(strides[i]);
    }
  auto layout = StridedLayoutAttr::get(b.getContext(), offset, kept);
  type = MemRefType::get(shape, type.getElementType(), layout);
  return memref::SubViewOp::create(b, loc, type, memref, at, whole, steps);
}

Value TileBuilder::inner(Value memref, ArrayRef<Value> leading) {
  unsigned rank = cast<MemRefType>(memref.getType()).getRank();
  SmallVector<OpFoldResult> offsets(leading), sizes(leading.size());
  for (unsigned i = leading.size(); i < rank; ++i) {
    offsets.push_back(b.getIndexAttr(0));
    sizes.push_back(dim(memref, i));
  }
  return view(memref, offsets, sizes);
}

Value TileBuilder::load(Value memref, ValueRange position, int64_t width) {
  if (!width)
    return loadScalar(memref, position);
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return toF32(vector::LoadOp::create(b, loc, VectorType::get(width, element), memref, position));
}

Value TileBuilder::loadScalar(Value memref, ValueRange position) {
  return toF32(memref::LoadOp::create(b, loc, memref, position));
}

void TileBuilder::store(Value value, Value memref, ValueRange position) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto vector = dyn_cast<VectorType>(value.getType());
  if (!element.isF32())
    value = arith::TruncFOp::create(
        b, loc, vector ? Type(VectorType::get(vector.getShape(), element)) : element, value);
  if (vector)
    vector::StoreOp::create(b, loc, value, memref, position);
  else
    memref::StoreOp::create(b, loc, value, memref, position);
}

void TileBuilder::prefetchRow(Value matrix, Value row, bool forWrite) {
  auto type = cast<MemRefType>(matrix.getType());
  row = min(row, sub(dim(matrix, 0), index(1)));
  int64_t line = 8 * kAlignment / type.getElementTypeBitWidth();
  for (int64_t column = 0; column < type.getDimSize(1); column += line)
    memref::PrefetchOp::create(b, loc, matrix, ValueRange{row, index(column)}, forWrite,
                               /*localityHint=*/2, /*isDataCache=*/true);
}

Value TileBuilder::asF32(Value matrix, int64_t mostRows) {
  auto type = cast<MemRefType>(matrix.getType());
  if (type.getElementType().isF32())
    return matrix;
  Value copy = scratch({mostRows, type.getDimSize(1)});
  loop(dim(matrix, 0), [&](Value row) {
    columns(type.getDimSize(1), [&](Value column, int64_t width) {
      store(load(matrix, {row, column}, width), copy, {row, column});
    });
  });
  return copy;
}

void TileBuilder::fill(Value row, double value) {
  columns(cast<MemRefType>(row.getType()).getDimSize(0),
          [&](Value column, int64_t width) { store(real(value, width), row, {column}); });
}

//===----------------------------------------------------------------------===//
// f32 and vectors of it
//===----------------------------------------------------------------------===//

Value TileBuilder::real(double value, int64_t width) {
  FloatAttr scalar = b.getF32FloatAttr(static_cast<float>(value));
  if (!width)
    return arith::ConstantOp::create(b, loc, scalar);
  auto type = VectorType::get(width, b.getF32Type());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, scalar.getValue()));
}

Value TileBuilder::toReal(Value index) {
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  return arith::SIToFPOp::create(b, loc, b.getF32Type(), integer);
}

Value TileBuilder::toF32(Value value) {
  if (getElementTypeOrSelf(value).isF32())
    return value;
  auto vector = dyn_cast<VectorType>(value.getType());
  Type f32 = b.getF32Type();
  return arith::ExtFOp::create(b, loc, vector ? VectorType::get(vector.getShape(), f32) : f32,
                               value);
}

Value TileBuilder::isGreater(Value lhs, Value rhs) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, lhs, rhs);
}

Value TileBuilder::broadcast(Value scalar, int64_t width) {
  if (!width)
    return scalar;
  return vector::BroadcastOp::create(b, loc, VectorType::get(width, scalar.getType()), scalar);
}
Value TileBuilder::addf(Value lhs, Value rhs) { return arith::AddFOp::create(b, loc, lhs, rhs); }
Value TileBuilder::subf(Value lhs, Value rhs) { return arith::SubFOp::create(b, loc, lhs, rhs); }
Value TileBuilder::mulf(Value lhs, Value rhs) { return arith::MulFOp::create(b, loc, lhs, rhs); }
Value TileBuilder::divf(Value lhs, Value rhs) { return arith::DivFOp::create(b, loc, lhs, rhs); }
Value TileBuilder::fma(Value lhs, Value rhs, Value sum) {
  return vector::FMAOp::create(b, loc, lhs, rhs, sum);
}
Value TileBuilder::maxf(Value lhs, Value rhs) { return select(isGreater(lhs, rhs), lhs, rhs); }

Value TileBuilder::reciprocal(Value x) {
  auto vector = dyn_cast<VectorType>(x.getType());
  int64_t width = vector ? vector.getDimSize(0) : 0;
  Value zero = real(0, width);
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, zero);
  return arith::SelectOp::create(b, loc, isZero, zero, divf(real(1, width), x));
}

// x log2(e) = n + f with n whole and |f| <= 1/2: e^x = 2^n 2^f. Adding 1.5 * 2^23 rounds to a whole
// number, which then stands in the low bits of the sum. 2^f is the polynomial of degree 5 with
// 2^0 = 1 whose relative error is least, 9.1e-8.
// With x at least -127 log(2), 2^n is at least 2^-127, whose bits are those of 0.
Value TileBuilder::exp(Value x) {
  static constexpr double kCoefficients[] = {0.69314697760, 0.24022242085, 0.05550733744,
                                             0.00967151266, 0.00132647269};
  int64_t width = cast<VectorType>(x.getType()).getDimSize(0);
  Value magic = real(0x1.8p23, width), one = real(1, width);
  Value log2e = real(llvm::numbers::log2e, width);
  x = maxf(real(-127 * llvm::numbers::ln2, width), x);
  Value shifted = fma(x, log2e, magic);
  Value fraction = fma(x, log2e, subf(magic, shifted));
  Value power = real(std::end(kCoefficients)[-1], width);
  for (double coefficient : llvm::reverse(llvm::drop_end(kCoefficients)))
    power = fma(power, fraction, real(coefficient, width));
  power = fma(power, fraction, one);

  auto integers = VectorType::get(width, b.getI32Type());
  auto integer = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(integers, value));
  };
  Value bits = arith::BitcastOp::create(b, loc, integers, shifted);
  bits = arith::ShLIOp::create(b, loc, bits, integer(23));
  bits = arith::AddIOp::create(b, loc, bits, integer(127 << 23));
  return mulf(power, arith::BitcastOp::create(b, loc, x.getType(), bits));
}

Value TileBuilder::reduce(Value vector, Combine combine) {
  int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
  for (int64_t half = width / 2; half; half /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < half; ++i) {
      low.push_back(i);
      high.push_back(i + half);
    }
    vector = combine(vector::ShuffleOp::create(b, loc, vector, vector, low),
                     vector::ShuffleOp::create(b, loc, vector, vector, high));
  }
  return vector::ExtractOp::create(b, loc, vector, 0);
}

Value TileBuilder::reduceEach(SmallVector<Value> vectors, Combine combine) {
  vectors.resize(kLanes, vectors.front());
  // Two vectors become one: of each block of 2 size lanes, what is left of the first vector stands
  // in the lower half, and of the second one in the upper half.
  for (int64_t size = kLanes / 2; size; size /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      bool isSecond = lane / size % 2;
      low.push_back(isSecond ? kLanes + lane - size : lane);
      high.push_back(isSecond ? kLanes + lane : lane + size);
    }
    for (int64_t i = 0; i < size; ++i)
      vectors[i] = combine(vector::ShuffleOp::create(b, loc, vectors[i], vectors[i + size], low),
                           vector::ShuffleOp::create(b, loc, vectors[i], vectors[i + size], high));
    vectors.truncate(size);
  }
  return vectors.front();
}

SmallVector<Value> TileBuilder::transpose(SmallVector<Value> rows) {
  // Squares of 1, 2, 4, ... elements beside the diagonal change places.
  for (int64_t size = 1; size < kLanes; size *= 2) {
    SmallVector<int64_t> upper, lower;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      bool isLeft = lane / size % 2 == 0;
      upper.push_back(isLeft ? lane : kLanes + lane - size);
      lower.push_back(isLeft ? lane + size : kLanes + lane);
    }
    for (int64_t i = 0; i < kLanes; ++i)
      if (i / size % 2 == 0) {
        Value top = rows[i], bottom = rows[i + size];
        rows[i] = vector::ShuffleOp::create(b, loc, top, bottom, upper);
        rows[i + size] = vector::ShuffleOp::create(b, loc, top, bottom, lower);
      }
  }
  return rows;
}

void TileBuilder::reduceRows(Value matrix, Value result, Combine combine) {
  int64_t rows = cast<MemRefType>(matrix.getType()).getDimSize(0);
  for (int64_t first = 0; first < rows; first += kLanes) {
    SmallVector<Value> vectors;
    for (int64_t row = first; row < std::min(rows, first + kLanes); ++row)
      vectors.push_back(load(matrix, {index(row), index(0)}, kLanes));
    store(reduceEach(std::move(vectors), combine), result, {index(first)});
  }
}
