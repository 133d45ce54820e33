//===- CallTest.cpp - unit test of calls on the CPU -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Opens the artifact of Inputs/mix.c, which is the first argument, asks what it
// holds and calls it. Run by call.test.

#include "test/runtime/Testing.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

namespace {

bool run(const imhsa_function *mix, MixArguments &arguments) {
  return imhsa_run(mix, arguments.tensors.data(), nullptr) == IMHSA_OK;
}

void checkQueries(imhsa_library *library) {
  check(std::string(imhsa_version()) == "0.1.0", "version");
  check(imhsa_library_device(library) == kDLCPU &&
            std::string(imhsa_library_producer(library)) == "test",
        "device and producer");
  const imhsa_function *mix = imhsa_get_function(library, 0), *found = nullptr;
  check(imhsa_num_functions(library) == 1 && mix && !imhsa_get_function(library, 1) &&
            !imhsa_get_function(library, -1),
        "functions by index");
  check(imhsa_find_function(library, "mix", &found) == IMHSA_OK && found == mix,
        "functions by name");
  check(std::string(imhsa_function_name(mix)) == "mix" &&
            std::string(imhsa_function_description(mix)).find("Scales") != std::string::npos,
        "name and description");
  imhsa_tensor_type type;
  check(imhsa_num_inputs(mix) == 4 && imhsa_num_outputs(mix) == 1 &&
            imhsa_get_tensor_type(mix, 0, &type) == IMHSA_OK && std::string(type.name) == "x" &&
            type.type.code == kDLFloat && type.type.bits == 32 && type.rank == 3 &&
            type.alignment == 16 && type.shape[0] == -1 && type.shape[2] == 8,
        "types of tensors");

  MixArguments arguments(3, 5);
  int64_t shape[3];
  size_t bytes;
  check(imhsa_get_output_shape(mix, arguments.tensors.data(), 0, shape) == IMHSA_OK &&
            shape[0] == 3 && shape[1] == 5 && shape[2] == 8,
        "shape of an output");
  for (DLTensor *tensor : arguments.tensors)
    *tensor = {nullptr, {kDLCUDA, 7}, tensor->ndim, {}, tensor->shape, nullptr, 1};
  check(imhsa_get_workspace_size(mix, arguments.tensors.data(), &bytes) == IMHSA_OK &&
            bytes == 5 * 32,
        "size of the workspace, from shapes alone");
}

// x and y as slices of larger arrays, in other orders of dimensions.
void checkStrides(const imhsa_function *mix) {
  constexpr int64_t kBatches = 3, kRows = 5;
  MixArguments arguments(kBatches, kRows);
  // x is the second of three parts of [rows, batches, 3, 8], y the third.
  Array packed(kF32, {kRows, kBatches, 3, 8});
  int64_t strides[] = {3 * 8, kBatches * 3 * 8, 1};
  for (int64_t i = 0; i < kBatches; ++i)
    for (int64_t j = 0; j < kRows; ++j)
      for (int64_t k = 0; k < 8; ++k)
        packed.as<float>()[((j * kBatches + i) * 3 + 1) * 8 + k] =
            arguments.x.as<float>()[(i * kRows + j) * 8 + k];
  DLTensor &x = arguments.x.tensor, &y = arguments.y.tensor;
  x.data = y.data = packed.data;
  x.strides = y.strides = strides;
  x.byte_offset = 8 * sizeof(float);
  y.byte_offset = 16 * sizeof(float);
  check(run(mix, arguments), "a call on parts of a packed array");
  for (int64_t i = 0; i < kBatches; ++i)
    for (int64_t j = 0; j < kRows; ++j)
      for (int64_t k = 0; k < 8; ++k)
        arguments.y.as<float>()[(i * kRows + j) * 8 + k] =
            packed.as<float>()[((j * kBatches + i) * 3 + 2) * 8 + k];
  check(arguments.isRight(), "its result");

  // Backwards in the batches, and the same row of the shift for all.
  y = {arguments.y.data,
       {kDLCPU, 0},
       3,
       kF32,
       arguments.y.shape.data(),
       arguments.y.strides.data(),
       0};
  std::vector<float> backwards(kBatches * kRows * 8);
  for (int64_t i = 0; i < kBatches; ++i)
    std::copy_n(arguments.x.as<float>() + i * kRows * 8, kRows * 8,
                backwards.data() + (kBatches - 1 - i) * kRows * 8);
  Array reversed(kF32, {kBatches, kRows, 8});
  std::copy(backwards.begin(), backwards.end(), reversed.as<float>());
  int64_t back[] = {-kRows * 8, 8, 1}, same[] = {0, 1};
  x.data = reversed.data;
  x.byte_offset = (kBatches - 1) * kRows * 8 * sizeof(float);
  x.strides = back;
  arguments.shift.tensor.strides = same;
  check(run(mix, arguments), "negative and zero strides of inputs");
  for (int64_t j = 1; j < kRows; ++j)
    std::copy_n(arguments.shift.as<float>(), 8, arguments.shift.as<float>() + j * 8);
  check(arguments.isRight(), "its result");
}

void checkSizes(const imhsa_function *mix) {
  for (auto [batches, rows] :
       {std::pair(1, 1), std::pair(0, 5), std::pair(2, 0), std::pair(7, 61)}) {
    MixArguments arguments(batches, rows);
    for (DLTensor *tensor : arguments.tensors) {
      tensor->strides = nullptr;
      for (int32_t i = 0; i < tensor->ndim; ++i)
        if (tensor->shape[i] == 0)
          tensor->data = nullptr;
    }
    check(run(mix, arguments) && arguments.isRight(), "a call without strides");
  }
  // Strides of dimensions of size one have no meaning.
  MixArguments arguments(1, 4);
  int64_t strides[] = {-77, 8, 1};
  arguments.x.tensor.strides = arguments.y.tensor.strides = strides;
  check(run(mix, arguments) && arguments.isRight(), "any stride where the size is one");
  arguments.weight.tensor.dtype = kU16;
  check(run(mix, arguments) && arguments.isRight(), "bf16 as u16");
}

void checkVersioned(const imhsa_function *mix) {
  MixArguments arguments(2, 3);
  std::vector<DLManagedTensorVersioned> managed(5);
  std::vector<DLManagedTensorVersioned *> tensors;
  for (size_t i = 0; i < managed.size(); ++i) {
    managed[i].version = {1, 0};
    managed[i].flags = i < 4 ? DLPACK_FLAG_BITMASK_READ_ONLY : 0;
    managed[i].dl_tensor = *arguments.tensors[i];
    tensors.push_back(&managed[i]);
  }
  check(imhsa_run_versioned(mix, tensors.data(), nullptr) == IMHSA_OK && arguments.isRight(),
        "versioned tensors, inputs read-only");
}

void checkThreads(imhsa_library *library) {
  std::atomic<bool> right{true};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const imhsa_function *mix = imhsa_get_function(library, 0);
      MixArguments arguments(2, 3 + i), wrong(2, 3);
      wrong.x.tensor.ndim = i;
      std::string text = "found rank " + std::to_string(i);
      for (int repeat = 0; repeat < 300; ++repeat) {
        bool isRight = run(mix, arguments) && arguments.isRight();
        if (i != 3)
          isRight = isRight && !run(mix, wrong) &&
                    std::string(imhsa_last_error()).find(text) != std::string::npos;
        if (i == 0 && repeat % 10 == 0)
          imhsa_release_workspaces(library);
        if (!isRight)
          right = false;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  check(right, "eight threads, each with its own errors");
}

} // namespace

int main(int argc, char **argv) {
  check(std::string(imhsa_last_error()).empty(), "no error at first");
  imhsa_library *library = nullptr, *again = nullptr;
  check(argc == 2 && imhsa_open(argv[1], &library) == IMHSA_OK, "open");
  check(imhsa_open(argv[1], &again) == IMHSA_OK && again == library, "open again");
  imhsa_close(again);
  checkQueries(library);
  const imhsa_function *mix = imhsa_get_function(library, 0);
  checkSizes(mix);
  checkStrides(mix);
  checkVersioned(mix);
  checkThreads(library);
  imhsa_close(library);
  imhsa_close(nullptr);
  return 0;
}
