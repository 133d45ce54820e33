//===- CheckFences.cpp - order by atomics and fences ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// An access that releases leaves at its address what its lane did and knows; an access to the
// same address that acquires takes it. A fence before a relaxed access makes that release what
// was known at the fence; a fence after it makes it acquire. Scopes are not told apart. PTX
// manual, "Memory Consistency Model", "Release and Acquire Patterns".
//
// What was once released at an address stays there: an access in between that does not belong to
// the release is taken for one that does, which may hide a race.

#include "runtime/emulator/CheckerState.h"

using namespace imhsa::emulator;

void BlockState::release(const Request &request, bool isShared, const Knowledge &knowledge,
                         Time base) {
  if (isShared) {
    released[request.address].join(knowledge);
    return;
  }
  Blocks blocks = Clocks::describe(number, base, knowledge);
  std::lock_guard<std::mutex> lock(launch.mutex);
  join(launch.released[request.address], blocks);
}

void BlockState::synchronise(const Request &request, bool isShared, MemoryOrder order) {
  uint32_t lane = request.lane;
  LaneFences &fences = this->fences[lane];
  if (reads(request.kind)) {
    if (isShared) {
      if (auto found = released.find(request.address); found != released.end())
        fences.acquired.join(found->second);
    } else {
      std::lock_guard<std::mutex> lock(launch.mutex);
      if (auto found = launch.released.find(request.address); found != launch.released.end())
        join(fences.acquiredBlocks, found->second);
    }
    if (order == MemoryOrder::Acquire || order == MemoryOrder::AcquireRelease)
      acquirePending(lane);
  }
  if (!writes(request.kind))
    return;
  if (order == MemoryOrder::Release || order == MemoryOrder::AcquireRelease) {
    Knowledge knowledge;
    clocks.release(lane, knowledge);
    release(request, isShared, knowledge, clocks.getBase());
  } else if (fences.hasFence) {
    release(request, isShared, fences.released, fences.base);
  }
}

void BlockState::acquirePending(uint32_t lane) {
  LaneFences &fences = this->fences[lane];
  if (!fences.acquired.ordered.empty()) {
    clocks.acquire(lane, fences.acquired);
    fences.acquired = {};
  }
  if (!fences.acquiredBlocks.empty()) {
    clocks.acquire(lane, number, fences.acquiredBlocks);
    fences.acquiredBlocks.clear();
  }
}

void BlockState::fence(uint32_t lane) {
  acquirePending(lane);
  LaneFences &fences = this->fences[lane];
  fences.hasFence = true;
  fences.base = clocks.getBase();
  fences.released = {};
  clocks.release(lane, fences.released);
}

bool BlockChecker::atomic(uint32_t lane, const void *address, uint32_t bytes, uint32_t alignment,
                          AccessKind kind, MemoryOrder order, uint32_t site) {
  Request request{lane, static_cast<const char *>(address), bytes, kind, site};
  Place where;
  if (!state->locate(request, alignment, /*mustBeShared=*/false, where))
    return false;
  state->countInstruction(InstructionKind::Atomic);
  if (state->counts)
    state->countAccess(request, where);
  if (!state->checksOrder || where.space == Space::Local)
    return true;
  if (where.shadow)
    state->checkOrder(request, where);
  state->synchronise(request, where.space == Space::Shared, order);
  return true;
}

void BlockChecker::fence(uint32_t lane, FenceKind kind, uint32_t site) {
  state->countInstruction(InstructionKind::Fence);
  switch (kind) {
  case FenceKind::Block:
  case FenceKind::Device:
  case FenceKind::System:
    return state->fence(lane);
  case FenceKind::AsyncProxy:
    return state->clocks.fenceProxy(lane);
  case FenceKind::MbarrierInit:
    return;
  }
}
