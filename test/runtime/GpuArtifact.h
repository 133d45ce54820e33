//===- GpuArtifact.h - an artifact for the fake driver --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TEST_RUNTIME_GPUARTIFACT_H
#define IMHSA_TEST_RUNTIME_GPUARTIFACT_H

#include "runtime/Artifact.h"
#include "test/runtime/FakeDriver.h"
#include "test/runtime/Testing.h"

#include <dlfcn.h>
#include <thread>

/// As imhsa-compile would write it for twice(x: f32 [?, ?]) -> y: f32 [?, ?], which is 2 * x + 1
/// by way of the workspace, and for the following, which go wrong in some way:
///
///   shared(x: f32 [?]) -> y    launches `finish` with 1024 bytes of dynamic shared memory for
///                              each element of x
///   lost(x: f32 [?]) -> y      launches a kernel that is not there
///   huge(x: f32 [?]) -> y      launches too many blocks
///   broken(x: f32 [?]) -> y    says that shapes do not agree, after launches
struct GpuArtifact {
  enum Function { kTwice, kShared, kLost, kHuge, kBroken };

  explicit GpuArtifact(std::vector<imhsa_image> someImages) : images(std::move(someImages)) {
    tables.num_images = images.size();
    tables.images = images.data();
  }

  static imhsa_image cubin(int32_t capability, bool isSpecific = false,
                           const char *text = "fake cubin") {
    return {kImhsaCubin, capability, isSpecific, std::strlen(text) + 1, text};
  }
  static imhsa_image ptx(int32_t capability, bool isSpecific = false,
                         const char *text = "fake PTX") {
    return {kImhsaPtx, capability, isSpecific, std::strlen(text) + 1, text};
  }

  struct Memref {
    float *allocated, *aligned;
    int64_t offset, sizes[4];
  };

  static const char *sizes(void **arguments, int rank) {
    auto **memrefs = reinterpret_cast<Memref **>(arguments);
    auto *result = reinterpret_cast<int64_t *>(memrefs[1]->aligned);
    int64_t bytes = sizeof(float);
    for (int i = 0; i < rank; ++i)
      bytes *= result[i] = memrefs[0]->sizes[i];
    result[rank] = bytes;
    return nullptr;
  }

  static void launch(void **arguments, int32_t kernel, int64_t gridX, int64_t shared, float *from,
                     float *to, int64_t size) {
    auto *launcher = static_cast<imhsa_launcher *>(arguments[3]);
    // As if kernels waited by themselves for what is before them.
    int64_t dims[] = {gridX, 1, 1, 128, 1, 1, shared, 1};
    void *addresses[] = {&from, &to, &size};
    launcher->launch(launcher, kernel, dims, addresses);
  }

  template <Function kFunction> static const char *run(void **arguments) {
    auto **memrefs = reinterpret_cast<Memref **>(arguments);
    float *x = memrefs[0]->aligned, *y = memrefs[1]->aligned, *workspace = memrefs[2]->aligned;
    int64_t size = memrefs[0]->sizes[0] * (kFunction == kTwice ? memrefs[0]->sizes[1] : 1);
    int64_t grid = kFunction == kHuge ? int64_t(1) << 40 : (size + 127) / 128;
    launch(arguments, kFunction == kLost ? 7 : 0, grid, 0, x, workspace, size);
    // Lets other threads come between.
    std::this_thread::yield();
    launch(arguments, 1, grid, kFunction == kShared ? size * 1024 : 0, workspace, y, size);
    return kFunction == kBroken ? "dimension 0 of x is not to its liking" : nullptr;
  }

  static constexpr int64_t kShape[] = {-1, -1};
  static constexpr imhsa_tensor_info kTensors2[] = {{"x", kF32, 2, 4, kShape},
                                                    {"y", kF32, 2, 4, kShape}};
  static constexpr imhsa_tensor_info kTensors1[] = {{"x", kF32, 1, 4, kShape},
                                                    {"y", kF32, 1, 4, kShape}};
  static const char *sizes1(void **arguments) { return sizes(arguments, 1); }
  static const char *sizes2(void **arguments) { return sizes(arguments, 2); }

  std::vector<imhsa_image> images;
  const imhsa_entry entries[5] = {
      {"twice", "", 1, 1, kTensors2, run<kTwice>, sizes2},
      {"shared", "", 1, 1, kTensors1, run<kShared>, sizes1},
      {"lost", "", 1, 1, kTensors1, run<kLost>, sizes1},
      {"huge", "", 1, 1, kTensors1, run<kHuge>, sizes1},
      {"broken", "", 1, 1, kTensors1, run<kBroken>, sizes1},
  };
  const char *kernels[2] = {"stage", "finish"};
  imhsa_artifact tables = {"imhsa", kImhsaAbi, kDLCUDA, "test",  5,   entries,
                           2,       kernels,   0,       nullptr, 256, nullptr};
};

/// The tensors of a call.
struct GpuArguments {
  explicit GpuArguments(std::vector<int64_t> shape, int32_t device = 0)
      : x(kF32, shape), y(kF32, shape) {
    for (size_t i = 0; i < x.bytes / sizeof(float); ++i)
      x.as<float>()[i] = static_cast<float>(i % 89);
    x.tensor.device = y.tensor.device = {kDLCUDA, device};
  }

  /// Whether y is 2 * x + 1; makes it wrong for the next call.
  bool isRight() {
    for (size_t i = 0; i < x.bytes / sizeof(float); ++i) {
      if (y.as<float>()[i] != 2 * x.as<float>()[i] + 1)
        return false;
      y.as<float>()[i] = -1;
    }
    return true;
  }

  imhsa_status run(const imhsa_library *library, fake::Stream stream = nullptr,
                   GpuArtifact::Function function = GpuArtifact::kTwice) {
    return imhsa_run(imhsa_get_function(library, function), tensors, stream);
  }

  Array x, y;
  DLTensor *tensors[2] = {&x.tensor, &y.tensor};
};

/// The fake driver, which the runtime is to find, too.
inline const fake::Control &fakeDriver() {
  static const fake::Control *control = [] {
    void *handle = dlopen("libcuda.so.1", RTLD_NOW);
    void *found = handle ? dlsym(handle, "fakeControl") : nullptr;
    check(found, "the fake driver is found");
    return static_cast<const fake::Control *>(found);
  }();
  return *control;
}

#endif // IMHSA_TEST_RUNTIME_GPUARTIFACT_H
