//===- Overlap.h - whether strided arrays share memory --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_OVERLAP_H
#define IMHSA_RUNTIME_OVERLAP_H

#include <cstdint>
#include <vector>

namespace imhsa::runtime {

/// The memory of a strided array that has elements.
struct StridedMemory {
  struct Dimension {
    /// Bytes from one element to the next; positive.
    int64_t stride;
    /// At least 2.
    int64_t size;
  };

  /// Of the element with the lowest address.
  uintptr_t address;
  /// Of an element.
  int64_t bytes;
  /// From the lowest address to the end of the last element.
  int64_t extent;
  /// Without those of size 1.
  std::vector<Dimension> dimensions;
};

/// Whether two elements of `memory` may share a byte. Exact for every slice and permutation of a
/// contiguous array; true for some stranger layouts that do not overlap.
bool overlapsItself(const StridedMemory &memory);

/// Whether `a` and `b` share a byte. Exact, but for layouts that would take long to decide, which
/// count as overlapping; slices of a contiguous array do not.
bool overlap(const StridedMemory &a, const StridedMemory &b);

} // namespace imhsa::runtime

#endif // IMHSA_RUNTIME_OVERLAP_H
