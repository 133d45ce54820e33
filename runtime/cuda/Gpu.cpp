//===- Gpu.cpp - calls of functions compiled for a GPU --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Gpu.h"
#include "runtime/Error.h"

#include <climits>

using namespace imhsa::runtime;
using namespace imhsa::runtime::cuda;

namespace {

// Makes a context current for a while.
class CurrentContext {
public:
  CurrentContext(const Driver &driver, Context context) : driver(driver) {
    Context current = nullptr;
    driver.cuCtxGetCurrent(&current);
    if (current != context) {
      result = driver.cuCtxPushCurrent_v2(context);
      isPushed = result == kSuccess;
    }
  }
  CurrentContext(const CurrentContext &) = delete;
  ~CurrentContext() {
    Context popped;
    if (isPushed)
      driver.cuCtxPopCurrent_v2(&popped);
  }

  Result result = kSuccess;

private:
  const Driver &driver;
  bool isPushed = false;
};

// Launches kernels on a stream, and keeps the first error.
struct Launcher : imhsa_launcher {
  const Driver &driver;
  Kernels &kernels;
  Stream stream;
  const imhsa_artifact &artifact;
  const char *what;
  imhsa_status status = IMHSA_OK;
  /// What other programs enqueued before the first kernel of a call may write the inputs, which
  /// kernels read before they wait: that one begins when all of it has ended.
  bool isFirst = true;

  Launcher(const Driver &driver, Kernels &kernels, Stream stream, const imhsa_artifact &artifact,
           const char *what)
      : imhsa_launcher{&Launcher::launch}, driver(driver), kernels(kernels), stream(stream),
        artifact(artifact), what(what) {}

  static void launch(imhsa_launcher *base, int32_t kernel, const int64_t *dims, void **arguments) {
    auto &self = *static_cast<Launcher *>(base);
    if (self.status == IMHSA_OK)
      self.status = guard([&] { return self.enqueue(kernel, dims, arguments); });
  }

private:
  imhsa_status enqueue(int32_t kernel, const int64_t *dims, void **arguments);
};

} // namespace

imhsa_status Launcher::enqueue(int32_t kernel, const int64_t *dims, void **arguments) {
  bool isEmpty = false, isTooLarge = false;
  for (int i = 0; i < 7; ++i) {
    isEmpty |= i < 6 && dims[i] == 0;
    isTooLarge |= dims[i] < 0 || dims[i] > INT_MAX;
  }
  // No block or no thread: nothing to do, where the driver sees an error.
  if (isEmpty && !isTooLarge)
    return IMHSA_OK;
  Function function = nullptr;
  if (!isTooLarge)
    if (imhsa_status status = kernels.get(kernel, dims[6], what, &function))
      return status;

  bool isKnown = kernel >= 0 && kernel < artifact.num_kernels;
  auto text = [&] {
    std::string text = std::string(what) + ": kernel '" +
                       (isKnown ? artifact.kernels[kernel] : std::to_string(kernel).c_str()) + "'";
    const char *before[] = {" of ", " x ", " x ", " blocks of ", " x ", " x ", " threads, "};
    for (int i = 0; i < 7; ++i)
      text += before[i] + std::to_string(dims[i]);
    return text + " bytes of dynamic shared memory";
  };
  if (isTooLarge)
    return fail(IMHSA_CUDA_ERROR, "%s: expected numbers from 0 to 2147483647", text().c_str());
  bool beginsEarly = dims[7] != 0 && !isFirst;
  isFirst = false;
  Result result = driver.launch(function, dims, beginsEarly, stream, arguments);
  return result == kSuccess ? IMHSA_OK : driver.check(result, "cuLaunchKernel", text().c_str());
}

struct Gpu::InContext {
  const Driver &driver;
  const Context context;
  const DeviceInfo device;
  // Whether it is a primary context that is kept alive here.
  const bool isRetained;
  Kernels kernels;
  Workspaces workspaces;

  InContext(const Driver &driver, const imhsa_artifact &artifact, Context context,
            DeviceInfo device, bool isRetained)
      : driver(driver), context(context), device(std::move(device)), isRetained(isRetained),
        kernels(driver, artifact, this->device), workspaces(driver, this->device) {}
};

Gpu::Gpu(const imhsa_artifact &artifact) : artifact(artifact) {}

Gpu::~Gpu() {
  for (std::unique_ptr<InContext> &state : contexts) {
    const Driver &driver = state->driver;
    bool isRetained = state->isRetained;
    Device device = state->device.device;
    {
      CurrentContext current(driver, state->context);
      state.reset();
    }
    if (isRetained)
      driver.cuDevicePrimaryCtxRelease(device);
  }
}

imhsa_status Gpu::run(const imhsa_entry &entry, Arguments &arguments, int64_t workspaceBytes,
                      int32_t deviceId, Stream stream) {
  const char *what = entry.name;
  const Driver *driver;
  if (imhsa_status status = getDriver(&driver))
    return status;
  InContext *state;
  if (imhsa_status status = findContext(*driver, deviceId, what, state))
    return status;
  CurrentContext current(*driver, state->context);
  if (imhsa_status status = driver->check(current.result, "cuCtxPushCurrent", what))
    return status;
  if (imhsa_status status = state->kernels.load(what))
    return status;

  Workspaces::Lease lease;
  if (imhsa_status status = state->workspaces.acquire(stream, workspaceBytes, what, lease))
    return status;
  Launcher launcher(*driver, state->kernels, stream, artifact, what);
  arguments.addVector(reinterpret_cast<void *>(lease.memory), workspaceBytes);
  arguments.add(static_cast<imhsa_launcher *>(&launcher));
  const char *text = entry.run(arguments.data());
  if (text && launcher.status == IMHSA_OK)
    launcher.status = fail(IMHSA_INVALID_TENSOR, "%s: %s", what, text);
  if (launcher.status != IMHSA_OK) {
    // The first error is the one to tell of.
    std::string first = imhsa_last_error();
    lease.finish(what);
    return fail(launcher.status, "%s", first.c_str());
  }
  return lease.finish(what);
}

imhsa_status Gpu::findContext(const Driver &driver, int32_t deviceId, const char *what,
                              InContext *&found) {
  if (deviceId < 0 || deviceId >= driver.numDevices)
    return fail(IMHSA_NO_DEVICE, "%s: no device cuda:%d, the CUDA driver finds %d", what, deviceId,
                driver.numDevices);
  Device device, currentDevice;
  if (imhsa_status status =
          driver.check(driver.cuDeviceGet(&device, deviceId), "cuDeviceGet", what))
    return status;
  Context current = nullptr;
  if (imhsa_status status = driver.check(driver.cuCtxGetCurrent(&current), "cuCtxGetCurrent", what))
    return status;
  if (current) {
    if (imhsa_status status =
            driver.check(driver.cuCtxGetDevice(&currentDevice), "cuCtxGetDevice", what))
      return status;
    if (currentDevice != device)
      current = nullptr;
  }

  std::lock_guard<std::mutex> lock(mutex);
  for (const std::unique_ptr<InContext> &state : contexts)
    if (current ? state->context == current : state->isRetained && state->device.device == device) {
      found = state.get();
      return IMHSA_OK;
    }
  return addContext(driver, current, device, what, found);
}

// For `current`, or for the primary context of the device if that is null.
imhsa_status Gpu::addContext(const Driver &driver, Context current, Device device, const char *what,
                             InContext *&added) {
  contexts.reserve(contexts.size() + 1);
  DeviceInfo info;
  if (imhsa_status status = DeviceInfo::get(driver, device, what, info))
    return status;
  // Who uses the primary context keeps it, since a framework may let go of it. But none is made
  // for a caller that has a context of its own.
  unsigned flags;
  int isActive = 1;
  if (current)
    if (imhsa_status status =
            driver.check(driver.cuDevicePrimaryCtxGetState(device, &flags, &isActive),
                         "cuDevicePrimaryCtxGetState", what))
      return status;
  Context primary = nullptr;
  if (isActive) {
    if (imhsa_status status = driver.check(driver.cuDevicePrimaryCtxRetain(&primary, device),
                                           "cuDevicePrimaryCtxRetain", what))
      return status;
    if (current && current != primary) {
      driver.cuDevicePrimaryCtxRelease(device);
      primary = nullptr;
    }
  }
  contexts.push_back(std::make_unique<InContext>(driver, artifact, current ? current : primary,
                                                 std::move(info), primary != nullptr));
  added = contexts.back().get();
  return IMHSA_OK;
}

void Gpu::releaseWorkspaces() {
  std::lock_guard<std::mutex> lock(mutex);
  for (const std::unique_ptr<InContext> &state : contexts) {
    CurrentContext current(state->driver, state->context);
    state->workspaces.release();
  }
}
