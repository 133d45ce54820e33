//===- Kernels.h - the kernels of an artifact in a context ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_CUDA_KERNELS_H
#define IMHSA_RUNTIME_CUDA_KERNELS_H

#include "runtime/Artifact.h"
#include "runtime/cuda/Driver.h"

#include <mutex>
#include <string>
#include <vector>

namespace imhsa::runtime::cuda {

/// What matters here of a GPU.
struct DeviceInfo {
  Device device;
  std::string name;
  /// Compute capability times ten.
  int32_t capability;
  /// Bytes of shared memory that a block can have.
  int sharedLimit;
  bool hasMemoryPools;

  static imhsa_status get(const Driver &driver, Device device, const char *what, DeviceInfo &info);
};

/// The kernels of an artifact, loaded into one context at first use. Thread-safe. The context is
/// current whenever a member is called, the destructor included.
class Kernels {
public:
  Kernels(const Driver &driver, const imhsa_artifact &artifact, const DeviceInfo &device)
      : driver(driver), artifact(artifact), device(device) {}
  Kernels(const Kernels &) = delete;
  ~Kernels();

  /// Errors begin with `what`.
  imhsa_status load(const char *what);

  /// Kernel `index`, ready to be launched with this much dynamic shared memory.
  imhsa_status get(int32_t index, int64_t dynamicShared, const char *what, Function *function);

private:
  struct Kernel {
    Function function;
    int staticShared;
    // What is set as the maximum for dynamic shared memory.
    int64_t dynamicShared;
  };

  imhsa_status loadFunctions(const char *what, std::vector<Kernel> &functions);

  const Driver &driver;
  const imhsa_artifact &artifact;
  const DeviceInfo &device;
  std::mutex mutex;
  Module module = nullptr;
  std::vector<Kernel> kernels;
};

} // namespace imhsa::runtime::cuda

#endif // IMHSA_RUNTIME_CUDA_KERNELS_H
