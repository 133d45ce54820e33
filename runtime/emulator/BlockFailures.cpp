//===- BlockFailures.cpp - what goes wrong in a block ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Block.h"
#include "llvm/Support/ErrorHandling.h"

using namespace imhsa::emulator;
using llvm::Twine;

void Block::report(FindingKind kind, const Twine &message, const Lane &lane, uint32_t site,
                   const Lane *other) {
  std::string text = message.str();
  uint32_t otherSite = other && other->state == Lane::Blocked ? other->waiting.site : kNoSite;
  if (checker) {
    checker->report(kind, text, lane.index, site,
                    other ? std::optional<uint32_t>(other->index) : std::nullopt, otherSite);
    return;
  }
  auto actor = [&](const Lane &who, uint32_t where) {
    return Actor{where, place, getPosition(who.index, launch.config.block)};
  };
  Finding finding{kind, std::move(text), actor(lane, site), std::nullopt};
  if (other)
    finding.other = actor(*other, otherSite);
  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.findings.add(std::move(finding));
}

void Block::fail(Lane &lane, uint32_t site, FindingKind kind, const Twine &message,
                 const Lane *other) {
  report(kind, message, lane, site, other);
  giveUp(lane);
}

void Block::giveUp(Lane &lane) {
  givenUp = true;
  launch.stops = true;
  // Not `lane`, for which another may have executed.
  getCurrentLane()->fibre.leave();
  llvm_unreachable("a block that was given up is not entered again");
}

// Says why no lane can go on, by the first that waits for others in vain.
void Block::reportDeadlock() {
  launch.stops = true;
  auto firstIn = [&](auto condition) -> Lane * {
    for (Lane &lane : lanes)
      if (lane.state == Lane::Blocked && condition(lane))
        return &lane;
    return nullptr;
  };
  // Lanes of a warp that wait for others of the warp.
  for (Lane &lane : lanes) {
    if (lane.state != Lane::Blocked)
      continue;
    Warp &warp = *lane.warp;
    bool isBarrier =
        lane.waiting.kind == Waiting::Barrier && (warp.atBarrier >> lane.numberInWarp() & 1);
    if (!isBarrier && lane.waiting.kind != Waiting::Collective)
      continue;
    uint32_t wanted = isBarrier ? warp.live() & ~warp.atBarrier : lane.waiting.mask & warp.live();
    for (uint32_t rest = wanted; rest; rest &= rest - 1) {
      Lane &other = warp.lanes[__builtin_ctz(rest)];
      if (!isBarrier && other.waiting.kind == Waiting::Collective &&
          other.waiting.execute == lane.waiting.execute && other.waiting.mask == lane.waiting.mask)
        continue;
      return report(isBarrier ? FindingKind::DivergentBarrier : FindingKind::DivergentCollective,
                    "waits for lane " + Twine(other.numberInWarp()) +
                        " of its warp, which waits elsewhere",
                    lane, lane.waiting.site, &other);
    }
  }
  if (Lane *lane = firstIn([](Lane &lane) { return lane.waiting.kind == Waiting::Barrier; })) {
    const Barrier &barrier = barriers[lane->waiting.barrier];
    Lane *other = firstIn([&](Lane &candidate) {
      return candidate.waiting.kind != Waiting::Barrier ||
             candidate.waiting.barrier != lane->waiting.barrier;
    });
    bool isDivergent = !other || other->waiting.kind == Waiting::Barrier;
    return report(isDivergent ? FindingKind::DivergentBarrier : FindingKind::Deadlock,
                  "barrier " + Twine(lane->waiting.barrier) + " expects " +
                      Twine(barrier.expected) + " threads, of which " + Twine(barrier.arrived) +
                      " have arrived; " +
                      (other ? "others wait elsewhere" : "all others have ended"),
                  *lane, lane->waiting.site, other);
  }
  if (Lane *lane = firstIn([](Lane &lane) { return lane.waiting.kind == Waiting::Mbarrier; })) {
    const Mbarrier &mbarrier = mbarriers[lane->waiting.mbarrier];
    return report(FindingKind::Deadlock,
                  "waits for phase " + Twine(mbarrier.phase) +
                      " of an mbarrier, for which nothing happens any more: " +
                      Twine(mbarrier.pending) + " of " + Twine(mbarrier.expected) +
                      " arrivals and " + Twine(mbarrier.transactions) + " bytes are missing",
                  *lane, lane->waiting.site, nullptr);
  }
  if (Lane *lane = firstIn([](Lane &lane) { return lane.waiting.kind == Waiting::Cluster; })) {
    std::lock_guard<std::mutex> lock(cluster->mutex);
    return report(FindingKind::Deadlock,
                  "the barrier of the cluster expects " + Twine(cluster->expected) +
                      " threads, of which " + Twine(cluster->arrived) +
                      " have arrived; all others wait elsewhere",
                  *lane, lane->waiting.site, nullptr);
  }
  for (Lane &lane : lanes)
    if (lane.state == Lane::Runnable)
      return report(FindingKind::Deadlock,
                    "asks again and again for what does not happen, while no other lane can run",
                    lane, lane.waiting.site, nullptr);
}
