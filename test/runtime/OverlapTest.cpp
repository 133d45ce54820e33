//===- OverlapTest.cpp - unit test of the overlap of strided arrays -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Against the sets of bytes of random arrays. Run by overlap.test.

#include "runtime/Overlap.h"
#include "test/runtime/Testing.h"

#include <algorithm>
#include <random>
#include <set>

using imhsa::runtime::StridedMemory;

namespace {

std::mt19937 engine(5);
int64_t random(int64_t first, int64_t last) {
  return std::uniform_int_distribution<int64_t>(first, last)(engine);
}

// The addresses of all bytes; `isTwice` says whether one comes up twice.
std::set<uintptr_t> getBytes(const StridedMemory &memory, bool &isTwice) {
  std::vector<uintptr_t> elements = {memory.address};
  for (const StridedMemory::Dimension &dimension : memory.dimensions) {
    std::vector<uintptr_t> next;
    for (uintptr_t element : elements)
      for (int64_t i = 0; i < dimension.size; ++i)
        next.push_back(element + i * dimension.stride);
    elements.swap(next);
  }
  std::set<uintptr_t> bytes;
  isTwice = false;
  for (uintptr_t element : elements)
    for (int64_t i = 0; i < memory.bytes; ++i)
      isTwice |= !bytes.insert(element + i).second;
  return bytes;
}

StridedMemory make(uintptr_t address, int64_t bytes,
                   std::vector<StridedMemory::Dimension> dimensions) {
  StridedMemory memory = {address, bytes, bytes, {}};
  std::shuffle(dimensions.begin(), dimensions.end(), engine);
  for (const StridedMemory::Dimension &dimension : dimensions)
    if (dimension.size > 1) {
      memory.dimensions.push_back(dimension);
      memory.extent += dimension.stride * (dimension.size - 1);
    }
  return memory;
}

// A slice, in any order of dimensions and with steps, of a contiguous array of these sizes.
StridedMemory slice(const std::vector<int64_t> &sizes, int64_t bytes) {
  uintptr_t address = 4096;
  std::vector<StridedMemory::Dimension> dimensions;
  int64_t stride = bytes;
  for (int64_t size : sizes) {
    int64_t step = random(1, 3), first = random(0, size - 1);
    address += first * stride;
    dimensions.push_back({stride * step, random(1, (size - first - 1) / step + 1)});
    stride *= size;
  }
  return make(address, bytes, std::move(dimensions));
}

StridedMemory anything() {
  std::vector<StridedMemory::Dimension> dimensions;
  for (int64_t i = random(0, 3); i > 0; --i)
    dimensions.push_back({random(1, 40), random(1, 5)});
  return make(4096 + random(0, 150), random(1, 8), std::move(dimensions));
}

struct Comparison {
  bool overlap, expectedOverlap, itself, expectedItself;
};

Comparison compare(const StridedMemory &a, const StridedMemory &b) {
  bool isTwice, unused;
  std::set<uintptr_t> bytes = getBytes(a, isTwice), others = getBytes(b, unused);
  bool shared = std::any_of(others.begin(), others.end(),
                            [&](uintptr_t byte) { return bytes.count(byte) != 0; });
  return {imhsa::runtime::overlap(a, b), shared, imhsa::runtime::overlapsItself(a), isTwice};
}

} // namespace

int main() {
  int numShared = 0, numSeparate = 0, numTwice = 0;
  bool areSlicesRight = true, isAnyRight = true, isItselfSafe = true;
  for (int i = 0; i < 20000; ++i) {
    std::vector<int64_t> sizes;
    for (int64_t j = random(1, 4); j > 0; --j)
      sizes.push_back(random(1, 6));
    int64_t bytes = int64_t(1) << random(0, 3);
    Comparison result = compare(slice(sizes, bytes), slice(sizes, bytes));
    areSlicesRight &= result.overlap == result.expectedOverlap && !result.itself;
    ++(result.expectedOverlap ? numShared : numSeparate);

    result = compare(anything(), anything());
    isAnyRight &= result.overlap == result.expectedOverlap;
    isItselfSafe &= result.itself || !result.expectedItself;
    numTwice += result.expectedItself;
  }
  check(numShared > 2000 && numSeparate > 2000 && numTwice > 2000, "cases of each kind");
  check(areSlicesRight, "slices of an array");
  check(isAnyRight, "any strides");
  check(isItselfSafe, "what overlaps itself is found");

  // Many equal strides that have no solution must end, and count as overlapping.
  std::vector<StridedMemory::Dimension> even;
  for (int64_t i = 0; i < 12; ++i)
    even.push_back({200000 + 2 * i, 1000});
  StridedMemory a = make(4096, 1, even), b = make(4097, 1, even);
  check(imhsa::runtime::overlap(a, b), "what takes too long counts as overlapping");
  return 0;
}
