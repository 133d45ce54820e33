//===- LoopOrder.h - in which order to compute a linalg operation -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_LOOPORDER_H
#define IMHSA_PASSES_KERNEL_LOOPORDER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace imhsa {

/// The loops of a linalg operation on memrefs, outermost first.
struct LoopOrder {
  struct Loop {
    unsigned dim;
    /// Zero for the loop over the dimension itself. Otherwise this loop goes over
    /// blocks of so many indices, and the loop over `dim`, further in, over one block.
    int64_t blockSize = 0;
  };
  llvm::SmallVector<Loop> loops;
  /// A reduction whose loop does so many steps in one iteration: each element of the
  /// output is then read and written once for all of them.
  std::optional<unsigned> unrolled;
  int64_t unrollFactor = 1;
  /// Whether steps may remain that are fewer than `unrollFactor`.
  bool hasRemainder = false;
};

/// Chooses the order in which LLVM can vectorise the innermost loop: along it, the
/// output is contiguous and the inputs are contiguous or do not change. Where there
/// is no such dimension, a reduction along which the inputs are contiguous. The other
/// reductions come next to it. A contraction that reads one operand again and again
/// goes over it in blocks of `blockSize` x `blockSize` elements, which stay in the
/// first-level cache.
LoopOrder chooseLoopOrder(mlir::linalg::LinalgOp op, int64_t blockSize);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_LOOPORDER_H
