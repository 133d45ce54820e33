//===- WarpAccesses.h - a warp's accesses put together ------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The machine runs the lanes of a warp one after the other, hardware runs them together. So
// the accesses that belong to one instruction of the warp are put together here: they have
// the same site, and are the same execution of it (first, second, ...) by their lanes since
// the lanes of the warp last met. Lanes that leave a loop earlier than others so take part in
// its first iterations, as they do in hardware.

#ifndef IMHSA_RUNTIME_EMULATOR_WARPACCESSES_H
#define IMHSA_RUNTIME_EMULATOR_WARPACCESSES_H

#include "runtime/emulator/Counters.h"
#include <memory>
#include <vector>

namespace imhsa::emulator {

class WarpAccesses {
public:
  enum class Kind : uint8_t { SharedLoad, SharedStore, GlobalLoad, GlobalStore };

  /// A block of `numLanes` lanes starts.
  void begin(uint32_t numLanes, Counters &counters);

  /// `buffer` is the number of the one that is accessed in global memory; an instruction of the
  /// warp counts for that of its first lane.
  void add(uint32_t lane, Kind kind, uint64_t address, uint32_t bytes, uint32_t site,
           uint32_t buffer = 0);

  /// The lanes of `mask` in this warp have met. If some that live are missing, they will still
  /// have to come to where these have been: nothing is closed.
  void met(uint32_t warp, uint32_t mask);

  void laneExit(uint32_t lane);

  /// The block is over.
  void end();

private:
  // An instruction that some lanes have executed.
  struct Record {
    uint32_t mask = 0, site = 0;
    uint32_t bytes = 0, buffer = 0;
    Kind kind = Kind::SharedLoad;
    uint64_t addresses[32];
  };
  // What the lanes of a warp did at one site since they last met.
  struct SiteState {
    uint32_t executions[32] = {};
    std::vector<uint32_t> records; // by execution; kNone where it is counted or left out
  };
  struct Warp {
    uint32_t live = 0;
    std::vector<std::unique_ptr<SiteState>> sites;
    std::vector<uint32_t> usedSites;
    std::vector<Record> records;
    std::vector<uint32_t> freeRecords;
  };
  static constexpr uint32_t kNone = ~0u;
  // So many instructions may be incomplete in a warp: 18 MB. Lanes further apart are not
  // assembled, which the counters say.
  static constexpr size_t kMostRecords = 1 << 16;

  void close(Warp &warp);
  void count(const Record &record);

  std::vector<Warp> warps;
  Counters *counters = nullptr;
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_WARPACCESSES_H
