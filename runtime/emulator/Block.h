//===- Block.h - a block that runs -----------------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// All state of a block belongs to the one host thread that runs it.
//
// Lanes are run depth first: a lane until it waits, then the others of its warp, until the warp
// can go no further; then the next warp. So a warp runs ahead of the others as far as barriers
// allow, which is what shows that one is missing. In which order lanes and warps come is chosen
// from the seed and the block's number, anew at each pass over the warps.
//
// Asynchronous copies are done as late as is allowed, and poison their destination when they are
// issued: at the wait for them, or when no lane of the block can run otherwise.

#ifndef IMHSA_RUNTIME_EMULATOR_BLOCK_H
#define IMHSA_RUNTIME_EMULATOR_BLOCK_H

#include "runtime/emulator/Lane.h"
#include "runtime/emulator/Launch.h"
#include "llvm/ADT/Twine.h"
#include <map>

namespace imhsa::emulator {

/// The state of one of a block's numbered barriers; PTX manual, "barrier". Threads are counted by
/// warps, as 32 each.
struct Barrier {
  uint32_t expected = 0; ///< threads; 0 where nobody waits
  bool isForAll = false; ///< expects all threads of the block that have not ended
  uint32_t arrived = 0;
  uint32_t action = 0;
  llvm::SmallVector<Lane *, 0> waiting;
};

/// The state of an mbarrier; PTX manual, "Parallel Synchronization and Communication
/// Instructions: mbarrier". Its 64 bits in memory are opaque to kernels: here they are only a mark.
struct Mbarrier {
  uint32_t expected;        ///< arrivals of a phase
  uint32_t pending;         ///< of the current phase
  int64_t transactions = 0; ///< bytes
  uint64_t phase = 0;
};

/// A bulk copy from global to shared memory that is under way.
struct BulkLoad {
  std::optional<uint32_t> checked; ///< its number in the checker
  char *to;
  const char *from;
  uint32_t bytes;
  uint32_t mbarrier;
};

/// Small, fast, and the same everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() { // splitmix64
    uint64_t z = (state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(next() % limit); }

private:
  uint64_t state;
};

class Block {
public:
  explicit Block(Launch &launch);
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block();

  /// Allocates what blocks of the launch need. `slot` tells the blocks that run at one time apart.
  llvm::Error prepare(size_t slot);
  /// Runs the block with linear number `number`. What fails is in the findings.
  void run(uint64_t number);

  //===--- For instructions, in the lane that runs -------------------------===//

  /// Reports that the kernel is wrong, and gives the block up.
  [[noreturn]] void fail(Lane &lane, uint32_t site, FindingKind kind, const llvm::Twine &message,
                         const Lane *other = nullptr);
  /// Gives the block up, for what the checker has found.
  [[noreturn]] void giveUp(Lane &lane);
  /// Leaves the lane, which is blocked, until something wakes it.
  void suspend(Lane &lane);
  /// Lets other lanes run first.
  void yield(Lane &lane);
  /// Waits for the other lanes of `mask`, then `execute` does the instruction for all. Aligned:
  /// all lanes of the warp must come, and to the same site.
  void meet(Lane &lane, uint32_t site, uint32_t mask, bool isAligned,
            void (*execute)(const Meeting &), const uint64_t *in, uint64_t *out);
  /// Arrives at a numbered barrier, and unless `action` is BarrierArrive waits for its completion.
  uint64_t barrier(Lane &lane, uint32_t site, uint64_t id, uint64_t count, uint32_t action,
                   bool isAligned, bool predicate);

  /// Arrives at the barrier of the cluster; `releases` what the lane did for those who wait there.
  void arriveAtCluster(Lane &lane, uint32_t site, bool releases);
  /// Waits until all lanes of the cluster have arrived.
  void waitForCluster(Lane &lane, uint32_t site);

  /// The offset in shared memory of `address`, of which `bytes` are used; fails if they are not
  /// all in it, or not aligned to `alignment`.
  uint32_t sharedOffset(Lane &lane, uint32_t site, uint64_t address, uint32_t bytes,
                        uint32_t alignment);
  /// The mbarrier at `address`; fails if there is none.
  Mbarrier &mbarrier(Lane &lane, uint32_t site, uint64_t address);
  void arriveAt(Lane &lane, uint32_t site, uint32_t offset, uint32_t count);
  /// Ends the current phase of the mbarrier if nothing is pending, and wakes who waits for it.
  void checkPhase(uint32_t offset);
  /// Lets a lane wait for the mbarrier, until its current phase ends or nothing else can happen.
  void waitForPhase(Lane &lane, uint32_t site, uint32_t offset);

  /// Does the oldest `count` asynchronous operations of the lane.
  void completeAsync(Lane &lane, size_t count);
  void completeBulkStores(Lane &lane, size_t count);

  Launch &launch;
  std::unique_ptr<BlockChecker> checker; ///< null: nothing is checked
  Dim3 place;
  uint64_t number = 0;
  char *shared = nullptr;
  uint32_t sharedBytes = 0;               ///< static and dynamic
  std::map<uint32_t, Mbarrier> mbarriers; ///< by offset
  std::vector<BulkLoad> bulkLoads;

private:
  void reset(uint64_t newNumber);
  void setRegisters(Lane &lane, uint32_t index);
  void enter(Lane &lane);
  void runAsLoop();
  void runAsFibres();
  bool runPass();
  bool runWarp(Warp &warp);
  void endLane(Lane &lane);
  void wake(Lane &lane);
  void report(FindingKind kind, const llvm::Twine &message, const Lane &lane, uint32_t site,
              const Lane *other);
  void reportDeadlock();

  void tryMeeting(Lane &arriving, const Waiting &waiting, Warp &warp);
  void gatherAtBarrier(Lane &arriving, Warp &warp);
  void arriveAtBarrier(Lane &arriving, Warp &warp, const Waiting &waiting);
  void completeBarrier(uint32_t id);
  void checkBarriers();
  uint32_t countThreads() const;
  void endInCluster(const Lane &lane);
  bool wakeInCluster();
  bool sleepInCluster();
  void leaveCluster();
  void completeBulkLoad(size_t index);
  bool completeSomething();
  bool timeOut();

  char *mapped = nullptr;
  size_t mappedBytes = 0;
  size_t firstStack = 0;
  std::vector<Lane> lanes;
  std::vector<Warp> warps;
  std::vector<uint32_t> warpOrder;
  Barrier barriers[16];
  Random random{0};
  uint32_t numLive = 0;
  Cluster *cluster = nullptr; ///< null where the block is alone
  uint64_t progress = 0;      ///< counts what waiting lanes may have waited for
  bool givenUp = false;
};

/// What a lane does at a barrier.
enum BarrierAction : uint32_t { BarrierSync, BarrierArrive, BarrierPopc, BarrierAnd, BarrierOr };

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_BLOCK_H
