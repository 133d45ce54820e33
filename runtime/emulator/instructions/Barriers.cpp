//===- Barriers.cpp - barriers of a cluster, a block and a warp -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Parallel Synchronization and Communication Instructions: bar, barrier",
// "bar.warp.sync" and "barrier.cluster".

#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

// Operands: barrier, number of threads (hasCount), predicate (of reductions).
template <BarrierAction action, bool isAligned, bool hasCount>
static void barrier(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  bool isReduction = action != BarrierSync && action != BarrierArrive;
  uint64_t result = lane->block->barrier(*lane, site, in[0], hasCount ? in[1] : 0, action,
                                         isAligned, isReduction && (in[hasCount ? 2 : 1] & 1) != 0);
  if (isReduction)
    out[0] = result;
}

template <BarrierAction action> static void add(InstructionMap &map, const std::string &name) {
  map[name + ".aligned.count"] = {barrier<action, true, true>, 80, true};
  map[name + ".count"] = {barrier<action, false, true>, 80, true};
  if (action == BarrierArrive)
    return;
  map[name + ".aligned.all"] = {barrier<action, true, false>, 80, true};
  map[name + ".all"] = {barrier<action, false, false>, 80, true};
}

static void warpSync(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  lane->block->meet(
      *lane, site, static_cast<uint32_t>(in[0]), /*isAligned=*/false,
      [](const Meeting &meeting) {
        if (BlockChecker *checker = meeting.block.checker.get())
          checker->warpSync(meeting.warp.lanes[0].index, meeting.mask);
      },
      in, out);
}

template <bool releases>
static void clusterArrive(Lane *lane, uint32_t site, const uint64_t *, uint64_t *) {
  lane->block->arriveAtCluster(*lane, site, releases);
}

static void clusterWait(Lane *lane, uint32_t site, const uint64_t *, uint64_t *) {
  lane->block->waitForCluster(*lane, site);
}

void imhsa::emulator::addBarriers(InstructionMap &map) {
  add<BarrierSync>(map, "barrier.cta.sync");
  add<BarrierArrive>(map, "barrier.cta.arrive");
  add<BarrierPopc>(map, "barrier.cta.red.popc");
  add<BarrierAnd>(map, "barrier.cta.red.and");
  add<BarrierOr>(map, "barrier.cta.red.or");
  for (const char *form : {"", ".aligned"}) {
    std::string name = "barrier.cluster.";
    map[name + "arrive" + form] = {clusterArrive<true>, 90, true};
    map[name + "arrive.relaxed" + form] = {clusterArrive<false>, 90, true};
    map[name + "wait" + form] = {clusterWait, 90, true};
  }
  map["bar.warp.sync"] = {warpSync, 80, true};
}
