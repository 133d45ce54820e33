//===- Whole.h - attentions that are done in one launch --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_WHOLE_H
#define IMHSA_PASSES_SCHEDULE_WHOLE_H

#include "dialect/Imhsa.h"
#include "passes/binary/Chip.h"

namespace imhsa {

/// What `chooseWholes` counts with.
struct WholeOptions {
  ChipResources chip;
  /// Whether launches overlap and blocks may form clusters.
  bool isFromSm90;
  MatrixMath math;
};

/// Gives operations on tensors in `root` that follow each other, whose schedules `mayChange` and
/// whose batch and tokens types or hints tell, the attribute `imhsa.whole` and schedules for it,
/// where they are estimated to take less time in one launch than apart. How many runs of operations
/// that were.
unsigned chooseWholes(mlir::Operation *root, const WholeOptions &options,
                      llvm::function_ref<bool(mlir::Operation *)> mayChange);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_WHOLE_H
