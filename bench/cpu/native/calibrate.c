//===- calibrate.c - what these cores can do at most --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

// What this processor can do at most, measured by loops that do nothing else: multiply-adds on
// registers, and reads of memory. Threads start together and each works until the time is over, so
// none waits for a slower one.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX2__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#if defined(__x86_64__)
#define IN_REGISTER "+x"
#else
#define IN_REGISTER "+w"
#endif
typedef float Vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4)));

// Enough independent sums to hide the latency of a multiply-add (4 or 5 cycles, 2 of them started
// in each).
enum { SUMS = 12, STEPS = 4096, MAX_THREADS = 256 };

typedef struct {
  void (*step)(void *);
  void *data;
  double seconds;
  pthread_barrier_t *start;
  double rate; // steps in a second
} Job;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

static void *work(void *argument) {
  Job *job = argument;
  pthread_barrier_wait(job->start);
  double start = now(), end;
  int64_t steps = 0;
  do {
    job->step(job->data);
    ++steps;
    end = now();
  } while (end < start + job->seconds);
  job->rate = steps / (end - start);
  return NULL;
}

// The steps in a second of all threads together; thread t works on data + t * stride. Zero if
// threads cannot be made.
static double rateOf(void (*step)(void *), int threads, double seconds, char *data, size_t stride) {
  pthread_t handles[MAX_THREADS];
  Job jobs[MAX_THREADS];
  pthread_barrier_t start;
  if (threads < 1 || threads > MAX_THREADS || pthread_barrier_init(&start, NULL, threads))
    return 0;
  for (int t = 0; t < threads; ++t) {
    jobs[t] = (Job){step, data + t * stride, seconds, &start, 0};
    // Those that wait at the barrier for one that is missing would never end.
    if (t && pthread_create(&handles[t], NULL, work, &jobs[t]))
      abort();
  }
  work(&jobs[0]);
  double rate = jobs[0].rate;
  for (int t = 1; t < threads; ++t) {
    pthread_join(handles[t], NULL);
    rate += jobs[t].rate;
  }
  pthread_barrier_destroy(&start);
  return rate;
}

static void multiplyAdds(void *unused) {
  Vector sums[SUMS], factor, addend;
  memset(sums, 0, sizeof sums);
  factor = (Vector){} + 0.5f;
  addend = (Vector){} + 1.0f;
  __asm__ volatile("" : IN_REGISTER(factor), IN_REGISTER(addend));
  for (int i = 0; i < STEPS; ++i)
#pragma clang loop unroll(full)
    for (int s = 0; s < SUMS; ++s) {
      sums[s] = sums[s] * factor + addend;
      __asm__ volatile("" : IN_REGISTER(sums[s])); // so that the sums stay apart, in registers
    }
}

static _Thread_local volatile float sink;
static size_t readBytes;

static void readAll(void *data) {
  Vector sums[8];
  memset(sums, 0, sizeof sums);
  const char *from = data;
  for (size_t i = 0; i + sizeof sums <= readBytes; i += sizeof sums)
#pragma clang loop unroll(full)
    for (int s = 0; s < 8; ++s)
      sums[s] += *(const Vector *)(from + i + s * sizeof(Vector));
  float total = 0;
  for (int s = 0; s < 8; ++s)
    total += sums[s][0];
  sink = total;
}

// GFLOP/s of multiply-adds (two each) in f32 on this many threads, measured for this many seconds.
double calibrate_fma(int threads, double seconds) {
  return rateOf(multiplyAdds, threads, seconds, NULL, 0) * STEPS * SUMS * WIDTH * 2 / 1e9;
}

// GB/s that this many threads read together of `bytes` bytes at `data`, each its own part.
double calibrate_read(int threads, double seconds, char *data, size_t bytes) {
  readBytes = bytes / threads;
  return rateOf(readAll, threads, seconds, data, readBytes) * readBytes / 1e9;
}
