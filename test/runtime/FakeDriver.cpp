//===- FakeDriver.cpp - a CUDA driver without a GPU -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A libcuda.so.1 whose device memory is the host's. Images are texts that begin with
// "fake". Their kernels take two arrays of floats and their size: `stage` copies the
// first to the second, `finish` writes twice the first plus one. `finish` has 1024
// bytes of static shared memory. PTX is taken, too, but its kernels do nothing.
//
// FAKE_CUDA_DEVICES has the compute capabilities, "80 90"; none if it is empty. FAKE_CUDA_VERSION
// is the version of CUDA, 12020 if it is not there. With IMHSA_FAKE_OLD_DRIVER it lacks what
// CUDA 10.1 added.

#include "test/runtime/FakeDevice.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

using namespace fake;

static thread_local std::vector<Context> contextStack;
static thread_local int captureMode = 0;

static Context current() { return contextStack.empty() ? nullptr : contextStack.back(); }

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

// A launch in the queue of its stream, or in the graph that is captured there.
static Result launchKernel(Function function, const unsigned (&dims)[7], Stream stream,
                           bool isEarly, void **arguments) {
  auto *kernel = reinterpret_cast<KernelState *>(function);
  if (kernel->context != current())
    return kInvalidHandle;
  if (std::count(dims, dims + 6, 0u) || dims[1] > 65535 || dims[2] > 65535 ||
      uint64_t(dims[3]) * dims[4] * dims[5] > 1024 ||
      static_cast<int>(dims[6]) > kernel->dynamicShared)
    return kInvalidValue;
  Launch &launch = state().lastLaunch;
  launch = {"", {}, isEarly, stream, current()};
  std::copy(dims, dims + 7, launch.dims);
  std::snprintf(launch.kernel, sizeof(launch.kernel), "%s", kernel->name.c_str());
  std::function<void()> work = makeWork(*kernel, arguments);
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
      {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
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

Result cuDriverGetVersion(int *version) {
  ENTER(false)
  const char *text = std::getenv("FAKE_CUDA_VERSION");
  *version = text ? std::atoi(text) : 12020;
  return kSuccess;
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
  if (!isImage(text)) {
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == kErrorLogBuffer)
        std::strcpy(static_cast<char *>(values[i]), "error   : no image\nat all");
    return kInvalidImage;
  }
  state().lastImage = text;
  ++state().counts.modules;
  *module = reinterpret_cast<Module>(new ModuleState{current(), text, {}});
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
  auto &loaded = *reinterpret_cast<ModuleState *>(module);
  std::unique_ptr<KernelState> kernel = findKernel(loaded, name);
  if (!kernel)
    return kNotFound;
  *function = reinterpret_cast<Function>(kernel.get());
  loaded.kernels.push_back(std::move(kernel));
  return kSuccess;
}

Result cuFuncGetAttribute(int *value, int attribute, Function function) {
  ENTER()
  *value = reinterpret_cast<KernelState *>(function)->staticShared;
  return attribute == kSharedSizeBytes ? kSuccess : kInvalidValue;
}

Result cuFuncSetAttribute(Function function, int attribute, int value) {
  ENTER()
  reinterpret_cast<KernelState *>(function)->dynamicShared = value;
  return attribute == kMaxDynamicSharedSizeBytes ? kSuccess : kInvalidValue;
}

Result cuLaunchKernel(Function function, unsigned gridX, unsigned gridY, unsigned gridZ,
                      unsigned blockX, unsigned blockY, unsigned blockZ, unsigned shared,
                      Stream stream, void **arguments, void **extra) {
  ENTER()
  return extra ? kInvalidValue
               : launchKernel(function, {gridX, gridY, gridZ, blockX, blockY, blockZ, shared},
                              stream, /*isEarly=*/false, arguments);
}

Result cuLaunchKernelEx(LaunchConfigPointer pointer, Function function, void **arguments,
                        void **extra) {
  ENTER()
  const auto &config = *reinterpret_cast<const LaunchConfig *>(pointer);
  if (extra || config.numAttributes != 1 ||
      config.attributes->id != kProgrammaticStreamSerialization)
    return kInvalidValue;
  auto &[gridX, gridY, gridZ] = config.grid;
  auto &[blockX, blockY, blockZ] = config.block;
  return launchKernel(function, {gridX, gridY, gridZ, blockX, blockY, blockZ, config.sharedBytes},
                      config.stream, config.attributes->isAllowed, arguments);
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
      state().contexts.push_back(std::make_unique<ContextState>(ContextState{device}));
      contextStack.assign(1, reinterpret_cast<Context>(state().contexts.back().get()));
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
