//===- embed.h - what the files of this example share -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef EMBED_H
#define EMBED_H

#include "mlir/IR/BuiltinOps.h"
#include <cstdint>
#include <vector>

/// Sizes of the attention: those that the compiled function knows.
constexpr int64_t kBatch = 2, kHeads = 6, kSize = 64, kLandmarks = 49;

/// Row-major data: query, key, value [kBatch, kHeads, tokens, kSize], pre, post [kHeads, kHeads].
struct Inputs {
  int64_t tokens;
  std::vector<float> query, key, value, pre, post;
};

/// Compiles `module`, for which buildCpuPipeline has run, in this process and calls its function
/// `attention`. On failure says why on standard error, and returns nothing.
std::vector<float> runOnCpu(mlir::ModuleOp module, const Inputs &inputs);

/// What the attention is by definition (docs/mathematics.md), in double precision.
std::vector<double> defineAttention(const Inputs &inputs);

#endif // EMBED_H
