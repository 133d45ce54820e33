//===- FakeDriver.cpp - a CUDA driver without a GPU -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A libcuda.so.1 whose device memory is the host's. Images are texts, "fake 80" for
// compute capability 8.0. Kernels take two arrays of floats and their size: `stage`
// copies the first to the second, `finish` writes twice the first plus one. `finish`
// has 1024 bytes of static shared memory.
//
// FAKE_CUDA_DEVICES has the compute capabilities, "80 90"; none if it is empty. With
// IMHSA_FAKE_OLD_DRIVER it lacks what CUDA 10.1 added.

#include "test/runtime/FakeDriver.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace fake;

struct fake::Graph {
  uint64_t id = 0;
  std::vector<std::function<void()>> nodes;
  bool isInvalid = false;
};

namespace {

constexpr Result kInvalidValue = 1, kInvalidContext = 201, kInvalidImage = 200, kNoBinary = 209,
                 kInvalidHandle = 400, kNotFound = 500, kCaptureUnsupported = 900,
                 kCaptureIsolation = 905;

struct ContextState {
  Device device;
};

struct Operation {
  std::function<void()> execute;
  std::vector<std::shared_ptr<Operation>> after;
  bool isDone = false;
};

struct StreamState {
  std::shared_ptr<Operation> last;
  std::vector<std::shared_ptr<Operation>> waits;
  Graph *capture = nullptr;
  bool isDestroyed = false;
};

struct EventState {
  std::shared_ptr<Operation> recorded;
};

struct FunctionState {
  std::string name;
  Context context;
  int staticShared, dynamicShared;
};

struct ModuleState {
  Context context;
  std::vector<std::unique_ptr<FunctionState>> functions;
};

struct State {
  std::mutex mutex;
  std::mt19937 random{1};
  std::vector<int> capabilities;
  std::map<std::string, int> numCalls;
  std::map<std::string, Result> failures;
  std::map<DevicePointer, size_t> allocations;
  std::vector<std::shared_ptr<Operation>> pending;
  // The default streams of the contexts.
  std::map<Context, StreamState> defaultStreams;
  std::vector<std::unique_ptr<StreamState>> streams;
  std::map<Device, std::pair<Context, int>> primary;
  std::vector<std::unique_ptr<Graph>> graphs;
  std::string lastImage;
  Launch lastLaunch = {};
  Counts counts = {};
  int numCapturing = 0;
  bool hasPools = true;
};

State &state() {
  static State &state = *new State;
  return state;
}

thread_local std::vector<Context> contextStack;
thread_local int captureMode = 0;

Context current() { return contextStack.empty() ? nullptr : contextStack.back(); }

} // namespace

// Counts the call; its result if it is to fail.
static Result enter(const char *function, bool needsContext = true) {
  ++state().numCalls[function];
  auto failure = state().failures.find(function);
  if (failure != state().failures.end()) {
    Result result = failure->second;
    state().failures.erase(failure);
    return result;
  }
  return needsContext && !current() ? kInvalidContext : kSuccess;
}

// What allocates, loads or waits is not allowed while something is captured in global mode.
static Result checkNotCapturing() {
  if (state().numCapturing == 0 || captureMode == kCaptureRelaxed)
    return kSuccess;
  for (auto &stream : state().streams)
    if (stream->capture)
      stream->capture->isInvalid = true;
  return kCaptureUnsupported;
}

static StreamState *find(Stream stream) {
  return stream ? reinterpret_cast<StreamState *>(stream) : &state().defaultStreams[current()];
}

static std::shared_ptr<Operation> enqueue(StreamState &stream, std::function<void()> execute) {
  auto operation = std::make_shared<Operation>();
  operation->execute = std::move(execute);
  operation->after.swap(stream.waits);
  if (stream.last)
    operation->after.push_back(stream.last);
  stream.last = operation;
  state().pending.push_back(operation);
  return operation;
}

// Runs one operation that may run, at random.
static void step() {
  auto &pending = state().pending;
  std::vector<size_t> ready;
  for (size_t i = 0; i < pending.size(); ++i)
    if (std::all_of(pending[i]->after.begin(), pending[i]->after.end(),
                    [](auto &before) { return before->isDone; }))
      ready.push_back(i);
  size_t chosen = ready[state().random() % ready.size()];
  auto operation = pending[chosen];
  pending.erase(pending.begin() + chosen);
  operation->execute();
  operation->isDone = true;
  operation->after.clear();
}

static void runUntil(const Operation *operation) {
  while (operation ? !operation->isDone : !state().pending.empty())
    step();
}

// Whether a range is what the driver allocated, or else memory of the test.
static bool isAllocated(const float *array, int64_t size) {
  auto address = reinterpret_cast<DevicePointer>(array);
  auto next = state().allocations.upper_bound(address);
  if (next == state().allocations.begin())
    return false;
  --next;
  return address + size * sizeof(float) <= next->first + next->second;
}

static void execute(bool isFinish, const float *from, float *to, int64_t size) {
  // The workspace is what `stage` writes and `finish` reads.
  if (!isAllocated(isFinish ? from : to, size)) {
    ++state().counts.badAccesses;
    return;
  }
  for (int64_t i = 0; i < size; ++i)
    to[i] = isFinish ? 2 * from[i] + 1 : from[i];
}

static DevicePointer allocate(size_t bytes) {
  void *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(memory, 0xdb, bytes);
  ++state().counts.allocations;
  return reinterpret_cast<DevicePointer>(memory);
}

static void release(DevicePointer memory) {
  state().allocations.erase(memory);
  std::free(reinterpret_cast<void *>(memory));
  --state().counts.allocations;
}

#define ENTER(...)                                                                                 \
  std::lock_guard<std::mutex> lock(state().mutex);                                                 \
  if (Result result = enter(__func__, ##__VA_ARGS__))                                              \
    return result;

extern "C" {
#pragma GCC visibility push(default)

Result cuGetErrorName(Result result, const char **name) {
  static const std::map<Result, const char *> names = {
      {kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
      {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {kNoDevice, "CUDA_ERROR_NO_DEVICE"},
      {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE"},
      {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
      {kNoBinary, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE"},
      {kNotFound, "CUDA_ERROR_NOT_FOUND"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
      {kErrorCaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
      {kCaptureIsolation, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION"}};
  auto found = names.find(result);
  *name = found == names.end() ? nullptr : found->second;
  return found == names.end() ? kInvalidValue : kSuccess;
}

Result cuGetErrorString(Result result, const char **text) {
  return cuGetErrorName(result, text) ? kInvalidValue : (*text = "its text", kSuccess);
}

Result cuInit(unsigned) {
  ENTER(false)
  const char *devices = std::getenv("FAKE_CUDA_DEVICES");
  std::istringstream words(devices ? devices : "80");
  state().capabilities.clear();
  for (int capability; words >> capability;)
    state().capabilities.push_back(capability);
  return state().capabilities.empty() ? kNoDevice : kSuccess;
}

Result cuDeviceGetCount(int *count) {
  ENTER(false)
  *count = state().capabilities.size();
  return kSuccess;
}

Result cuDeviceGet(Device *device, int ordinal) {
  ENTER(false)
  *device = ordinal;
  return kSuccess;
}

Result cuDeviceGetName(char *name, int size, Device device) {
  ENTER(false)
  std::snprintf(name, size, "Fake %d", state().capabilities[device]);
  return kSuccess;
}

Result cuDeviceGetAttribute(int *value, int attribute, Device device) {
  ENTER(false)
  int capability = state().capabilities[device];
  switch (attribute) {
  case kCapabilityMajor:
    *value = capability / 10;
    return kSuccess;
  case kCapabilityMinor:
    *value = capability % 10;
    return kSuccess;
  case kMaxSharedOptIn:
    *value = 100 * 1024;
    return kSuccess;
  case kMemoryPoolsSupported:
    *value = state().hasPools;
    return kSuccess;
  }
  return kInvalidValue;
}

Result cuDevicePrimaryCtxGetState(Device device, unsigned *flags, int *isActive) {
  ENTER(false)
  *flags = 0;
  *isActive = state().primary[device].second > 0;
  return kSuccess;
}

Result cuDevicePrimaryCtxRetain(Context *context, Device device) {
  ENTER(false)
  auto &[primary, uses] = state().primary[device];
  if (!primary)
    primary = reinterpret_cast<Context>(new ContextState{device});
  ++uses;
  ++state().counts.retainedContexts;
  *context = primary;
  return kSuccess;
}

Result cuDevicePrimaryCtxRelease(Device device) {
  ENTER(false)
  --state().primary[device].second;
  --state().counts.retainedContexts;
  return kSuccess;
}

Result cuCtxGetCurrent(Context *context) {
  ENTER(false)
  *context = current();
  return kSuccess;
}

Result cuCtxGetDevice(Device *device) {
  ENTER()
  *device = reinterpret_cast<ContextState *>(current())->device;
  return kSuccess;
}

Result cuCtxPushCurrent_v2(Context context) {
  ENTER(false)
  contextStack.push_back(context);
  return kSuccess;
}

Result cuCtxPopCurrent_v2(Context *context) {
  ENTER()
  *context = current();
  contextStack.pop_back();
  return kSuccess;
}

Result cuModuleLoadDataEx(Module *module, const void *image, unsigned numOptions, int *options,
                          void **values) {
  ENTER()
  if (Result result = checkNotCapturing())
    return result;
  auto *text = static_cast<const char *>(image);
  if (std::strncmp(text, "fake ", 5) != 0) {
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == kErrorLogBuffer)
        std::strcpy(static_cast<char *>(values[i]), "error   : no image\nat all");
    return kInvalidImage;
  }
  state().lastImage = text;
  ++state().counts.modules;
  *module = reinterpret_cast<Module>(new ModuleState{current(), {}});
  return kSuccess;
}

Result cuModuleUnload(Module module) {
  ENTER()
  auto *unloaded = reinterpret_cast<ModuleState *>(module);
  if (unloaded->context != current())
    return kInvalidContext;
  delete unloaded;
  --state().counts.modules;
  return kSuccess;
}

Result cuModuleGetFunction(Function *function, Module module, const char *name) {
  ENTER()
  if (std::strcmp(name, "stage") != 0 && std::strcmp(name, "finish") != 0)
    return kNotFound;
  int staticShared = *name == 'f' ? 1024 : 0;
  auto &functions = reinterpret_cast<ModuleState *>(module)->functions;
  functions.push_back(std::make_unique<FunctionState>(
      FunctionState{name, current(), staticShared, 48 * 1024 - staticShared}));
  *function = reinterpret_cast<Function>(functions.back().get());
  return kSuccess;
}

Result cuFuncGetAttribute(int *value, int attribute, Function function) {
  ENTER()
  *value = reinterpret_cast<FunctionState *>(function)->staticShared;
  return attribute == kSharedSizeBytes ? kSuccess : kInvalidValue;
}

Result cuFuncSetAttribute(Function function, int attribute, int value) {
  ENTER()
  reinterpret_cast<FunctionState *>(function)->dynamicShared = value;
  return attribute == kMaxDynamicSharedSizeBytes ? kSuccess : kInvalidValue;
}

Result cuLaunchKernel(Function function, unsigned gridX, unsigned gridY, unsigned gridZ,
                      unsigned blockX, unsigned blockY, unsigned blockZ, unsigned shared,
                      Stream stream, void **arguments, void **extra) {
  ENTER()
  auto *kernel = reinterpret_cast<FunctionState *>(function);
  if (kernel->context != current())
    return kInvalidHandle;
  if (!gridX || !gridY || !gridZ || !blockX || !blockY || !blockZ || gridY > 65535 ||
      static_cast<int>(shared) > kernel->dynamicShared)
    return kInvalidValue;
  Launch &launch = state().lastLaunch;
  launch = {"", {gridX, gridY, gridZ, blockX, blockY, blockZ, shared}, stream, current()};
  std::snprintf(launch.kernel, sizeof(launch.kernel), "%s", kernel->name.c_str());
  std::function<void()> work =
      [isFinish = kernel->name == "finish", from = *static_cast<float **>(arguments[0]),
       to = *static_cast<float **>(arguments[1]),
       size = *static_cast<int64_t *>(arguments[2])] { execute(isFinish, from, to, size); };
  StreamState &queue = *find(stream);
  if (!queue.capture) {
    enqueue(queue, std::move(work));
    return kSuccess;
  }
  if (queue.capture->isInvalid)
    return kErrorCaptureInvalidated;
  queue.capture->nodes.push_back(std::move(work));
  return kSuccess;
}

Result cuMemAlloc_v2(DevicePointer *memory, size_t bytes) {
  ENTER()
  if (Result result = checkNotCapturing())
    return result;
  *memory = allocate(bytes);
  state().allocations[*memory] = bytes;
  return kSuccess;
}

Result cuMemFree_v2(DevicePointer memory) {
  ENTER()
  if (Result result = checkNotCapturing())
    return result;
  release(memory);
  return kSuccess;
}

Result cuMemAllocAsync(DevicePointer *memory, size_t bytes, Stream stream) {
  ENTER()
  StreamState &queue = *find(stream);
  if (queue.capture || !state().hasPools)
    return kCaptureUnsupported;
  *memory = allocate(bytes);
  enqueue(queue, [memory = *memory, bytes] { state().allocations[memory] = bytes; });
  return kSuccess;
}

Result cuMemFreeAsync(DevicePointer memory, Stream stream) {
  ENTER()
  StreamState &queue = *find(stream);
  if (queue.capture || !state().hasPools)
    return kCaptureUnsupported;
  enqueue(queue, [memory] { release(memory); });
  return kSuccess;
}

Result cuEventCreate(Event *event, unsigned) {
  ENTER()
  *event = reinterpret_cast<Event>(new EventState);
  ++state().counts.events;
  return kSuccess;
}

Result cuEventDestroy_v2(Event event) {
  ENTER()
  delete reinterpret_cast<EventState *>(event);
  --state().counts.events;
  return kSuccess;
}

Result cuEventRecord(Event event, Stream stream) {
  ENTER()
  StreamState &queue = *find(stream);
  if (queue.capture) {
    queue.capture->isInvalid = true;
    return kCaptureUnsupported;
  }
  reinterpret_cast<EventState *>(event)->recorded = enqueue(queue, [] {});
  return kSuccess;
}

Result cuEventSynchronize(Event event) {
  ENTER()
  if (Result result = checkNotCapturing())
    return result;
  if (auto recorded = reinterpret_cast<EventState *>(event)->recorded)
    runUntil(recorded.get());
  return kSuccess;
}

Result cuStreamWaitEvent(Stream stream, Event event, unsigned) {
  ENTER()
  StreamState &queue = *find(stream);
  if (queue.capture) {
    queue.capture->isInvalid = true;
    return kCaptureIsolation;
  }
  if (auto recorded = reinterpret_cast<EventState *>(event)->recorded)
    queue.waits.push_back(recorded);
  return kSuccess;
}

#ifndef IMHSA_FAKE_OLD_DRIVER
Result cuStreamGetCaptureInfo(Stream stream, int *status, uint64_t *id) {
  ENTER()
  Graph *graph = find(stream)->capture;
  *status = !graph ? kCaptureNone : (graph->isInvalid ? kCaptureInvalidated : 1);
  if (graph)
    *id = graph->id;
  return kSuccess;
}

Result cuThreadExchangeStreamCaptureMode(int *mode) {
  ENTER(false)
  std::swap(*mode, captureMode);
  return kSuccess;
}
#endif

extern const Control fakeControl;
const Control fakeControl = {
    [] {
      std::lock_guard<std::mutex> lock(state().mutex);
      runUntil(nullptr);
    },
    [] {
      std::lock_guard<std::mutex> lock(state().mutex);
      for (auto &stream : state().streams)
        if (stream->isDestroyed) {
          *stream = StreamState();
          return reinterpret_cast<Stream>(stream.get());
        }
      state().streams.push_back(std::make_unique<StreamState>());
      return reinterpret_cast<Stream>(state().streams.back().get());
    },
    [](Stream stream) { reinterpret_cast<StreamState *>(stream)->isDestroyed = true; },
    [](Stream stream) {
      std::lock_guard<std::mutex> lock(state().mutex);
      state().graphs.push_back(std::make_unique<Graph>());
      find(stream)->capture = state().graphs.back().get();
      find(stream)->capture->id = state().graphs.size();
      ++state().numCapturing;
    },
    [](Stream stream) -> Graph * {
      std::lock_guard<std::mutex> lock(state().mutex);
      Graph *graph = std::exchange(find(stream)->capture, nullptr);
      --state().numCapturing;
      return graph->isInvalid ? nullptr : graph;
    },
    [](Stream stream) { find(stream)->capture->isInvalid = true; },
    [](Graph *graph, Stream stream) {
      std::lock_guard<std::mutex> lock(state().mutex);
      for (const std::function<void()> &node : graph->nodes)
        enqueue(*find(stream), node);
    },
    [](Device device) {
      contextStack.assign(1, reinterpret_cast<Context>(new ContextState{device}));
      return current();
    },
    [](Context context) {
      contextStack.clear();
      if (context)
        contextStack.push_back(context);
    },
    [] { return current(); },
    [](const char *function, Result result) {
      std::lock_guard<std::mutex> lock(state().mutex);
      state().failures[function] = result;
    },
    [](const char *function) {
      std::lock_guard<std::mutex> lock(state().mutex);
      return state().numCalls[function];
    },
    [] { return state().lastLaunch; },
    [] { return state().lastImage.c_str(); },
    [] { return state().counts; },
    [](bool supported) { state().hasPools = supported; },
};

#pragma GCC visibility pop
} // extern "C"
