// Whether runtime/cuda/Driver.h agrees with the header of the CUDA toolkit.

#define __CUDA_API_VERSION_INTERNAL // The oldest versions of functions, too.
#include <cuda.h>

#include "runtime/cuda/Driver.h"

#include <cstddef>
#include <type_traits>

using namespace imhsa::runtime::cuda;

// The same type with a plain number for an enumeration.
template <typename T, bool = std::is_enum_v<T>> struct Plain {
  using Type = T;
};
template <typename T> struct Plain<T, true> {
  using Type = int;
};
template <typename T> struct Plain<T *, false> {
  using Type = std::conditional_t<std::is_enum_v<T>, int, T> *;
};
template <> struct Plain<cuuint64_t *, false> {
  using Type = uint64_t *;
};
template <typename T> struct PlainFunction;
template <typename R, typename... A> struct PlainFunction<R(A...)> {
  using Type = typename Plain<R>::Type(typename Plain<A>::Type...);
};

#define CHECK_FUNCTION(name, ...)                                                                  \
  static_assert(std::is_same_v<Result(__VA_ARGS__), PlainFunction<decltype(::name)>::Type>, #name);
IMHSA_CUDA_FUNCTIONS(CHECK_FUNCTION, CHECK_FUNCTION)

static_assert(sizeof(LaunchAttribute) == sizeof(CUlaunchAttribute));
static_assert(offsetof(LaunchAttribute, isAllowed) == offsetof(CUlaunchAttribute, value));
static_assert(sizeof(LaunchConfig) == sizeof(CUlaunchConfig));
static_assert(offsetof(LaunchConfig, grid) == offsetof(CUlaunchConfig, gridDimX));
static_assert(offsetof(LaunchConfig, block) == offsetof(CUlaunchConfig, blockDimX));
static_assert(offsetof(LaunchConfig, sharedBytes) == offsetof(CUlaunchConfig, sharedMemBytes));
static_assert(offsetof(LaunchConfig, stream) == offsetof(CUlaunchConfig, hStream));
static_assert(offsetof(LaunchConfig, attributes) == offsetof(CUlaunchConfig, attrs));
static_assert(offsetof(LaunchConfig, numAttributes) == offsetof(CUlaunchConfig, numAttrs));
static_assert(kProgrammaticStreamSerialization ==
              CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
static_assert(kSuccess == CUDA_SUCCESS && kOutOfMemory == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(kNoDevice == CUDA_ERROR_NO_DEVICE);
static_assert(kErrorCaptureInvalidated == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
static_assert(kCapabilityMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(kCapabilityMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(kMaxSharedOptIn == CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(kMemoryPoolsSupported == CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
static_assert(kSharedSizeBytes == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
static_assert(kMaxDynamicSharedSizeBytes == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
static_assert(kDisableTiming == CU_EVENT_DISABLE_TIMING);
static_assert(kErrorLogBuffer == CU_JIT_ERROR_LOG_BUFFER);
static_assert(kErrorLogBufferSizeBytes == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
static_assert(kCaptureNone == CU_STREAM_CAPTURE_STATUS_NONE);
static_assert(kCaptureInvalidated == CU_STREAM_CAPTURE_STATUS_INVALIDATED);
static_assert(kCaptureRelaxed == CU_STREAM_CAPTURE_MODE_RELAXED);
