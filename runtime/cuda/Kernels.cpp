//===- Kernels.cpp - the kernels of an artifact in a context --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Kernels.h"
#include "runtime/Error.h"
#include "runtime/cuda/Images.h"

using namespace imhsa::runtime;
using namespace imhsa::runtime::cuda;

// What a kernel may use of shared memory, static and dynamic, without being allowed more.
static constexpr int64_t kSharedByDefault = 48 * 1024;

imhsa_status DeviceInfo::get(const Driver &driver, Device device, const char *what,
                             DeviceInfo &info) {
  char name[256] = "";
  int major = 0, minor = 0, pools = 0;
  if (imhsa_status status =
          driver.check(driver.cuDeviceGetName(name, sizeof(name), device), "cuDeviceGetName", what))
    return status;
  for (auto [attribute, value] :
       {std::pair(kCapabilityMajor, &major), std::pair(kCapabilityMinor, &minor),
        std::pair(kMaxSharedOptIn, &info.sharedLimit)})
    if (imhsa_status status = driver.check(driver.cuDeviceGetAttribute(value, attribute, device),
                                           "cuDeviceGetAttribute", what))
      return status;
  // Drivers older than the attribute do not know it.
  bool hasPools = driver.cuMemAllocAsync && driver.cuMemFreeAsync &&
                  driver.cuDeviceGetAttribute(&pools, kMemoryPoolsSupported, device) == kSuccess;
  info.device = device;
  info.name = name;
  info.capability = major * 10 + minor;
  info.hasMemoryPools = hasPools && pools;
  return IMHSA_OK;
}

Kernels::~Kernels() {
  if (module)
    driver.cuModuleUnload(module);
}

imhsa_status Kernels::load(const char *what) {
  std::lock_guard<std::mutex> lock(mutex);
  if (module)
    return IMHSA_OK;
  const imhsa_image *image = chooseImage(artifact, device.capability);
  if (!image) {
    std::string there;
    for (int64_t i = 0; i < artifact.num_images; ++i)
      there += (i ? ", " : "") + describe(artifact.images[i]);
    return fail(IMHSA_NO_DEVICE,
                "%s: no code for %s, compute capability %d.%d; the library has: %s", what,
                device.name.c_str(), device.capability / 10, device.capability % 10,
                there.empty() ? "none" : there.c_str());
  }

  RelaxedCapture relaxed(driver);
  char log[1024] = "";
  int options[] = {kErrorLogBuffer, kErrorLogBufferSizeBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log) - 1)};
  Module loaded = nullptr;
  Result result = driver.cuModuleLoadDataEx(&loaded, image->data, 2, options, values);
  if (result != kSuccess) {
    std::string text = std::string(what) + ": loading the " + describe(*image) + " on " +
                       device.name + (*log ? std::string(" [") + log + "]" : "");
    return driver.check(result, "cuModuleLoadDataEx", text.c_str());
  }
  module = loaded;
  imhsa_status status = loadFunctions(what, kernels);
  if (status != IMHSA_OK) {
    driver.cuModuleUnload(module);
    module = nullptr;
    kernels.clear();
  }
  return status;
}

imhsa_status Kernels::loadFunctions(const char *what, std::vector<Kernel> &functions) {
  functions.reserve(artifact.num_kernels);
  for (int64_t i = 0; i < artifact.num_kernels; ++i) {
    std::string text = std::string(what) + ": kernel '" + artifact.kernels[i] + "'";
    Kernel kernel = {};
    if (imhsa_status status =
            driver.check(driver.cuModuleGetFunction(&kernel.function, module, artifact.kernels[i]),
                         "cuModuleGetFunction", text.c_str()))
      return status;
    // Also loads the code, where the driver would otherwise do so at the first launch.
    if (imhsa_status status = driver.check(
            driver.cuFuncGetAttribute(&kernel.staticShared, kSharedSizeBytes, kernel.function),
            "cuFuncGetAttribute", text.c_str()))
      return status;
    kernel.dynamicShared = kSharedByDefault - kernel.staticShared;
    functions.push_back(kernel);
  }
  return IMHSA_OK;
}

imhsa_status Kernels::get(int32_t index, int64_t dynamicShared, const char *what,
                          Function *function) {
  if (index < 0 || static_cast<size_t>(index) >= kernels.size())
    return fail(IMHSA_INVALID_LIBRARY, "%s: launches kernel %d of %zu", what, index,
                kernels.size());
  std::lock_guard<std::mutex> lock(mutex);
  Kernel &kernel = kernels[index];
  *function = kernel.function;
  if (dynamicShared <= kernel.dynamicShared)
    return IMHSA_OK;
  std::string text = std::string(what) + ": kernel '" + artifact.kernels[index] + "'";
  if (dynamicShared + kernel.staticShared > device.sharedLimit)
    return fail(IMHSA_CUDA_ERROR,
                "%s: needs %lld bytes of shared memory (%d static, %lld dynamic), a block on %s "
                "has %d",
                text.c_str(), static_cast<long long>(dynamicShared + kernel.staticShared),
                kernel.staticShared, static_cast<long long>(dynamicShared), device.name.c_str(),
                device.sharedLimit);
  if (imhsa_status status =
          driver.check(driver.cuFuncSetAttribute(kernel.function, kMaxDynamicSharedSizeBytes,
                                                 static_cast<int>(dynamicShared)),
                       "cuFuncSetAttribute", text.c_str()))
    return status;
  kernel.dynamicShared = dynamicShared;
  return IMHSA_OK;
}
