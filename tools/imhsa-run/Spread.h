//===- Spread.h - tensors whose rows lie apart -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_SPREAD_H
#define IMHSA_TOOLS_IMHSA_RUN_SPREAD_H

#include "tools/common/Tensor.h"

namespace imhsa::run {

/// A place for the elements of a tensor, each row a given number of elements behind the one before
/// it. A row is what the last dimension counts; the rows are in row-major order. What lies between
/// them takes no memory, however far apart they are, as long as nothing touches it.
class Spread {
public:
  /// For a tensor such as `tensor`, of two dimensions or more, with `stride` elements from row to
  /// row, at least as many as a row has. `what` names it in errors.
  static llvm::Expected<Spread> allocate(const Tensor &tensor, int64_t stride,
                                         const llvm::Twine &what);
  Spread(Spread &&other);
  Spread &operator=(Spread &&) = delete;
  ~Spread();

  void scatter(const Tensor &tensor) const;
  /// False if something was written just behind a row.
  bool gather(Tensor &tensor) const;

  char *data() const { return memory; }
  uint64_t size() const { return bytes; }
  /// In elements, of each dimension.
  llvm::ArrayRef<int64_t> getStrides() const { return strides; }

private:
  Spread() = default;

  char *memory = nullptr;
  uint64_t bytes = 0;    ///< from the first row to the end of the last one
  uint64_t mapped = 0;   ///< bytes, with what is behind the last row
  uint64_t rowBytes = 0; ///< of what is in a row
  uint64_t step = 0;     ///< bytes from row to row
  uint64_t rows = 0;
  llvm::SmallVector<int64_t> strides;
};

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_SPREAD_H
