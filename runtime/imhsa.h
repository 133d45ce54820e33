/*===- imhsa.h - calling what imhsa-compile made -----------------------------===*\
|* Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE. *|
\*===-------------------------------------------------------------------------===*/
/// \file
/// The C interface of the runtime: libraries of compiled functions, what they take,
/// and calls of them on DLPack tensors.
///
/// Functions that can fail return IMHSA_OK (zero) or another `imhsa_status`, and
/// leave the reason as text in `imhsa_last_error()`. An error leaves everything
/// usable. All functions may be called from several threads at once.
///
/// Element types are DLPack's. Where a function takes bfloat16, 16-bit unsigned
/// integers (kDLUInt) are taken as its bits, since NumPy has no bfloat16. Truth
/// values are kDLBool of 8 bits.

#ifndef IMHSA_H
#define IMHSA_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What is declared here is exported, also from a library built with hidden symbols.
#pragma GCC visibility push(default)

/// The version of this header: `imhsa_version()` is that of the runtime.
#define IMHSA_VERSION_MAJOR 0
#define IMHSA_VERSION_MINOR 1

/// What became of a call.
typedef enum imhsa_status {
  /// All is well.
  IMHSA_OK = 0,
  /// A null pointer (of a tensor, too), an index out of range, a name that is not there.
  IMHSA_INVALID_ARGUMENT = 1,
  /// A tensor that does not fit: element type, rank, shape, strides, device, alignment, overlap.
  IMHSA_INVALID_TENSOR = 2,
  /// A file that cannot be read, is no library of compiled functions, or is damaged.
  IMHSA_INVALID_LIBRARY = 3,
  /// No driver, no device, no code for the device.
  IMHSA_NO_DEVICE = 4,
  /// A call of the CUDA driver failed.
  IMHSA_CUDA_ERROR = 5,
  /// There is no memory for the workspace of a call.
  IMHSA_OUT_OF_MEMORY = 6
} imhsa_status;

/// "0.1.0".
const char *imhsa_version(void);

/// Why the last call in this thread that failed did so: one line of text, without the name of the
/// function. Empty if none has failed. Valid until the next call in this thread that fails.
const char *imhsa_last_error(void);

/// The tables of functions that were compiled into this program (`imhsa-compile --emit=object`).
typedef struct imhsa_artifact imhsa_artifact;

/// A library of compiled functions that was opened.
typedef struct imhsa_library imhsa_library;

/// A function of a library. Lives as long as the library.
typedef struct imhsa_function imhsa_function;

//===----------------------------------------------------------------------===//
// Libraries
//===----------------------------------------------------------------------===//

/// Opens the shared library at `path`, after checking that it is whole. What is open already is
/// opened once more: it takes as many calls of imhsa_close, and shares workspaces and kernels. A
/// library can be opened, and asked what it holds, without the device that it is for. What a
/// process has loaded from a file it cannot replace: another library needs another name.
imhsa_status imhsa_open(const char *path, imhsa_library **library);

/// Opens what is linked into the program; `artifact` is the symbol NAME_artifact.
imhsa_status imhsa_open_embedded(imhsa_artifact *artifact, imhsa_library **library);

/// Frees what the library holds, device memory and loaded kernels included, after waiting for what
/// calls of its functions have enqueued. None may be under way, no graph that has captured one may
/// be launched any more, and the contexts in which they were made must still exist, unless they are
/// primary contexts. Null is ignored.
void imhsa_close(imhsa_library *library);

/// kDLCPU or kDLCUDA: where the tensors of its functions are.
DLDeviceType imhsa_library_device(const imhsa_library *library);

/// The version of imhsa that compiled it.
const char *imhsa_library_producer(const imhsa_library *library);

/// How many functions it has.
int32_t imhsa_num_functions(const imhsa_library *library);

/// The functions are in the order of the source. Null if `index` is out of range.
const imhsa_function *imhsa_get_function(const imhsa_library *library, int32_t index);

/// The function of that name; IMHSA_INVALID_ARGUMENT, with the names that there are, if there is
/// none.
imhsa_status imhsa_find_function(const imhsa_library *library, const char *name,
                                 const imhsa_function **function);

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Its name in the source.
const char *imhsa_function_name(const imhsa_function *function);

/// The signature and the comment of the source, for a help text.
const char *imhsa_function_description(const imhsa_function *function);

/// How many tensors it takes, and gives.
int32_t imhsa_num_inputs(const imhsa_function *function);
int32_t imhsa_num_outputs(const imhsa_function *function);

/// What a tensor has to be. Lives as long as the library.
typedef struct imhsa_tensor_type {
  /// Of the argument in the source; of a result `output`, or `output0`, `output1` and so on.
  const char *name;
  /// Of its elements.
  DLDataType type;
  /// The number of its dimensions.
  int32_t rank;
  /// Bytes of which the address of the first element must be a multiple.
  int32_t alignment;
  /// `rank` sizes, -1 where any size will do.
  const int64_t *shape;
} imhsa_tensor_type;

/// What the function takes: inputs from 0 on, then outputs.
imhsa_status imhsa_get_tensor_type(const imhsa_function *function, int32_t index,
                                   imhsa_tensor_type *type);

/// What the outputs will be for these inputs: writes the dimensions of output `index`, as many as
/// its rank, to `shape`. Only the shapes of the inputs are read, but all of them are checked.
imhsa_status imhsa_get_output_shape(const imhsa_function *function, const DLTensor *const *inputs,
                                    int32_t index, int64_t *shape);

/// The bytes of memory that a call with these inputs takes for itself: on a CPU of the host's, on a
/// GPU of the device's. See imhsa_release_workspaces.
imhsa_status imhsa_get_workspace_size(const imhsa_function *function, const DLTensor *const *inputs,
                                      size_t *bytes);

/// Calls the function: `tensors` are the inputs, then the outputs, which the caller allocates.
///
/// Everything is checked before anything runs. The innermost dimension must be contiguous; other
/// strides are free, and strides may be null (row-major). Inputs are only read. Outputs may not
/// overlap inputs, each other or themselves.
///
/// On a CPU the call returns when the outputs are there, and `stream` is ignored. On a GPU it
/// enqueues its work on `stream` (a CUstream or cudaStream_t; null is the default stream), in the
/// context that is current or else the primary context of the tensors' device, and returns at
/// once. The first call in a context loads the kernels; make one before you measure or capture.
///
/// On a GPU the stream may be captured into a CUDA graph. The graph holds the addresses of the
/// tensors and of a workspace that only it uses, so two executable graphs made from it must not run
/// at the same time.
imhsa_status imhsa_run(const imhsa_function *function, const DLTensor *const *tensors,
                       void *stream);

/// The same for managed tensors of DLPack 1.x: also checks their version, and that no output is
/// flagged as read-only. Does not take ownership.
imhsa_status imhsa_run_versioned(const imhsa_function *function,
                                 const DLManagedTensorVersioned *const *tensors, void *stream);

//===----------------------------------------------------------------------===//
// Threads and memory
//===----------------------------------------------------------------------===//

/// Sets how many threads, the caller included, functions on a CPU use from now on. Zero or less:
/// the default again, which is the first number in the environment variable OMP_NUM_THREADS, as it
/// was when it was first asked for, or if that is not set or not a positive number, the number of
/// processors that this process may use. At most 1024.
void imhsa_set_num_threads(int count);

/// The number of threads, the caller included, that a function on a CPU would use now.
int imhsa_get_num_threads(void);

/// Frees the workspaces that calls keep for the next call, those that graphs hold included: no such
/// graph may be launched any more. What a call under way uses is freed after it; on a GPU this
/// waits for what is enqueued.
///
/// What is kept is bounded. On a CPU: for each call under way one workspace, and sixteen that are
/// free. On a GPU, in each context: one for each stream, but sixteen at most, which more streams
/// share by waiting for each other; and one for each stream of each capture, or more if later calls
/// of the capture need a larger one. Each is as large as the largest call that it has served.
void imhsa_release_workspaces(imhsa_library *library);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif // IMHSA_H
