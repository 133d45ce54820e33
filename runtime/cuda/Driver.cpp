//===- Driver.cpp - the CUDA driver ---------------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Driver.h"
#include "runtime/Error.h"

#include <dlfcn.h>
#include <mutex>

using namespace imhsa::runtime;
using namespace imhsa::runtime::cuda;

// CUDA 12.3, which captures such launches into graphs.
static constexpr int kFirstWithEarlyLaunches = 12030;

imhsa_status Driver::check(Result result, const char *call, const char *what) const {
  if (result == kSuccess)
    return IMHSA_OK;
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  imhsa_status status = result == kOutOfMemory ? IMHSA_OUT_OF_MEMORY
                        : result == kNoDevice  ? IMHSA_NO_DEVICE
                                               : IMHSA_CUDA_ERROR;
  if (!name)
    return fail(status, "%s: %s: CUDA error %d", what, call, result);
  return fail(status, "%s: %s: %s (%s)", what, call, name, text ? text : "no text");
}

Result Driver::launch(Function function, const int64_t *dims, bool beginsEarly, Stream stream,
                      void **arguments) const {
  if (!beginsEarly || !hasEarlyLaunches)
    return cuLaunchKernel(function, dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6],
                          stream, arguments, nullptr);
  auto size = [&](int i) { return static_cast<unsigned>(dims[i]); };
  LaunchAttribute attribute = {};
  attribute.id = kProgrammaticStreamSerialization;
  attribute.isAllowed = 1;
  LaunchConfig config = {
      {size(0), size(1), size(2)}, {size(3), size(4), size(5)}, size(6), stream, &attribute, 1};
  return cuLaunchKernelEx(reinterpret_cast<LaunchConfigPointer>(&config), function, arguments,
                          nullptr);
}

static imhsa_status loadDriver(Driver &driver) {
  void *handle = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return fail(IMHSA_NO_DEVICE, "no CUDA driver: %s", dlerror());
#define IMHSA_LOOK_UP(name, ...)                                                                   \
  driver.name = reinterpret_cast<decltype(driver.name)>(dlsym(handle, #name));
#define IMHSA_REQUIRE(name, ...)                                                                   \
  IMHSA_LOOK_UP(name)                                                                              \
  if (!driver.name)                                                                                \
    return fail(IMHSA_NO_DEVICE, "the CUDA driver lacks %s: expected one for CUDA 11.0 or later",  \
                #name);
  IMHSA_CUDA_FUNCTIONS(IMHSA_REQUIRE, IMHSA_LOOK_UP)
#undef IMHSA_LOOK_UP
#undef IMHSA_REQUIRE
  const char *what = "initialising the CUDA driver";
  if (imhsa_status status = driver.check(driver.cuInit(0), "cuInit", what))
    return status;
  int version = 0;
  if (imhsa_status status =
          driver.check(driver.cuDriverGetVersion(&version), "cuDriverGetVersion", what))
    return status;
  driver.hasEarlyLaunches = version >= kFirstWithEarlyLaunches && driver.cuLaunchKernelEx;
  return driver.check(driver.cuDeviceGetCount(&driver.numDevices), "cuDeviceGetCount", what);
}

imhsa_status imhsa::runtime::cuda::getDriver(const Driver **driver) {
  static std::mutex mutex;
  static const Driver *loaded = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    static Driver table;
    table = {};
    if (imhsa_status status = loadDriver(table))
      return status;
    loaded = &table;
  }
  *driver = loaded;
  return IMHSA_OK;
}
