//===- Tensor.cpp - what goes into compiled functions and comes out -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/Tensor.h"
#include "tools/common/Npy.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace mlir;
using namespace imhsa::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {

/// The upper half of an f32, rounded to nearest even.
struct BFloat16 {
  uint16_t bits;
  explicit BFloat16(double value = 0) {
    auto word = llvm::bit_cast<uint32_t>(static_cast<float>(value));
    // Rounding up could carry a NaN over to an infinity or to 0.
    bits = std::isnan(value) ? 0x7FC0 : (word + 0x7FFF + (word >> 16 & 1)) >> 16;
  }
  explicit operator double() const {
    return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
};

template <typename T> struct Access {
  static double load(const char *from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return static_cast<double>(value);
  }
  static void store(char *to, double number) {
    T value(static_cast<T>(number));
    std::memcpy(to, &value, sizeof(T));
  }
};

} // namespace

template <typename T> static const ElementFormat *format(StringLiteral descr) {
  static const ElementFormat format{descr, sizeof(T), Access<T>::load, Access<T>::store};
  return &format;
}

const ElementFormat *imhsa::run::formatOf(Type type) {
  if (type.isF16())
    return format<_Float16>("<f2");
  if (type.isBF16())
    return format<BFloat16>("<u2");
  if (type.isF32())
    return format<float>("<f4");
  if (type.isF64())
    return format<double>("<f8");
  if (type.isSignlessInteger(1))
    return format<bool>("|b1");
  if (type.isSignlessInteger(8))
    return format<int8_t>("|i1");
  if (type.isSignlessInteger(16))
    return format<int16_t>("<i2");
  if (type.isSignlessInteger(32))
    return format<int32_t>("<i4");
  if (type.isSignlessInteger(64) || type.isIndex())
    return format<int64_t>("<i8");
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static std::string shapeString(ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      shape, stream,
      [&](int64_t size) {
        if (ShapedType::isDynamic(size))
          stream << '?';
        else
          stream << size;
      },
      ",");
  return text + "]";
}

Error imhsa::run::checkShape(RankedTensorType type, ArrayRef<int64_t> shape) {
  std::string shapes = " (" + shapeString(type.getShape()) + " against " + shapeString(shape) + ")";
  if (type.getRank() != static_cast<int64_t>(shape.size()))
    return createStringError("expected rank " + Twine(type.getRank()) + ", found rank " +
                             Twine(shape.size()) + shapes);
  for (auto [dim, expected, found] : llvm::enumerate(type.getShape(), shape))
    if (!ShapedType::isDynamic(expected) && expected != found)
      return createStringError("dimension " + Twine(dim) + ": expected " + Twine(expected) +
                               ", found " + Twine(found) + shapes);
  return Error::success();
}

Expected<Tensor> Tensor::allocate(Type elementType, ArrayRef<int64_t> shape, const Twine &what) {
  Tensor tensor;
  tensor.elementType = elementType;
  tensor.format = formatOf(elementType);
  tensor.shape.assign(shape.begin(), shape.end());
  uint64_t bytes = tensor.format->size;
  bool overflow = false;
  if (llvm::is_contained(shape, 0))
    bytes = 0;
  for (int64_t size : shape) {
    bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size), &overflow);
    if (overflow)
      return createStringError(what + ": a shape of " + shapeString(shape) + " is too large");
  }
  Expected<Buffer> buffer = Buffer::allocate(bytes, what);
  if (!buffer)
    return buffer.takeError();
  tensor.buffer = std::move(*buffer);
  return tensor;
}

// What makes `array` differ from `type`, or its elements from numbers of their type.
static Error checkArray(const NpyArray &array, RankedTensorType type) {
  Type elementType = type.getElementType();
  StringRef expected = formatOf(elementType)->descr;
  // ml_dtypes saves its bfloat16 as two bytes of no kind.
  bool isRawBFloat16 = elementType.isBF16() && StringRef(array.descr).drop_front() == "V2";
  if (array.descr != expected && !isRawBFloat16) {
    std::string message;
    llvm::raw_string_ostream(message) << "expected elements '" << expected << "' (for "
                                      << elementType << "), found '" << array.descr << "'";
    return createStringError(message);
  }
  if (Error failed = checkShape(type, array.shape))
    return failed;
  // Any other byte would be undefined behaviour in compiled code.
  if (elementType.isInteger(1))
    for (auto [index, byte] : llvm::enumerate(ArrayRef(array.data.data(), array.data.size())))
      if (byte != 0 && byte != 1)
        return createStringError("element " + Twine(index) + ": expected a byte of 0 or 1, found " +
                                 Twine(static_cast<unsigned>(static_cast<unsigned char>(byte))));
  return Error::success();
}

Expected<Tensor> Tensor::load(StringRef path, RankedTensorType type) {
  Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (Error failed = checkArray(*array, type))
    return llvm::createFileError(path, std::move(failed));
  Tensor tensor;
  tensor.elementType = type.getElementType();
  tensor.format = formatOf(tensor.elementType);
  tensor.shape = std::move(array->shape);
  tensor.buffer = std::move(array->data);
  return tensor;
}

Expected<Tensor> Tensor::random(Type elementType, ArrayRef<int64_t> shape,
                                std::mt19937_64 &generator, int64_t intMax, const Twine &what) {
  Expected<Tensor> tensor = allocate(elementType, shape, what);
  if (!tensor)
    return tensor;
  if (!isa<FloatType>(elementType)) {
    unsigned bits = elementType.isIndex() ? 64 : elementType.getIntOrFloatBitWidth();
    intMax = bits == 1 ? 1 : std::min(intMax, llvm::maxIntN(bits));
  }
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int64_t> uniform(0, intMax);
  const ElementFormat &format = *tensor->format;
  MutableArrayRef<char> bytes(tensor->buffer.data(), tensor->buffer.size());
  for (; !bytes.empty(); bytes = bytes.drop_front(format.size))
    format.store(bytes.data(), isa<FloatType>(elementType)
                                   ? normal(generator)
                                   : static_cast<double>(uniform(generator)));
  return tensor;
}

Error Tensor::save(StringRef path) const {
  return writeNpy(path, format->descr, shape, {buffer.data(), buffer.size()});
}

Expected<Tensor> Tensor::promote(const Twine &what) const {
  bool isFloat = isa<FloatType>(elementType);
  Expected<Tensor> result =
      allocate(isFloat ? Float64Type::get(elementType.getContext()) : elementType, shape, what);
  if (!result)
    return result;
  if (!isFloat)
    std::memcpy(result->buffer.data(), buffer.data(), buffer.size());
  else
    for (int64_t i = 0, e = getNumElements(); i < e; ++i)
      result->format->store(result->buffer.data() + i * sizeof(double), at(i));
  return result;
}

double imhsa::run::relativeError(const Tensor &result, const Tensor &reference) {
  double error = 0, norm = 0;
  for (int64_t i = 0, e = result.getNumElements(); i < e; ++i) {
    double x = result.at(i), y = reference.at(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) {
      norm += std::isfinite(y) ? y * y : 0;
      continue;
    }
    if (!std::isfinite(x) || !std::isfinite(y))
      return std::numeric_limits<double>::infinity();
    error += (x - y) * (x - y);
    norm += y * y;
  }
  return std::sqrt(norm == 0 ? error : error / norm);
}

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

Descriptor::Descriptor(void *data, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides)
    : Descriptor(data, shape) {
  llvm::copy(strides, words.begin() + 3 + shape.size());
}

Descriptor::Descriptor(void *data, ArrayRef<int64_t> shape) {
  // Allocated pointer, aligned pointer, offset, sizes, strides.
  auto address = static_cast<int64_t>(reinterpret_cast<intptr_t>(data));
  words = {address, address, 0};
  words.append(shape.begin(), shape.end());
  words.append(shape.size(), 1);
  // Unsigned, since an array without elements may have other sizes of any product.
  uint64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0; stride *= static_cast<uint64_t>(shape[dim]))
    words[3 + shape.size() + dim] = static_cast<int64_t>(stride);
}
