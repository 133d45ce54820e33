//===- BatchChunks.h - launches chunk of the batch by chunk ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_BATCHCHUNKS_H
#define IMHSA_PASSES_KERNEL_BATCHCHUNKS_H

#include "passes/binary/Chip.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace imhsa {

/// Puts fused operations on memrefs that follow each other, and that read some of the same tokens,
/// into a loop over chunks of the batch: what the second of them reads again is then still in the
/// second-level cache. A chunk is as many batch elements as have their tokens in half of the
/// chip's cache, found when the function runs; the whole batch, where so few would leave
/// multiprocessors without blocks. `size`, if not 0, is given instead.
///
/// Operations stay as they are where one of them needs of another more than the same batch
/// elements, or where that is not known. Returns the number of loops.
unsigned chunkBatches(mlir::func::FuncOp function, const ChipResources &chip, int64_t size);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_BATCHCHUNKS_H
