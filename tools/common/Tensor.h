//===- Tensor.h - what goes into compiled functions and comes out -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_TENSOR_H
#define IMHSA_TOOLS_COMMON_TENSOR_H

#include "tools/common/Buffer.h"
#include "mlir/IR/BuiltinTypes.h"
#include <random>

namespace imhsa::run {

/// How elements of a type lie in memory and in .npy files, and what numbers they stand for.
struct ElementFormat {
  llvm::StringLiteral descr; ///< NumPy's name of the type
  unsigned size;             ///< bytes
  double (*load)(const char *);
  void (*store)(char *, double);
};

/// The format of f16, bf16 (in files: uint16), f32, f64, i1 (bool), i8, i16, i32, i64 and index
/// (int64); null for any other type.
const ElementFormat *formatOf(mlir::Type elementType);

/// An array in row-major order.
class Tensor {
public:
  /// Not initialised. `what` names the tensor where there is not enough memory.
  static llvm::Expected<Tensor> allocate(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                                         const llvm::Twine &what);
  /// From a .npy file, whose element type and shape must be those of `type`.
  static llvm::Expected<Tensor> load(llvm::StringRef path, mlir::RankedTensorType type);
  /// Floats are standard normal, integers uniform in [0, intMax] as far as they fit the type, i1 is
  /// true or false with equal chance.
  static llvm::Expected<Tensor> random(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                                       std::mt19937_64 &generator, int64_t intMax,
                                       const llvm::Twine &what);

  llvm::Error save(llvm::StringRef path) const;
  /// The same numbers in f64 where the elements are floats.
  llvm::Expected<Tensor> promote(const llvm::Twine &what) const;

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getNumElements() const { return static_cast<int64_t>(buffer.size() / format->size); }
  /// Element `index` in row-major order, as a number.
  double at(int64_t index) const {
    return format->load(buffer.data() + static_cast<uint64_t>(index) * format->size);
  }
  Buffer &getBuffer() { return buffer; }
  const Buffer &getBuffer() const { return buffer; }

private:
  mlir::Type elementType;
  const ElementFormat *format = nullptr;
  llvm::SmallVector<int64_t> shape;
  Buffer buffer;
};

/// An error that names the first dimension of `shape` that disagrees with `type`, or the rank.
llvm::Error checkShape(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> shape);

/// ||result - reference|| / ||reference|| over all elements; the numerator where the denominator is
/// 0. Where both are NaN or the same infinity there is no error; where only one is, it is infinite.
double relativeError(const Tensor &result, const Tensor &reference);

/// A memref descriptor as compiled functions take it.
class Descriptor {
public:
  /// Of contiguous memory.
  Descriptor(void *data, llvm::ArrayRef<int64_t> shape);
  Descriptor(void *data, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides);
  void *get() { return words.data(); }

private:
  llvm::SmallVector<int64_t, 16> words;
};

} // namespace imhsa::run

#endif // IMHSA_TOOLS_COMMON_TENSOR_H
