//===- ParallelFor.cpp - the parallel loop of compiled code ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/ParallelFor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace {

constexpr int kMaxThreads = 1024;

// One call of imhsa_parallel_for.
struct Loop {
  int64_t count;
  void (*body)(int64_t, void *);
  void *context;
  // Workers that may still take part; guarded by the pool's mutex.
  int64_t freePlaces;
  std::atomic<int64_t> next{0};

  void run() {
    for (int64_t index; (index = next.fetch_add(1, std::memory_order_relaxed)) < count;)
      body(index, context);
  }
};

// Waits for a little while, about 100 us, until `isTrue()`. To sleep and be woken takes longer than
// what is between two loops of one function, or between the ends of a loop in two threads.
template <typename Condition> void spinUntil(Condition isTrue) {
  for (int i = 0; i < 8000 && !isTrue(); ++i)
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#else
    ;
#endif
}

// True in a thread that is inside a body.
thread_local bool insideLoop = false;

class Pool {
public:
  // Runs `loop` on the caller and up to `numThreads - 1` workers; false, without
  // doing anything, if the pool is in use.
  bool run(Loop &loop, int numThreads) {
    std::unique_lock<std::mutex> use(inUse, std::try_to_lock);
    if (!use.owns_lock())
      return false;
    int64_t numHelpers;
    {
      std::lock_guard<std::mutex> lock(mutex);
      while (numWorkers < numThreads - 1 && startWorker())
        ++numWorkers;
      numHelpers = std::min<int64_t>(std::min(numWorkers, numThreads - 1), loop.count - 1);
      loop.freePlaces = numHelpers;
      current = &loop;
      numPosted.fetch_add(1, std::memory_order_release);
    }
    for (int64_t i = 0; i < numHelpers; ++i)
      wake.notify_one();

    insideLoop = true;
    loop.run();
    insideLoop = false;

    // Whoever has not come by now is not waited for.
    std::unique_lock<std::mutex> lock(mutex);
    current = nullptr;
    if (numRunning != 0) {
      lock.unlock();
      spinUntil([this] { return numRunning == 0; });
      lock.lock();
      done.wait(lock, [this] { return numRunning == 0; });
    }
    return true;
  }

private:
  void work() {
    insideLoop = true;
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      auto mayTakePart = [this] { return current && current->freePlaces > 0; };
      if (!mayTakePart()) {
        int64_t before = numPosted.load(std::memory_order_relaxed);
        lock.unlock();
        spinUntil([&] { return numPosted.load(std::memory_order_acquire) != before; });
        lock.lock();
        wake.wait(lock, mayTakePart);
      }
      Loop *loop = current;
      --loop->freePlaces;
      ++numRunning;
      lock.unlock();
      loop->run();
      lock.lock();
      if (--numRunning == 0)
        done.notify_one();
    }
  }

  // False if the system has no more threads: fewer do the work then.
  bool startWorker() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
      std::thread([this] { work(); }).detach();
    } catch (...) {
      started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
  }

  // Held by the caller of the loop that runs.
  std::mutex inUse;
  // Guards everything below and `Loop::freePlaces`.
  std::mutex mutex;
  std::condition_variable wake, done;
  Loop *current = nullptr;
  int numWorkers = 0;
  // Written with the mutex held; read without it by who spins.
  std::atomic<int> numRunning{0};
  std::atomic<int64_t> numPosted{0};
};

// Never destroyed: workers wait in it until the process ends.
Pool *pool = nullptr;

// A child of fork has none of the threads, and locks in any state.
void makePool() { pool = new Pool; }

int getDefaultNumThreads() {
  if (const char *text = std::getenv("OMP_NUM_THREADS")) {
    char *end;
    long number = std::strtol(text, &end, 10);
    while (*end == ' ')
      ++end;
    if (end != text && (*end == '\0' || *end == ',') && number > 0)
      return static_cast<int>(std::min<long>(number, kMaxThreads));
  }
  cpu_set_t processors;
  int number = sched_getaffinity(0, sizeof(processors), &processors) == 0
                   ? CPU_COUNT(&processors)
                   : static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(number, 1, kMaxThreads);
}

// What imhsa_set_num_threads was given; zero for the default.
std::atomic<int> requestedNumThreads{0};

} // namespace

void imhsa_set_num_threads(int count) {
  requestedNumThreads.store(std::clamp(count, 0, kMaxThreads), std::memory_order_relaxed);
}

int imhsa_get_num_threads() {
  int requested = requestedNumThreads.load(std::memory_order_relaxed);
  static const int byDefault = getDefaultNumThreads();
  return requested > 0 ? requested : byDefault;
}

void imhsa_parallel_for(int64_t count, void (*body)(int64_t, void *), void *context) {
  int numThreads = insideLoop || count <= 1 ? 1 : imhsa_get_num_threads();
  if (numThreads > 1) {
    static std::once_flag once;
    std::call_once(once, [] {
      makePool();
      pthread_atfork(nullptr, nullptr, makePool);
    });
    Loop loop{count, body, context, 0};
    if (pool->run(loop, numThreads))
      return;
  }
  for (int64_t index = 0; index < count; ++index)
    body(index, context);
}
