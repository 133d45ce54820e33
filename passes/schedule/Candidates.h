//===- Candidates.h - the schedules that are tried -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_CANDIDATES_H
#define IMHSA_PASSES_SCHEDULE_CANDIDATES_H

#include "passes/schedule/CostModel.h"

namespace imhsa {

/// The sizes of an attention or log-sum-exp; what types and hints do not tell is assumed.
KernelShape shapeOf(mlir::Operation *op, MatrixMath math);

/// All the ways to cut an operation by a kind of kernel that the table has, without splits. With
/// `inParts`, only those that give a block fewer of the heads that are mixed and narrower columns,
/// for what does not fit otherwise: every block computes all scores that it mixes.
llvm::SmallVector<ScheduleSizes> candidatesOf(KernelKind kind, const KernelShape &shape,
                                              bool inParts = false);

/// The numbers of splits of the keys that are tried: one that gives enough blocks for all
/// multiprocessors, of ranges that are not short, and where these give too few, more.
llvm::SmallVector<int64_t> splitsOf(const KernelShape &shape, const ScheduleSizes &sizes,
                                    const ChipResources &chip);
/// The most warps that share the tokens of a segment.
int64_t poolWarps(PoolOp op);

/// Whether a block fits a multiprocessor of the chip; if not, `complain` says what exceeds what.
mlir::LogicalResult checkBudget(const BlockResources &block, const ChipResources &chip,
                                Complain complain);

/// Complains to nobody.
inline Refusal silent() { return Refusal(); }

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_CANDIDATES_H
