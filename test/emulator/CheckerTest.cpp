//===- CheckerTest.cpp - unit test of the emulator's checks ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Plays the machine: tells the checker what the lanes of small kernels do, and compares what it
// finds and counts with what is known. Each wrong kernel has its repaired form beside it.
// Prints one line for each check that holds; run by checker.test.

#include "runtime/emulator/Report.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <thread>

using namespace imhsa::emulator;

namespace {

constexpr AccessKind kRead = AccessKind::Read, kWrite = AccessKind::Write,
                     kAtomic = AccessKind::Atomic;

void check(bool holds, const std::string &what) {
  std::printf("%s%s\n", holds ? "" : "FAILED: ", what.c_str());
  std::fflush(stdout);
  if (!holds)
    std::_Exit(1);
}

// One launch, and the memory that it works on.
class Kernel {
public:
  explicit Kernel(uint32_t numLanes, Dim3 grid = {1, 1, 1}, CheckOptions options = {},
                  uint32_t clusterBlocks = 1) {
    LaunchInfo info;
    info.clusterBlocks = clusterBlocks;
    info.kernel = "kernel";
    info.grid = grid;
    info.block = {numLanes, 1, 1};
    info.sharedBytes = sizeof(shared);
    info.buffers = {{"%out", out, sizeof(out), true}, {"%in", in, sizeof(in), false}};
    info.sites = &sites;
    launch = std::make_unique<LaunchChecker>(std::move(info), options);
    lanes.resize(numLanes);
    std::iota(lanes.begin(), lanes.end(), 0);
    for (int i = 0; i < 100; ++i)
      sites.push_back({"instruction " + std::to_string(i), "k.mlir:" + std::to_string(i) + ":1"});
    makeBlock({0, 0, 0});
  }

  void makeBlock(Dim3 place) {
    blocks.push_back(launch->makeBlockChecker());
    blocks.back()->begin(place, shared);
  }
  BlockChecker &operator[](size_t i) { return *blocks[i]; }
  BlockChecker *operator->() { return blocks[0].get(); }

  // All lanes meet at barrier 0.
  void sync() { blocks[0]->barrierReleased(0, lanes); }
  bool read(uint32_t lane, const void *address, uint32_t site, uint32_t bytes = 4) {
    return blocks[0]->access(lane, address, bytes, bytes, kRead, site);
  }
  bool write(uint32_t lane, const void *address, uint32_t site, uint32_t bytes = 4) {
    return blocks[0]->access(lane, address, bytes, bytes, kWrite, site);
  }

  LaunchReport finish() {
    for (auto &block : blocks) {
      for (uint32_t lane : lanes)
        block->laneExit(lane);
      block->end();
    }
    blocks.clear();
    return launch->finish();
  }
  // The kinds and sites of what was found: `race 3 1`.
  std::string found() {
    std::string text;
    LaunchReport report = finish();
    for (const Finding &finding : report.findings.getFindings()) {
      text += (text.empty() ? "" : ", ") + getName(finding.kind).str() + " " +
              std::to_string(finding.actor.site);
      if (finding.other)
        text += " " + std::to_string(finding.other->site);
    }
    return text;
  }

  alignas(1024) char shared[8192];
  char sharedGap[256];
  alignas(256) char out[4096];
  char gap[256]; // what lies here is nobody's
  alignas(256) char in[4096];
  std::vector<uint32_t> lanes;

private:
  std::vector<Site> sites;
  std::unique_ptr<LaunchChecker> launch;
  std::vector<std::unique_ptr<BlockChecker>> blocks;
};

// Runs `body` in a kernel of 64 lanes and compares what is found with `expected`.
void expect(const std::string &what, const std::string &expected,
            const std::function<void(Kernel &)> &body, uint32_t numLanes = 64) {
  Kernel kernel(numLanes);
  body(kernel);
  std::string found = kernel.found();
  if (found != expected)
    std::printf("expected '%s', found '%s'\n", expected.c_str(), found.c_str());
  check(found == expected, what + ": " + (expected.empty() ? "clean" : expected));
}

//===--- Bounds and alignment ----------------------------------------------===//

void testBounds() {
  Kernel k(32);
  check(k.read(0, k.in + 4092, 1) && k.read(3, k.in + 4094, 1, 2), "the last bytes of a buffer");
  check(!k.read(0, k.in + 4096, 2), "past its end");
  check(!k->access(5, k.in + 4094, 4, 2, kRead, 3), "half outside");
  check(!k.read(0, k.out - 8, 4), "before its start");
  check(!k.read(0, nullptr, 5), "null");
  check(k.write(0, k.out, 1) && !k.write(0, k.in, 6), "a read-only buffer");
  check(k.read(0, k.in + 16, 1, 16) && !k.read(0, k.in + 8, 7, 16), "alignment");
  check(k.write(1, k.shared + 8190, 1, 2), "the last bytes of shared memory");
  check(!k->access(1, k.shared + 8190, 4, 2, kWrite, 8), "past its end");
  const void *rows[32];
  for (int i = 0; i < 32; ++i)
    rows[i] = k.shared + 16 * i;
  rows[3] = k.shared + 8;
  check(!k->matrix(0, rows, 1, kWrite, 9), "an unaligned row of stmatrix");
  rows[3] = k.in;
  check(!k->matrix(0, rows, 1, kRead, 10), "a row of ldmatrix in global memory");
  LaunchReport report = k.finish();
  for (const Finding &finding : report.findings.getFindings())
    std::printf("%u: %s: %s\n", finding.actor.site, getName(finding.kind).str().c_str(),
                finding.message.c_str());
}

//===--- Order in a block --------------------------------------------------===//

void testBarriers() {
  // Each lane writes a word and reads its neighbour's.
  auto exchange = [](bool hasBarrier) {
    return [=](Kernel &k) {
      for (uint32_t lane = 0; lane < 64; ++lane)
        k.write(lane, k.shared + 4 * lane, 1);
      if (hasBarrier)
        k.sync();
      for (uint32_t lane = 0; lane < 64; ++lane)
        k.read(lane, k.shared + 4 * ((lane + 1) % 64), 2);
    };
  };
  expect("barrier between write and read", "", exchange(true));
  expect("no barrier between write and read", "race 2 1", exchange(false));

  // A lane at a time, as far as it can go, as the machine does.
  auto reuse = [](bool hasBarrier) {
    return [=](Kernel &k) {
      k.write(0, k.shared, 1);
      k.sync();
      for (uint32_t lane = 0; lane < 64; ++lane)
        k.read(lane, k.shared, 2);
      if (hasBarrier)
        k.sync();
      k.write(63, k.shared, 3);
    };
  };
  expect("barrier between reads and write", "", reuse(true));
  expect("the last reader writes", "race 3 2", reuse(false));

  expect("bytes of a word by two lanes", "", [](Kernel &k) {
    k.write(0, k.shared, 1, 2);
    k.write(1, k.shared + 2, 2, 2);
    k.sync();
    k.read(5, k.shared, 3, 4);
  });
  expect("a byte of a vector", "race 2 1", [](Kernel &k) {
    k.write(0, k.shared, 1, 16);
    k.write(1, k.shared + 15, 2, 1);
  });
  expect("the same value by two lanes", "race 1 1", [](Kernel &k) {
    k.write(0, k.shared, 1);
    k.write(1, k.shared, 1);
  });
  expect("never written", "uninitialised 2", [](Kernel &k) {
    k.write(0, k.shared, 1);
    k.sync();
    k.read(1, k.shared, 3);
    k.read(1, k.shared + 2, 3, 2);
    k.read(1, k.shared + 4, 2, 1);
  });
  expect("nothing is left from the block before", "uninitialised 2", [](Kernel &k) {
    k.write(0, k.shared, 1);
    k->end();
    k->begin({0, 0, 0}, k.shared);
    k.read(0, k.shared, 2);
  });
}

void testSubsets() {
  auto warpExchange = [](uint32_t mask) {
    return [=](Kernel &k) {
      k.write(3, k.shared, 1);
      k->warpSync(0, mask);
      k.read(4, k.shared, 2);
    };
  };
  expect("bar.warp.sync", "", warpExchange(0xffffffff));
  expect("bar.warp.sync of some lanes", "", warpExchange(0x18));
  expect("bar.warp.sync of others", "race 2 1", warpExchange(0x1f0));
  expect("bar.warp.sync of another warp", "race 2 1", [](Kernel &k) {
    k.write(3, k.shared, 1);
    k->warpSync(0, ~0u);
    k->warpSync(32, ~0u);
    k.read(35, k.shared, 2);
  });
  expect("order goes on from warp to block", "", [](Kernel &k) {
    std::vector<uint32_t> pair = {0, 32};
    k.write(5, k.shared, 1);
    k->warpSync(0, ~0u);
    k->barrierReleased(1, pair);
    k->warpSync(32, ~0u);
    k.read(40, k.shared, 2);
  });
  expect("collectives do not order memory", "race 2 1", [](Kernel &k) {
    k.write(3, k.shared, 1);
    k->warpMet(0, ~0u);
    k.read(4, k.shared, 2);
  });

  // Producers arrive, consumers wait.
  auto arriveSync = [](bool late) {
    return [=](Kernel &k) {
      std::vector<uint32_t> consumers(32);
      std::iota(consumers.begin(), consumers.end(), 32);
      if (!late)
        k.write(3, k.shared, 1);
      for (uint32_t lane = 0; lane < 32; ++lane)
        k->barrierArrive(lane, 2, 9);
      if (late)
        k.write(3, k.shared, 1);
      k->barrierReleased(2, consumers);
      k.read(40, k.shared, 2);
    };
  };
  expect("barrier.arrive after the write", "", arriveSync(false));
  expect("barrier.arrive before the write", "race 2 1", arriveSync(true));
  expect("an arrival orders nothing for who arrives", "race 3 1", [](Kernel &k) {
    std::vector<uint32_t> waiting = {32};
    k.write(32, k.shared, 1);
    k->barrierArrive(0, 2, 9);
    k->barrierReleased(2, waiting);
    k.read(0, k.shared, 3);
  });
  // Three consumers have read what the producer overwrites; it waited for two of them.
  expect("one reader of three is not waited for", "race 3 2", [](Kernel &k) {
    k.write(0, k.shared, 1);
    k.sync();
    for (uint32_t lane : {10, 20, 30})
      k.read(lane, k.shared, 2);
    k->barrierReleased(1, {0, 10, 30});
    k.write(0, k.shared, 3);
  });
  expect("all three are", "", [](Kernel &k) {
    k.write(0, k.shared, 1);
    k.sync();
    for (uint32_t lane : {10, 20, 30})
      k.read(lane, k.shared, 2);
    k->barrierReleased(1, {10, 30});
    k->barrierReleased(1, {0, 20, 30});
    k.write(0, k.shared, 3);
  });
}

void testAtomics() {
  auto sum = [](bool hasFirst, bool hasSecond) {
    return [=](Kernel &k) {
      k.write(0, k.shared, 1);
      if (hasFirst)
        k.sync();
      for (uint32_t lane = 0; lane < 64; ++lane)
        k->access(lane, k.shared, 4, 4, kAtomic, 2);
      if (hasSecond)
        k.sync();
      k.read(63, k.shared, 3);
    };
  };
  expect("atomics", "", sum(true, true));
  expect("atomics before the initial value", "race 2 1", sum(false, true));
  expect("atomics before the last read", "race 3 2", sum(true, false));
  expect("atomics on nothing", "uninitialised 1", [](Kernel &k) {
    k->access(0, k.shared, 4, 4, kAtomic, 1);
    k->access(1, k.shared, 4, 4, kAtomic, 2);
  });
}

//===--- Order between blocks ----------------------------------------------===//

void testBlocks() {
  auto run = [](const std::function<void(Kernel &)> &body) {
    Kernel k(32, {2, 2, 1});
    k.makeBlock({1, 1, 0});
    body(k);
    return k.found();
  };
  auto at = [](Kernel &k, size_t block, uint32_t lane, AccessKind kind, int offset, uint32_t site) {
    k[block].access(lane, k.out + offset, 4, 4, kind, site);
  };
  check(run([&](Kernel &k) {
          at(k, 0, 0, kWrite, 0, 1);
          at(k, 1, 0, kWrite, 4, 1);
        }).empty(),
        "blocks that write side by side: clean");
  check(run([&](Kernel &k) {
          at(k, 0, 0, kWrite, 0, 1);
          at(k, 1, 0, kWrite, 0, 1);
        }) == "race 1 1",
        "blocks that write the same: race");
  check(run([&](Kernel &k) {
          at(k, 0, 0, kRead, 0, 1);
          at(k, 1, 0, kRead, 0, 1);
          at(k, 0, 0, kWrite, 0, 2);
        }) == "race 2 1",
        "a write of what another block read: race");
  check(run([&](Kernel &k) {
          at(k, 0, 0, kAtomic, 0, 1);
          at(k, 1, 0, kAtomic, 0, 1);
        }).empty(),
        "atomics of two blocks: clean");
  check(run([&](Kernel &k) {
          at(k, 0, 0, kAtomic, 0, 1);
          at(k, 1, 0, kRead, 0, 2);
        }) == "race 2 1",
        "a read beside another block's atomic: race");

  // Many blocks on several host threads: each writes its own words, and all of them one.
  constexpr uint32_t kBlocks = 64;
  Kernel k(32, {kBlocks, 1, 1});
  for (uint32_t i = 1; i < kBlocks; ++i)
    k.makeBlock({i, 0, 0});
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (uint32_t block = t; block < kBlocks; block += 4)
        for (uint32_t lane = 0; lane < 15; ++lane)
          at(k, block, lane, kWrite, 64 * block + 4 * lane, 1);
      for (uint32_t block = t; block < kBlocks; block += 4)
        at(k, block, 15, kWrite, 60, 2);
    });
  for (std::thread &thread : threads)
    thread.join();
  LaunchReport report = k.finish();
  check(report.findings.getFindings().size() == 1 && report.findings.getTotal() == kBlocks - 1,
        "blocks on several threads: each race once");
}

//===--- Atomics and fences ------------------------------------------------===//

void testFences() {
  // Lane 3 writes data and then a flag; lane 40 sees the flag and reads the data.
  auto pass = [](MemoryOrder release, MemoryOrder acquire, bool fenceBefore, bool fenceAfter) {
    return [=](Kernel &k) {
      char *flag = k.shared + 512;
      k.write(0, flag, 1);
      k.sync();
      k.write(3, k.shared, 2);
      if (fenceBefore)
        k->fence(3, FenceKind::Block, 9);
      k->atomic(3, flag, 4, 4, AccessKind::AtomicWrite, release, Scope::Block, 3);
      k->atomic(40, flag, 4, 4, AccessKind::AtomicRead, acquire, Scope::Block, 4);
      if (fenceAfter)
        k->fence(40, FenceKind::Block, 9);
      k.read(40, k.shared, 5);
    };
  };
  constexpr MemoryOrder kRelaxed = MemoryOrder::Relaxed, kAcquire = MemoryOrder::Acquire,
                        kRelease = MemoryOrder::Release;
  expect("release and acquire", "", pass(kRelease, kAcquire, false, false));
  expect("fences on both sides", "", pass(kRelaxed, kRelaxed, true, true));
  expect("release and fence", "", pass(kRelease, kRelaxed, false, true));
  expect("no acquire", "race 5 2", pass(kRelease, kRelaxed, false, false));
  expect("no release", "race 5 2", pass(kRelaxed, kAcquire, false, false));
  expect("a write after the fence is not released", "race 5 2", [](Kernel &k) {
    k->fence(3, FenceKind::Block, 9);
    k.write(3, k.shared, 2);
    k->atomic(3, k.shared + 512, 4, 4, AccessKind::AtomicWrite, kRelaxed, Scope::Block, 3);
    k->atomic(40, k.shared + 512, 4, 4, kAtomic, kAcquire, Scope::Block, 4);
    k.read(40, k.shared, 5);
  });
  expect("atomic loads of a read-only buffer", "", [](Kernel &k) {
    check(k->access(0, k.in, 4, 4, AccessKind::AtomicRead, 1), "may be read");
    k->access(1, k.in, 4, 4, AccessKind::AtomicRead, 1);
  });

  // Each of three blocks writes its part and counts itself; the last reads all parts.
  using Fence = std::optional<FenceKind>;
  auto lastBlock = [](Fence before, Fence after, Scope scope) {
    Kernel k(32, {3, 1, 1});
    char *counter = k.out + 1024;
    k.makeBlock({1, 0, 0});
    k.makeBlock({2, 0, 0});
    for (uint32_t block = 0; block < 3; ++block) {
      for (uint32_t lane = 0; lane < 32; ++lane)
        k[block].access(lane, k.out + 128 * block + 4 * lane, 4, 4, kWrite, 1);
      k[block].barrierReleased(0, k.lanes);
      if (before)
        k[block].fence(0, *before, 9);
      k[block].atomic(0, counter, 4, 4, kAtomic, kRelaxed, scope, 2);
    }
    if (after)
      k[2].fence(0, *after, 9);
    k[2].barrierReleased(0, k.lanes);
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t block = 0; block < 3; ++block)
        k[2].access(lane, k.out + 128 * block + 4 * lane, 4, 4, kRead, 3);
    return k.found();
  };
  constexpr FenceKind kDevice = FenceKind::Device, kBlock = FenceKind::Block;
  check(lastBlock(kDevice, kDevice, Scope::Device).empty(), "the last block reads all: clean");
  check(lastBlock({}, kDevice, Scope::Device) == "race 3 1", "no fence before the count: race");
  check(lastBlock(kDevice, {}, Scope::Device) == "race 3 1", "no fence after the count: race");
  check(lastBlock(kBlock, kDevice, Scope::Device) == "race 3 1", "a fence of the block: race");
  check(lastBlock(kDevice, kBlock, Scope::Device) == "race 3 1", "a fence of the block: race");
  check(lastBlock(kDevice, kDevice, Scope::Block) == "race 2 2, race 3 1",
        "atomics of the block: race");

  // Block 0 of a cluster writes data and a flag; the other one, or one of the next cluster, sees
  // the flag and reads the data.
  auto passTo = [](uint32_t reader, FenceKind before, FenceKind after, Scope scope) {
    Kernel k(32, {4, 1, 1}, {}, /*clusterBlocks=*/2);
    for (uint32_t block = 1; block < 4; ++block)
      k.makeBlock({block, 0, 0});
    k[0].access(0, k.out, 4, 4, kWrite, 1);
    k[0].fence(0, before, 9);
    k[0].atomic(0, k.out + 1024, 4, 4, kAtomic, kRelaxed, scope, 2);
    k[reader].atomic(5, k.out + 1024, 4, 4, kAtomic, kRelaxed, scope, 2);
    k[reader].fence(5, after, 9);
    k[reader].access(5, k.out, 4, 4, kRead, 3);
    return k.found();
  };
  constexpr FenceKind kCluster = FenceKind::Cluster;
  check(passTo(1, kCluster, kCluster, Scope::Cluster).empty(), "within a cluster: clean");
  check(passTo(1, kDevice, kDevice, Scope::Cluster).empty(), "fences of more: clean");
  check(passTo(1, kCluster, kCluster, Scope::Device).empty(), "atomics of more: clean");
  check(passTo(1, kBlock, kCluster, Scope::Cluster) == "race 3 1", "a fence of the block: race");
  check(passTo(1, kCluster, kBlock, Scope::Cluster) == "race 3 1", "a fence of the block: race");
  check(passTo(1, kCluster, kCluster, Scope::Block) == "race 2 2, race 3 1",
        "atomics of the block: race");
  check(passTo(2, kCluster, kCluster, Scope::Cluster) == "race 2 2, race 3 1",
        "atomics of the cluster, beyond it: race");
  check(passTo(2, kCluster, kCluster, Scope::Device) == "race 3 1",
        "fences of the cluster, beyond it: race");
  check(passTo(2, kDevice, kDevice, Scope::Device).empty(), "between clusters: clean");
}

//===--- Asynchronous copies -----------------------------------------------===//

void testCopies() {
  // Lane 0 copies, waits, and lane `reader` reads.
  auto copy = [](bool waits, bool syncs, uint32_t reader) {
    return [=](Kernel &k) {
      k->copyAsync(0, k.shared, 16, k.in, 16, 1);
      k->copyCommit(0);
      if (waits)
        k->copyWaitGroup(0, 0);
      if (syncs)
        k.sync();
      k.read(reader, k.shared + 4, 2);
    };
  };
  expect("cp.async, wait, read by the lane", "", copy(true, false, 0));
  expect("cp.async, read by the lane", "copy-not-waited-for 2 1", copy(false, false, 0));
  expect("cp.async, wait, barrier, read by another", "", copy(true, true, 9));
  expect("cp.async, wait, read by another", "copy-not-waited-for 2 1", copy(true, false, 9));
  expect("cp.async, barrier, read by another", "copy-not-waited-for 2 1", copy(false, true, 9));
  expect("wait after the barrier", "copy-not-waited-for 2 1", [](Kernel &k) {
    k->copyAsync(0, k.shared, 16, k.in, 16, 1);
    k->copyCommit(0);
    k.sync();
    k->copyWaitAll(0);
    k.read(1, k.shared, 2);
  });

  // Two stages; the wait leaves `pending` groups.
  auto stages = [](uint32_t pending) {
    return [=](Kernel &k) {
      for (uint32_t stage = 0; stage < 2; ++stage) {
        k->copyAsync(0, k.shared + 16 * stage, 16, k.in, 16, 1);
        k->copyCommit(0);
      }
      k->copyWaitGroup(0, pending);
      k.sync();
      k.read(1, k.shared, 2);
      if (pending == 0)
        k.read(1, k.shared + 16, 3);
    };
  };
  expect("wait_group 1 of two", "", stages(1));
  expect("wait_group 0 of two", "", stages(0));
  expect("wait_group 2 of two", "copy-not-waited-for 2 1", stages(2));
  expect("wait_all without commit", "", [](Kernel &k) {
    k->copyAsync(0, k.shared, 4, k.in, 4, 1);
    k->copyWaitAll(0);
    k.read(0, k.shared, 2);
  });
  expect("zero fill", "", [](Kernel &k) {
    check(k->copyAsync(0, k.shared, 16, nullptr, 0, 1), "no source where nothing is read");
    k->copyWaitAll(0);
    k.read(0, k.shared, 2, 16);
  });
  expect("a write to a destination in flight", "copy-not-waited-for 2 1", [](Kernel &k) {
    k->copyAsync(0, k.shared, 16, k.in, 16, 1);
    k.write(0, k.shared + 12, 2);
    k->copyWaitAll(0);
  });
  expect("the stage is still being read", "race 3 2", [](Kernel &k) {
    k->copyAsync(0, k.shared, 16, k.in, 16, 1);
    k->copyWaitAll(0);
    k.sync();
    k.read(1, k.shared, 2);
    k->copyAsync(0, k.shared, 16, k.in, 16, 3);
    k->copyWaitAll(0);
  });
  auto overwrite = [](bool waits) {
    return [=](Kernel &k) {
      k.write(0, k.out, 1, 16);
      k->copyAsync(0, k.shared, 16, k.out, 16, 2);
      if (waits)
        k->copyWaitAll(0);
      k.write(0, k.out + 8, 3);
    };
  };
  expect("a source written after the wait", "", overwrite(true));
  expect("a source written in flight", "copy-source-written 3 2", overwrite(false));
  expect("misaligned copies", "misaligned 1, misaligned 2", [](Kernel &k) {
    check(!k->copyAsync(0, k.shared + 8, 16, k.in, 16, 1) &&
              !k->copyAsync(0, k.shared, 16, k.in + 4, 16, 2) &&
              k->copyAsync(0, k.shared + 8, 8, k.in + 8, 8, 3),
          "alignment is the copy's size");
  });
}

void testMbarriers() {
  // Lane 0 initialises, all meet, lane 1 writes and arrives, lane 40 waits and reads.
  auto pass = [](bool syncs, bool arrives, bool waits) {
    return [=](Kernel &k) {
      char *barrier = k.shared + 1024;
      k->mbarrierInit(0, barrier, 1, 1);
      if (syncs)
        k.sync();
      k.write(1, k.shared, 2);
      if (arrives)
        k->mbarrierArrive(1, barrier, 3);
      k->mbarrierComplete(barrier);
      if (waits)
        k->mbarrierWait(40, barrier, 0, true, 4);
      k.read(40, k.shared, 5);
    };
  };
  expect("arrive and wait", "", pass(true, true, true));
  expect("no wait", "race 5 2", pass(true, true, false));
  expect("no arrival", "race 5 2", pass(true, false, true));
  expect("no barrier after init", "race 3 1, race 4 1", pass(false, true, true));
  expect("a failed test orders nothing", "race 5 2", [](Kernel &k) {
    k->mbarrierInit(0, k.shared + 1024, 1, 1);
    k.sync();
    k.write(1, k.shared, 2);
    k->mbarrierArrive(1, k.shared + 1024, 3);
    k->mbarrierWait(40, k.shared + 1024, 0, false, 4);
    k.read(40, k.shared, 5);
  });
  expect("not initialised", "invalid-barrier 1, invalid-barrier 5", [](Kernel &k) {
    check(!k->mbarrierArrive(0, k.shared, 1), "arrive on nothing");
    k->mbarrierInit(0, k.shared, 1, 2);
    k->mbarrierInvalidate(0, k.shared, 3);
    k->mbarrierInit(0, k.shared, 1, 4);
    k->mbarrierInit(0, k.shared, 1, 5);
  });

  // cp.async that completes on an mbarrier.
  auto copyArrive = [](bool waits) {
    return [=](Kernel &k) {
      char *barrier = k.shared + 1024;
      k->mbarrierInit(0, barrier, 1, 1);
      k.sync();
      k->copyAsync(1, k.shared, 16, k.in, 16, 2);
      k->copyMbarrierArrive(1, barrier, 3);
      k->copyMbarrierArrived(1);
      k->mbarrierComplete(barrier);
      if (waits)
        k->mbarrierWait(40, barrier, 0, true, 4);
      k.read(40, k.shared, 5);
    };
  };
  expect("cp.async.mbarrier.arrive", "", copyArrive(true));
  expect("cp.async.mbarrier.arrive, no wait", "copy-not-waited-for 5 2", copyArrive(false));
  expect("cp.async.mbarrier.arrive and the lane's own wait", "", [](Kernel &k) {
    k->mbarrierInit(1, k.shared + 1024, 1, 1);
    k->copyAsync(1, k.shared, 16, k.in, 16, 2);
    k->copyMbarrierArrive(1, k.shared + 1024, 3);
    k->copyMbarrierArrived(1);
    k->copyWaitAll(1);
    k.read(1, k.shared, 5);
  });
}

void testBulk() {
  // A tile comes in bulk; another on a second mbarrier, of which nobody knows.
  auto load = [](bool waits, bool other) {
    return [=](Kernel &k) {
      char *first = k.shared + 4096, *second = first + 8;
      for (char *barrier : {first, second})
        k->mbarrierInit(0, barrier, 1, 1);
      k->fence(0, FenceKind::MbarrierInit, 8);
      k.sync();
      k->mbarrierExpect(0, first, 2);
      k->mbarrierArrive(0, first, 3);
      auto one = k->bulkToShared(0, k.shared, k.in, 1024, first, 4);
      auto two = k->bulkToShared(0, k.shared + 1024, k.in, 1024, second, 5);
      check(one && two && *one != *two, "bulk copies have numbers");
      k->bulkArrived(*two);
      k->bulkArrived(*one);
      k->mbarrierComplete(first);
      if (waits)
        k->mbarrierWait(40, first, 0, true, 6);
      k.read(40, k.shared + (other ? 1024 : 0), 7);
    };
  };
  expect("bulk copy, wait, read", "", load(true, false));
  expect("bulk copy, read", "copy-not-waited-for 7 4", load(false, false));
  expect("the other bulk copy", "copy-not-waited-for 7 5", load(true, true));
  expect("bulk copy, not there yet", "copy-not-waited-for 3 2", [](Kernel &k) {
    k->mbarrierInit(0, k.shared + 4096, 1, 1);
    k->fence(0, FenceKind::MbarrierInit, 8);
    k->bulkToShared(0, k.shared, k.in, 64, k.shared + 4096, 2);
    k.read(0, k.shared, 3);
  });
  expect("the stage is still being read", "race 5 4", [](Kernel &k) {
    k->mbarrierInit(0, k.shared + 4096, 1, 1);
    k->fence(0, FenceKind::AsyncProxy, 8);
    k.write(0, k.shared, 2);
    k.sync();
    k.read(9, k.shared, 4);
    k->bulkToShared(0, k.shared, k.in, 64, k.shared + 4096, 5);
  });

  expect("no fence after the init", "missing-proxy-fence 2 1", [](Kernel &k) {
    k->mbarrierInit(0, k.shared + 4096, 1, 1);
    k->bulkToShared(0, k.shared, k.in, 64, k.shared + 4096, 2);
  });

  auto store = [](bool fences, bool waits, bool onlyRead) {
    return [=](Kernel &k) {
      for (uint32_t lane = 0; lane < 64; ++lane) {
        k.write(lane, k.shared + 4 * lane, 1);
        if (fences)
          k->fence(lane, FenceKind::AsyncProxy, 2);
      }
      k.sync();
      k->bulkToGlobal(0, k.out, k.shared, 256, 3);
      k->bulkCommit(0);
      if (waits)
        k->bulkWaitGroup(0, 0, onlyRead);
      k.write(0, k.shared, 4);
      if (waits)
        k.read(0, k.out, 5);
    };
  };
  expect("bulk store, wait", "", store(true, true, false));
  expect("bulk store, no fence", "missing-proxy-fence 3 1", store(false, true, false));
  expect("bulk store, no wait", "copy-left-behind 3, copy-source-written 4 3",
         store(true, false, false));
  expect("bulk store, wait for the reads only", "copy-not-waited-for 5 3", store(true, true, true));
  expect("the fence of one lane after the barrier is enough", "", [](Kernel &k) {
    k.write(9, k.shared, 1, 16);
    k.sync();
    k->fence(0, FenceKind::AsyncProxy, 2);
    k->bulkToGlobal(0, k.out, k.shared, 16, 3);
    k->bulkCommit(0);
    k->bulkWaitGroup(0, 0, false);
  });
  expect("a write after the fence", "missing-proxy-fence 3 2", [](Kernel &k) {
    k->fence(0, FenceKind::AsyncProxy, 1);
    k.write(0, k.shared, 2, 16);
    k->bulkToGlobal(0, k.out, k.shared, 16, 3);
    k->bulkCommit(0);
    k->bulkWaitGroup(0, 0, false);
  });
}

//===--- Counters ----------------------------------------------------------===//

// Lane by lane, as the machine runs them: `count` accesses each of `bytes`, `offset(lane, i)`.
Counters countShared(uint32_t bytes, const std::function<uint32_t(uint32_t, uint32_t)> &offset,
                     uint32_t count = 1) {
  Kernel k(32);
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < count; ++i)
      k.write(lane, k.shared + offset(lane, i), 1, bytes);
  return k.finish().counters;
}

Counters countGlobal(uint32_t bytes, const std::function<uint32_t(uint32_t)> &offset,
                     uint32_t numLanes = 32) {
  Kernel k(numLanes);
  for (uint32_t lane = 0; lane < numLanes; ++lane)
    k.read(lane, k.in + offset(lane), 1, bytes);
  return k.finish().counters;
}

void checkCount(const std::string &what, const WarpAccessCounters &found, uint64_t instructions,
                uint64_t passes, uint64_t fewest) {
  if (found.instructions != instructions || found.passes != passes || found.fewest != fewest)
    std::printf("found %lu, %lu, %lu\n", found.instructions, found.passes, found.fewest);
  check(found.instructions == instructions && found.passes == passes && found.fewest == fewest,
        what + ": " + std::to_string(passes) + " of " + std::to_string(fewest));
}

void testCounters() {
  auto stride = [](uint32_t bytes) {
    return [=](uint32_t lane, uint32_t) { return bytes * lane; };
  };
  checkCount("words in a row", countShared(4, stride(4)).sharedStores, 1, 1, 1);
  checkCount("every second word", countShared(4, stride(8)).sharedStores, 1, 2, 1);
  checkCount("a column of 32 words", countShared(4, stride(128)).sharedStores, 1, 32, 1);
  checkCount("a padded column", countShared(4, stride(132)).sharedStores, 1, 1, 1);
  checkCount("one word", countShared(4, stride(0)).sharedStores, 1, 1, 1);
  checkCount("halves of words", countShared(2, stride(2)).sharedStores, 1, 1, 1);
  checkCount("8 bytes in a row", countShared(8, stride(8)).sharedStores, 1, 2, 2);
  checkCount("16 bytes in a row", countShared(16, stride(16)).sharedStores, 1, 4, 4);
  // Quarters of 8 lanes, 32 words apart: all in banks 0 to 3.
  checkCount("16 bytes in a column", countShared(16, stride(128)).sharedStores, 1, 32, 4);
  // Halves of 16 lanes, 4 words apart: lanes l and l + 8 share their banks.
  checkCount("8 bytes, every second", countShared(8, stride(16)).sharedStores, 1, 4, 2);

  Counters loop =
      countShared(4, [](uint32_t lane, uint32_t i) { return i == 0 ? 4 * lane : 128 * lane; }, 3);
  checkCount("three executions of a site", loop.sharedStores, 3, 1 + 32 + 32, 3);
  check(loop.sites.size() == 1 && loop.sites.begin()->second.instructions == 2 &&
            loop.shared.bytesWritten == 3 * 32 * 4 && loop.shared.bytesRead == 0 &&
            loop.instructions[size_t(InstructionKind::Store)] == 96,
        "by site, in bytes, in instructions");

  auto ragged = [] {
    Kernel k(32);
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t i = 0; i <= lane / 16; ++i)
        k.write(lane, k.shared + 128 * i + 4 * lane, 1);
    return k.finish().counters.sharedStores;
  };
  checkCount("half of the warp loops once more", ragged(), 2, 2, 2);

  // Before the meeting point lanes go to the same row, after it each to its own.
  auto met = [](bool meets) {
    Kernel k(32);
    for (uint32_t lane = 0; lane < 16; ++lane)
      k.write(lane, k.shared + 4 * lane, 1);
    if (meets)
      k->warpMet(0, ~0u);
    for (uint32_t lane = 16; lane < 32; ++lane)
      k.write(lane, k.shared + 4 * lane, 1);
    return k.finish().counters.sharedStores;
  };
  checkCount("no meeting point between", met(false), 1, 1, 1);
  checkCount("a meeting point between", met(true), 2, 2, 2);

  auto matrices = [](uint32_t rowBytes, bool swizzle) {
    Kernel k(32);
    const void *rows[32];
    for (uint32_t lane = 0; lane < 32; ++lane) {
      uint32_t row = lane % 8, column = lane / 8;
      rows[lane] = k.shared + rowBytes * row + 16 * (swizzle ? column ^ row : column);
    }
    k->matrix(0, rows, 4, kWrite, 1);
    return k.finish().counters;
  };
  checkCount("stmatrix, rows of 128 bytes", matrices(128, false).stmatrix, 1, 32, 4);
  checkCount("stmatrix, swizzled", matrices(128, true).stmatrix, 1, 4, 4);
  checkCount("stmatrix, rows of 64 bytes", matrices(64, false).stmatrix, 1, 16, 4);
  check(matrices(128, true).shared.bytesWritten == 512, "bytes of four matrices");

  auto words = [](uint32_t stride, uint32_t start = 0) {
    return [=](uint32_t lane) { return start + stride * lane; };
  };
  checkCount("coalesced words", countGlobal(4, words(4)).globalLoads, 1, 4, 4);
  checkCount("coalesced words, shifted", countGlobal(4, words(4, 4)).globalLoads, 1, 5, 4);
  checkCount("every second word", countGlobal(4, words(8)).globalLoads, 1, 8, 4);
  checkCount("one word a sector", countGlobal(4, words(32)).globalLoads, 1, 32, 4);
  checkCount("one word for all", countGlobal(4, words(0)).globalLoads, 1, 1, 1);
  checkCount("16 bytes in a row", countGlobal(16, words(16)).globalLoads, 1, 16, 16);
  checkCount("backwards", countGlobal(2, [](uint32_t lane) { return 62 - 2 * lane; }).globalLoads,
             1, 2, 2);
  checkCount("two warps", countGlobal(4, words(4), 64).globalLoads, 2, 8, 8);
  checkCount("part of a warp", countGlobal(4, words(4), 40).globalLoads, 2, 5, 5);

  // Lanes write a word each in a row, and read 16 bytes: every second lane's; a bulk copy of 48
  // bytes from the middle of a sector.
  Kernel both(32);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    both.write(lane, both.out + 4 * lane, 1);
    both.read(lane, both.in + 16 * (lane / 2), 2, 16);
  }
  both->access(0, both.shared, 8, 8, kWrite, 3);
  both->mbarrierInit(0, both.shared, 1, 4);
  both->fence(0, FenceKind::MbarrierInit, 5);
  both->bulkToShared(0, both.shared + 16, both.in + 16, 48, both.shared, 6);
  LaunchReport report = both.finish();
  std::string traffic;
  for (auto [name, buffer] : llvm::zip(report.buffers, report.counters.buffers))
    traffic += name.name + " of " + std::to_string(name.bytes) + ": " +
               std::to_string(buffer.memory.bytesRead) + " in " +
               std::to_string(buffer.sectorsRead) + ", " +
               std::to_string(buffer.memory.bytesWritten) + " in " +
               std::to_string(buffer.sectorsWritten) + "; ";
  std::printf("%s\n", traffic.c_str());
  check(traffic == "%out of 4096: 0 in 0, 128 in 4; %in of 4096: 560 in 10, 0 in 0; ",
        "bytes and sectors by buffer");

  Kernel off(32, {1, 1, 1}, {/*checkOrder=*/true, /*count=*/false});
  off.write(0, off.shared, 1);
  Counters none = off.finish().counters;
  check(none.shared.bytesWritten == 0 && none.sharedStores.instructions == 0 &&
            none.instructions[size_t(InstructionKind::Store)] == 0,
        "nothing is counted unless it is asked for");
}

//===--- Reports -----------------------------------------------------------===//

void testReport() {
  Kernel k(64, {2, 1, 1});
  for (uint32_t lane = 0; lane < 64; ++lane)
    k.write(lane, k.shared + 128 * (lane % 32), 7);
  k->report(FindingKind::Deadlock, "every lane waits", 5, 9, 33, 8);
  LaunchReport report = k.finish();
  print(llvm::outs(), report.kernel, *report.sites, report.findings, 1);
  writeReport(llvm::outs(), report);
  llvm::outs().flush();
  check(toJson(report).getObject("counters")->getArray("costly_sites")->size() == 1,
        "one site is costly");
}

} // namespace

int main() {
  testBounds();
  testBarriers();
  testSubsets();
  testAtomics();
  testBlocks();
  testFences();
  testCopies();
  testMbarriers();
  testBulk();
  testCounters();
  testReport();
  return 0;
}
