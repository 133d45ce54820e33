//===- Driver.cpp - the CUDA driver ---------------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Driver.h"
#include "runtime/Error.h"

#include <dlfcn.h>
#include <mutex>

using namespace imhsa::runtime;
using namespace imhsa::runtime::cuda;

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
