//===- SizeHint.h - sizes that a cost model assumes -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_REORDER_SIZEHINT_H
#define IMHSA_PASSES_REORDER_SIZEHINT_H

#include "mlir/IR/Value.h"
#include <optional>

namespace imhsa {

/// What `imhsa.size_hint` on the function arguments that the size of dimension
/// `dim` of the ranked tensor `tensor` derives from says that it is. Null where
/// it derives from anything else, or an argument has no hint.
std::optional<int64_t> sizeHint(mlir::Value tensor, unsigned dim);

} // namespace imhsa

#endif // IMHSA_PASSES_REORDER_SIZEHINT_H
