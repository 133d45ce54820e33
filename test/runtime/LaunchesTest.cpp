//===- LaunchesTest.cpp - compiled libraries on a fake driver -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
//   imhsa-launches-test LIBRARY SIZE
//
// Calls each function of a library that imhsa-compile made for a GPU, with SIZE for
// every dimension that may be any, twice and once more while the stream is captured.
// Prints how often kernels were launched, and the last launch.

#include "test/runtime/GpuArtifact.h"

#include <deque>

namespace {

void call(const fake::Control &driver, const imhsa_function *function, int64_t size) {
  int32_t numInputs = imhsa_num_inputs(function), numOutputs = imhsa_num_outputs(function);
  std::deque<Array> arrays;
  std::vector<DLTensor *> tensors;
  for (int32_t i = 0; i < numInputs + numOutputs; ++i) {
    imhsa_tensor_type type;
    check(imhsa_get_tensor_type(function, i, &type) == IMHSA_OK, type.name);
    std::vector<int64_t> shape(type.shape, type.shape + type.rank);
    for (int64_t &dimension : shape)
      dimension = dimension == -1 ? size : dimension;
    if (i >= numInputs)
      check(imhsa_get_output_shape(function, tensors.data(), i - numInputs, shape.data()) ==
                IMHSA_OK,
            "its shape");
    arrays.emplace_back(type.type, shape);
    arrays.back().tensor.device = {kDLCUDA, 0};
    tensors.push_back(&arrays.back().tensor);
  }

  fake::Stream stream = driver.createStream();
  size_t bytes;
  check(imhsa_get_workspace_size(function, tensors.data(), &bytes) == IMHSA_OK, "the workspace");
  int numAllocations = driver.countCalls("cuMemAllocAsync");
  for (int i = 0; i < 2; ++i)
    check(imhsa_run(function, tensors.data(), stream) == IMHSA_OK, "a call");
  check(driver.countCalls("cuMemAllocAsync") == numAllocations + (bytes > 0), "its allocations");
  int numLaunches = driver.countCalls("cuLaunchKernel");
  driver.beginCapture(stream);
  check(imhsa_run(function, tensors.data(), stream) == IMHSA_OK && driver.endCapture(stream),
        "a call that is captured");
  driver.run();

  fake::Launch last = driver.getLastLaunch();
  std::printf("%s: %d launches, the last of %s, %u x %u x %u blocks of %u x %u x %u threads\n",
              imhsa_function_name(function), driver.countCalls("cuLaunchKernel") - numLaunches,
              last.kernel, last.dims[0], last.dims[1], last.dims[2], last.dims[3], last.dims[4],
              last.dims[5]);
}

} // namespace

int main(int argc, char **argv) {
  check(argc == 3, "arguments");
  const fake::Control &driver = fakeDriver();
  imhsa_library *library = nullptr;
  check(imhsa_open(argv[1], &library) == IMHSA_OK && imhsa_library_device(library) == kDLCUDA,
        "a library for a GPU");
  for (int32_t i = 0; i < imhsa_num_functions(library); ++i)
    call(driver, imhsa_get_function(library, i), std::atol(argv[2]));
  imhsa_close(library);
  return 0;
}
