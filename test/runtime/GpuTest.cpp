//===- GpuTest.cpp - unit test of calls on a GPU, on a fake driver --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Run by gpu.test with FAKE_CUDA_DEVICES="80 90"; with the argument "early" only the launches that
// begin early, on a driver that has them or has not.

#include "runtime/cuda/Images.h"
#include "runtime/cuda/Workspaces.h"
#include "test/runtime/GpuArtifact.h"

#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace {

const std::vector<imhsa_image> kImages = {GpuArtifact::cubin(80, false, "fake sm_80"),
                                          GpuArtifact::cubin(90, true, "fake sm_90a"),
                                          GpuArtifact::ptx(80, false, "fake compute_80")};

/// An artifact that is open.
struct Opened : GpuArtifact {
  explicit Opened(std::vector<imhsa_image> images = kImages) : GpuArtifact(std::move(images)) {
    check(imhsa_open_embedded(&tables, &library) == IMHSA_OK, "open");
  }
  ~Opened() { imhsa_close(library); }
  imhsa_library *library = nullptr;
};

bool isEmpty(fake::Counts counts) {
  return counts.allocations == 0 && counts.events == 0 && counts.modules == 0 &&
         counts.retainedContexts == 0 && counts.badAccesses == 0;
}

// The image that a device takes.
std::string choose(std::vector<imhsa_image> images, int32_t capability) {
  GpuArtifact artifact(std::move(images));
  const imhsa_image *image = imhsa::runtime::cuda::chooseImage(artifact.tables, capability);
  return image ? imhsa::runtime::cuda::describe(*image) : "none";
}

void checkImages() {
  auto cubin = GpuArtifact::cubin;
  auto ptx = GpuArtifact::ptx;
  auto text = "";
  std::vector<imhsa_image> all = {
      ptx(80, false, text),  cubin(80, false, text), cubin(86, false, text), cubin(90, false, text),
      cubin(90, true, text), ptx(90, false, text),   ptx(100, true, text)};
  check(choose(all, 80) == "cubin for sm_80", "8.0 takes its cubin");
  check(choose(all, 86) == "cubin for sm_86", "8.6 takes its cubin");
  check(choose(all, 87) == "cubin for sm_86", "8.7 takes the cubin for 8.6");
  check(choose(all, 90) == "cubin for sm_90 alone", "9.0 takes the cubin for it alone");
  check(choose(all, 100) == "PTX for sm_100 alone", "10.0 takes the PTX for it alone");
  check(choose(all, 103) == "PTX for sm_90", "10.3 takes the highest PTX for any chip");
  check(choose(all, 120) == "PTX for sm_90", "12.0 takes the highest PTX for any chip");
  check(choose(all, 75) == "none", "7.5 finds nothing");
  check(choose({cubin(86, false, text)}, 80) == "none", "8.0 cannot run what is for 8.6");
  check(choose({cubin(80, false, text), ptx(80, false, text)}, 86) == "cubin for sm_80",
        "8.6 takes the cubin for 8.0");
  check(choose({cubin(80, false, text), cubin(90, true, text)}, 120) == "none",
        "12.0 cannot run cubins of other versions");
}

void checkLaunch(const fake::Control &driver) {
  {
    Opened opened;
    GpuArguments arguments({3, 50}), shared({90});
    auto *stream = driver.createStream();
    check(arguments.run(opened.library, stream) == IMHSA_OK, "a call returns");
    check(!arguments.isRight(), "before it has run");
    driver.run();
    check(arguments.isRight(), "its result");
    check(driver.getContext() == nullptr, "no context is left current");
    fake::Launch launch = driver.getLastLaunch();
    check(std::string(launch.kernel) == "finish" && launch.dims[0] == 2 && launch.dims[1] == 1 &&
              launch.dims[3] == 128 && launch.dims[6] == 0 && launch.stream == stream,
          "grid, block and stream of a launch");
    check(std::string(driver.getLastImage()) == "fake sm_80", "the image for 8.0");
    check(shared.run(opened.library, stream, GpuArtifact::kShared) == IMHSA_OK &&
              driver.getLastLaunch().dims[6] == 90 * 1024 &&
              driver.countCalls("cuFuncSetAttribute") == 1,
          "90 KB of dynamic shared memory");
    GpuArguments small({48});
    check(small.run(opened.library, stream, GpuArtifact::kShared) == IMHSA_OK &&
              driver.countCalls("cuFuncSetAttribute") == 1,
          "then less of it");
    int numLaunches = driver.countCalls("cuLaunchKernel");
    GpuArguments none({0, 50});
    none.x.tensor.data = none.y.tensor.data = nullptr;
    check(none.run(opened.library, stream) == IMHSA_OK &&
              driver.countCalls("cuLaunchKernel") == numLaunches,
          "a call without elements launches nothing");

    GpuArguments other({3, 50}, 1);
    check(other.run(opened.library) == IMHSA_OK &&
              std::string(driver.getLastImage()) == "fake sm_90a" &&
              driver.getLastLaunch().context != launch.context,
          "on the other device");
    driver.run();
    check(other.isRight(), "its result");
    check(driver.countCalls("cuModuleLoadDataEx") == 2, "each device loads once");
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

void checkContexts(const fake::Control &driver) {
  {
    Opened opened;
    GpuArguments arguments({4, 4}), other({4, 4}, 1);
    fake::Context own = driver.createContext(0);
    check(arguments.run(opened.library) == IMHSA_OK && driver.getLastLaunch().context == own &&
              driver.getContext() == own && driver.getCounts().retainedContexts == 0,
          "the caller's context is used, no primary one made");
    check(other.run(opened.library) == IMHSA_OK && driver.getLastLaunch().context != own &&
              driver.getContext() == own && driver.getCounts().retainedContexts == 1,
          "unless it is on another device");
    driver.run();

    // As a framework does.
    void *handle = dlopen("libcuda.so.1", RTLD_NOW);
    auto retain = reinterpret_cast<fake::Result (*)(fake::Context *, fake::Device)>(
        dlsym(handle, "cuDevicePrimaryCtxRetain"));
    auto release = reinterpret_cast<fake::Result (*)(fake::Device)>(
        dlsym(handle, "cuDevicePrimaryCtxRelease"));
    fake::Context primary;
    retain(&primary, 0);
    driver.setContext(primary);
    check(arguments.run(opened.library) == IMHSA_OK && driver.getLastLaunch().context == primary &&
              driver.getCounts().retainedContexts == 3,
          "a framework's primary context is shared and kept alive");
    int numModules = driver.getCounts().modules;
    driver.setContext(nullptr);
    check(arguments.run(opened.library) == IMHSA_OK && driver.getLastLaunch().context == primary &&
              driver.getCounts().modules == numModules,
          "and found again from a thread without a context");
    driver.run();
    check(arguments.isRight() && other.isRight(), "the results");
    release(0);
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

void checkReuse(const fake::Control &driver, bool hasPools) {
  driver.setMemoryPools(hasPools);
  {
    Opened opened;
    const char *allocate = hasPools ? "cuMemAllocAsync" : "cuMemAlloc_v2";
    int before = driver.countCalls(allocate);
    GpuArguments arguments({3, 50}), larger({3, 51}), smaller({2, 50});
    for (int i = 0; i < 100; ++i)
      arguments.run(opened.library);
    check(driver.countCalls(allocate) == before + 1, "100 calls, one allocation");
    smaller.run(opened.library);
    check(driver.countCalls(allocate) == before + 1, "a smaller call, no other");
    check(larger.run(opened.library) == IMHSA_OK, "a larger call");
    driver.run();
    check(driver.countCalls(allocate) == before + 2 && driver.getCounts().allocations == 1,
          "one more, in place of the first");
    check(arguments.isRight() && smaller.isRight() && larger.isRight(), "the results");

    larger.run(opened.library);
    imhsa_release_workspaces(opened.library);
    check(larger.isRight() && driver.getCounts().allocations == 0,
          "releasing waits, and frees the workspace");
    check(larger.run(opened.library) == IMHSA_OK, "the next call allocates again");
    imhsa_close(std::exchange(opened.library, nullptr));
    check(larger.isRight(), "closing waits for what is enqueued");
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
  driver.setMemoryPools(true);
}

// What the C functions of an artifact call: the first of them opens it.
void checkEntries(const fake::Control &driver) {
  static GpuArtifact artifact(kImages);
  int numLoads = driver.countCalls("cuModuleLoadDataEx");
  std::atomic<bool> isRight{true};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      GpuArguments arguments({3, 4});
      if (imhsa_call_entry(&artifact.tables, GpuArtifact::kTwice, arguments.tensors, nullptr) !=
          IMHSA_OK)
        isRight = false;
      driver.run();
      if (!arguments.isRight())
        isRight = false;
    });
  for (std::thread &thread : threads)
    thread.join();
  check(isRight && driver.countCalls("cuModuleLoadDataEx") == numLoads + 1,
        "entries called at once from four threads");
  imhsa_library *library = nullptr;
  check(imhsa_open_embedded(&artifact.tables, &library) == IMHSA_OK &&
            library == artifact.tables.state,
        "and opened besides");
  imhsa_release_workspaces(library);
  check(driver.getCounts().allocations == 0, "share their workspaces");
  imhsa_close(library);
}

// Calls of many sizes on many streams, some of which are destroyed with work in flight, while what
// is enqueued runs in any order.
void checkStreams(const fake::Control &driver) {
  std::mt19937 random(7);
  {
    Opened opened;
    bool isRight = true;
    for (int round = 0; round < 60; ++round) {
      std::vector<fake::Stream> streams = {nullptr};
      for (int i = 0; i < 40; ++i)
        streams.push_back(driver.createStream());
      std::deque<GpuArguments> calls;
      for (int i = 0; i < 120; ++i) {
        calls.emplace_back(std::vector<int64_t>{1 + int64_t(random() % 9), 17});
        isRight &= calls.back().run(opened.library, streams[random() % streams.size()]) == IMHSA_OK;
        if (i % 10 == 0) {
          fake::Stream &old = streams[1 + random() % 40];
          driver.destroyStream(old);
          old = driver.createStream();
        }
      }
      driver.run();
      for (GpuArguments &call : calls)
        isRight &= call.isRight();
      for (size_t i = 1; i < streams.size(); ++i)
        driver.destroyStream(streams[i]);
      isRight &= driver.getCounts().allocations <= int(imhsa::runtime::cuda::Workspaces::kMaxSlots);
    }
    check(isRight, "calls on 41 streams, in any order");
    check(driver.getCounts().allocations == int(imhsa::runtime::cuda::Workspaces::kMaxSlots),
          "sixteen workspaces at most");
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

void checkThreads(const fake::Control &driver) {
  {
    Opened opened;
    int numLoads = driver.countCalls("cuModuleLoadDataEx");
    std::atomic<bool> isRight{true};
    fake::Stream shared = driver.createStream();
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        fake::Stream own = driver.createStream();
        for (int repeat = 0; repeat < 40; ++repeat) {
          std::deque<GpuArguments> calls;
          for (int j = 0; j < 6; ++j) {
            calls.emplace_back(std::vector<int64_t>{1 + (i + j) % 5, 16});
            if (calls.back().run(opened.library, j % 2 ? shared : own) != IMHSA_OK)
              isRight = false;
          }
          driver.run();
          if (i == 0 && repeat % 8 == 0)
            imhsa_release_workspaces(opened.library);
          for (GpuArguments &call : calls)
            if (!call.isRight())
              isRight = false;
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    check(isRight, "eight threads on streams of their own and on one together");
    check(driver.countCalls("cuModuleLoadDataEx") == numLoads + 1, "the kernels are loaded once");
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

void checkGraphs(const fake::Control &driver) {
  {
    Opened opened;
    fake::Stream stream = driver.createStream(), other = driver.createStream();
    // Two graphs of calls on one stream, the first of which loads the kernels.
    GpuArguments first({3, 30}), second({5, 30}), third({4, 30}), eager({5, 30});
    driver.beginCapture(stream);
    check(first.run(opened.library, stream) == IMHSA_OK &&
              second.run(opened.library, stream) == IMHSA_OK,
          "calls while the stream is captured, the very first among them");
    fake::Graph *graph = driver.endCapture(stream);
    driver.beginCapture(stream);
    check(third.run(opened.library, stream) == IMHSA_OK, "another capture");
    fake::Graph *another = driver.endCapture(stream);
    check(graph && another, "the captures are valid");
    driver.run();
    check(!first.isRight() && !third.isRight(), "nothing has run yet");

    int numAllocations = driver.countCalls("cuMemAlloc_v2");
    check(driver.getCounts().allocations == 3, "a workspace for each capture, and a larger one");
    bool isRight = true;
    for (int i = 0; i < 50; ++i) {
      driver.launchGraph(graph, i % 2 ? stream : nullptr);
      driver.launchGraph(another, other);
      isRight &= eager.run(opened.library, stream) == IMHSA_OK;
      driver.run();
      isRight &= first.isRight() && second.isRight() && third.isRight() && eager.isRight();
    }
    check(isRight, "graphs are launched beside calls and each other");
    check(driver.countCalls("cuMemAlloc_v2") == numAllocations, "and allocate nothing");

    // Another stream of the thread is captured while this one allocates.
    GpuArguments large({100, 30});
    driver.beginCapture(other);
    check(large.run(opened.library, stream) == IMHSA_OK, "a call beside a capture");
    imhsa_release_workspaces(opened.library);
    check(driver.endCapture(other) != nullptr, "leaves it valid");
    driver.run();
    check(large.isRight() && driver.getCounts().allocations == 0,
          "releasing frees the workspaces of graphs, too");
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

// Kernels that wait by themselves begin early, but for the first of each call.
void checkEarly(const fake::Control &driver) {
  {
    Opened opened;
    GpuArguments first({3, 50}), second({4, 50}), captured({3, 50});
    fake::Stream stream = driver.createStream();
    auto countLaunches = [&] {
      return std::pair(driver.countCalls("cuLaunchKernel"), driver.countCalls("cuLaunchKernelEx"));
    };
    bool isRight = first.run(opened.library, stream) == IMHSA_OK &&
                   second.run(opened.library, stream) == IMHSA_OK;
    driver.run();
    check(isRight && first.isRight() && second.isRight(), "two calls, one after the other");
    fake::Launch last = driver.getLastLaunch();
    check(std::string(last.kernel) == "finish" && last.dims[0] == 2 && last.dims[3] == 128 &&
              last.dims[6] == 0 && last.stream == stream,
          "grid, block and stream of a launch");
    auto [plain, early] = countLaunches();
    driver.beginCapture(stream);
    check(captured.run(opened.library, stream) == IMHSA_OK, "a call that is captured");
    fake::Graph *graph = driver.endCapture(stream);
    auto [plainCaptured, earlyCaptured] = countLaunches();
    driver.launchGraph(graph, stream);
    driver.run();
    check(captured.isRight(), "its result");
    std::printf("%d and %d launches began early, the last of them %s; %d and %d did not\n", early,
                earlyCaptured - early, last.isEarly ? "too" : "not", plain, plainCaptured - plain);
  }
  check(isEmpty(driver.getCounts()), "nothing is left");
}

} // namespace

int main(int argc, char **argv) {
  const fake::Control &driver = fakeDriver();
  if (argc > 1 && std::string(argv[1]) == "early") {
    checkEarly(driver);
    return 0;
  }
  checkImages();
  checkLaunch(driver);
  checkContexts(driver);
  checkReuse(driver, true);
  checkReuse(driver, false);
  checkStreams(driver);
  checkThreads(driver);
  checkGraphs(driver);
  checkEntries(driver);
  return 0;
}
