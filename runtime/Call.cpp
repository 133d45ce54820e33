//===- Call.cpp - calls of compiled functions -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/Error.h"
#include "runtime/Library.h"
#include "runtime/Tensors.h"

#include <algorithm>

using namespace imhsa::runtime;

namespace {

// What a function says about a call, from the shapes of its inputs.
struct Sizes {
  // Of all outputs, one after the other.
  std::vector<int64_t> dimensions;
  int64_t workspaceBytes = 0;
};

// A workspace on the CPU for one call.
class HostWorkspace {
public:
  HostWorkspace(HostWorkspaces &workspaces, int64_t bytes)
      : workspaces(workspaces), block(workspaces.take(bytes)) {}
  HostWorkspace(const HostWorkspace &) = delete;
  ~HostWorkspace() { workspaces.giveBack(block); }

  void *data() const { return block.data; }

private:
  HostWorkspaces &workspaces;
  HostWorkspaces::Block block;
};

} // namespace

// The shapes of the inputs have been checked.
static imhsa_status computeSizes(const imhsa_entry &entry, const DLTensor *const *inputs,
                                 Sizes &sizes) {
  size_t count = 1;
  for (int32_t i = 0; i < entry.num_outputs; ++i)
    count += entry.tensors[entry.num_inputs + i].rank;
  sizes.dimensions.assign(count, 0);
  Arguments arguments;
  for (int32_t i = 0; i < entry.num_inputs; ++i)
    arguments.addShape(*inputs[i]);
  arguments.addVector(sizes.dimensions.data(), count);
  if (const char *text = entry.sizes(arguments.data()))
    return fail(IMHSA_INVALID_TENSOR, "%s: %s", entry.name, text);
  sizes.workspaceBytes = sizes.dimensions.back();
  sizes.dimensions.pop_back();
  if (sizes.workspaceBytes < 0)
    return fail(IMHSA_OUT_OF_MEMORY, "%s: a workspace for these shapes has more than 2^63 bytes",
                entry.name);
  return IMHSA_OK;
}

static imhsa_status queryShapes(const imhsa_function *function, const DLTensor *const *inputs,
                                const void *result, Sizes &sizes) {
  if (!function || !inputs || !result)
    return fail(IMHSA_INVALID_ARGUMENT, "%s is null",
                !function ? "function" : (!inputs ? "inputs" : "result"));
  if (imhsa_status status = checkInputShapes(*function->entry, inputs))
    return status;
  return computeSizes(*function->entry, inputs, sizes);
}

imhsa_status imhsa_get_output_shape(const imhsa_function *function, const DLTensor *const *inputs,
                                    int32_t index, int64_t *shape) {
  return guard([&] {
    Sizes sizes;
    if (imhsa_status status = queryShapes(function, inputs, shape, sizes))
      return status;
    const imhsa_entry &entry = *function->entry;
    if (index < 0 || index >= entry.num_outputs)
      return fail(IMHSA_INVALID_ARGUMENT, "%s: expected the index of an output below %d, found %d",
                  entry.name, entry.num_outputs, index);
    const imhsa_tensor_info *output = entry.tensors + entry.num_inputs;
    const int64_t *dimensions = sizes.dimensions.data();
    for (int32_t i = 0; i < index; ++i)
      dimensions += output++->rank;
    std::copy(dimensions, dimensions + output->rank, shape);
    return IMHSA_OK;
  });
}

imhsa_status imhsa_get_workspace_size(const imhsa_function *function, const DLTensor *const *inputs,
                                      size_t *bytes) {
  return guard([&] {
    Sizes sizes;
    if (imhsa_status status = queryShapes(function, inputs, bytes, sizes))
      return status;
    *bytes = sizes.workspaceBytes;
    return IMHSA_OK;
  });
}

static imhsa_status runOnHost(const imhsa_function &function, Arguments &arguments,
                              int64_t workspaceBytes) {
  HostWorkspace workspace(function.library->hostWorkspaces, workspaceBytes);
  if (workspaceBytes > 0 && !workspace.data())
    return fail(IMHSA_OUT_OF_MEMORY, "%s: no memory for a workspace of %lld bytes",
                function.entry->name, static_cast<long long>(workspaceBytes));
  arguments.addVector(workspace.data(), workspaceBytes);
  if (const char *text = function.entry->run(arguments.data()))
    return fail(IMHSA_INVALID_TENSOR, "%s: %s", function.entry->name, text);
  return IMHSA_OK;
}

imhsa_status imhsa_run(const imhsa_function *function, const DLTensor *const *tensors,
                       void *stream) {
  return guard([&] {
    if (!function || !tensors)
      return fail(IMHSA_INVALID_ARGUMENT, "%s is null", function ? "tensors" : "function");
    const imhsa_entry &entry = *function->entry;
    if (imhsa_status status = checkTensors(function->library->artifact, entry, tensors))
      return status;
    Sizes sizes;
    if (imhsa_status status = computeSizes(entry, tensors, sizes))
      return status;
    const int64_t *dimensions = sizes.dimensions.data();
    for (int32_t i = 0; i < entry.num_outputs; ++i) {
      const DLTensor &output = *tensors[entry.num_inputs + i];
      if (imhsa_status status = checkOutputShape(entry, i, output, dimensions))
        return status;
      dimensions += output.ndim;
    }

    Arguments arguments;
    int32_t numTensors = entry.num_inputs + entry.num_outputs;
    for (int32_t i = 0; i < numTensors; ++i)
      arguments.addTensor(*tensors[i]);
    if (function->library->artifact.device == kDLCPU)
      return runOnHost(*function, arguments, sizes.workspaceBytes);
    return function->library->gpu.run(entry, arguments, sizes.workspaceBytes,
                                      numTensors ? tensors[0]->device.device_id : 0,
                                      static_cast<cuda::Stream>(stream));
  });
}

imhsa_status imhsa_run_versioned(const imhsa_function *function,
                                 const DLManagedTensorVersioned *const *tensors, void *stream) {
  return guard([&] {
    if (!function || !tensors)
      return fail(IMHSA_INVALID_ARGUMENT, "%s is null", function ? "tensors" : "function");
    const imhsa_entry &entry = *function->entry;
    if (imhsa_status status = checkManagedTensors(entry, tensors))
      return status;
    std::vector<const DLTensor *> plain;
    for (int32_t i = 0; i < entry.num_inputs + entry.num_outputs; ++i)
      plain.push_back(&tensors[i]->dl_tensor);
    return imhsa_run(function, plain.data(), stream);
  });
}

void imhsa_release_workspaces(imhsa_library *library) {
  if (!library)
    return;
  library->hostWorkspaces.release();
  library->gpu.releaseWorkspaces();
}
