//===- RepeatTest.cpp - opens, calls and closes many times ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
//   imhsa-repeat-test TIMES LIBRARY    the artifact of Inputs/mix.c
//   imhsa-repeat-test TIMES            an artifact for a GPU, on the fake driver
//
// Opens, calls and closes, correctly and not, so often, and fails if the memory of the
// process still grows in the second half. The leak sanitizer looks for what is lost.

#include "test/runtime/GpuArtifact.h"

#include <string>
#include <unistd.h>

namespace {

/// Bytes of memory that the process has in use.
long getResidentBytes() {
  long pages = 0, resident = 0;
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2)
    resident = 0;
  std::fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

bool repeatOnHost(const char *path) {
  imhsa_library *library, *none;
  if (imhsa_open(path, &library) != IMHSA_OK)
    return false;
  bool failed = imhsa_open("/nowhere/at/all.so", &none) == IMHSA_INVALID_LIBRARY;
  const imhsa_function *mix;
  MixArguments arguments(2, 5);
  bool isRight = imhsa_find_function(library, "mix", &mix) == IMHSA_OK &&
                 imhsa_run(mix, arguments.tensors.data(), nullptr) == IMHSA_OK &&
                 arguments.isRight();
  arguments.x.tensor.ndim = 2;
  failed &= imhsa_run(mix, arguments.tensors.data(), nullptr) == IMHSA_INVALID_TENSOR;
  imhsa_close(library);
  return isRight && failed;
}

bool repeatOnGpu(const fake::Control &driver, fake::Stream stream) {
  GpuArtifact artifact({GpuArtifact::cubin(80)});
  imhsa_library *library;
  if (imhsa_open_embedded(&artifact.tables, &library) != IMHSA_OK)
    return false;
  GpuArguments arguments({3, 4}), wrong({60});
  driver.failNext("cuMemAllocAsync", fake::kOutOfMemory);
  bool failed = arguments.run(library, stream) == IMHSA_OUT_OF_MEMORY &&
                wrong.run(library, stream, GpuArtifact::kLost) == IMHSA_INVALID_LIBRARY;
  bool ran = arguments.run(library, stream) == IMHSA_OK;
  imhsa_close(library);
  return failed && ran && arguments.isRight();
}

} // namespace

int main(int argc, char **argv) {
  check(argc == 2 || argc == 3, "arguments");
  int times = std::atoi(argv[1]);
  const fake::Control *driver = argc == 2 ? &fakeDriver() : nullptr;
  fake::Stream stream = driver ? driver->createStream() : nullptr;
  long half = 0;
  for (int i = 0; i < times; ++i) {
    if (i == times / 2)
      half = getResidentBytes();
    if (!(driver ? repeatOnGpu(*driver, stream) : repeatOnHost(argv[2])))
      check(false, "a call");
  }
  long grown = getResidentBytes() - half;
  if (grown > 256 * 1024)
    std::printf("grown by %ld bytes\n", grown);
  check(grown <= 256 * 1024, "the memory does not grow");
  std::printf("%d times\n", times);
  return 0;
}
