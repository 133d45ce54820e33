//===- CostModel.h - which schedule is the fastest -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_COSTMODEL_H
#define IMHSA_PASSES_SCHEDULE_COSTMODEL_H

#include "passes/binary/Chip.h"
#include "passes/kernel/cuda/Resources.h"

namespace imhsa {

/// The numbers that the time of a kernel depends on; sizes that types do not tell are those of size
/// hints or assumed.
struct KernelShape {
  double batch, queries, keys;
  double queryHeads, keyHeads, scoreHeads, resultHeads, valueHeads; ///< H, H', S, G, G'
  double headSize, valueSize;                                       ///< D, E; 0 for normalisers
  double elementBytes;                                              ///< in shared memory
  bool mixesBefore, mixesAfter, exactFloats;
};

/// Cycles that one multiprocessor takes for the whole of an operation, spread over all of them, by
/// the kernel with these sizes: see docs/schedules.md for the model.
double estimateCycles(const KernelShape &shape, KernelKind kind, const ScheduleSizes &sizes,
                      const BlockResources &block, const ChipResources &chip);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_COSTMODEL_H
