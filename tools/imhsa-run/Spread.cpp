//===- Spread.cpp - tensors whose rows lie apart --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Spread.h"
#include "llvm/ADT/STLExtras.h"
#include <sys/mman.h>

using namespace imhsa::run;
using llvm::createStringError;
using llvm::Expected;
using llvm::Twine;

// What is looked at behind a row, if there is so much.
static constexpr uint64_t kGuardBytes = 64;

Expected<Spread> Spread::allocate(const Tensor &tensor, int64_t stride, const Twine &what) {
  llvm::ArrayRef<int64_t> shape = tensor.getShape();
  if (stride < shape.back())
    return createStringError(
        what + ": expected at least the " + Twine(shape.back()) +
        " elements of a row from row to row, found --row-stride=" + Twine(stride));
  Spread spread;
  uint64_t elements = tensor.getNumElements();
  uint64_t elementBytes = elements ? tensor.getBuffer().size() / elements : 1;
  spread.rowBytes = shape.back() * elementBytes;
  spread.step = stride * elementBytes;
  spread.rows = elements ? elements / shape.back() : 0;
  spread.strides.assign(shape.size(), 1);
  for (size_t dim = shape.size() - 1; dim-- > 0; stride *= shape[dim])
    spread.strides[dim] = stride;

  spread.bytes = spread.rows ? (spread.rows - 1) * spread.step + spread.rowBytes : 0;
  spread.mapped = spread.rows * spread.step + kGuardBytes;
  void *memory = mmap(nullptr, spread.mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return createStringError(what + ": cannot reserve " + Twine(spread.mapped) + " bytes");
  spread.memory = static_cast<char *>(memory);
  return std::move(spread);
}

Spread::Spread(Spread &&other)
    : memory(std::exchange(other.memory, nullptr)), bytes(other.bytes), mapped(other.mapped),
      rowBytes(other.rowBytes), step(other.step), rows(other.rows),
      strides(std::move(other.strides)) {}

Spread::~Spread() {
  if (memory)
    munmap(memory, mapped);
}

void Spread::scatter(const Tensor &tensor) const {
  for (uint64_t row = 0; row < rows; ++row)
    std::memcpy(memory + row * step, tensor.getBuffer().data() + row * rowBytes, rowBytes);
}

bool Spread::gather(Tensor &tensor) const {
  bool isIntact = true;
  uint64_t gap = std::min(step - rowBytes, kGuardBytes);
  for (uint64_t row = 0; row < rows; ++row) {
    const char *from = memory + row * step;
    std::memcpy(tensor.getBuffer().data() + row * rowBytes, from, rowBytes);
    // Fresh memory is zero.
    isIntact &= llvm::all_of(llvm::ArrayRef(from + rowBytes, gap), [](char c) { return c == 0; });
  }
  return isIntact;
}
