//===- Artifact.h - what compiled code and the runtime agree on -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The tables that `imhsa-compile` writes into each artifact, and the interface
// between a compiled function and what calls it. Plain C layout; `kImhsaAbi` rises
// with every change. Users need none of this: see imhsa.h.

#ifndef IMHSA_RUNTIME_ARTIFACT_H
#define IMHSA_RUNTIME_ARTIFACT_H

#include "runtime/imhsa.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { kImhsaAbi = 2 };

/// What a function compiled for a GPU launches its kernels with.
typedef struct imhsa_launcher {
  /// Enqueues `kernel`, an index into the kernels of the artifact. `dims` are the blocks of the
  /// grid in x, y and z (where one is 0, there is nothing to do), the threads of a block in x, y
  /// and z, the bytes of dynamic shared memory, and whether the kernel waits by itself for what is
  /// before it in the stream (griddepcontrol.wait), so that it may begin early. `arguments` are the
  /// addresses of the kernel's arguments, as cuLaunchKernel takes them; they need not outlive the
  /// call. Errors are kept by the launcher; after one, further launches do nothing.
  void (*launch)(struct imhsa_launcher *launcher, int32_t kernel, const int64_t *dims,
                 void **arguments);
} imhsa_launcher;

/// A compiled function. Returns null, or what does not agree in the shapes of its inputs as text
/// that lives as long as the code; it has not done anything then, or only enqueued kernels whose
/// results mean nothing.
///
/// `arguments` are addresses of memref descriptors { void *allocated, *aligned; int64_t offset,
/// sizes[rank], strides[rank]; }, in elements. For `imhsa_entry::run`: the inputs, the outputs,
/// the workspace (bytes), and last, only where the artifact is for a GPU, an imhsa_launcher. For
/// `imhsa_entry::sizes`: the inputs, of which it reads nothing but the dimensions, and a vector of
/// int64_t that it fills with each dimension of each output and last the bytes of workspace.
typedef const char *(*imhsa_packed_function)(void **arguments);

typedef struct imhsa_tensor_info {
  /// A C and Python identifier.
  const char *name;
  DLDataType type;
  int32_t rank;
  /// Bytes of which the address of the first element must be a multiple; at least the size of an
  /// element.
  int32_t alignment;
  /// -1 where any size will do.
  const int64_t *shape;
} imhsa_tensor_info;

typedef struct imhsa_entry {
  const char *name;
  /// What a help text says; UTF-8, with line ends.
  const char *description;
  int32_t num_inputs;
  int32_t num_outputs;
  /// Inputs, then outputs.
  const imhsa_tensor_info *tensors;
  imhsa_packed_function run;
  imhsa_packed_function sizes;
} imhsa_entry;

typedef enum { kImhsaCubin = 0, kImhsaPtx = 1 } imhsa_image_format;

/// The kernels of an artifact, compiled for one chip.
typedef struct imhsa_image {
  imhsa_image_format format;
  /// Compute capability times ten: 80, 90.
  int32_t capability;
  /// Nonzero for chips such as sm_90a, whose code runs on that capability alone.
  int32_t is_specific;
  /// PTX ends in a zero byte, which `size` counts.
  uint64_t size;
  const void *data;
} imhsa_image;

/// The tables of an artifact. A shared library exports them as the symbol
/// IMHSA_ARTIFACT_SYMBOL, an object file as NAME_artifact.
struct imhsa_artifact {
  /// "imhsa" and zeros.
  char magic[8];
  /// kImhsaAbi.
  int32_t abi;
  /// kDLCPU or kDLCUDA.
  int32_t device;
  /// The version of imhsa that compiled it.
  const char *producer;
  int64_t num_entries;
  const imhsa_entry *entries;
  int64_t num_kernels;
  const char *const *kernels;
  int64_t num_images;
  const imhsa_image *images;
  /// Bytes of which the address of the workspace must be a multiple: a power of two, at most 4096
  /// on a CPU and 256 on a GPU.
  int64_t workspace_alignment;
  /// imhsa_call_entry's own; null at first.
  void *state;
};

#define IMHSA_ARTIFACT_SYMBOL "imhsa_library_artifact"

/// What the C function of entry `index` calls: opens the artifact that it is part of at the first
/// call, for as long as the process lives, and then does as `imhsa_run`.
imhsa_status imhsa_call_entry(imhsa_artifact *artifact, int32_t index,
                              const DLTensor *const *tensors, void *stream);

/// The last 24 bytes of a shared library that `imhsa-compile` wrote: by them the runtime knows,
/// before the library is mapped, that it is whole. The library also needs a build ID: by that the
/// runtime knows that what is mapped is what is in the file.
typedef struct imhsa_trailer {
  /// "imhsa.so".
  char magic[8];
  /// Bytes of the file, the trailer included.
  uint64_t size;
  /// CRC-32 (as of zlib) of all bytes before the trailer.
  uint32_t crc;
  uint32_t abi;
} imhsa_trailer;

#ifdef __cplusplus
}
#endif

#endif // IMHSA_RUNTIME_ARTIFACT_H
