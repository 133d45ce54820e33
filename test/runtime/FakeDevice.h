//===- FakeDevice.h - what the fake CUDA driver keeps ---------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TEST_RUNTIME_FAKEDEVICE_H
#define IMHSA_TEST_RUNTIME_FAKEDEVICE_H

#include "test/runtime/FakeDriver.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace fake {

constexpr Result kInvalidValue = 1, kInvalidImage = 200, kInvalidContext = 201, kNoBinary = 209,
                 kInvalidHandle = 400, kNotFound = 500, kIllegalAddress = 700,
                 kCaptureUnsupported = 900, kCaptureIsolation = 905;

struct ContextState {
  Device device;
};

/// Something that was enqueued.
struct Operation {
  std::function<void()> execute;
  std::vector<std::shared_ptr<Operation>> after;
  bool isDone = false;
};

struct Graph {
  uint64_t id = 0;
  std::vector<std::function<void()>> nodes;
  bool isInvalid = false;
};

struct StreamState {
  std::shared_ptr<Operation> last;
  /// What the next operation waits for besides.
  std::vector<std::shared_ptr<Operation>> waits;
  Graph *capture = nullptr;
  bool isDestroyed = false;
};

struct EventState {
  std::shared_ptr<Operation> recorded;
};

struct KernelState {
  std::string name;
  Context context;
  int staticShared, dynamicShared;
  /// Bytes of each parameter of a kernel in PTX.
  std::vector<size_t> parameters;
};

struct ModuleState {
  Context context;
  std::string image;
  std::vector<std::unique_ptr<KernelState>> kernels;
};

struct State {
  std::mutex mutex;
  std::mt19937 random{1};
  std::vector<int> capabilities;
  std::map<std::string, int> numCalls;
  std::map<std::string, Result> failures;
  std::map<DevicePointer, size_t> allocations;
  std::vector<std::shared_ptr<Operation>> pending;
  /// The default streams of the contexts.
  std::map<Context, StreamState> defaultStreams;
  std::vector<std::unique_ptr<StreamState>> streams;
  std::map<Device, std::pair<Context, int>> primary;
  std::vector<std::unique_ptr<ContextState>> contexts;
  std::vector<std::unique_ptr<Graph>> graphs;
  std::string lastImage;
  Launch lastLaunch = {};
  Counts counts = {};
  int numCapturing = 0;
  bool hasPools = true;
};

/// Never destroyed. `mutex` guards it, and is held by whoever calls the functions below.
State &state();

std::shared_ptr<Operation> enqueue(StreamState &stream, std::function<void()> execute);

/// Runs, in random order, until this operation is done, or all are if it is null.
void runUntil(const Operation *operation);

DevicePointer allocate(size_t bytes);
void release(DevicePointer memory);

/// Whether the driver takes an image: one of ours, or PTX.
bool isImage(const char *image);

/// Kernel `name` of `module`, or null.
std::unique_ptr<KernelState> findKernel(const ModuleState &module, const char *name);

/// What a launch with these arguments is to do.
std::function<void()> makeWork(const KernelState &kernel, void **arguments);

} // namespace fake

#endif // IMHSA_TEST_RUNTIME_FAKEDEVICE_H
