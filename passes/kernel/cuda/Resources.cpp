//===- Resources.cpp - what a block of a fused kernel takes ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Resources.h"
#include "passes/kernel/cuda/Normalisers.h"
#include "passes/kernel/cuda/ReadOutPlan.h"
#include "passes/kernel/cuda/ValueProduct.h"

using namespace mlir;
using namespace imhsa;

int64_t BlockResources::sharedBytes() const {
  int64_t bytes = 0;
  for (auto [what, size] : shared)
    bytes += size;
  return bytes;
}

// Registers of a thread for what is not in a tile: addresses, fragments, strides.
static constexpr int64_t kOtherRegisters = 48;

static FailureOr<BlockResources> streamResources(AttentionOp op, Complain complain) {
  FailureOr<AttentionPlan> plan = AttentionPlan::get(op, complain);
  if (failed(plan))
    return failure();
  BlockResources block;
  block.threads = 32 * plan->tile.warps;
  block.shared = SharedLayout(*plan).regions;
  // Logits of one unit for all heads; with mixing after the softmax, the weights of all heads too.
  // Up to 255 together, ptxas 13.0 spilled none of 13 kernels of 4 to 16 heads for sm_80 and
  // sm_90a.
  bool mixesAfter = static_cast<bool>(plan->scores.interaction.post);
  int64_t heads = plan->blockQueryHeads + (mixesAfter ? plan->blockScoreHeads : 1);
  // Masks and a bias have addresses of their own; weights of more heads wait longer for their turn.
  int64_t masks = plan->hasPositionMask() ? 16 : 0;
  int64_t waiting = 15 + 2 * std::max<int64_t>(0, plan->blockQueryHeads - 12);
  block.registers = kOtherRegisters + plan->unitKeys / 2 * heads + masks + waiting +
                    ValueProduct::registers(*plan);
  return block;
}

static FailureOr<BlockResources> normalisersResources(LogSumExpOp op, Complain complain) {
  FailureOr<NormalisersPlan> plan = NormalisersPlan::get(op, complain);
  if (failed(plan))
    return failure();
  BlockResources block;
  block.threads = 32 * plan->tile.warps;
  block.shared = plan->regions;
  block.registers = kOtherRegisters + plan->registers();
  return block;
}

static FailureOr<BlockResources> readOutResources(AttentionOp op, Complain complain) {
  FailureOr<ReadOutPlan> plan = ReadOutPlan::get(op, complain);
  if (failed(plan))
    return failure();
  BlockResources block;
  block.threads = 32 * plan->tile.warps;
  block.shared = plan->regions;
  block.registers = plan->registers();
  return block;
}

FailureOr<BlockResources> imhsa::getBlockResources(Operation *op, Complain complain) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  switch (schedule.getKind()) {
  case KernelKind::Pool: {
    BlockResources block;
    block.threads = 32 * schedule.getWarps();
    block.shared = {{"sums", 4 * schedule.getWarps() * dimSize(cast<PoolOp>(op).getInput(), 3)}};
    return block;
  }
  case KernelKind::Normalisers:
    return normalisersResources(cast<LogSumExpOp>(op), complain);
  case KernelKind::Stream:
    return streamResources(cast<AttentionOp>(op), complain);
  case KernelKind::ReadOut:
    return readOutResources(cast<AttentionOp>(op), complain);
  default:
    return complain() << "no kernel yet";
  }
}
