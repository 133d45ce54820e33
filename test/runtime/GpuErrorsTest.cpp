//===- GpuErrorsTest.cpp - unit test of what goes wrong on a GPU ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Provokes one error after the other, prints the status and the text of each, and
// makes a correct call after each.
//
//   imhsa-gpu-errors-test           on the fake driver
//   imhsa-gpu-errors-test driver    on a wrong driver

#include "test/runtime/GpuArtifact.h"

#include <string>

namespace {

/// A library with these images, for a while.
struct Opened : GpuArtifact {
  explicit Opened(std::vector<imhsa_image> images) : GpuArtifact(std::move(images)) {
    expect(imhsa_open_embedded(&tables, &library) == IMHSA_OK, "open");
  }
  ~Opened() { imhsa_close(library); }
  imhsa_library *library = nullptr;
};

void checkGpu() {
  const fake::Control &driver = fakeDriver();
  Opened good({GpuArtifact::cubin(80)});
  fake::Stream stream = driver.createStream();
  auto reportRun = [&](const char *name, const imhsa_library *library, GpuArguments &arguments,
                       GpuArtifact::Function function = GpuArtifact::kTwice) {
    report(name, arguments.run(library, stream, function));
    GpuArguments correct({3, 40});
    expect(correct.run(good.library, stream) == IMHSA_OK, "a correct call");
    driver.run();
    expect(correct.isRight() && driver.getCounts().badAccesses == 0, "its result");
  };

  GpuArguments matrix({3, 40}), vector({40}), other({3, 40}, 1), large({4, 400}), wide({200});
  for (int32_t id : {1, -1}) {
    GpuArguments elsewhere({3, 40}, id);
    reportRun("device id", good.library, elsewhere);
  }
  matrix.y.tensor.device.device_id = 3;
  reportRun("two devices", good.library, matrix);
  matrix.y.tensor.device = {kDLCPU, 0};
  reportRun("host tensor", good.library, matrix);
  matrix.x.tensor.device = {kDLCUDAManaged, 0};
  reportRun("managed tensor", good.library, matrix);
  matrix.x.tensor.device = matrix.y.tensor.device = {kDLCUDA, 0};

  // What the driver refuses.
  Opened newer({GpuArtifact::cubin(90, true), GpuArtifact::ptx(100), GpuArtifact::cubin(86)});
  reportRun("no code for the chip", newer.library, matrix);
  Opened empty({});
  reportRun("no code at all", empty.library, matrix);
  Opened corrupt({GpuArtifact::cubin(80, false, "\177ELF, but not quite")});
  reportRun("corrupt cubin", corrupt.library, matrix);
  Opened nameless({GpuArtifact::ptx(80)});
  nameless.kernels[1] = "finnish";
  reportRun("kernel that the image lacks", nameless.library, matrix);
  Opened fresh({GpuArtifact::ptx(80)});
  for (auto [function, result] :
       {std::pair("cuDeviceGet", 101), std::pair("cuDeviceGetName", 101),
        std::pair("cuDeviceGetAttribute", 1), std::pair("cuDevicePrimaryCtxRetain", 2),
        std::pair("cuCtxPushCurrent_v2", 201), std::pair("cuModuleLoadDataEx", 209),
        std::pair("cuFuncGetAttribute", 1), std::pair("cuStreamGetCaptureInfo", 400),
        std::pair("cuEventCreate", 2), std::pair("cuMemAllocAsync", 2),
        std::pair("cuLaunchKernel", 700), std::pair("cuStreamWaitEvent", 12345),
        std::pair("cuEventRecord", 700), std::pair("cuCtxGetCurrent", 201)}) {
    driver.failNext(function, result);
    reportRun(function, fresh.library, matrix);
  }
  Opened own({GpuArtifact::ptx(80)});
  driver.createContext(0);
  for (const char *function : {"cuCtxGetDevice", "cuDevicePrimaryCtxGetState"}) {
    driver.failNext(function, 201);
    report(function, matrix.run(own.library));
  }
  driver.setContext(nullptr);
  driver.setMemoryPools(false);
  Opened poolless({GpuArtifact::ptx(80)});
  driver.failNext("cuMemAlloc_v2", 2);
  reportRun("cuMemAlloc", poolless.library, matrix);
  driver.setMemoryPools(true);
  driver.failNext("cuMemFreeAsync", 1);
  reportRun("cuMemFreeAsync", good.library, large);
  driver.failNext("cuFuncSetAttribute", 1);
  GpuArguments moderate({60});
  reportRun("cuFuncSetAttribute", good.library, moderate, GpuArtifact::kShared);

  reportRun("too much shared memory", good.library, wide, GpuArtifact::kShared);
  reportRun("kernel out of range", good.library, vector, GpuArtifact::kLost);
  reportRun("too many blocks", good.library, vector, GpuArtifact::kHuge);
  reportRun("shapes that differ", good.library, vector, GpuArtifact::kBroken);

  // A capture that something else has broken.
  fake::Stream captured = driver.createStream();
  driver.beginCapture(captured);
  driver.failCapture(captured);
  report("failed capture", matrix.run(good.library, captured));
  driver.endCapture(captured);
  driver.beginCapture(captured);
  driver.failNext("cuMemAlloc_v2", 2);
  report("no memory in a capture", matrix.run(good.library, captured));
  expect(matrix.run(good.library, captured) == IMHSA_OK, "a correct call");
  expect(driver.endCapture(captured), "the capture is valid");

  // The error of a launch is the one that is told, and the stream's order is kept.
  driver.failNext("cuLaunchKernel", 700);
  driver.failNext("cuEventRecord", 1);
  reportRun("the first of two errors", good.library, matrix);

  // Tables that are wrong.
  for (auto [name, change] :
       {std::pair<const char *, void (*)(GpuArtifact &)>("PTX without an end",
                                                         [](auto &a) { a.images[0].size = 3; }),
        {"image without data", [](auto &a) { a.images[0].data = nullptr; }},
        {"unknown device", [](auto &a) { a.tables.device = 4; }},
        {"another ABI", [](auto &a) { a.tables.abi = 77; }},
        {"alignment of the workspace", [](auto &a) { a.tables.workspace_alignment = 3; }},
        {"kernel without a name", [](auto &a) { a.kernels[1] = nullptr; }}}) {
    GpuArtifact wrong({GpuArtifact::ptx(80)});
    change(wrong);
    imhsa_library *library;
    report(name, imhsa_open_embedded(&wrong.tables, &library));
    expect(!library, "no library");
  }
  report("null artifact", imhsa_open_embedded(nullptr, &good.library));
}

// Without a device at first, then with one, where the driver has any.
void checkDriver() {
  GpuArtifact artifact({GpuArtifact::ptx(80)});
  imhsa_library *library = nullptr;
  expect(imhsa_open_embedded(&artifact.tables, &library) == IMHSA_OK &&
             imhsa_library_device(library) == kDLCUDA,
         "open and ask without a driver");
  GpuArguments arguments({3, 4});
  report("driver", arguments.run(library));
  imhsa_release_workspaces(library);
  setenv("FAKE_CUDA_DEVICES", "80", true);
  imhsa_status status = arguments.run(library);
  std::printf("then: status %d\n", status);
  imhsa_close(library);
}

} // namespace

int main(int argc, char **argv) {
  if (argc > 1)
    checkDriver();
  else
    checkGpu();
  return 0;
}
