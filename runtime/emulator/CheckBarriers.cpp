//===- CheckBarriers.cpp - meeting points and mbarriers -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/CheckerState.h"

using namespace imhsa::emulator;

//===--- Barriers and warps ------------------------------------------------===//

void BlockState::meet(llvm::ArrayRef<uint32_t> lanes, const Knowledge &arrived) {
  clocks.meet(lanes, arrived);
  if (lanes.size() == numLanes)
    sets.forgetAll();
}

void BlockChecker::barrierArrive(uint32_t lane, uint32_t number, uint32_t site) {
  state->countInstruction(InstructionKind::Barrier);
  state->clocks.release(lane, state->arrivals[number]);
}

void BlockChecker::barrierWait(uint32_t lane, uint32_t number, uint32_t site) {
  state->countInstruction(InstructionKind::Barrier);
}

void BlockChecker::barrierReleased(uint32_t number, llvm::ArrayRef<uint32_t> waiting) {
  auto arrived = state->arrivals.find(number);
  if (arrived == state->arrivals.end()) {
    state->meet(waiting, {});
  } else {
    state->meet(waiting, arrived->second);
    state->arrivals.erase(arrived);
  }
  if (!state->counts)
    return;
  std::vector<uint32_t> masks(llvm::divideCeil(state->numLanes, 32));
  for (uint32_t lane : waiting)
    masks[lane / 32] |= 1u << lane % 32;
  for (uint32_t warp = 0; warp < masks.size(); ++warp)
    if (masks[warp])
      state->warpAccesses.met(warp, masks[warp]);
}

void BlockChecker::clusterArrive(uint32_t lane, Blocks &arrived) {
  state->countInstruction(InstructionKind::Barrier);
  Knowledge knowledge;
  state->clocks.release(lane, knowledge);
  join(arrived, Clocks::describe(state->number, state->clocks.getBase(), knowledge));
}

void BlockChecker::clusterWait(uint32_t lane, const Blocks &released) {
  state->countInstruction(InstructionKind::Barrier);
  state->clocks.acquire(lane, state->number, released);
}

void BlockChecker::warpSync(uint32_t firstLane, uint32_t mask) {
  llvm::SmallVector<uint32_t, 32> lanes;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    lanes.push_back(firstLane + llvm::countr_zero(rest));
  state->meet(lanes, {});
  state->countInstruction(InstructionKind::WarpSync, lanes.size());
  warpMet(firstLane, mask);
}

void BlockChecker::warpMet(uint32_t firstLane, uint32_t mask) {
  if (state->counts)
    state->warpAccesses.met(firstLane / 32, mask);
}

//===--- mbarriers ---------------------------------------------------------===//

constexpr uint32_t kMbarrierBytes = 8;

static Request makeRequest(uint32_t lane, const void *mbarrier, AccessKind kind, uint32_t site) {
  return {lane, static_cast<const char *>(mbarrier), kMbarrierBytes, kind, site};
}

MbarrierState *BlockState::useMbarrier(const Request &request, const char *what) {
  countInstruction(InstructionKind::Mbarrier);
  Place where;
  if (!locate(request, kMbarrierBytes, /*mustBeShared=*/true, where))
    return nullptr;
  auto entry = mbarriers.find(request.address);
  if (entry == mbarriers.end() || !entry->second.isValid) {
    report(FindingKind::InvalidBarrier,
           llvm::Twine(what) + " the mbarrier at shared memory + " + llvm::Twine(where.offset) +
               ", which is not initialised",
           request);
    return nullptr;
  }
  if (where.shadow)
    checkOrder(request, where);
  return &entry->second;
}

bool BlockChecker::mbarrierInit(uint32_t lane, const void *mbarrier, uint32_t count,
                                uint32_t site) {
  Request request = makeRequest(lane, mbarrier, AccessKind::Write, site);
  state->countInstruction(InstructionKind::Mbarrier);
  Place where;
  if (!state->locate(request, kMbarrierBytes, /*mustBeShared=*/true, where))
    return false;
  MbarrierState &barrier = state->mbarriers[request.address];
  if (barrier.isValid)
    state->report(FindingKind::InvalidBarrier,
                  "init of the mbarrier at shared memory + " + llvm::Twine(where.offset) +
                      ", which is in use: there is no inval between",
                  request);
  if (where.shadow)
    state->checkOrder(request, where);
  if (barrier.agent == 0) {
    barrier.agent = state->clocks.addAgent();
    state->agentLanes.push_back(lane);
  }
  uint32_t agent = barrier.agent;
  barrier = {};
  barrier.isValid = true;
  barrier.agent = agent;
  barrier.init = state->makeAccess(request, 0);
  return true;
}

bool BlockChecker::mbarrierInvalidate(uint32_t lane, const void *mbarrier, uint32_t site) {
  MbarrierState *barrier =
      state->useMbarrier(makeRequest(lane, mbarrier, AccessKind::Write, site), "inval of");
  if (barrier)
    barrier->isValid = false;
  return barrier;
}

bool BlockChecker::mbarrierArrive(uint32_t lane, const void *mbarrier, uint32_t site) {
  MbarrierState *barrier =
      state->useMbarrier(makeRequest(lane, mbarrier, AccessKind::Atomic, site), "arrive on");
  if (barrier)
    state->clocks.release(lane, barrier->pending);
  return barrier;
}

bool BlockChecker::mbarrierExpect(uint32_t lane, const void *mbarrier, uint32_t site) {
  return state->useMbarrier(makeRequest(lane, mbarrier, AccessKind::Atomic, site), "expect_tx on");
}

void BlockChecker::mbarrierComplete(const void *mbarrier) {
  auto entry = state->mbarriers.find(static_cast<const char *>(mbarrier));
  if (entry == state->mbarriers.end())
    return;
  MbarrierState &barrier = entry->second;
  barrier.completed[barrier.phase % 2] = std::move(barrier.pending);
  barrier.pending = {};
  ++barrier.phase;
}

bool BlockChecker::mbarrierWait(uint32_t lane, const void *mbarrier, uint32_t parity,
                                bool succeeded, uint32_t site) {
  MbarrierState *barrier =
      state->useMbarrier(makeRequest(lane, mbarrier, AccessKind::Atomic, site), "wait on");
  if (barrier && succeeded)
    state->clocks.acquire(lane, barrier->completed[parity % 2]);
  return barrier;
}
