//===- FakeDriver.h - a CUDA driver without a GPU -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// What the tests tell and ask the libcuda.so.1 of FakeDriver.cpp, beyond the driver
// interface. What is enqueued on a stream runs only in `run` and `cuEventSynchronize`,
// in a random order among those that streams and events allow.

#ifndef IMHSA_TEST_RUNTIME_FAKEDRIVER_H
#define IMHSA_TEST_RUNTIME_FAKEDRIVER_H

#include "runtime/cuda/Driver.h"

namespace fake {

using namespace imhsa::runtime::cuda;

struct Graph;

/// A call of cuLaunchKernel or cuLaunchKernelEx.
struct Launch {
  char kernel[64];
  unsigned dims[7];
  /// Whether it may begin while what is before it in the stream still runs.
  bool isEarly;
  Stream stream;
  Context context;
};

/// What exists now.
struct Counts {
  int allocations, events, modules, retainedContexts;
  /// Reads and writes of kernels outside of what was allocated or passed, ever.
  int badAccesses;
};

struct Control {
  /// Runs everything that is enqueued.
  void (*run)();
  Stream (*createStream)();
  /// The next stream that is created gets the same handle; what was enqueued still runs.
  void (*destroyStream)(Stream stream);
  /// Captures in global mode.
  void (*beginCapture)(Stream stream);
  /// Null if the capture has failed.
  Graph *(*endCapture)(Stream stream);
  /// As when something that is not allowed was called.
  void (*failCapture)(Stream stream);
  void (*launchGraph)(Graph *graph, Stream stream);
  /// A context that is not primary, made current.
  Context (*createContext)(Device device);
  /// Null for none.
  void (*setContext)(Context context);
  Context (*getContext)();
  /// The next call of the function fails with this result.
  void (*failNext)(const char *function, Result result);
  int (*countCalls)(const char *function);
  Launch (*getLastLaunch)();
  /// What was last given to cuModuleLoadDataEx.
  const char *(*getLastImage)();
  Counts (*getCounts)();
  void (*setMemoryPools)(bool supported);
};

} // namespace fake

#endif // IMHSA_TEST_RUNTIME_FAKEDRIVER_H
