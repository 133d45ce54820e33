//===- Lane.h - lanes and warps of a block that runs -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_LANE_H
#define IMHSA_RUNTIME_EMULATOR_LANE_H

#include "runtime/emulator/Chip.h"
#include "runtime/emulator/Fibre.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <optional>

namespace imhsa::emulator {

class Block;
struct Warp;

/// The special registers that compiled code reads as numbers of 32 bits; PTX manual, "Special
/// Registers". The values are indices into `LaneRegisters::special`.
enum class SpecialRegister : uint32_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  WarpSize,
  SmId,
  NsmId,
  GridId,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  DynamicSmemSize,
  TotalSmemSize,
  ClusterIdX,
  NclusterX,
  ClusterRank,
  ClusterBlocks,
  Zero,
  One,
  Count
};

/// What compiled code reads of a lane, at fixed offsets.
struct LaneRegisters {
  char *shared;                  ///< the block's shared memory
  const uint32_t *sharedOffsets; ///< of the kernel's shared variables
  uint32_t special[static_cast<size_t>(SpecialRegister::Count)];
};

/// An instruction that lanes of one warp execute together: they wait until all of them are there.
/// Then it is executed once, for all.
struct Meeting {
  Block &block;
  Warp &warp;
  uint32_t mask; ///< the lanes that take part: those of the member mask that have not ended
  uint32_t site; ///< of one of them

  /// Calls `body(lane)` for each lane that takes part; lane is a number below 32.
  template <typename Body> void forEach(Body body) const {
    for (uint32_t rest = mask; rest; rest &= rest - 1)
      body(static_cast<unsigned>(__builtin_ctz(rest)));
  }
  /// The operands of the instruction in a lane that takes part, and the place for its results.
  const uint64_t *in(unsigned lane) const;
  uint64_t *out(unsigned lane) const;
};

/// What a lane waits for.
struct Waiting {
  enum Kind { Nothing, Collective, Barrier, Mbarrier, Cluster } kind = Nothing;
  uint32_t site = 0;
  // Of collectives.
  void (*execute)(const Meeting &) = nullptr;
  uint32_t mask = 0;
  bool isAligned = false;
  const uint64_t *in = nullptr;
  uint64_t *out = nullptr;
  // Of barriers: which, how many threads (0: all that live), what to do, and what comes out.
  uint32_t barrier = 0, count = 0, action = 0;
  bool predicate = false;
  uint64_t result = 0;
  // Of mbarriers: where, as an offset in shared memory.
  uint32_t mbarrier = 0;
};

/// One asynchronous operation of a lane: PTX manual, "cp.async".
struct AsyncOperation {
  enum Kind { Copy, Commit, Arrive } kind;
  uint32_t site;
  char *to = nullptr; // of copies
  const char *from = nullptr;
  uint32_t bytes = 0;       // that are written
  uint32_t sourceBytes = 0; // that are read; the others are written as zero
  uint32_t mbarrier = 0;    // of arrivals: its offset in shared memory
};

/// Bulk copies from shared to global memory, in groups of the lane that issued them.
struct BulkStore {
  uint32_t site;
  char *to;
  const char *from;
  uint32_t bytes;
  uint32_t byteMask; ///< of each 16 bytes, those that are copied
  uint32_t group;
};

struct Lane : LaneRegisters {
  enum State { Runnable, Blocked, Ended };

  Block *block = nullptr;
  Warp *warp = nullptr;
  uint32_t index = 0; ///< in the block, x fastest
  State state = Runnable;
  bool hasYielded = false; ///< lets others run first
  bool hasTried = false;   ///< its last mbarrier.try_wait was in vain
  /// The phase of the cluster's barrier at which it has arrived, and not yet waited.
  std::optional<uint64_t> clusterPhase;
  Waiting waiting;
  Fibre fibre;
  llvm::SmallVector<AsyncOperation, 0> asyncOperations; ///< oldest first
  llvm::SmallVector<BulkStore, 0> bulkStores;           ///< oldest first
  uint32_t bulkGroup = 0;                               ///< that new bulk stores belong to

  unsigned numberInWarp() const { return index % Chip::kWarpSize; }
};

struct Warp {
  Lane *lanes = nullptr;                        ///< its first
  uint32_t index = 0;                           ///< in the block
  uint32_t present = 0;                         ///< the lanes that there are, as a mask
  uint32_t ended = 0;                           ///< of them
  uint32_t atBarrier = 0;                       ///< waiting there until the others of the warp come
  std::array<uint8_t, Chip::kWarpSize> order{}; ///< in which lanes run

  uint32_t live() const { return present & ~ended; }
};

/// The lane that runs on this host thread.
Lane *getCurrentLane();

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_LANE_H
