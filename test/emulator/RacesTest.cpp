//===- RacesTest.cpp - races, against a plain definition of them ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Random accesses and synchronisation of a block, told both to the checker and to a model that
// keeps a full vector clock for each lane and every access that there was. Both have to find the
// first race at the same access. Run by races.test.

#include "runtime/emulator/Checker.h"

#include <cstdio>
#include <map>
#include <random>

using namespace imhsa::emulator;

namespace {

using Clock = std::vector<int>; // by lane: up to which of its epochs one knows it

void join(Clock &into, const Clock &from) {
  for (size_t i = 0; i < into.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

// What happened before what, by definition.
class Model {
public:
  explicit Model(uint32_t numLanes) : clocks(numLanes, Clock(numLanes)) {
    for (uint32_t lane = 0; lane < numLanes; ++lane)
      clocks[lane][lane] = 1;
  }
  Clock nothing() const { return Clock(clocks.size()); }
  void release(uint32_t lane, Clock &into) {
    join(into, clocks[lane]);
    ++clocks[lane][lane];
  }
  void acquire(uint32_t lane, const Clock &from) { join(clocks[lane], from); }
  void meet(const std::vector<uint32_t> &lanes, Clock joined) {
    for (uint32_t lane : lanes)
      release(lane, joined);
    for (uint32_t lane : lanes)
      acquire(lane, joined);
  }
  // Whether the access races with one before it.
  bool access(uint32_t lane, uint32_t begin, uint32_t end, AccessKind kind) {
    bool races = false;
    for (const Past &past : accesses)
      races |= past.begin < end && begin < past.end && clocks[lane][past.lane] < past.epoch &&
               (kind != AccessKind::Read || past.kind != AccessKind::Read) &&
               (kind != AccessKind::Atomic || past.kind != AccessKind::Atomic);
    accesses.push_back({lane, clocks[lane][lane], begin, end, kind});
    return races;
  }

private:
  struct Past {
    uint32_t lane;
    int epoch;
    uint32_t begin, end;
    AccessKind kind;
  };
  std::vector<Clock> clocks;
  std::vector<Past> accesses;
};

class Trial {
public:
  /// Of 11 + accesses events, 11 synchronise.
  Trial(uint32_t seed, uint32_t numLanes, bool isShared, uint32_t accesses)
      : random(seed), numLanes(numLanes), isShared(isShared), accesses(accesses), model(numLanes) {
    pending.assign(kNumBarriers, model.nothing());
    phase = completed[0] = completed[1] = flag = model.nothing();
    for (uint32_t lane = 0; lane < numLanes; ++lane)
      all.push_back(lane);
  }

  // The event at which the model and the checker find the first race; 0 if none.
  std::pair<uint32_t, uint32_t> run(uint32_t numEvents) {
    LaunchInfo info;
    info.block = {numLanes, 1, 1};
    info.sharedBytes = sizeof(shared);
    info.buffers = {{"memory", memory, sizeof(memory), true}};
    info.sites = &sites;
    LaunchChecker launch(std::move(info));
    std::unique_ptr<BlockChecker> made = launch.makeBlockChecker();
    block = made.get();
    block->begin({0, 0, 0}, shared);
    start();
    uint32_t found = 0;
    for (uint32_t event = 1; event <= numEvents && !found; ++event)
      if (step(event))
        found = event;
    block->end();
    made.reset();
    LaunchReport report = launch.finish();
    uint32_t reported = 0;
    for (const Finding &finding : report.findings.getFindings())
      if (!reported || finding.actor.site < reported)
        reported = finding.actor.site;
    return {found, reported};
  }

private:
  static constexpr uint32_t kBytes = 48, kNumBarriers = 3;

  uint32_t below(uint32_t limit) { return random() % limit; }
  std::vector<uint32_t> someLanes(uint32_t first, uint32_t count) {
    std::vector<uint32_t> lanes;
    uint32_t sparse = 1 + below(4);
    for (uint32_t lane = first; lane < first + count; ++lane)
      if (below(sparse) == 0)
        lanes.push_back(lane);
    return lanes;
  }
  void meet(const std::vector<uint32_t> &lanes) { model.meet(lanes, model.nothing()); }

  // Memory with something in it, an mbarrier and a flag, of which all know.
  void start() {
    for (uint32_t at = 0; at < kBytes; at += 16) {
      block->access(0, getMemory() + at, 16, 16, AccessKind::Write, 0);
      model.access(0, at, at + 16, AccessKind::Write);
    }
    block->access(0, shared + 128, 4, 4, AccessKind::Write, 0);
    block->mbarrierInit(0, shared + 256, 1, 0);
    block->barrierReleased(0, all);
    meet(all);
  }
  char *getMemory() { return isShared ? shared : memory; }

  // True if there is a race.
  bool step(uint32_t event) {
    uint32_t lane = below(numLanes);
    switch (below(11 + accesses)) {
    case 0: {
      block->barrierReleased(0, all);
      meet(all);
      return false;
    }
    case 1:
    case 2: {
      uint32_t first = 32 * below((numLanes + 31) / 32);
      std::vector<uint32_t> lanes = someLanes(first, std::min(32u, numLanes - first));
      uint32_t mask = 0;
      for (uint32_t one : lanes)
        mask |= 1u << (one - first);
      if (mask)
        block->warpSync(first, mask);
      meet(lanes);
      return false;
    }
    case 3: {
      uint32_t number = below(kNumBarriers);
      block->barrierArrive(lane, number, event);
      model.release(lane, pending[number]);
      return false;
    }
    case 4: {
      uint32_t number = below(kNumBarriers);
      std::vector<uint32_t> lanes = someLanes(0, numLanes);
      if (lanes.empty())
        return false;
      block->barrierReleased(number, lanes);
      model.meet(lanes, pending[number]);
      pending[number] = model.nothing();
      return false;
    }
    case 5:
    case 6: {
      block->mbarrierArrive(lane, shared + 256, event);
      model.release(lane, phase);
      return false;
    }
    case 7: {
      block->mbarrierComplete(shared + 256);
      completed[numPhases++ % 2] = phase;
      phase = model.nothing();
      return false;
    }
    case 8:
    case 9: {
      uint32_t parity = below(2);
      block->mbarrierWait(lane, shared + 256, parity, true, event);
      model.acquire(lane, completed[parity]);
      return false;
    }
    case 10: {
      block->atomic(lane, shared + 128, 4, 4, AccessKind::Atomic, MemoryOrder::AcquireRelease,
                    Scope::Block, event);
      model.acquire(lane, flag);
      model.release(lane, flag);
      return false;
    }
    default: {
      uint32_t bytes = 1u << below(5), at = bytes * below(kBytes / bytes);
      constexpr AccessKind kKinds[] = {AccessKind::Read, AccessKind::Read, AccessKind::Read,
                                       AccessKind::Write, AccessKind::Atomic};
      AccessKind kind = kKinds[below(5)];
      block->access(lane, getMemory() + at, bytes, bytes, kind, event);
      return model.access(lane, at, at + bytes, kind);
    }
    }
  }

  std::mt19937 random;
  uint32_t numLanes;
  bool isShared;
  uint32_t accesses;
  Model model;
  std::vector<uint32_t> all;
  std::vector<Clock> pending;
  Clock phase, completed[2], flag;
  uint32_t numPhases = 0;
  BlockChecker *block = nullptr;
  std::vector<Site> sites;
  alignas(16) char shared[512];
  alignas(16) char memory[kBytes];
};

} // namespace

int main() {
  uint32_t numRaces = 0, numLate = 0;
  for (uint32_t seed = 0; seed < 20000; ++seed) {
    // Few lanes meet more often, so that races come later.
    uint32_t numLanes = seed % 2 ? 2 + seed % 5 : 33 + seed % 32;
    auto [expected, found] = Trial(seed, numLanes, seed / 2 % 2, 1 + seed % 3 * 4).run(300);
    if (expected != found) {
      std::printf("FAILED: seed %u: expected the first race at event %u, found %u\n", seed,
                  expected, found);
      return 1;
    }
    numRaces += expected != 0;
    numLate += expected > 100;
  }
  std::printf("%u races, %u of them after 100 events\n", numRaces, numLate);
  return 0;
}
