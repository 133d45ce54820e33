//===- Passes.h - the passes and pipelines of imhsa -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_PASSES_H
#define IMHSA_PASSES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace imhsa {

/// How `imhsa-tile` cuts attention cores into tiles.
enum class TileLoops {
  /// `scf.forall`: tiles run in parallel on the threads of the host.
  Parallel,
  /// `scf.for`: one tile after the other, each parallel within itself.
  Sequential
};

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace imhsa

#endif // IMHSA_PASSES_PASSES_H
