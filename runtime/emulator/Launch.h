//===- Launch.h - a grid of blocks on the CPU ------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_LAUNCH_H
#define IMHSA_RUNTIME_EMULATOR_LAUNCH_H

#include "runtime/emulator/Checker.h"
#include "runtime/emulator/Chip.h"
#include "runtime/emulator/Fibre.h"
#include "runtime/emulator/Kernel.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace imhsa::emulator {

/// How a kernel is launched, and how the emulator runs it.
struct LaunchConfig {
  Dim3 grid, block;
  uint64_t dynamicShared = 0; ///< bytes
  uint64_t seed = 0;          ///< of the schedule; the same seed gives the same schedule again
  unsigned threads = 0;       ///< of the host; 0: one for each processor
  /// Whether accesses are checked and counted. The kernel must have been compiled for it.
  bool check = true;
  CheckOptions checkOptions;
  /// What the kernel may touch; needed only for checking.
  std::vector<GlobalBuffer> buffers;
};

/// The blocks of a cluster, and their barrier (barrier.cluster). Each block is run by a host thread
/// of its own; the mutex guards all.
struct Cluster {
  std::mutex mutex{};
  std::condition_variable changed{};
  uint64_t phase = 0;
  uint64_t expected = 0, arrived = 0;  ///< lanes: that have not ended; at the barrier in this phase
  uint32_t running = 0, sleeping = 0;  ///< blocks: that may do something; where all wait
  Blocks knownToArrived{}, released{}; ///< what lanes knew there, in this phase and the last

  /// Ends the phase if all lanes have arrived.
  void checkPhase();
};

/// One launch, while it runs.
struct Launch {
  const Kernel &kernel;
  const LaunchConfig &config;
  void **args;
  uint32_t sharedBytes;   ///< static and dynamic
  LaunchChecker *checker; ///< null: nothing is checked
  StackPool stacks{};     ///< for all blocks that run at one time
  size_t stacksPerBlock = 1;
  std::vector<Cluster> clusters{}; ///< none where blocks are alone
  std::atomic<uint64_t> nextBlock{0};
  std::atomic<bool> stops{false}; ///< a block has failed: the others need not start
  std::mutex mutex{};
  FindingLog findings{}; ///< of the machine where there is no checker; guarded by the mutex
};

/// Runs every block of the grid and returns when they have ended. An error says which limit of
/// `chip` the launch exceeds, or that memory is missing. What is wrong in the kernel is in the
/// report's findings; after one that a block cannot go on from, not all blocks have run.
llvm::Expected<LaunchReport> launch(const Kernel &kernel, const Chip &chip,
                                    const LaunchConfig &config, void **args);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_LAUNCH_H
