//===- Resources.cpp - what a block of a fused kernel takes ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Resources.h"
#include "passes/kernel/cuda/Normalisers.h"
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
  bool mixesAfter = static_cast<bool>(plan->scores.interaction.post);
  int64_t heads = plan->blockQueryHeads + (mixesAfter ? plan->blockScoreHeads : 1);
  // A quarter more for what mixing has under way, and a row of its matrix.
  int64_t logits = plan->unitKeys / 2 * heads * 5 / 4 + plan->blockQueryHeads;
  block.registers = kOtherRegisters + logits + ValueProduct::registers(*plan);
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

FailureOr<BlockResources> imhsa::getBlockResources(Operation *op, Complain complain) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  switch (schedule.getKind()) {
  case KernelKind::Pool: {
    BlockResources block;
    block.threads = 32 * schedule.getWarps();
    return block;
  }
  case KernelKind::Normalisers:
    return normalisersResources(cast<LogSumExpOp>(op), complain);
  case KernelKind::Stream:
    return streamResources(cast<AttentionOp>(op), complain);
  default:
    return complain() << "no kernel yet";
  }
}
