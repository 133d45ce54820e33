//===- ParallelForTest.cpp - unit test of the parallel loop ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Prints the number of threads and one line for each check that holds; run by
// parallel-for.test.

#include "runtime/ParallelFor.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

void check(bool holds, const char *what) {
  if (!holds) {
    std::printf("FAILED: %s\n", what);
    std::fflush(stdout);
    std::_Exit(1);
  }
  std::printf("%s\n", what);
}

template <typename Fn> void parallelFor(int64_t count, Fn &fn) {
  imhsa_parallel_for(
      count, [](int64_t index, void *context) { (*static_cast<Fn *>(context))(index); }, &fn);
}

bool visitsEachOnce(int64_t count) {
  std::vector<std::atomic<int>> visits(count > 0 ? count : 0);
  auto body = [&](int64_t index) { ++visits.at(index); };
  parallelFor(count, body);
  for (auto &visit : visits)
    if (visit != 1)
      return false;
  return true;
}

// The number of threads that take part in a loop whose bodies wait, but not for ever,
// for `expected` threads.
size_t countThreads(int64_t count, size_t expected) {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::thread::id> threads;
  auto body = [&](int64_t) {
    std::unique_lock<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return threads.size() >= expected; });
  };
  parallelFor(count, body);
  return threads.size();
}

bool nestedIsSerial() {
  std::atomic<int> visits{0}, elsewhere{0};
  auto outer = [&](int64_t) {
    std::thread::id self = std::this_thread::get_id();
    int64_t last = -1;
    auto inner = [&](int64_t index) {
      if (std::this_thread::get_id() != self || index != last + 1)
        ++elsewhere;
      last = index;
      ++visits;
    };
    parallelFor(50, inner);
  };
  parallelFor(40, outer);
  return visits == 2000 && elsewhere == 0;
}

bool concurrentCallers() {
  std::atomic<bool> right{true};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat)
        if (!visitsEachOnce(17))
          right = false;
    });
  for (std::thread &caller : callers)
    caller.join();
  return right;
}

// A child has a pool of its own.
bool survivesFork() {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    imhsa_set_num_threads(4);
    std::_Exit(visitsEachOnce(1000) && countThreads(8, 4) == 4 ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

} // namespace

int main() {
  std::printf("threads: %d\n", imhsa_get_num_threads());
  check(visitsEachOnce(-3) && visitsEachOnce(0) && visitsEachOnce(1) && visitsEachOnce(2) &&
            visitsEachOnce(100000),
        "each index once");
  imhsa_set_num_threads(4);
  check(imhsa_get_num_threads() == 4 && countThreads(16, 4) == 4, "four threads");
  check(countThreads(3, 3) == 3, "no more threads than indices");
  check(nestedIsSerial(), "nested loops are serial");
  check(concurrentCallers(), "concurrent callers");
  imhsa_set_num_threads(2);
  check(countThreads(8, 2) == 2, "fewer threads");
  imhsa_set_num_threads(1);
  check(countThreads(4, 1) == 1, "one thread");
  check(survivesFork(), "fork");
  imhsa_set_num_threads(0);
  check(visitsEachOnce(1000), "default again");
  std::printf("threads: %d\n", imhsa_get_num_threads());
  return 0;
}
