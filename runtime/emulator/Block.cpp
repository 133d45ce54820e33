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
  // The others may have waited only for this lane.
  gatherAtBarrier(lane, warp);
  checkBarriers();
  for (uint32_t rest = warp.live(); rest; rest &= rest - 1) {
    Lane &other = warp.lanes[__builtin_ctz(rest)];
    if (other.state == Lane::Blocked && other.waiting.kind == Waiting::Collective)
      tryMeeting(other, other.waiting, warp);
  }
}

//===----------------------------------------------------------------------===//
// What goes wrong
//===----------------------------------------------------------------------===//

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
  currentLane->fibre.leave();
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
  for (Lane &lane : lanes)
    if (lane.state == Lane::Runnable)
      return report(FindingKind::Deadlock,
                    "asks again and again for what does not happen, while no other lane can run",
                    lane, lane.waiting.site, nullptr);
}

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
