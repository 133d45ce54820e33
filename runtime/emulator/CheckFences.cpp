//===- CheckFences.cpp - order by atomics and fences ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// An access that releases leaves at its address what its lane did and knows; an access to the
// same address that acquires takes it. A fence before a relaxed access makes that release what
// was known at the fence; a fence after it makes it acquire. Another block learns only what was
// released and acquired with a scope that reaches it. PTX manual, "Memory Consistency Model",
// "Release and Acquire Patterns", "Morally strong operations".
//
// What was once released at an address stays there: an access in between that does not belong to
// the release is taken for one that does, which may hide a race.

#include "runtime/emulator/CheckerState.h"

using namespace imhsa::emulator;

static bool isRelease(MemoryOrder order) {
  return order == MemoryOrder::Release || order == MemoryOrder::AcquireRelease;
}
static bool isAcquire(MemoryOrder order) {
  return order == MemoryOrder::Acquire || order == MemoryOrder::AcquireRelease;
}

Blocks BlockState::select(const Blocks &blocks, Scope scope) const {
  if (scope == Scope::Device)
    return blocks;
  uint32_t count = scope == Scope::Block ? 1 : launch.info.clusterBlocks;
  Blocks result;
  uint32_t first = number / count * count;
  for (auto found = blocks.lower_bound(first);
       found != blocks.end() && isInGroup(found->first, count); ++found)
    result.insert(*found);
  return result;
}

void BlockState::release(const Request &request, bool isShared, const Knowledge &knowledge,
                         Time base, Scope scope) {
  if (isShared) {
    released[request.address].join(knowledge);
    return;
  }
  Blocks blocks = select(Clocks::describe(number, base, knowledge), scope);
  std::lock_guard<std::mutex> lock(launch.mutex);
  Released &at = launch.released[request.address];
  join(scope == Scope::Device    ? at.toAll
       : scope == Scope::Cluster ? at.toCluster
                                 : at.toBlock,
       blocks);
}

void BlockState::synchronise(const Request &request, bool isShared, MemoryOrder order,
                             Scope scope) {
  uint32_t lane = request.lane;
  LaneFences &fences = this->fences[lane];
  if (reads(request.kind)) {
    if (isShared) {
      if (auto found = released.find(request.address); found != released.end())
        fences.acquired.join(found->second);
    } else {
      std::lock_guard<std::mutex> lock(launch.mutex);
      if (auto found = launch.released.find(request.address); found != launch.released.end()) {
        const Released &at = found->second;
        join(fences.acquiredBlocks, select(at.toAll, scope));
        join(fences.acquiredBlocks, select(at.toCluster, std::min(scope, Scope::Cluster)));
        join(fences.acquiredBlocks, select(at.toBlock, Scope::Block));
      }
    }
    if (isAcquire(order))
      acquirePending(lane, scope);
  }
  if (!writes(request.kind))
    return;
  if (isRelease(order)) {
    Knowledge knowledge;
    clocks.release(lane, knowledge);
    release(request, isShared, knowledge, clocks.getBase(), scope);
  }
  auto releaseFenced = [&](const LaneFences::Fence &fence, Scope ofFence) {
    if (fence.exists && scope >= ofFence)
      release(request, isShared, fence.released, fence.base, ofFence);
  };
  releaseFenced(fences.block, Scope::Block);
  releaseFenced(fences.cluster, Scope::Cluster);
  releaseFenced(fences.device, Scope::Device);
}

void BlockState::acquirePending(uint32_t lane, Scope scope) {
  LaneFences &fences = this->fences[lane];
  if (!fences.acquired.ordered.empty()) {
    clocks.acquire(lane, fences.acquired);
    fences.acquired = {};
  }
  if (fences.acquiredBlocks.empty())
    return;
  clocks.acquire(lane, number, select(fences.acquiredBlocks, scope));
  if (scope == Scope::Device)
    fences.acquiredBlocks.clear();
}

void BlockState::fence(uint32_t lane, Scope scope) {
  acquirePending(lane, scope);
  LaneFences &fences = this->fences[lane];
  fences.block = {true, clocks.getBase(), {}};
  clocks.release(lane, fences.block.released);
  if (scope >= Scope::Cluster)
    fences.cluster = fences.block;
  if (scope == Scope::Device)
    fences.device = fences.block;
}

bool BlockChecker::atomic(uint32_t lane, const void *address, uint32_t bytes, uint32_t alignment,
                          AccessKind kind, MemoryOrder order, Scope scope, uint32_t site) {
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
    state->checkOrder(request, where,
                      scope == Scope::Block     ? Access::BlockScope
                      : scope == Scope::Cluster ? Access::ClusterScope
                                                : 0);
  state->synchronise(request, where.space == Space::Shared, order, scope);
  return true;
}

void BlockChecker::fence(uint32_t lane, FenceKind kind, uint32_t site) {
  state->countInstruction(InstructionKind::Fence);
  switch (kind) {
  case FenceKind::Block:
    return state->fence(lane, Scope::Block);
  case FenceKind::Cluster:
    return state->fence(lane, Scope::Cluster);
  case FenceKind::Device:
  case FenceKind::System:
    return state->fence(lane, Scope::Device);
  case FenceKind::AsyncProxy:
    return state->clocks.fenceProxy(lane);
  case FenceKind::MbarrierInit:
    for (auto &[address, barrier] : state->mbarriers)
      barrier.isInitFenced |= state->isOrdered(barrier.init, lane);
    return;
  }
}
