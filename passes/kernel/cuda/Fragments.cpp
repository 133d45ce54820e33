//===- Fragments.cpp - matrices in the registers of a warp ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Fragments.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace imhsa;

Accumulator imhsa::zeroAccumulator(KernelBuilder &k) {
  Accumulator result;
  result.fill(k.f32(0));
  return result;
}

SmallVector<Value, 4> imhsa::loadMatrices(KernelBuilder &k, Pointer row, unsigned count,
                                          bool transposed) {
  ImplicitLocOpBuilder &b = k.builder();
  Type word = b.getI32Type(), type = word;
  if (count > 1)
    type = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(count, word));
  auto shape = NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(b, type, row.get(), count,
                                          transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
                                          shape, NVVM::LdStMatrixEltType::B16);
  if (count == 1)
    return {loaded};
  SmallVector<Value, 4> result;
  for (unsigned i = 0; i < count; ++i)
    result.push_back(LLVM::ExtractValueOp::create(b, loaded, i));
  return result;
}

static void multiplyAdd(KernelBuilder &k, Type element, ArrayRef<Value> a, ArrayRef<Value> right,
                        Accumulator &c) {
  ImplicitLocOpBuilder &b = k.builder();
  Type f32 = b.getF32Type();
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  auto operand = [&](Value word) -> Value {
    if (element.isF16())
      return LLVM::BitcastOp::create(b, VectorType::get(2, element), word);
    if (element.isTF32())
      return NVVM::ConvertFloatToTF32Op::create(
          b, b.getI32Type(), LLVM::BitcastOp::create(b, f32, word), NVVM::FPRoundingMode::RNA);
    return word;
  };
  std::optional<std::array<NVVM::MMATypes, 2>> types;
  if (element.isBF16())
    types = {NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
  if (element.isTF32())
    types = {NVVM::MMATypes::tf32, NVVM::MMATypes::tf32};
  auto sums = llvm::map_to_vector(c, [](Float x) { return x.value; });
  auto depth = static_cast<int64_t>((element.isTF32() ? 4 : 8) * right.size());
  Value result = NVVM::MmaOp::create(
      b, type, llvm::map_to_vector(a, operand), llvm::map_to_vector(right, operand), sums,
      ArrayRef<int64_t>{16, 8, depth}, /*b1Op=*/std::nullopt,
      /*intOverflow=*/std::nullopt, types,
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (auto [i, x] : llvm::enumerate(c))
    x = {b, LLVM::ExtractValueOp::create(b, result, i)};
}

void imhsa::multiplyAdd(KernelBuilder &k, Type element, const LeftFragment &a,
                        const RightFragment &b, Accumulator &c) {
  ::multiplyAdd(k, element, ArrayRef(a), ArrayRef(b), c);
}

void imhsa::multiplyAddHalf(KernelBuilder &k, Type element, const LeftFragment &a,
                            const RightFragment &b, Accumulator &c) {
  ::multiplyAdd(k, element, ArrayRef(a).take_front(2), ArrayRef(b).take_front(1), c);
}

LeftFragment LeftReader::load(Pointer tile, int64_t row, int64_t step) const {
  SmallVector<Value, 4> words = loadMatrices(k, address.at(tile, row, 2 * step), 4);
  return {words[0], words[1], words[2], words[3]};
}

LeftFragment LeftReader::loadHalf(Pointer tile, int64_t row, int64_t step) const {
  SmallVector<Value, 4> words = loadMatrices(k, address.at(tile, row, 2 * step), 2);
  return {words[0], words[1], Value(), Value()};
}

// Of 16 columns, four matrices are 16 x 16: columns 0 to 7, at depth 0 and 8, then columns 8 to 15.
// Of 8 columns they are 8 x 32.
static Int laneRow(Int lane, unsigned columns) {
  Int row = lane & 7;
  return columns == 16 ? row + (lane >> 4) * 8 : row;
}
static Int laneChunk(Int lane, unsigned columns, TileShape shape) {
  Int chunk = lane >> 3;
  return columns == 16 || shape.chunks() == 2 ? chunk & 1 : chunk;
}

TransposedRightReader::TransposedRightReader(KernelBuilder &k, TileShape shape, Int firstRow,
                                             unsigned columns, Int lane)
    : k(k), shape(shape), columns(columns),
      address(k, shape, firstRow, laneRow(lane, columns), laneChunk(lane, columns, shape)) {}

SmallVector<SmallVector<RightFragment>> TransposedRightReader::load(Pointer tile) const {
  SmallVector<SmallVector<RightFragment>> result(columns / 8);
  int64_t steps = shape.chunks() / 2;
  if (columns == 16) {
    for (int64_t step = 0; step < steps; ++step) {
      SmallVector<Value, 4> words = loadMatrices(k, address.at(tile, 0, 2 * step), 4);
      result[0].push_back({words[0], words[1]});
      result[1].push_back({words[2], words[3]});
    }
    return result;
  }
  for (int64_t step = 0; step < steps; step += 2)
    llvm::append_range(result[0], loadSteps(tile, step));
  return result;
}

SmallVector<RightFragment, 2> TransposedRightReader::loadSteps(Pointer tile, int64_t step) const {
  unsigned count = step + 1 < shape.chunks() / 2 ? 4 : 2;
  SmallVector<Value, 4> words = loadMatrices(k, address.at(tile, 0, 2 * step), count);
  SmallVector<RightFragment, 2> result;
  for (unsigned i = 0; i < count; i += 2)
    result.push_back({words[i], words[i + 1]});
  return result;
}

std::array<RightFragment, 2> TransposedRightReader::loadStep(Pointer tile, int64_t step) const {
  SmallVector<Value, 4> words = loadMatrices(k, address.at(tile, 0, 2 * step), 4);
  return {RightFragment{words[0], words[1]}, RightFragment{words[2], words[3]}};
}

std::array<RightFragment, 2> RightReader::load(Pointer tile, int64_t step, int64_t pair) const {
  if (shape.elementBytes == 4) {
    // There is no transposing load of 32-bit elements: lane 4 g + t reads (t, g) and (t + 4, g).
    std::array<RightFragment, 2> result;
    for (unsigned half = 0; half < 2; ++half)
      for (unsigned i = 0; i < 2; ++i) {
        Int row = (k.lane() & 3) + (8 * step + 4 * i);
        Int column = firstColumn + fragmentRow(k) + (16 * pair + 8 * half);
        result[half][i] = tile.at(shape.offset(row, column >> 2))
                              .at((column & 3) * 4)
                              .load(k.builder().getI32Type());
      }
    return result;
  }
  SmallVector<Value, 4> words =
      loadMatrices(k, address.at(tile, 16 * step, 2 * pair), 4, /*transposed=*/true);
  return {RightFragment{words[0], words[1]}, RightFragment{words[2], words[3]}};
}

std::array<RightFragment, 2> RightReader::loadHalf(Pointer tile, int64_t step, int64_t pair) const {
  SmallVector<Value, 4> words =
      loadMatrices(k, half.at(tile, 16 * step, 2 * pair), 2, /*transposed=*/true);
  return {RightFragment{words[0], Value()}, RightFragment{words[1], Value()}};
}
