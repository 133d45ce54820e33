//===- CheckOrder.cpp - races and reads of what nobody wrote --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Two accesses to a byte, at least one of them a write, are a data race where neither comes
// before the other in causality order and they are not both atomic: PTX manual, "Memory
// Consistency Model", "Conflict and Data-races". The model knows no exception for lanes of one
// warp, for lanes of one instruction, or for writes of the same value: all these are reported.
//
// Order comes from barriers, bar.warp.sync, mbarriers, the waits for copies, and from atomics with
// fences. Collectives like shfl, mma and ldmatrix do not order memory.

#include "runtime/emulator/CheckerState.h"

using namespace imhsa::emulator;

Access BlockState::makeAccess(const Request &request, uint16_t flags) const {
  return {number, clocks.now(request.lane), request.site, static_cast<uint16_t>(request.lane),
          static_cast<uint16_t>(Access::Exists | flags)};
}

bool BlockState::findConflict(const Cell &cell, const AccessGroup *atomics, const Request &request,
                              bool isShared, uint16_t flags, Conflict &found) const {
  auto conflict = [&](FindingKind kind, const char *what, const Access &other) {
    found = {kind, what, other};
    return true;
  };
  uint32_t lane = request.lane;
  const Access &write = cell.write;
  if (write.exists()) {
    if (write.is(Access::InFlight))
      return conflict(FindingKind::CopyNotWaitedFor,
                      ", to which an asynchronous copy is still in flight", write);
    if (!isOrdered(write, lane)) {
      if (write.is(Access::Copied))
        return conflict(FindingKind::CopyNotWaitedFor,
                        ", which an asynchronous copy wrote: nothing orders this after its wait",
                        write);
      return conflict(FindingKind::Race, " and a write by another lane, which nothing orders",
                      write);
    }
    if ((flags & Access::AsyncProxy) && request.kind == AccessKind::Read &&
        !write.is(Access::AsyncProxy) && !clocks.isFenced(lane, write.actor, write.time))
      return conflict(FindingKind::MissingProxyFence,
                      " by a bulk copy, after a write without fence.proxy.async between", write);
  } else if (isShared && reads(request.kind) && (!atomics || atomics->empty())) {
    return conflict(FindingKind::Uninitialised, ", which nobody in the block wrote", {});
  }
  if (writes(request.kind))
    if (const Access *read = cell.reads.findUnordered(number, lane, clocks, sets))
      return conflict(FindingKind::Race, " and a read by another lane, which nothing orders",
                      *read);
  if (!isAtomic(request.kind) && atomics)
    if (const Access *atomic = atomics->findUnordered(number, lane, clocks, sets))
      return conflict(FindingKind::Race,
                      " and an atomic access by another lane, which nothing orders", *atomic);
  if (!isAtomic(request.kind) || !atomics)
    return false;
  auto isBeyond = [&](uint16_t scope, uint32_t blocks) {
    return atomics->findKept([&](const Access &atomic) {
      return ((flags | atomic.flags) & scope) && !isInGroup(atomic.block, blocks) &&
             !isOrdered(atomic, lane);
    });
  };
  if (const Access *atomic = isBeyond(Access::BlockScope, 1))
    return conflict(FindingKind::Race,
                    " and one in another block, and not both are atomic beyond their block",
                    *atomic);
  if (const Access *atomic = isBeyond(Access::ClusterScope, launch.info.clusterBlocks))
    return conflict(FindingKind::Race,
                    " and one in another cluster, and not both are atomic beyond their cluster",
                    *atomic);
  return false;
}

void BlockState::checkOrder(const Request &request, const Place &where, uint16_t flags) {
  Access access = makeAccess(request, flags);
  bool isShared = where.space == Space::Shared;
  bool isAsyncProxy = flags & Access::AsyncProxy;
  // One finding for an access is enough, however many of its bytes are concerned.
  Conflict conflict;
  bool isFound = false;
  auto visit = [&](Cell &cell, AccessGroup *atomics) {
    // The common case first: nobody wrote to global memory, or somebody did before.
    bool isSimple = !isAsyncProxy && !atomics && request.kind == AccessKind::Read &&
                    (cell.write.exists()
                         ? !cell.write.is(Access::InFlight) && isOrdered(cell.write, request.lane)
                         : !isShared);
    if (!isSimple && !isFound)
      isFound = findConflict(cell, atomics, request, isShared, flags, conflict);
    switch (request.kind) {
    case AccessKind::Read:
      cell.reads.add(access, clocks, sets);
      break;
    case AccessKind::Write:
      cell.write = access;
      cell.reads.clear();
      if (atomics)
        atomics->clear();
      break;
    case AccessKind::Atomic:
    case AccessKind::AtomicWrite:
      atomics->add(access, clocks, sets);
      break;
    case AccessKind::AtomicRead:
      // Kept with the reads it would seem to race with atomics, with those to race with reads.
      break;
    }
  };
  where.shadow->visit(where.offset, request.bytes, isAtomic(request.kind), visit);
  if (isFound)
    report(conflict.kind, describe(request) + conflict.what, request,
           conflict.other.exists() ? &conflict.other : nullptr);
  if (writes(request.kind) && !sources.empty())
    checkSources(request);
}
