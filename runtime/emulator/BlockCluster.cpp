//===- BlockCluster.cpp - where the blocks of a cluster wait --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Parallel Synchronization and Communication Instructions: barrier.cluster". That the
// aligned form comes to all lanes of a warp together is not checked.

#include "runtime/emulator/Block.h"
#include <chrono>

using namespace imhsa::emulator;

void Cluster::checkPhase() {
  if (arrived == 0 || arrived < expected)
    return;
  arrived = 0;
  ++phase;
  released = std::move(knownToArrived);
  knownToArrived = {};
  running += sleeping;
  sleeping = 0;
  changed.notify_all();
}

void Block::arriveAtCluster(Lane &lane, uint32_t site, bool releases) {
  if (!cluster)
    return;
  if (lane.clusterPhase)
    fail(lane, site, FindingKind::InvalidBarrier,
         "arrives at the barrier of the cluster again, before it has waited there");
  ++progress;
  std::lock_guard<std::mutex> lock(cluster->mutex);
  if (checker && releases)
    checker->clusterArrive(lane.index, cluster->knownToArrived);
  lane.clusterPhase = cluster->phase;
  ++cluster->arrived;
  cluster->checkPhase();
}

void Block::waitForCluster(Lane &lane, uint32_t site) {
  if (!cluster)
    return;
  if (!lane.clusterPhase)
    fail(lane, site, FindingKind::InvalidBarrier,
         "waits at the barrier of the cluster, where it has not arrived");
  auto isOver = [&] {
    std::lock_guard<std::mutex> lock(cluster->mutex);
    return cluster->phase != *lane.clusterPhase;
  };
  while (!isOver()) {
    lane.waiting = {};
    lane.waiting.kind = Waiting::Cluster;
    lane.waiting.site = site;
    lane.state = Lane::Blocked;
    suspend(lane);
  }
  lane.waiting.kind = Waiting::Nothing;
  lane.clusterPhase.reset();
  ++progress;
  if (checker) {
    // No other phase can end before this lane arrives again.
    std::lock_guard<std::mutex> lock(cluster->mutex);
    checker->clusterWait(lane.index, cluster->released);
  }
}

// Wakes the lanes for which the wait is over. Some of a block may be one phase behind the others.
bool Block::wakeInCluster() {
  bool any = false;
  for (Lane &lane : lanes)
    if (lane.state == Lane::Blocked && lane.waiting.kind == Waiting::Cluster &&
        *lane.clusterPhase != cluster->phase) {
      wake(lane);
      any = true;
    }
  return any;
}

// Where nothing in the block can go on, waits for the other blocks, if lanes wait for these. False
// if that is in vain.
bool Block::sleepInCluster() {
  bool isWaiting = llvm::any_of(lanes, [](const Lane &lane) {
    return lane.state == Lane::Blocked && lane.waiting.kind == Waiting::Cluster;
  });
  if (!isWaiting)
    return false;
  std::unique_lock<std::mutex> lock(cluster->mutex);
  if (wakeInCluster())
    return true;
  if (cluster->running == 1)
    return false;
  --cluster->running;
  ++cluster->sleeping;
  // Another block may fail, and then nobody comes.
  for (uint64_t phase = cluster->phase; cluster->phase == phase && !launch.stops;)
    cluster->changed.wait_for(lock, std::chrono::milliseconds(20));
  wakeInCluster();
  return true;
}

// Nobody waits for a lane that has ended.
void Block::endInCluster(const Lane &lane) {
  if (!cluster)
    return;
  std::lock_guard<std::mutex> lock(cluster->mutex);
  if (lane.clusterPhase == cluster->phase)
    --cluster->arrived;
  --cluster->expected;
  cluster->checkPhase();
}

void Block::leaveCluster() {
  if (!cluster)
    return;
  std::lock_guard<std::mutex> lock(cluster->mutex);
  --cluster->running;
}
