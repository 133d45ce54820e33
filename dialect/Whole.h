//===- Whole.h - the mark of operations that share a launch ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_WHOLE_H
#define IMHSA_DIALECT_WHOLE_H

#include "llvm/ADT/StringRef.h"

namespace imhsa {

/// Discardable attribute, an integer, of an operation with a fused schedule: so many blocks, a
/// cluster where they are more than one, do all of a batch element, and operations with as many
/// that follow each other share a launch. 1, 2, 4 or 8.
inline constexpr llvm::StringLiteral kWholeAttr = "imhsa.whole";

} // namespace imhsa

#endif // IMHSA_DIALECT_WHOLE_H
