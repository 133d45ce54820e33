//===- Launch.cpp - a grid of blocks on the CPU ---------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Launch.h"
#include "runtime/emulator/Block.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include <sched.h>
#include <system_error>
#include <thread>

using namespace imhsa::emulator;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::Twine;

static constexpr unsigned kMaxHostThreads = 64;

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

static std::string toString(Dim3 size) {
  return (Twine(size.x) + "x" + Twine(size.y) + "x" + Twine(size.z)).str();
}

// An error where a size of `what` is 0 or beyond its limit.
static Error checkSizes(llvm::StringRef what, Dim3 size, const uint32_t (&limits)[3]) {
  const uint32_t sizes[] = {size.x, size.y, size.z};
  for (unsigned i = 0; i < 3; ++i)
    if (sizes[i] < 1 || sizes[i] > limits[i])
      return createStringError(what + " of " + toString(size) + ": expected a size from 1 to " +
                               Twine(limits[i]) + " along " + Twine("xyz"[i]) + ", found " +
                               Twine(sizes[i]));
  return Error::success();
}

static Error checkLimits(const Kernel &kernel, const Chip &chip, const LaunchConfig &config) {
  if (Error failed = checkSizes("a grid", config.grid, Chip::kMaxGrid))
    return failed;
  if (Error failed = checkSizes("a block", config.block, Chip::kMaxBlock))
    return failed;
  Dim3 block = config.block;
  std::string blockText = "a block of " + toString(block) + ": ";
  if (block.volume() > Chip::kMaxThreads)
    return createStringError(blockText + "expected at most " + Twine(Chip::kMaxThreads) +
                             " threads, found " + Twine(block.volume()));
  if (kernel.requiredBlock) {
    Dim3 required = *kernel.requiredBlock;
    if (block.x != required.x || block.y != required.y || block.z != required.z)
      return createStringError(blockText + "the kernel requires " + toString(required) +
                               " (nvvm.reqntid)");
  }
  if (kernel.maxBlock && block.volume() > kernel.maxBlock->volume())
    return createStringError(blockText + "the kernel is for at most " +
                             Twine(kernel.maxBlock->volume()) + " threads (nvvm.maxntid), found " +
                             Twine(block.volume()));
  if (kernel.clusterBlocks > Chip::kMaxClusterBlocks)
    return createStringError("a cluster of " + Twine(kernel.clusterBlocks) +
                             " blocks: expected at most " + Twine(Chip::kMaxClusterBlocks));
  if (config.grid.x % kernel.clusterBlocks != 0)
    return createStringError("a grid of " + toString(config.grid) +
                             ": expected whole clusters, of " + Twine(kernel.clusterBlocks) +
                             " blocks along x");
  if (kernel.staticShared > Chip::kMaxStaticShared)
    return createStringError("static shared memory: expected at most " +
                             Twine(Chip::kMaxStaticShared) + " bytes a block, found " +
                             Twine(kernel.staticShared));
  uint64_t shared = kernel.staticShared + config.dynamicShared;
  if (config.dynamicShared > chip.sharedPerBlock || shared > chip.sharedPerBlock)
    return createStringError("shared memory: " + chip.name + " has " + Twine(chip.sharedPerBlock) +
                             " bytes a block, found " + Twine(kernel.staticShared) +
                             " static and " + Twine(config.dynamicShared) + " dynamic");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

// Blocks start in their order, so that with a thread for each of a cluster the first cluster that
// has not ended has all of its blocks there.
static unsigned getNumThreads(const Kernel &kernel, const LaunchConfig &config) {
  unsigned number = config.threads;
  if (number == 0) {
    cpu_set_t processors;
    number = sched_getaffinity(0, sizeof(processors), &processors) == 0
                 ? static_cast<unsigned>(CPU_COUNT(&processors))
                 : std::thread::hardware_concurrency();
  }
  return static_cast<unsigned>(std::clamp<uint64_t>(
      std::min<uint64_t>(number, config.grid.volume()), kernel.clusterBlocks, kMaxHostThreads));
}

static void runBlocks(Launch &launch, Block &block) {
  uint64_t count = launch.config.grid.volume();
  while (!launch.stops) {
    uint64_t number = launch.nextBlock.fetch_add(1, std::memory_order_relaxed);
    if (number >= count)
      return;
    block.run(number);
  }
}

static Error runOnThreads(Launch &launch, unsigned numThreads) {
  if (Error failed = launch.stacks.reserve(numThreads * launch.stacksPerBlock))
    return failed;
  std::vector<std::unique_ptr<Block>> blocks;
  for (unsigned i = 0; i < numThreads; ++i) {
    blocks.push_back(std::make_unique<Block>(launch));
    if (Error failed = blocks.back()->prepare(i))
      return failed;
  }
  std::vector<std::thread> threads;
  try {
    for (unsigned i = 1; i < numThreads; ++i)
      threads.emplace_back([&launch, &block = *blocks[i]] { runBlocks(launch, block); });
  } catch (const std::system_error &) {
    // The system has no more threads: fewer do the work, where blocks do not wait for others.
    if (threads.size() + 1 < launch.kernel.clusterBlocks) {
      launch.stops = true;
      for (std::thread &thread : threads)
        thread.join();
      return createStringError("expected a thread for each of the " +
                               Twine(launch.kernel.clusterBlocks) +
                               " blocks of a cluster: the system has no more");
    }
  }
  runBlocks(launch, *blocks[0]);
  for (std::thread &thread : threads)
    thread.join();
  return Error::success();
}

Expected<LaunchReport> imhsa::emulator::launch(const Kernel &kernel, const Chip &chip,
                                               const LaunchConfig &config, void **args) {
  if (Error failed = checkLimits(kernel, chip, config))
    return createStringError("kernel '" + kernel.name + "': " + toString(std::move(failed)));
  uint64_t shared = kernel.staticShared;
  if (kernel.usesDynamicShared)
    shared = llvm::alignTo(shared, kernel.dynamicAlignment);
  unsigned numThreads = getNumThreads(kernel, config);

  Launch launch{kernel, config, args, static_cast<uint32_t>(shared + config.dynamicShared),
                nullptr};
  launch.stacksPerBlock = kernel.hasMeetings ? config.block.volume() : 1;
  if (kernel.clusterBlocks > 1) {
    launch.clusters = std::vector<Cluster>(config.grid.volume() / kernel.clusterBlocks);
    for (Cluster &cluster : launch.clusters) {
      cluster.running = kernel.clusterBlocks;
      cluster.expected = kernel.clusterBlocks * config.block.volume();
    }
  }
  std::optional<LaunchChecker> checker;
  if (config.check) {
    if (Error failed = launch.stacks.reserve(numThreads * launch.stacksPerBlock))
      return std::move(failed);
    LaunchInfo info;
    info.kernel = kernel.name;
    info.grid = config.grid;
    info.block = config.block;
    info.sharedBytes = launch.sharedBytes;
    info.buffers = config.buffers;
    info.localMemory = launch.stacks.getMemory();
    info.localBytes = launch.stacks.getBytes();
    info.sites = kernel.sites;
    info.clusterBlocks = kernel.clusterBlocks;
    checker.emplace(std::move(info), config.checkOptions);
    launch.checker = &*checker;
  }
  if (Error failed = runOnThreads(launch, numThreads))
    return std::move(failed);
  if (checker)
    return checker->finish();
  LaunchReport report;
  report.kernel = kernel.name;
  report.grid = config.grid;
  report.block = config.block;
  report.sharedBytes = launch.sharedBytes;
  report.findings = std::move(launch.findings);
  report.sites = kernel.sites;
  return report;
}
