//===- CheckCopies.cpp - asynchronous copies ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// From its issue to its wait a copy is in flight: it may read and write at any time, so nobody
// may use its destination or write to its source. cp.async is complete for the lane that issued
// it at that lane's wait, as if the lane had written then. A copy that completes on an mbarrier
// is written in the name of the mbarrier's agent, whom those know who wait for the phase.
// PTX manual, "Data Movement and Conversion Instructions: Asynchronous copy".

#include "runtime/emulator/CheckerState.h"

using namespace imhsa::emulator;

//===--- In flight ---------------------------------------------------------===//

std::optional<Copy> BlockState::issue(const Request &destination, const Request &source,
                                      bool toShared, uint32_t alignment, uint16_t flags) {
  Place to, from;
  if (!locate(destination, alignment, toShared, to) ||
      (source.bytes && !locate(source, alignment, !toShared, from)))
    return std::nullopt;
  if (counts) {
    if (source.bytes)
      countBytes(from, source.bytes, 0);
    countBytes(to, 0, destination.bytes);
  }
  if (from.shadow)
    checkOrder(source, from, flags);
  if (to.shadow)
    checkOrder(destination, to, flags | Access::InFlight);
  if (from.shadow && source.bytes) {
    sources.insert(
        {source.address, {source.address + source.bytes, makeAccess(source, Access::InFlight)}});
    longestSource = std::max<uint64_t>(longestSource, source.bytes);
  }
  return Copy{destination.address,
              source.address,
              to,
              from,
              destination.bytes,
              source.bytes,
              makeAccess(destination, flags | Access::InFlight)};
}

void BlockState::checkSources(const Request &request) {
  const char *end = request.address + request.bytes;
  auto first = sources.lower_bound(request.address - longestSource);
  for (auto it = first; it != sources.end() && it->first < end; ++it)
    if (it->second.end > request.address) {
      report(FindingKind::CopySourceWritten,
             describe(request) + ", from which an asynchronous copy in flight still reads", request,
             &it->second.issued);
      return;
    }
}

void BlockState::completeDestination(const Copy &copy, uint32_t actor, Time time) {
  if (!copy.destinationPlace.shadow)
    return;
  uint16_t flags = (copy.issued.flags & ~Access::InFlight) | Access::Copied;
  copy.destinationPlace.shadow->visit(
      copy.destinationPlace.offset, copy.bytes, /*wantsAtomics=*/false,
      [&](Cell &cell, AccessGroup *) {
        Access &write = cell.write;
        // Somebody else may have written meanwhile, which was reported.
        if (write.is(Access::InFlight) && write.actor == copy.issued.actor &&
            write.time == copy.issued.time && write.site == copy.issued.site) {
          write.flags = flags;
          write.actor = actor;
          write.time = time;
        }
      });
}

void BlockState::completeSource(const Copy &copy, std::optional<uint32_t> lane) {
  if (!copy.sourcePlace.shadow || !copy.sourceBytes)
    return;
  auto [begin, end] = sources.equal_range(copy.source);
  for (auto it = begin; it != end; ++it)
    if (it->second.issued.actor == copy.issued.actor &&
        it->second.issued.site == copy.issued.site) {
      sources.erase(it);
      break;
    }
  if (!lane)
    return;
  // It may have read as late as now.
  Access read = copy.issued;
  read.flags &= ~Access::InFlight;
  read.time = clocks.now(*lane);
  copy.sourcePlace.shadow->visit(
      copy.sourcePlace.offset, copy.sourceBytes, /*wantsAtomics=*/false,
      [&](Cell &cell, AccessGroup *) { cell.reads.add(read, clocks, sets); });
}

void BlockState::completeFor(uint32_t lane, const CopyGroup &group) {
  for (const Copy &copy : group.copies) {
    completeDestination(copy, lane, clocks.now(lane));
    completeSource(copy, lane);
  }
}

//===--- cp.async ----------------------------------------------------------===//

bool BlockChecker::copyAsync(uint32_t lane, const void *destination, uint32_t bytes,
                             const void *source, uint32_t sourceBytes, uint32_t site) {
  state->countInstruction(InstructionKind::CopyAsync);
  Request to{lane, static_cast<const char *>(destination), bytes, AccessKind::Write, site};
  Request from{lane, static_cast<const char *>(source), sourceBytes, AccessKind::Read, site};
  std::optional<Copy> copy = state->issue(to, from, /*toShared=*/true, bytes, 0);
  if (!copy)
    return false;
  if (state->counts && sourceBytes)
    state->warpAccesses.add(lane, WarpAccesses::Kind::GlobalLoad,
                            reinterpret_cast<uint64_t>(source), bytes, site,
                            copy->sourcePlace.buffer);
  if (state->checksOrder)
    state->copies[lane].open.push_back(*copy);
  return true;
}

void BlockChecker::copyCommit(uint32_t lane) {
  LaneCopies &copies = state->copies[lane];
  copies.groups.push_back({std::move(copies.open)});
  copies.open.clear();
}

void BlockState::waitForGroups(uint32_t lane, uint32_t pending) {
  LaneCopies &lanes = copies[lane];
  for (; lanes.groups.size() > pending; lanes.groups.pop_front())
    completeFor(lane, lanes.groups.front());
  if (!lanes.arrived.ordered.empty()) {
    clocks.acquire(lane, lanes.arrived);
    lanes.arrived = {};
  }
}

void BlockChecker::copyWaitGroup(uint32_t lane, uint32_t pending) {
  state->waitForGroups(lane, pending);
}

void BlockChecker::copyWaitAll(uint32_t lane) {
  copyCommit(lane);
  state->waitForGroups(lane, 0);
}

bool BlockChecker::copyMbarrierArrive(uint32_t lane, const void *mbarrier, uint32_t site) {
  Request request{lane, static_cast<const char *>(mbarrier), 8, AccessKind::Atomic, site};
  if (!state->useMbarrier(request, "arrive on"))
    return false;
  LaneCopies &copies = state->copies[lane];
  LaneCopies::OnMbarrier taken{request.address, {}};
  for (CopyGroup &group : copies.groups) {
    llvm::append_range(taken.copies, group.copies);
    group.copies.clear();
  }
  llvm::append_range(taken.copies, copies.open);
  copies.open.clear();
  copies.onMbarriers.push_back(std::move(taken));
  return true;
}

void BlockChecker::copyMbarrierArrived(uint32_t lane) {
  LaneCopies &copies = state->copies[lane];
  LaneCopies::OnMbarrier taken = std::move(copies.onMbarriers.front());
  copies.onMbarriers.pop_front();
  MbarrierState &barrier = state->mbarriers[taken.mbarrier];
  state->agentLanes[barrier.agent - state->numLanes] = lane;
  Time time = state->clocks.act(barrier.agent, barrier.pending);
  state->clocks.act(barrier.agent, copies.arrived);
  for (const Copy &copy : taken.copies) {
    state->completeDestination(copy, barrier.agent, time);
    state->completeSource(copy, std::nullopt);
  }
}

//===--- Bulk copies -------------------------------------------------------===//

constexpr uint32_t kBulkAlignment = 16;

std::optional<uint32_t> BlockChecker::bulkToShared(uint32_t lane, void *destination,
                                                   const void *source, uint32_t bytes,
                                                   const void *mbarrier, uint32_t site) {
  state->countInstruction(InstructionKind::BulkCopy);
  Request use{lane, static_cast<const char *>(mbarrier), 8, AccessKind::Atomic, site};
  MbarrierState *barrier = state->useMbarrier(use, "bulk copy that completes on");
  if (!barrier)
    return std::nullopt;
  const Access &init = barrier->init;
  if (state->checksOrder && !barrier->isInitFenced &&
      !state->clocks.isFenced(lane, init.actor, init.time))
    state->report(FindingKind::MissingProxyFence,
                  "a bulk copy that completes on an mbarrier, after its init without "
                  "fence.mbarrier_init or fence.proxy.async between",
                  use, &init);
  Request to{lane, static_cast<char *>(destination), bytes, AccessKind::Write, site};
  Request from{lane, static_cast<const char *>(source), bytes, AccessKind::Read, site};
  std::optional<Copy> copy =
      state->issue(to, from, /*toShared=*/true, kBulkAlignment, Access::AsyncProxy);
  if (!copy)
    return std::nullopt;
  if (state->counts)
    state->counters.ofBuffer(copy->sourcePlace.buffer).sectorsRead +=
        countSectors(reinterpret_cast<uint64_t>(source), bytes);
  state->agentLanes[barrier->agent - state->numLanes] = lane;
  state->bulkCopies.push_back({*copy, use.address});
  return state->bulkCopies.size() - 1;
}

void BlockChecker::bulkArrived(uint32_t number) {
  BulkCopy copy = state->bulkCopies[number];
  MbarrierState &barrier = state->mbarriers[copy.mbarrier];
  Time time = state->clocks.act(barrier.agent, barrier.pending);
  state->completeDestination(copy.copy, barrier.agent, time);
  state->completeSource(copy.copy, std::nullopt);
}

bool BlockChecker::bulkToGlobal(uint32_t lane, void *destination, const void *source,
                                uint32_t bytes, uint32_t site) {
  state->countInstruction(InstructionKind::BulkCopy);
  Request to{lane, static_cast<char *>(destination), bytes, AccessKind::Write, site};
  Request from{lane, static_cast<const char *>(source), bytes, AccessKind::Read, site};
  std::optional<Copy> copy =
      state->issue(to, from, /*toShared=*/false, kBulkAlignment, Access::AsyncProxy);
  if (!copy)
    return false;
  if (state->counts)
    state->counters.ofBuffer(copy->destinationPlace.buffer).sectorsWritten +=
        countSectors(reinterpret_cast<uint64_t>(destination), bytes);
  state->copies[lane].openBulk.push_back(*copy);
  return true;
}

void BlockChecker::bulkCommit(uint32_t lane) {
  LaneCopies &copies = state->copies[lane];
  copies.bulkGroups.push_back({std::move(copies.openBulk)});
  copies.openBulk.clear();
}

void BlockChecker::bulkWaitGroup(uint32_t lane, uint32_t pending, bool onlyRead) {
  std::deque<CopyGroup> &groups = state->copies[lane].bulkGroups;
  for (size_t i = 0; i + pending < groups.size(); ++i) {
    for (const Copy &copy : groups[i].copies) {
      if (!groups[i].areSourcesRead)
        state->completeSource(copy, lane);
      if (!onlyRead)
        state->completeDestination(copy, lane, state->clocks.now(lane));
    }
    groups[i].areSourcesRead = true;
  }
  if (!onlyRead)
    while (groups.size() > pending)
      groups.pop_front();
}
