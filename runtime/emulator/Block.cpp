//===- Block.cpp - a block that runs: its lanes and their schedule --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Block.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <thread>
#include <xmmintrin.h>

using namespace imhsa::emulator;
using llvm::Twine;

static constexpr size_t kPageBytes = 4096;

// What memory holds that nobody wrote: NaN in every floating-point type.
static constexpr int kPoison = 0xFF;

// After that many passes over the warps in which lanes only asked again for what they wait for,
// nothing will happen any more. More where they wait for memory, which another block may write.
static constexpr uint64_t kMaxIdlePasses = 1000, kMaxSpinningPasses = 200000;

// MXCSR: flush to zero, and denormals are zero.
static constexpr unsigned kFlushDenormals = 0x8040;

static thread_local Lane *currentLane = nullptr;

Lane *imhsa::emulator::getCurrentLane() { return currentLane; }

//===----------------------------------------------------------------------===//
// A block and its memory
//===----------------------------------------------------------------------===//

Block::Block(Launch &launch) : launch(launch) {}

Block::~Block() {
  if (mapped)
    munmap(mapped, mappedBytes);
}

llvm::Error Block::prepare(size_t slot) {
  sharedBytes = launch.sharedBytes;
  // Below 2 GiB, so that an address in 32 bits, which is what PTX has, is the address. A page that
  // cannot be touched on either side.
  mappedBytes = llvm::alignTo(sharedBytes, kPageBytes) + 2 * kPageBytes;
  void *memory =
      mmap(nullptr, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory != MAP_FAILED)
    mapped = static_cast<char *>(memory);
  if (!mapped ||
      mprotect(mapped + kPageBytes, mappedBytes - 2 * kPageBytes, PROT_READ | PROT_WRITE) != 0)
    return llvm::createStringError(std::error_code(errno, std::generic_category()),
                                   "no memory below 2 GiB for the shared memory of a block");
  shared = mapped + kPageBytes;
  firstStack = slot * launch.stacksPerBlock;

  uint64_t numLanes = launch.config.block.volume();
  lanes = std::vector<Lane>(launch.kernel.hasMeetings ? numLanes : 1);
  warps.resize(llvm::divideCeil(numLanes, Chip::kWarpSize));
  warpOrder.resize(warps.size());
  if (launch.checker)
    checker = launch.checker->makeBlockChecker();
  return llvm::Error::success();
}

void Block::reset(uint64_t newNumber) {
  number = newNumber;
  place = getPosition(number, launch.config.grid);
  random = Random(launch.config.seed * 0x9E3779B97F4A7C15 + number);
  std::memset(shared, kPoison, sharedBytes);
  mbarriers.clear();
  bulkLoads.clear();
  for (Barrier &barrier : barriers)
    barrier = {};
  cluster =
      launch.clusters.empty() ? nullptr : &launch.clusters[number / launch.kernel.clusterBlocks];
  givenUp = false;
  progress = 0;

  numLive = static_cast<uint32_t>(launch.config.block.volume());
  std::iota(warpOrder.begin(), warpOrder.end(), 0);
  for (auto [index, warp] : llvm::enumerate(warps)) {
    uint32_t numLanes = std::min<uint32_t>(numLive - index * Chip::kWarpSize, Chip::kWarpSize);
    warp = {};
    warp.index = static_cast<uint32_t>(index);
    warp.present = llvm::maskTrailingOnes<uint32_t>(numLanes);
    std::iota(warp.order.begin(), warp.order.end(), 0);
    for (uint32_t i = Chip::kWarpSize; i > 1; --i)
      std::swap(warp.order[i - 1], warp.order[random.below(i)]);
  }
  for (Lane &lane : lanes) {
    lane.block = this;
    lane.shared = shared;
    lane.sharedOffsets = launch.kernel.sharedOffsets.data();
    lane.state = Lane::Runnable;
    lane.hasYielded = false;
    lane.waiting = {};
    lane.clusterPhase.reset();
    lane.asyncOperations.clear();
    lane.bulkStores.clear();
    lane.bulkGroup = 0;
    auto set = [&](SpecialRegister name, uint32_t value) {
      lane.special[static_cast<size_t>(name)] = value;
    };
    auto set3 = [&](SpecialRegister first, Dim3 value) {
      uint32_t *place = lane.special + static_cast<size_t>(first);
      place[0] = value.x, place[1] = value.y, place[2] = value.z;
    };
    set3(SpecialRegister::NtidX, launch.config.block);
    set3(SpecialRegister::CtaidX, place);
    set3(SpecialRegister::NctaidX, launch.config.grid);
    set(SpecialRegister::NwarpId, static_cast<uint32_t>(warps.size()));
    set(SpecialRegister::WarpSize, Chip::kWarpSize);
    set(SpecialRegister::SmId, 0);
    set(SpecialRegister::NsmId, 1);
    set(SpecialRegister::GridId, 0);
    set(SpecialRegister::DynamicSmemSize, static_cast<uint32_t>(launch.config.dynamicShared));
    set(SpecialRegister::TotalSmemSize, sharedBytes);
    uint32_t clusterBlocks = launch.kernel.clusterBlocks;
    set(SpecialRegister::ClusterIdX, place.x / clusterBlocks);
    set(SpecialRegister::NclusterX, launch.config.grid.x / clusterBlocks);
    set(SpecialRegister::ClusterRank, place.x % clusterBlocks);
    set(SpecialRegister::ClusterBlocks, clusterBlocks);
    set(SpecialRegister::Zero, 0);
    set(SpecialRegister::One, 1);
  }
}

void Block::setRegisters(Lane &lane, uint32_t index) {
  auto set = [&](SpecialRegister name, uint32_t value) {
    lane.special[static_cast<size_t>(name)] = value;
  };
  Dim3 thread = getPosition(index, launch.config.block);
  uint32_t inWarp = index % Chip::kWarpSize, equal = 1u << inWarp;
  lane.index = index;
  lane.warp = &warps[index / Chip::kWarpSize];
  set(SpecialRegister::TidX, thread.x);
  set(SpecialRegister::TidY, thread.y);
  set(SpecialRegister::TidZ, thread.z);
  set(SpecialRegister::LaneId, inWarp);
  set(SpecialRegister::WarpId, index / Chip::kWarpSize);
  set(SpecialRegister::LaneMaskEq, equal);
  set(SpecialRegister::LaneMaskLt, equal - 1);
  set(SpecialRegister::LaneMaskLe, equal | (equal - 1));
  set(SpecialRegister::LaneMaskGt, ~(equal | (equal - 1)));
  set(SpecialRegister::LaneMaskGe, ~(equal - 1));
}

void Block::run(uint64_t newNumber) {
  reset(newNumber);
  if (checker)
    checker->begin(place, shared);
  if (launch.kernel.hasMeetings)
    runAsFibres();
  else
    runAsLoop();
  // Bulk stores that nobody waited for still happen; the checker has its say about them.
  if (!givenUp)
    for (Lane &lane : lanes)
      completeBulkStores(lane, lane.bulkStores.size());
  leaveCluster();
  if (checker)
    checker->end();
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

static void startArithmetic(const Kernel &kernel) {
  if (kernel.flushesDenormals)
    _mm_setcsr(_mm_getcsr() | kFlushDenormals);
}

void Block::enter(Lane &lane) {
  currentLane = &lane;
  lane.fibre.enter();
  currentLane = nullptr;
}

// One fibre for all lanes, so that a lane can be given up.
void Block::runAsLoop() {
  lanes[0].fibre.start(
      launch.stacks.getTop(firstStack),
      [](void *context) {
        auto &block = *static_cast<Block *>(context);
        const Kernel &kernel = block.launch.kernel;
        startArithmetic(kernel);
        Lane &lane = block.lanes[0];
        for (uint32_t warp : block.warpOrder)
          for (uint32_t inWarp : block.warps[warp].order) {
            if (!(block.warps[warp].present >> inWarp & 1))
              continue;
            block.setRegisters(lane, warp * Chip::kWarpSize + inWarp);
            kernel.run(block.launch.args);
            if (block.checker)
              block.checker->laneExit(lane.index);
          }
        lane.fibre.leave();
      },
      this);
  for (uint32_t i = static_cast<uint32_t>(warpOrder.size()); i > 1; --i)
    std::swap(warpOrder[i - 1], warpOrder[random.below(i)]);
  enter(lanes[0]);
}

void Block::runAsFibres() {
  for (auto [index, lane] : llvm::enumerate(lanes)) {
    setRegisters(lane, static_cast<uint32_t>(index));
    if (lane.numberInWarp() == 0)
      lane.warp->lanes = &lane;
    lane.fibre.start(
        launch.stacks.getTop(firstStack + index),
        [](void *context) {
          auto &self = *static_cast<Lane *>(context);
          const Launch &launch = self.block->launch;
          startArithmetic(launch.kernel);
          launch.kernel.run(launch.args);
          self.block->endLane(self);
          self.fibre.leave();
        },
        &lane);
  }
  for (uint64_t idle = 0; numLive > 0 && !givenUp;) {
    // Another block may have failed that this one would wait for.
    if (launch.stops) {
      givenUp = true;
      return;
    }
    uint64_t before = progress;
    bool spins = runPass();
    if (givenUp)
      return;
    if (progress != before || completeSomething()) {
      idle = 0;
      continue;
    }
    if (!spins && sleepInCluster())
      continue;
    if (idle++ < (spins ? kMaxSpinningPasses : kMaxIdlePasses) && (timeOut() || spins)) {
      if (spins)
        std::this_thread::yield();
      continue;
    }
    reportDeadlock();
    givenUp = true;
  }
}

// Lets every warp run as far as it can go. True if lanes have yielded.
bool Block::runPass() {
  for (uint32_t i = static_cast<uint32_t>(warpOrder.size()); i > 1; --i)
    std::swap(warpOrder[i - 1], warpOrder[random.below(i)]);
  for (uint32_t index : warpOrder) {
    while (!givenUp && runWarp(warps[index]))
      ;
    if (givenUp)
      return false;
  }
  bool spins = false;
  for (Lane &lane : lanes) {
    spins |= lane.hasYielded;
    lane.hasYielded = false;
  }
  return spins;
}

// Lets each lane run until it waits. False if there was none to run.
bool Block::runWarp(Warp &warp) {
  bool ran = false;
  for (uint32_t inWarp : warp.order) {
    if (!(warp.live() >> inWarp & 1))
      continue;
    Lane &lane = warp.lanes[inWarp];
    if (lane.state != Lane::Runnable || lane.hasYielded)
      continue;
    ran = true;
    enter(lane);
    if (givenUp)
      return ran;
  }
  return ran;
}

void Block::suspend(Lane &lane) { lane.fibre.leave(); }

void Block::yield(Lane &lane) {
  if (!launch.kernel.hasMeetings)
    return;
  lane.hasYielded = true;
  suspend(lane);
}

void Block::wake(Lane &lane) { lane.state = Lane::Runnable; }

void Block::endLane(Lane &lane) {
  Warp &warp = *lane.warp;
  lane.state = Lane::Ended;
  warp.ended |= 1u << lane.numberInWarp();
  --numLive;
  ++progress;
  if (checker)
    checker->laneExit(lane.index);
  endInCluster(lane);
  // The others may have waited only for this lane.
  gatherAtBarrier(lane, warp);
  checkBarriers();
  for (uint32_t rest = warp.live(); rest; rest &= rest - 1) {
    Lane &other = warp.lanes[__builtin_ctz(rest)];
    if (other.state == Lane::Blocked && other.waiting.kind == Waiting::Collective)
      tryMeeting(other, other.waiting, warp);
  }
}
