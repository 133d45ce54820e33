//===- Overlap.cpp - whether strided arrays share memory ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/Overlap.h"

#include <algorithm>

using namespace imhsa::runtime;

namespace {

using Dimension = StridedMemory::Dimension;

// Looks for a sum of z[k] * stride[k], 0 <= z[k] <= count[k], in an interval. A stride that is
// larger than all smaller steps together leaves one or two values for its z, which is so for
// slices of a contiguous array.
class SumSearch {
public:
  struct Term {
    int64_t stride, count;
    // The largest sum of the terms that follow.
    int64_t rest;
  };

  explicit SumSearch(std::vector<Dimension> dimensions) {
    std::sort(dimensions.begin(), dimensions.end(),
              [](Dimension a, Dimension b) { return a.stride > b.stride; });
    for (const Dimension &dimension : dimensions)
      if (!terms.empty() && terms.back().stride == dimension.stride)
        terms.back().count += dimension.size - 1;
      else
        terms.push_back({dimension.stride, dimension.size - 1, 0});
    for (size_t i = terms.size(); i-- > 1;)
      terms[i - 1].rest = terms[i].rest + terms[i].stride * terms[i].count;
  }

  // Also true if the budget is spent.
  bool find(int64_t low, int64_t high, size_t index = 0) {
    if (index == terms.size())
      return low <= 0 && high >= 0;
    const Term &term = terms[index];
    // z * stride >= low - rest, and z * stride <= high.
    int64_t least = low - term.rest;
    int64_t first = least <= 0 ? 0 : (least + term.stride - 1) / term.stride;
    int64_t last = high < 0 ? -1 : std::min(term.count, high / term.stride);
    for (int64_t z = first; z <= last; ++z)
      if (--budget < 0 || find(low - z * term.stride, high - z * term.stride, index + 1))
        return true;
    return false;
  }

private:
  std::vector<Term> terms;
  int budget = 20000;
};

} // namespace

bool imhsa::runtime::overlapsItself(const StridedMemory &memory) {
  std::vector<Dimension> dimensions = memory.dimensions;
  std::sort(dimensions.begin(), dimensions.end(),
            [](Dimension a, Dimension b) { return a.stride < b.stride; });
  int64_t extent = memory.bytes;
  for (const Dimension &dimension : dimensions) {
    if (dimension.stride < extent)
      return true;
    extent += dimension.stride * (dimension.size - 1);
  }
  return false;
}

bool imhsa::runtime::overlap(const StridedMemory &a, const StridedMemory &b) {
  if (a.address + a.extent <= b.address || b.address + b.extent <= a.address)
    return false;
  // An element of `a` is at a.address + x, one of `b` at b.address + b.extent - b.bytes - y, where
  // x and y have the same form: x + y is one sum over the dimensions of both. The elements share a
  // byte if the second starts less than a.bytes behind the first, or less than b.bytes before it.
  std::vector<Dimension> dimensions = a.dimensions;
  dimensions.insert(dimensions.end(), b.dimensions.begin(), b.dimensions.end());
  int64_t distance = static_cast<int64_t>(b.address - a.address) + b.extent - b.bytes;
  return SumSearch(std::move(dimensions)).find(distance - a.bytes + 1, distance + b.bytes - 1);
}
