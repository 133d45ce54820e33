//===- Resources.cpp - what a block of a fused kernel takes ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Resources.h"
#include "passes/kernel/cuda/Normalisers.h"
#include "passes/kernel/cuda/ReadOutPlan.h"
#include "passes/kernel/cuda/SharedLayout.h"

using namespace mlir;
using namespace imhsa;

int64_t BlockResources::sharedBytes() const {
  int64_t bytes = 0;
  for (auto [what, size] : shared)
    bytes += size;
  return bytes;
}

static ArrayRef<std::pair<StringRef, int64_t>> regionsOf(const NormalisersPlan &plan) {
  return plan.regions;
}
static ArrayRef<std::pair<StringRef, int64_t>> regionsOf(const ReadOutPlan &plan) {
  return plan.regions;
}
static SmallVector<std::pair<StringRef, int64_t>> regionsOf(const AttentionPlan &plan) {
  return SharedLayout(plan).regions;
}

// Bytes through shared memory for a tile of keys, which the cost model weighs. For a read-out,
// whose keys stay, those of a tile of queries of each of its teams.
static int64_t trafficOf(const NormalisersPlan &plan) { return plan.scoreTraffic(); }
static int64_t trafficOf(const ReadOutPlan &plan) { return plan.teams * plan.tileTraffic(); }
static int64_t trafficOf(const AttentionPlan &plan) { return plan.tileTraffic(); }

// What a block takes by the plan of its kernel.
template <typename Plan> static FailureOr<BlockResources> resourcesOf(const FailureOr<Plan> &plan) {
  if (failed(plan))
    return failure();
  return BlockResources{llvm::to_vector(regionsOf(*plan)), 32 * plan->tile.warps, plan->registers(),
                        trafficOf(*plan), plan->mixingWork()};
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
    return resourcesOf(NormalisersPlan::get(cast<LogSumExpOp>(op), complain));
  case KernelKind::Stream:
    return resourcesOf(AttentionPlan::get(cast<AttentionOp>(op), complain));
  case KernelKind::ReadOut:
    return resourcesOf(ReadOutPlan::get(cast<AttentionOp>(op), complain));
  default:
    return complain() << "no kernel yet";
  }
}
