//===- Gpu.h - calls of functions compiled for a GPU ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_CUDA_GPU_H
#define IMHSA_RUNTIME_CUDA_GPU_H

#include "runtime/Tensors.h"
#include "runtime/cuda/Workspaces.h"

#include <atomic>

namespace imhsa::runtime::cuda {

/// What a library holds on GPUs: for each context in which it was called, its kernels and its
/// workspaces. Thread-safe.
class Gpu {
public:
  explicit Gpu(const imhsa_artifact &artifact);
  Gpu(const Gpu &) = delete;
  /// Waits for what was enqueued, and frees all.
  ~Gpu();

  /// Enqueues a call: adds the workspace and the launcher to `arguments`, which hold checked
  /// tensors on GPU `deviceId`.
  imhsa_status run(const imhsa_entry &entry, Arguments &arguments, int64_t workspaceBytes,
                   int32_t deviceId, Stream stream);

  /// As imhsa_release_workspaces.
  void releaseWorkspaces();

private:
  struct InContext;

  imhsa_status findContext(const Driver &driver, int32_t deviceId, const char *what,
                           InContext *&found);
  imhsa_status addContext(const Driver &driver, Context current, Device device, const char *what,
                          InContext *&added);

  const imhsa_artifact &artifact;
  // Guards the list.
  std::mutex mutex;
  std::vector<std::unique_ptr<InContext>> contexts;
};

} // namespace imhsa::runtime::cuda

#endif // IMHSA_RUNTIME_CUDA_GPU_H
