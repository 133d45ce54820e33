//===- Testing.h - what the tests of the runtime share --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TEST_RUNTIME_TESTING_H
#define IMHSA_TEST_RUNTIME_TESTING_H

#include "runtime/imhsa.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

/// Prints what holds; ends the process if it does not.
inline void check(bool holds, const char *what) {
  if (!holds)
    std::printf("FAILED: %s (last error: %s)\n", what, imhsa_last_error());
  else
    std::printf("%s\n", what);
  std::fflush(stdout);
  if (!holds)
    std::_Exit(1);
}

/// Prints the error that a call left.
inline void report(const std::string &name, imhsa_status status) {
  std::printf("%s: status %d: %s\n", name.c_str(), status, imhsa_last_error());
  std::fflush(stdout);
}

/// As `check`, but prints only what does not hold.
inline void expect(bool holds, const char *what) {
  if (!holds)
    check(false, what);
}

constexpr DLDataType kF32 = {kDLFloat, 32, 1}, kBf16 = {kDLBfloat, 16, 1}, kBool = {kDLBool, 8, 1},
                     kU16 = {kDLUInt, 16, 1};

/// A row-major array on the host that starts at a multiple of 64 bytes, and its DLPack tensor.
class Array {
public:
  Array(DLDataType type, std::vector<int64_t> dimensions)
      : shape(std::move(dimensions)), strides(shape.size()) {
    int64_t count = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      strides[i] = count;
      count *= shape[i];
    }
    bytes = count * type.bits / 8;
    data = std::aligned_alloc(64, (bytes + 127) / 64 * 64);
    std::memset(data, 0, bytes);
    tensor = {data, {kDLCPU, 0},  static_cast<int32_t>(shape.size()),
              type, shape.data(), strides.data(),
              0};
  }
  Array(const Array &) = delete;
  ~Array() { std::free(data); }

  template <typename T> T *as() { return static_cast<T *>(data); }

  size_t bytes;
  void *data;
  std::vector<int64_t> shape, strides;
  DLTensor tensor;
};

/// The arguments of `mix` of Inputs/mix.c, with numbers in them that float sums exactly.
struct MixArguments {
  MixArguments(int64_t batches, int64_t rows)
      : x(kF32, {batches, rows, 8}), shift(kF32, {rows, 8}), weight(kBf16, {8}),
        keep(kBool, {rows}), y(kF32, {batches, rows, 8}) {
    for (int64_t i = 0; i < batches * rows * 8; ++i)
      x.as<float>()[i] = static_cast<float>(i % 97 - 48);
    for (int64_t i = 0; i < rows * 8; ++i)
      shift.as<float>()[i] = static_cast<float>(i % 31) / 4;
    for (int64_t k = 0; k < 8; ++k)
      weight.as<uint16_t>()[k] = 0x3f80 + 0x80 * k; // 2^k
    for (int64_t j = 0; j < rows; ++j)
      keep.as<char>()[j] = j % 3 != 0;
  }

  /// Whether y holds the result; makes it wrong for the next call.
  bool isRight() {
    int64_t rows = x.shape[1];
    for (int64_t i = 0; i < x.shape[0] * rows * 8; ++i) {
      int64_t k = i % 8, j = i / 8 % rows;
      float expected = x.as<float>()[i] * static_cast<float>(1 << k) +
                       (j % 3 != 0 ? shift.as<float>()[j * 8 + k] : 0.0f);
      if (y.as<float>()[i] != expected)
        return false;
      y.as<float>()[i] = -1;
    }
    return true;
  }

  Array x, shift, weight, keep, y;
  std::vector<DLTensor *> tensors = {&x.tensor, &shift.tensor, &weight.tensor, &keep.tensor,
                                     &y.tensor};
};

#endif // IMHSA_TEST_RUNTIME_TESTING_H
