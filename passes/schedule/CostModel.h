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

/// Cycles from the end of a kernel to what the next one does first, about 3 microseconds; where
/// launches overlap and the next one is there already, about 1.
inline double launchCycles(bool overlaps) { return overlaps ? 1500 : 4500; }

/// Cycles in which the host starts a kernel, about 3.5 microseconds.
inline constexpr double kHostCycles = 6000;

/// Cycles of a load from the second-level cache that others wait for.
inline constexpr double kLoadCycles = 900;

/// Cycles that a kernel of its own takes to add up what ranges of keys give; 0 without splits.
double combineCycles(const KernelShape &shape, const ScheduleSizes &sizes,
                     const ChipResources &chip, bool overlaps);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_COSTMODEL_H
