//===- Normalisers.h - an attention as normalisers and a sum --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_TILE_NORMALISERS_H
#define IMHSA_PASSES_TILE_NORMALISERS_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// Replaces an exact attention on tensors, without an operand `lse`, by two sweeps over its keys:
/// the normalisers of all rows first, then an attention that is a plain sum. Where heads are mixed
/// after the softmax, one sweep would need an accumulator for each pair of heads.
std::pair<LogSumExpOp, AttentionOp> separateNormalisers(mlir::RewriterBase &rewriter,
                                                        AttentionOp op);

} // namespace imhsa

#endif // IMHSA_PASSES_TILE_NORMALISERS_H
