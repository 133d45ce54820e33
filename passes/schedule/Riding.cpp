//===- Riding.cpp - pools that a sweep computes on its way ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/Riding.h"
#include "passes/kernel/cuda/RidingPool.h"

using namespace mlir;
using namespace imhsa;

// A schedule with at most as many splits as landmarks, as long as there are not far more.
static ScheduleAttr limitSplits(ScheduleAttr schedule, int64_t landmarks) {
  if (schedule.getSplits() <= landmarks || schedule.getSplits() > 2 * landmarks)
    return schedule;
  ScheduleSizes sizes = schedule.getSizes();
  sizes.splits = landmarks;
  return ScheduleAttr::get(schedule.getContext(), schedule.getKind(), sizes, schedule.getMath());
}

bool imhsa::letRide(PoolOp pool, llvm::function_ref<bool(Operation *)> mayChange) {
  Block *block = pool->getBlock();
  SmallVector<Operation *> sweeps;
  for (Operation *user : pool.getInput().getUsers())
    if (user->getBlock() == block && pool->isBeforeInBlock(user) &&
        user->hasAttrOfType<ScheduleAttr>(kScheduleAttr))
      sweeps.push_back(user);
  llvm::sort(sweeps, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *sweep : sweeps) {
    // What the landmarks are for comes behind the sweep.
    bool isWantedBefore = llvm::any_of(pool->getUsers(), [&](Operation *user) {
      return !sweep->isBeforeInBlock(block->findAncestorOpInBlock(*user));
    });
    if (isWantedBefore)
      return false;
    auto schedule = sweep->getAttrOfType<ScheduleAttr>(kScheduleAttr);
    if (mayChange(sweep))
      sweep->setAttr(kScheduleAttr, limitSplits(schedule, pool.getPool().getNumLandmarks()));
    if (whyNotRide(pool, sweep).empty()) {
      pool->moveBefore(sweep);
      return true;
    }
    sweep->setAttr(kScheduleAttr, schedule);
  }
  return false;
}
