//===- CheckerState.h - what the checker knows --------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The inside of Checker.h. By file: Checker.cpp has bounds, alignment and counting,
// CheckOrder.cpp races and initialisation, CheckFences.cpp atomics and fences,
// CheckBarriers.cpp meeting points and mbarriers,
// CheckCopies.cpp asynchronous copies.

#ifndef IMHSA_RUNTIME_EMULATOR_CHECKERSTATE_H
#define IMHSA_RUNTIME_EMULATOR_CHECKERSTATE_H

#include "runtime/emulator/Checker.h"
#include "runtime/emulator/Clocks.h"
#include "runtime/emulator/Shadow.h"
#include "runtime/emulator/WarpAccesses.h"
#include "llvm/ADT/Twine.h"
#include <deque>
#include <map>
#include <mutex>

namespace imhsa::emulator {

/// A buffer, for looking up.
struct Region {
  const char *begin;
  uint64_t bytes;
  std::unique_ptr<Shadow> shadow; // null where nobody may write
  bool isWritable;
};

/// What was released at an address in global memory: to everybody, and to the own cluster or block
/// only.
struct Released {
  Blocks toAll, toCluster, toBlock;
};

class LaunchState {
public:
  LaunchState(LaunchInfo info, CheckOptions options);

  LaunchInfo info; // its buffers sorted by address
  CheckOptions options;
  std::vector<Region> regions; // by buffer

  std::mutex mutex;                          // guards the rest; counters' buffers are regions
  std::map<const char *, Released> released; // by address in global memory
  FindingLog findings;
  Counters counters;
};

inline bool reads(AccessKind kind) {
  return kind != AccessKind::Write && kind != AccessKind::AtomicWrite;
}
inline bool writes(AccessKind kind) {
  return kind != AccessKind::Read && kind != AccessKind::AtomicRead;
}
inline bool isAtomic(AccessKind kind) {
  return kind != AccessKind::Read && kind != AccessKind::Write;
}

enum class Space { Global, Shared, Local };

/// Where in the memory of a launch an address is.
struct Place {
  Space space = Space::Global;
  uint64_t offset = 0;      // in its buffer, or in shared memory
  uint32_t buffer = 0;      // in global memory: its number
  Shadow *shadow = nullptr; // none where nothing has to be known
};

/// An access that a lane asks for.
struct Request {
  uint32_t lane;
  const char *address;
  uint32_t bytes;
  AccessKind kind;
  uint32_t site;
};

/// What is wrong between an access and what was done before.
struct Conflict {
  FindingKind kind = FindingKind::Race;
  const char *what = nullptr;
  Access other; // none where it does not exist
};

/// An asynchronous copy under way.
struct Copy {
  const char *destination, *source;
  Place destinationPlace, sourcePlace;
  uint32_t bytes, sourceBytes;
  Access issued; // how the destination's cells know it
};

/// Copies that are waited for together.
struct CopyGroup {
  std::vector<Copy> copies;
  bool areSourcesRead = false; // of bulk copies
};

/// What a lane copies asynchronously, oldest first.
struct LaneCopies {
  std::vector<Copy> open; // not committed
  std::deque<CopyGroup> groups;
  struct OnMbarrier {
    const char *mbarrier;
    std::vector<Copy> copies;
  };
  std::deque<OnMbarrier> onMbarriers;
  Knowledge arrived; // what of them is complete
  std::vector<Copy> openBulk;
  std::deque<CopyGroup> bulkGroups;
};

/// What fences and relaxed atomics of a lane may order together.
struct LaneFences {
  struct Fence {
    bool exists = false;
    Time base = 0; // then
    Knowledge released;
  };
  Fence block, cluster, device; // the last of at least that scope
  // By relaxed accesses since the last fence that acquired it.
  Knowledge acquired;
  Blocks acquiredBlocks;
};

/// A bulk copy to shared memory.
struct BulkCopy {
  Copy copy;
  const char *mbarrier;
};

struct MbarrierState {
  bool isValid = false;
  bool isInitFenced = false; // the asynchronous proxy knows of it
  Access init;
  uint32_t agent = 0; // in whose name copies that complete here write
  uint64_t phase = 0;
  Knowledge pending;      // of the current phase
  Knowledge completed[2]; // of the last phase of each parity
};

/// The source of a copy in flight, by its first byte.
struct SourceInFlight {
  const char *end;
  Access issued;
};

class BlockState {
public:
  explicit BlockState(LaunchState &launch);

  void begin(Dim3 block, const void *sharedMemory);
  void end();

  //===--- Checker.cpp ------------------------------------------------------===//

  /// Bounds, alignment, permission; reports and is false where the access must not be done.
  bool locate(const Request &request, uint32_t alignment, bool mustBeShared, Place &found) {
    bool isAligned = (reinterpret_cast<uintptr_t>(request.address) & (alignment - 1)) == 0;
    found.offset = request.address - shared;
    if (fits(request, launch.info.sharedBytes, found.offset) && isAligned) {
      found.space = Space::Shared;
      found.shadow = checksOrder ? &sharedShadow : nullptr;
      return true;
    }
    // A site goes to one buffer, as a rule.
    if (request.site < lastRegions.size() && !mustBeShared && isAligned) {
      const Region &region = launch.regions[lastRegions[request.site]];
      found.offset = request.address - region.begin;
      if (fits(request, region.bytes, found.offset) &&
          (region.isWritable || !writes(request.kind))) {
        found.space = Space::Global;
        found.buffer = lastRegions[request.site];
        found.shadow = region.shadow.get();
        return true;
      }
    }
    return locateSlowly(request, alignment, mustBeShared, found);
  }
  bool locateSlowly(const Request &request, uint32_t alignment, bool mustBeShared, Place &found);
  static bool fits(const Request &request, uint64_t bytes, uint64_t offset) {
    return offset < bytes && request.bytes <= bytes - offset;
  }
  void countBytes(const Place &place, uint64_t bytesRead, uint64_t bytesWritten);
  /// Bytes, and the warp's access that this is a part of.
  void countAccess(const Request &request, const Place &place);
  void countInstruction(InstructionKind kind, uint64_t number = 1) {
    counters.instructions[static_cast<size_t>(kind)] += number;
  }
  bool isInShared(const char *address) const {
    return uint64_t(address - shared) < launch.info.sharedBytes;
  }
  /// `read of 4 bytes at shared memory + 64`.
  std::string describe(const Request &request) const;
  Actor getActor(uint32_t lane, uint32_t site) const;
  Actor getActor(const Access &access) const;
  void report(FindingKind kind, const llvm::Twine &message, const Request &request,
              const Access *other = nullptr);

  //===--- CheckOrder.cpp ---------------------------------------------------===//

  /// Whether something is wrong with an access to this cell, and what.
  bool findConflict(const Cell &cell, const AccessGroup *atomics, const Request &request,
                    bool isShared, uint16_t flags, Conflict &found) const;
  /// Checks the access against what others did, and remembers it. `flags` are Access::Flags.
  void checkOrder(const Request &request, const Place &place, uint16_t flags = 0);
  bool isOrdered(const Access &access, uint32_t lane) const {
    return access.block == number
               ? clocks.isOrdered(lane, access.actor, access.time)
               : clocks.isOrderedInBlock(lane, access.block, access.actor, access.time);
  }
  Access makeAccess(const Request &request, uint16_t flags) const;

  //===--- CheckFences.cpp --------------------------------------------------===//

  /// Whether the block is of the same `blocks` in a row as this one: 1, or those of a cluster.
  bool isInGroup(uint32_t block, uint32_t blocks) const {
    return block / blocks == number / blocks;
  }
  /// The part that is about what a scope reaches from here.
  Blocks select(const Blocks &blocks, Scope scope) const;
  void release(const Request &request, bool isShared, const Knowledge &knowledge, Time base,
               Scope scope);
  void synchronise(const Request &request, bool isShared, MemoryOrder order, Scope scope);
  void acquirePending(uint32_t lane, Scope scope);
  void fence(uint32_t lane, Scope scope);

  //===--- CheckBarriers.cpp ------------------------------------------------===//

  void meet(llvm::ArrayRef<uint32_t> lanes, const Knowledge &arrived);
  /// Checks a use of an mbarrier; null where it must not be done.
  MbarrierState *useMbarrier(const Request &request, const char *what);

  //===--- CheckCopies.cpp --------------------------------------------------===//

  /// Checks both ends of a copy and puts it in flight.
  std::optional<Copy> issue(const Request &destination, const Request &source, bool toShared,
                            uint32_t alignment, uint16_t flags);
  /// The bytes are there, written by `actor` at `time`.
  void completeDestination(const Copy &copy, uint32_t actor, Time time);
  /// The bytes were read; by `lane` at the latest now, if given.
  void completeSource(const Copy &copy, std::optional<uint32_t> lane);
  void completeFor(uint32_t lane, const CopyGroup &group);
  void waitForGroups(uint32_t lane, uint32_t pending);
  /// Reports a write to the source of a copy in flight.
  void checkSources(const Request &request);

  LaunchState &launch;
  Dim3 place;
  uint32_t number = 0; // of the block, modulo 2^32
  const char *shared = nullptr;
  uint32_t numLanes;
  bool checksOrder, counts;

  Clocks clocks;
  AccessSets sets;
  Shadow sharedShadow;
  uint32_t numLive = 0;
  std::map<const char *, Knowledge> released; // by address in shared memory
  std::map<uint32_t, Knowledge> arrivals;     // by barrier, since its last release
  std::map<const char *, MbarrierState> mbarriers;
  std::vector<uint32_t> agentLanes;      // by agent: who asked last
  std::map<uint32_t, LaneCopies> copies; // by lane, of those that have any
  std::map<uint32_t, LaneFences> fences; // by lane, of those that need it
  std::vector<BulkCopy> bulkCopies;      // by number
  std::multimap<const char *, SourceInFlight> sources;
  uint64_t longestSource = 0;
  std::vector<uint32_t> lastRegions; // by site: where it last went

  FindingLog findings;
  Counters counters;
  WarpAccesses warpAccesses;
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_CHECKERSTATE_H
