//===- Checker.h - the emulator's checking mode -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The machine tells what the lanes of a block do; the checker keeps a shadow of the
// memory and the order that synchronisation makes, and finds what hardware hides:
// accesses outside of buffers, reads of memory that nobody wrote, asynchronous copies
// used before their wait, races.
//
//   LaunchChecker launch(info, options);             // one per kernel launch
//   std::unique_ptr<BlockChecker> block = launch.makeBlockChecker();   // one per host thread
//   block->begin(blockPosition, sharedMemory);       // for each block that the thread runs
//   ... events, in the order in which the machine executes the lanes ...
//   block->end();
//   LaunchReport report = launch.finish();           // when all blocks have ended
//
// Rules for the machine:
// * An event comes before its effect on memory. Where it returns false, the access must
//   not be done: hardware would stop the kernel. End the launch, or leave the access out.
// * Lanes are numbered x + sizeX * (y + sizeY * z); warps are 32 lanes in that order.
// * Addresses are the host's. An address belongs to shared memory if it is in the area
//   given to `begin`, else to the local memory of a lane if it is in the area in
//   LaunchInfo, else to global memory.
// * Sites are numbers in the table of the translated module. Each event counts its own
//   instruction; `executed` is for those without an event of their own.
// * Within one block, events come from one host thread at a time.

#ifndef IMHSA_RUNTIME_EMULATOR_CHECKER_H
#define IMHSA_RUNTIME_EMULATOR_CHECKER_H

#include "runtime/emulator/Clocks.h"
#include "runtime/emulator/Counters.h"
#include "runtime/emulator/Finding.h"
#include "llvm/ADT/ArrayRef.h"
#include <memory>

namespace imhsa::emulator {

/// A piece of global memory that a kernel may use: an argument's buffer or a global variable of
/// the module. Buffers do not overlap.
struct GlobalBuffer {
  std::string name; ///< For messages: `argument 2`, `%query`, `@table`.
  const void *address = nullptr;
  uint64_t bytes = 0;
  bool writable = true;
};

struct LaunchInfo {
  std::string kernel;
  Dim3 grid, block;
  uint64_t sharedBytes = 0; ///< Static and dynamic together.
  std::vector<GlobalBuffer> buffers;
  /// Where the lanes' local memory (their stacks) lies; accesses to it are counted only.
  const void *localMemory = nullptr;
  uint64_t localBytes = 0;
  /// The table of the translated module; must live as long as the report.
  const std::vector<Site> *sites = nullptr;
  /// Of a cluster; they are in a row along x.
  uint32_t clusterBlocks = 1;
};

struct CheckOptions {
  /// Reads of shared memory nobody wrote, asynchronous copies, races. Bounds and alignment are
  /// always checked.
  bool checkOrder = true;
  /// Bank conflicts, coalescing, bytes, instructions.
  bool count = true;
};

/// Atomic: a read-modify-write. AtomicRead and AtomicWrite: loads and stores that are volatile or
/// atomic, whatever their order. Atomic accesses do not race with each other.
enum class AccessKind { Read, Write, Atomic, AtomicRead, AtomicWrite };

/// What an atomic access orders beside itself. One that releases makes what its lane did and knows
/// known to those that acquire from the same address later. Fences make relaxed accesses release
/// and acquire: PTX manual, "Memory Consistency Model", "Release and Acquire Patterns".
enum class MemoryOrder { Relaxed, Acquire, Release, AcquireRelease };

/// Among whom an atomic access is atomic, and what it orders is ordered: the lanes of its block, of
/// its cluster, or all lanes.
enum class Scope { Block, Cluster, Device };

/// What a fence orders: the memory accesses of a scope, the generic proxy against the asynchronous
/// one (`fence.proxy.async`), or the init of mbarriers (`fence.mbarrier_init`).
enum class FenceKind { Block, Cluster, Device, System, AsyncProxy, MbarrierInit };

/// A buffer in a report.
struct BufferName {
  std::string name;
  uint64_t bytes;
};

/// Everything that a launch leaves: for printing and for the JSON report.
struct LaunchReport {
  std::string kernel;
  Dim3 grid, block;
  uint64_t sharedBytes = 0;
  FindingLog findings;
  Counters counters;
  std::vector<BufferName> buffers; ///< of `counters.buffers`
  const std::vector<Site> *sites = nullptr;
};

class LaunchState;
class BlockState;

/// The checks of the blocks that one host thread runs, one after the other.
class BlockChecker {
public:
  explicit BlockChecker(LaunchState &launch);
  ~BlockChecker();

  /// A block starts, all of whose lanes live. `sharedMemory` holds LaunchInfo::sharedBytes bytes;
  /// nothing in it counts as written.
  void begin(Dim3 block, const void *sharedMemory);

  /// The block has ended, or was given up while lanes lived: its findings and counters join the
  /// launch's.
  void end();

  /// A lane returned from the kernel.
  void laneExit(uint32_t lane);

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  /// A load or store of `bytes` (1 to 16) that requires a multiple of `alignment` (a power of
  /// two). False: out of bounds, misaligned, or a write to a read-only buffer.
  bool access(uint32_t lane, const void *address, uint32_t bytes, uint32_t alignment,
              AccessKind kind, uint32_t site);

  /// The same for the atomic kinds, with what the access orders.
  bool atomic(uint32_t lane, const void *address, uint32_t bytes, uint32_t alignment,
              AccessKind kind, MemoryOrder order, Scope scope, uint32_t site);

  /// `ldmatrix` (kind Read) or `stmatrix` (Write) of 1, 2 or 4 matrices by the warp whose first
  /// lane is `firstLane`: lane 8m+r of it gives in `rows` (32 addresses) that of row r of matrix
  /// m, 16 bytes. Once for the warp, when all its lanes have arrived.
  bool matrix(uint32_t firstLane, llvm::ArrayRef<const void *> rows, unsigned matrices,
              AccessKind kind, uint32_t site);

  void fence(uint32_t lane, FenceKind kind, uint32_t site);

  /// `number` instructions without an event of their own (mma, shfl, vote, approximate functions,
  /// arithmetic), for each lane that takes part.
  void executed(uint32_t lane, InstructionKind kind, uint64_t number = 1);

  //===--------------------------------------------------------------------===//
  // Meeting points
  //===--------------------------------------------------------------------===//

  /// A lane executes `barrier.arrive` on barrier `number` and goes on: what it has done so far is
  /// ordered before what those do who wait there.
  void barrierArrive(uint32_t lane, uint32_t number, uint32_t site);

  /// A lane arrives at barrier `number` and waits. Only counts the instruction.
  void barrierWait(uint32_t lane, uint32_t number, uint32_t site);

  /// Barrier `number` is complete: the lanes in `waiting` (each once) go on, ordered after each
  /// other and after the arrivals since the last release. To be told when the last lane has
  /// arrived, before any goes on.
  void barrierReleased(uint32_t number, llvm::ArrayRef<uint32_t> waiting);

  /// A lane arrives at the barrier of its cluster: adds what it did and knows to `arrived`.
  void clusterArrive(uint32_t lane, Blocks &arrived);
  /// A lane goes on behind the barrier of its cluster, where `released` was known.
  void clusterWait(uint32_t lane, const Blocks &released);

  /// `bar.warp.sync`: the lanes of `mask` in the warp whose first lane is `firstLane` have met.
  void warpSync(uint32_t firstLane, uint32_t mask);

  /// Another collective of these lanes (shfl, vote, mma, redux) has met: it does not order memory,
  /// but closes the accesses that belong together in one instruction of the warp.
  void warpMet(uint32_t firstLane, uint32_t mask);

  //===--------------------------------------------------------------------===//
  // cp.async
  //===--------------------------------------------------------------------===//

  /// A copy of `bytes` (4, 8 or 16) into shared memory, of which the first `sourceBytes` come from
  /// global memory and the rest are zero. `source` is not looked at where `sourceBytes` is 0.
  bool copyAsync(uint32_t lane, const void *destination, uint32_t bytes, const void *source,
                 uint32_t sourceBytes, uint32_t site);
  void copyCommit(uint32_t lane);

  /// `cp.async.wait_group pending`: after the arrivals (copyMbarrierArrived) that it brings about;
  /// all but the lane's last `pending` groups are complete.
  void copyWaitGroup(uint32_t lane, uint32_t pending);

  /// `cp.async.wait_all`: every copy of the lane, committed or not, is complete.
  void copyWaitAll(uint32_t lane);

  /// `cp.async.mbarrier.arrive`: the copies that the lane has issued so far, and that no earlier
  /// such instruction took, will arrive on `mbarrier`.
  bool copyMbarrierArrive(uint32_t lane, const void *mbarrier, uint32_t site);

  /// The copies of the lane's oldest such instruction are complete and arrive. To be told before
  /// the mbarrierComplete that this may cause.
  void copyMbarrierArrived(uint32_t lane);

  //===--------------------------------------------------------------------===//
  // mbarriers: 8 bytes of shared memory
  //===--------------------------------------------------------------------===//

  bool mbarrierInit(uint32_t lane, const void *mbarrier, uint32_t count, uint32_t site);
  bool mbarrierInvalidate(uint32_t lane, const void *mbarrier, uint32_t site);

  /// An arrival (with release semantics), and the part of expect_tx that only changes the count
  /// of bytes. `arrive.expect_tx` is both, expect first.
  bool mbarrierArrive(uint32_t lane, const void *mbarrier, uint32_t site);
  bool mbarrierExpect(uint32_t lane, const void *mbarrier, uint32_t site);

  /// The current phase is complete. To be told after the arrival or copy that completes it and
  /// before the next event.
  void mbarrierComplete(const void *mbarrier);

  /// A test or wait for the phase of this parity: told at every attempt, `succeeded` when the
  /// phase is complete (acquire semantics).
  bool mbarrierWait(uint32_t lane, const void *mbarrier, uint32_t parity, bool succeeded,
                    uint32_t site);

  //===--------------------------------------------------------------------===//
  // Bulk copies
  //===--------------------------------------------------------------------===//

  /// `cp.async.bulk` from global to shared memory that completes on `mbarrier`. Addresses and size
  /// are multiples of 16. Returns the copy's number for `bulkArrived`, or none where it must not
  /// be done.
  std::optional<uint32_t> bulkToShared(uint32_t lane, void *destination, const void *source,
                                       uint32_t bytes, const void *mbarrier, uint32_t site);

  /// The copy's bytes are there, told before the mbarrierComplete that it may cause.
  void bulkArrived(uint32_t copy);

  /// `cp.async.bulk` from shared to global memory, in the lane's current bulk group.
  bool bulkToGlobal(uint32_t lane, void *destination, const void *source, uint32_t bytes,
                    uint32_t site);
  void bulkCommit(uint32_t lane);

  /// `cp.async.bulk.wait_group[.read] pending`: with `onlyRead`, the sources have been read; else
  /// the destinations are written too.
  void bulkWaitGroup(uint32_t lane, uint32_t pending, bool onlyRead);

  //===--------------------------------------------------------------------===//
  // What the machine finds itself
  //===--------------------------------------------------------------------===//

  /// Deadlock, divergence: `otherLane` is a lane that waits elsewhere, at `otherSite`.
  void report(FindingKind kind, llvm::StringRef message, uint32_t lane, uint32_t site,
              std::optional<uint32_t> otherLane = std::nullopt, uint32_t otherSite = kNoSite);

private:
  std::unique_ptr<BlockState> state;
};

/// The checks of one launch. Blocks of a launch are ordered by nothing but atomics and fences;
/// launches are: make one after the other.
class LaunchChecker {
public:
  explicit LaunchChecker(LaunchInfo info, CheckOptions options = {});
  ~LaunchChecker();

  /// Thread-safe. All must have been destroyed before `finish`.
  std::unique_ptr<BlockChecker> makeBlockChecker();

  LaunchReport finish();

private:
  std::unique_ptr<LaunchState> state;
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_CHECKER_H
