//===- BlockMeetings.cpp - where lanes wait for each other ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Block.h"
#include "llvm/ADT/bit.h"

using namespace imhsa::emulator;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Collectives of a warp
//===----------------------------------------------------------------------===//

const uint64_t *Meeting::in(unsigned lane) const { return warp.lanes[lane].waiting.in; }
uint64_t *Meeting::out(unsigned lane) const { return warp.lanes[lane].waiting.out; }

void Block::meet(Lane &lane, uint32_t site, uint32_t mask, bool isAligned,
                 void (*execute)(const Meeting &), const uint64_t *in, uint64_t *out) {
  Warp &warp = *lane.warp;
  if (!(mask >> lane.numberInWarp() & 1))
    fail(lane, site, FindingKind::InvalidOperand,
         "the member mask 0x" + llvm::Twine::utohexstr(mask) + " is without the lane itself, " +
             Twine(lane.numberInWarp()) + " of its warp");
  Waiting &waiting = lane.waiting;
  waiting = {};
  waiting.kind = Waiting::Collective;
  waiting.site = site;
  waiting.execute = execute;
  waiting.mask = mask;
  waiting.isAligned = isAligned;
  waiting.in = in;
  waiting.out = out;
  lane.state = Lane::Blocked;
  ++progress;
  tryMeeting(lane, waiting, warp);
  if (lane.state == Lane::Blocked)
    suspend(lane);
}

void Block::tryMeeting(Lane &arriving, const Waiting &waiting, Warp &warp) {
  if (waiting.isAligned && warp.live() != waiting.mask)
    fail(arriving, waiting.site, FindingKind::DivergentCollective,
         "needs all 32 lanes of the warp, of which only " + Twine(llvm::popcount(warp.live())) +
             " are there");
  uint32_t mask = waiting.mask & warp.live();
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    Lane &other = warp.lanes[__builtin_ctz(rest)];
    if (other.state != Lane::Blocked || other.waiting.kind != Waiting::Collective ||
        other.waiting.mask != waiting.mask)
      return;
    if (other.waiting.execute != waiting.execute ||
        (waiting.isAligned && other.waiting.site != waiting.site))
      fail(arriving, waiting.site, FindingKind::DivergentCollective,
           "lane " + Twine(other.numberInWarp()) +
               " of the warp, which has to take part, is at another instruction",
           &other);
  }
  waiting.execute({*this, warp, mask, waiting.site});
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    Lane &other = warp.lanes[__builtin_ctz(rest)];
    other.waiting.kind = Waiting::Nothing;
    wake(other);
  }
  ++progress;
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

uint64_t Block::barrier(Lane &lane, uint32_t site, uint64_t id, uint64_t count, uint32_t action,
                        bool isAligned, bool predicate) {
  auto numThreads = static_cast<uint32_t>(warps.size()) * Chip::kWarpSize;
  if (id >= std::size(barriers))
    fail(lane, site, FindingKind::InvalidOperand,
         "barrier " + Twine(id) + ": a block has barriers 0 to 15");
  if (count % Chip::kWarpSize != 0 || count > numThreads)
    fail(lane, site, FindingKind::InvalidOperand,
         "a barrier of " + Twine(count) + " threads: expected a multiple of 32, at most " +
             Twine(numThreads) + ", which the block has");
  if (action == BarrierArrive && count == 0)
    fail(lane, site, FindingKind::InvalidOperand,
         "barrier.arrive needs the number of threads that the barrier is for");
  Waiting &waiting = lane.waiting;
  waiting = {};
  waiting.kind = Waiting::Barrier;
  waiting.site = site;
  waiting.barrier = static_cast<uint32_t>(id);
  waiting.count = static_cast<uint32_t>(count);
  waiting.action = action;
  waiting.isAligned = isAligned;
  waiting.predicate = predicate;
  lane.state = Lane::Blocked;
  lane.warp->atBarrier |= 1u << lane.numberInWarp();
  ++progress;
  if (checker && action == BarrierArrive)
    checker->barrierArrive(lane.index, waiting.barrier, site);
  else if (checker)
    checker->barrierWait(lane.index, waiting.barrier, site);
  gatherAtBarrier(lane, *lane.warp);
  if (lane.state == Lane::Blocked)
    suspend(lane);
  return lane.waiting.result;
}

// A warp arrives when all of its lanes that have not ended have come to the barrier.
void Block::gatherAtBarrier(Lane &arriving, Warp &warp) {
  if (!warp.atBarrier)
    return;
  const Waiting &waiting = warp.lanes[__builtin_ctz(warp.atBarrier)].waiting;
  for (uint32_t rest = warp.atBarrier; rest; rest &= rest - 1) {
    Lane &other = warp.lanes[__builtin_ctz(rest)];
    bool isSame = other.waiting.barrier == waiting.barrier &&
                  other.waiting.count == waiting.count && other.waiting.action == waiting.action;
    if (!isSame ||
        ((waiting.isAligned || other.waiting.isAligned) && other.waiting.site != waiting.site))
      fail(arriving, arriving.waiting.site, FindingKind::DivergentBarrier,
           "lane " + Twine(other.numberInWarp()) + " of the warp is at another barrier", &other);
  }
  if (warp.atBarrier == warp.live())
    arriveAtBarrier(arriving, warp, waiting);
}

// Those of warps that live, 32 for each.
uint32_t Block::countThreads() const {
  return static_cast<uint32_t>(
             llvm::count_if(warps, [](const Warp &warp) { return warp.live(); })) *
         Chip::kWarpSize;
}

void Block::arriveAtBarrier(Lane &arriving, Warp &warp, const Waiting &waiting) {
  Barrier &barrier = barriers[waiting.barrier];
  uint32_t id = waiting.barrier, action = waiting.action;
  bool isForAll = waiting.count == 0;
  uint32_t count = isForAll ? countThreads() : waiting.count;
  // Warps that end make a barrier of all threads smaller.
  if (barrier.isForAll && isForAll)
    barrier.expected = count;
  if (barrier.expected != 0 && barrier.expected != count)
    fail(arriving, waiting.site, FindingKind::InvalidOperand,
         "barrier " + Twine(id) + " is waited for by " + Twine(barrier.expected) +
             " threads elsewhere, and here by " + Twine(count));
  if (action != BarrierArrive && !barrier.waiting.empty() && barrier.action != action)
    fail(arriving, waiting.site, FindingKind::DivergentBarrier,
         "barrier " + Twine(id) + " is used for another reduction, or none, elsewhere",
         barrier.waiting.front());
  barrier.expected = count;
  barrier.isForAll = isForAll;
  barrier.arrived += Chip::kWarpSize;
  if (action != BarrierArrive)
    barrier.action = action;
  for (uint32_t rest = warp.atBarrier; rest; rest &= rest - 1) {
    Lane &lane = warp.lanes[__builtin_ctz(rest)];
    if (action != BarrierArrive) {
      barrier.waiting.push_back(&lane);
      continue;
    }
    lane.waiting.kind = Waiting::Nothing;
    wake(lane);
  }
  warp.atBarrier = 0;
  ++progress;
  if (barrier.arrived == barrier.expected)
    completeBarrier(id);
}

// Completes the barriers that waited only for warps that have ended.
void Block::checkBarriers() {
  for (uint32_t id = 0; id < std::size(barriers); ++id) {
    Barrier &barrier = barriers[id];
    if (!barrier.isForAll || barrier.waiting.empty())
      continue;
    barrier.expected = countThreads();
    if (barrier.arrived == barrier.expected)
      completeBarrier(id);
  }
}

void Block::completeBarrier(uint32_t id) {
  Barrier &barrier = barriers[id];
  uint64_t result = 0, numTrue = 0;
  llvm::SmallVector<uint32_t, 0> indices;
  for (const Lane *lane : barrier.waiting) {
    indices.push_back(lane->index);
    numTrue += lane->waiting.predicate;
  }
  if (barrier.action == BarrierPopc)
    result = numTrue;
  else if (barrier.action == BarrierAnd)
    result = numTrue == barrier.waiting.size();
  else if (barrier.action == BarrierOr)
    result = numTrue != 0;
  if (checker)
    checker->barrierReleased(id, indices);
  for (Lane *lane : barrier.waiting) {
    lane->waiting.kind = Waiting::Nothing;
    lane->waiting.result = result;
    wake(*lane);
  }
  barrier = {};
  ++progress;
}
