//===- OpenMpTest.cpp - loops beside an OpenMP runtime --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// One process with the pool of the runtime and with GCC's OpenMP, the one that
// PyTorch uses: loops of both at the same time, one after the other in several
// threads, and one inside the other. The only argument is the path of libgomp.so.1.

#include "runtime/ParallelFor.h"
#include "test/runtime/Testing.h"

#include <atomic>
#include <dlfcn.h>
#include <thread>

namespace {

// What a compiler makes of `#pragma omp parallel`: all threads of a team call `body`.
void (*ompParallel)(void (*body)(void *), void *context, unsigned numThreads, unsigned flags);

// Sums up 0, ..., count - 1 in `imhsa_parallel_for`.
int64_t sum(int64_t count) {
  std::atomic<int64_t> total{0};
  imhsa_parallel_for(
      count,
      [](int64_t index, void *total) { *static_cast<std::atomic<int64_t> *>(total) += index; },
      &total);
  return total;
}

// How many threads a team of OpenMP has.
int countTeam(unsigned numThreads) {
  std::atomic<int> count{0};
  ompParallel([](void *count) { ++*static_cast<std::atomic<int> *>(count); }, &count, numThreads,
              0);
  return count;
}

bool inTurns() {
  std::atomic<bool> right{true};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int repeat = 0; repeat < 100; ++repeat)
        if (sum(500 + i) != (500 + i) * (499 + i) / 2 || countTeam(2 + i % 2) != 2 + i % 2)
          right = false;
    });
  for (std::thread &thread : threads)
    thread.join();
  return right;
}

bool loopInTeam() {
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int64_t> total{0};
    ompParallel([](void *total) { *static_cast<std::atomic<int64_t> *>(total) += sum(200); },
                &total, 3, 0);
    if (total != 3 * 200 * 199 / 2)
      return false;
  }
  return true;
}

bool teamInLoop() {
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int> total{0};
    imhsa_parallel_for(
        20, [](int64_t, void *total) { *static_cast<std::atomic<int> *>(total) += countTeam(2); },
        &total);
    if (total != 40)
      return false;
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW) : nullptr;
  void *found = handle ? dlsym(handle, "GOMP_parallel") : nullptr;
  check(found, "OpenMP is there");
  ompParallel = reinterpret_cast<decltype(ompParallel)>(found);
  imhsa_set_num_threads(3);
  check(inTurns(), "both in four threads");
  check(loopInTeam(), "our loop inside a team");
  check(teamInLoop(), "a team inside our loop");
  check(imhsa_get_num_threads() == 3 && sum(1000) == 499500, "our loop afterwards");
  return 0;
}
