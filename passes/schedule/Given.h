//===- Given.h - schedules that an option gives ---------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_SCHEDULE_GIVEN_H
#define IMHSA_PASSES_SCHEDULE_GIVEN_H

#include "dialect/Imhsa.h"

namespace imhsa {

/// The schedules in the option `schedules`: what stands in `#imhsa.schedule<...>`, with semicolons
/// between. Anything else is an error at `root`.
mlir::FailureOr<llvm::SmallVector<ScheduleAttr>> parseSchedules(mlir::Operation *root,
                                                                llvm::StringRef text);

/// Whether kernels of the kind compute operations like `op`.
bool isKindOf(mlir::Operation *op, KernelKind kind);

} // namespace imhsa

#endif // IMHSA_PASSES_SCHEDULE_GIVEN_H
