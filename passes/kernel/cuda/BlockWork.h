//===- BlockWork.h - which scores a block works on -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// How kernels that sweep over keys are dealt to blocks. Blocks of a grid that follow each other
// have tiles of queries of the same batch element, so that they share its keys.

#ifndef IMHSA_PASSES_KERNEL_CUDA_BLOCKWORK_H
#define IMHSA_PASSES_KERNEL_CUDA_BLOCKWORK_H

#include "passes/kernel/cuda/Kernels.h"
#include "passes/kernel/cuda/ScorePlan.h"

namespace imhsa {

/// A tile of queries of a batch element, a group of heads, or of heads and columns, and one of the
/// schedule's splits of the keys.
struct BlockWork {
  Int batch, firstQuery, group, split;
};

/// That of the block, in the grid that `launchBlocks` makes for as many `groups`.
BlockWork getBlockWork(KernelBuilder &k, const ScorePlan &plan);
void launchBlocks(KernelBuilder &k, const ScorePlan &plan, int64_t groups, int64_t sharedBytes);

/// Calls `body` for all that the block has to do in a kernel that is whole. The block meets before.
void dealBlockWork(KernelBuilder &k, const Share &share, const ScorePlan &plan, int64_t groups,
                   llvm::function_ref<void(const BlockWork &)> body);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_BLOCKWORK_H
