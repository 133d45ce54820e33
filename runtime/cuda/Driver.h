//===- Driver.h - the CUDA driver -----------------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The driver interface, looked up in libcuda.so.1 at first use, so that one build
// runs with and without a GPU and needs no CUDA headers. Types and numbers are those
// of cuda.h; of each function it is the oldest version that does, since a driver
// keeps them all.

#ifndef IMHSA_RUNTIME_CUDA_DRIVER_H
#define IMHSA_RUNTIME_CUDA_DRIVER_H

#include "runtime/imhsa.h"

namespace imhsa::runtime::cuda {

using Result = int;
using Device = int;
using Context = struct CUctx_st *;
using Module = struct CUmod_st *;
using Function = struct CUfunc_st *;
using Stream = struct CUstream_st *;
using Event = struct CUevent_st *;
using DevicePointer = unsigned long long;
using LaunchConfigPointer = const struct CUlaunchConfig_st *;

/// CUlaunchAttribute.
struct LaunchAttribute {
  int id;
  union {
    int isAllowed;
    alignas(8) char bytes[64];
  };
};

/// CUlaunchConfig.
struct LaunchConfig {
  unsigned grid[3], block[3], sharedBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned numAttributes;
};

// CUresult.
constexpr Result kSuccess = 0, kOutOfMemory = 2, kNoDevice = 100, kErrorCaptureInvalidated = 901;
// CUdevice_attribute.
constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76, kMaxSharedOptIn = 97,
              kMemoryPoolsSupported = 115;
// CUfunction_attribute.
constexpr int kSharedSizeBytes = 1, kMaxDynamicSharedSizeBytes = 8;
// CUevent_flags.
constexpr unsigned kDisableTiming = 2;
// CUjit_option.
constexpr int kErrorLogBuffer = 5, kErrorLogBufferSizeBytes = 6;
// CUstreamCaptureStatus.
constexpr int kCaptureNone = 0, kCaptureInvalidated = 2;
// CUstreamCaptureMode.
constexpr int kCaptureRelaxed = 2;

// CUlaunchAttributeID.
constexpr int kProgrammaticStreamSerialization = 6;

// REQUIRED(name, arguments...), and OPTIONAL for what CUDA 11.2 and later added.
#define IMHSA_CUDA_FUNCTIONS(REQUIRED, OPTIONAL)                                                   \
  REQUIRED(cuGetErrorName, Result, const char **)                                                  \
  REQUIRED(cuGetErrorString, Result, const char **)                                                \
  REQUIRED(cuInit, unsigned)                                                                       \
  REQUIRED(cuDriverGetVersion, int *)                                                              \
  REQUIRED(cuDeviceGetCount, int *)                                                                \
  REQUIRED(cuDeviceGet, Device *, int)                                                             \
  REQUIRED(cuDeviceGetName, char *, int, Device)                                                   \
  REQUIRED(cuDeviceGetAttribute, int *, int, Device)                                               \
  REQUIRED(cuDevicePrimaryCtxGetState, Device, unsigned *, int *)                                  \
  REQUIRED(cuDevicePrimaryCtxRetain, Context *, Device)                                            \
  REQUIRED(cuDevicePrimaryCtxRelease, Device)                                                      \
  REQUIRED(cuCtxGetCurrent, Context *)                                                             \
  REQUIRED(cuCtxGetDevice, Device *)                                                               \
  REQUIRED(cuCtxPushCurrent_v2, Context)                                                           \
  REQUIRED(cuCtxPopCurrent_v2, Context *)                                                          \
  REQUIRED(cuModuleLoadDataEx, Module *, const void *, unsigned, int *, void **)                   \
  REQUIRED(cuModuleUnload, Module)                                                                 \
  REQUIRED(cuModuleGetFunction, Function *, Module, const char *)                                  \
  REQUIRED(cuFuncGetAttribute, int *, int, Function)                                               \
  REQUIRED(cuFuncSetAttribute, Function, int, int)                                                 \
  REQUIRED(cuLaunchKernel, Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,   \
           unsigned, Stream, void **, void **)                                                     \
  REQUIRED(cuMemAlloc_v2, DevicePointer *, size_t)                                                 \
  REQUIRED(cuMemFree_v2, DevicePointer)                                                            \
  REQUIRED(cuEventCreate, Event *, unsigned)                                                       \
  REQUIRED(cuEventDestroy_v2, Event)                                                               \
  REQUIRED(cuEventRecord, Event, Stream)                                                           \
  REQUIRED(cuEventSynchronize, Event)                                                              \
  REQUIRED(cuStreamWaitEvent, Stream, Event, unsigned)                                             \
  REQUIRED(cuStreamGetCaptureInfo, Stream, int *, uint64_t *)                                      \
  REQUIRED(cuThreadExchangeStreamCaptureMode, int *)                                               \
  OPTIONAL(cuMemAllocAsync, DevicePointer *, size_t, Stream)                                       \
  OPTIONAL(cuMemFreeAsync, DevicePointer, Stream)                                                  \
  OPTIONAL(cuLaunchKernelEx, LaunchConfigPointer, Function, void **, void **)

/// The functions of the driver, by their names.
struct Driver {
#define IMHSA_CUDA_FUNCTION(name, ...) Result (*name)(__VA_ARGS__) = nullptr;
  IMHSA_CUDA_FUNCTIONS(IMHSA_CUDA_FUNCTION, IMHSA_CUDA_FUNCTION)
#undef IMHSA_CUDA_FUNCTION

  int numDevices = 0;
  /// Whether kernels may begin while those before them still run, also in graphs that are captured:
  /// from CUDA 12.3 on.
  bool hasEarlyLaunches = false;

  /// Enqueues a kernel with the sizes that `imhsa_launcher::launch` has, each known to fit. If
  /// `beginsEarly`, what the kernel waits for by itself is not waited for before it begins, where
  /// the driver can do so.
  Result launch(Function function, const int64_t *dims, bool beginsEarly, Stream stream,
                void **arguments) const;

  /// IMHSA_OK, or an error that says `what` was wanted, `call`, and what the driver says.
  imhsa_status check(Result result, const char *call, const char *what) const;
};

/// The driver, loaded and initialised. Tries again at the next call if that fails.
imhsa_status getDriver(const Driver **driver);

/// Lets this thread allocate and load, which does nothing to streams, while a stream is captured
/// into a graph.
class RelaxedCapture {
public:
  explicit RelaxedCapture(const Driver &driver) : driver(driver) {
    driver.cuThreadExchangeStreamCaptureMode(&mode);
  }
  RelaxedCapture(const RelaxedCapture &) = delete;
  ~RelaxedCapture() { driver.cuThreadExchangeStreamCaptureMode(&mode); }

private:
  const Driver &driver;
  int mode = kCaptureRelaxed;
};

} // namespace imhsa::runtime::cuda

#endif // IMHSA_RUNTIME_CUDA_DRIVER_H
