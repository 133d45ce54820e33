//===- Cuda.cpp - kernels on a GPU ----------------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Kernels.h"
#include "tools/common/Images.h"
#include "tools/imhsa-run/Kernels.h"
#include <dlfcn.h>

using namespace mlir;
using namespace imhsa;
using namespace imhsa::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

namespace cuda = imhsa::runtime::cuda;

// What the last call of the runtime in this thread left.
static Error lastError() { return createStringError(imhsa_last_error()); }

namespace {

// What the runtime does without, since its callers have their own.
struct Copies {
  cuda::Result (*toDevice)(cuda::DevicePointer, const void *, size_t) = nullptr;
  cuda::Result (*toHost)(void *, cuda::DevicePointer, size_t) = nullptr;
  cuda::Result (*synchronize)() = nullptr;

  // After the runtime has loaded the driver.
  static Expected<Copies> find() {
    Copies copies;
    void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    auto find = [&](auto &function, const char *name) {
      void *symbol = driver ? dlsym(driver, name) : nullptr;
      function = reinterpret_cast<std::decay_t<decltype(function)>>(symbol);
      return symbol ? Error::success() : createStringError("the CUDA driver has no " + Twine(name));
    };
    if (Error missing = find(copies.toDevice, "cuMemcpyHtoD_v2"))
      return std::move(missing);
    if (Error missing = find(copies.toHost, "cuMemcpyDtoH_v2"))
      return std::move(missing);
    if (Error missing = find(copies.synchronize, "cuCtxSynchronize"))
      return std::move(missing);
    return copies;
  }
};

class CudaKernels : public Kernels {
public:
  CudaKernels(const cuda::Driver &driver, Copies copies, cuda::Context context,
              cuda::DeviceInfo device, std::vector<std::string> kernelNames,
              std::vector<Image> kernelImages)
      : driver(driver), copies(copies), context(context), device(std::move(device)),
        names(std::move(kernelNames)), images(std::move(kernelImages)) {
    for (const std::string &name : names)
      nameTable.push_back(name.c_str());
    for (const Image &image : images)
      imageTable.push_back(
          {image.format, image.capability, image.isSpecific, image.data.size(), image.data.data()});
    artifact.num_kernels = static_cast<int64_t>(nameTable.size());
    artifact.kernels = nameTable.data();
    artifact.num_images = static_cast<int64_t>(imageTable.size());
    artifact.images = imageTable.data();
  }

  ~CudaKernels() override {
    for (const Placed &memory : placed)
      driver.cuMemFree_v2(memory.address);
    kernels.reset();
    driver.cuCtxPopCurrent_v2(&context);
    driver.cuDevicePrimaryCtxRelease(device.device);
  }

  Error load() {
    kernels.emplace(driver, artifact, device);
    return artifact.num_kernels && kernels->load("imhsa-run") ? lastError() : Error::success();
  }

  Expected<void *> place(StringRef name, char *host, uint64_t bytes, bool writable) override {
    cuda::DevicePointer address = 0;
    // The driver does not allocate nothing.
    if (driver.check(driver.cuMemAlloc_v2(&address, std::max<uint64_t>(bytes, 1)), "cuMemAlloc",
                     name.str().c_str()))
      return lastError();
    placed.push_back({name.str(), address, host, bytes, writable});
    if (bytes &&
        driver.check(copies.toDevice(address, host, bytes), "cuMemcpyHtoD", name.str().c_str()))
      return lastError();
    return reinterpret_cast<void *>(address);
  }

  Error wait() override {
    if (!failure.empty())
      return createStringError(std::exchange(failure, std::string()));
    return driver.check(copies.synchronize(), "cuCtxSynchronize", "imhsa-run") ? lastError()
                                                                               : Error::success();
  }

  Error retrieve() override {
    for (const Placed &memory : placed)
      if (memory.writable && memory.bytes &&
          driver.check(copies.toHost(memory.host, memory.address, memory.bytes), "cuMemcpyDtoH",
                       memory.name.c_str()))
        return lastError();
    return Error::success();
  }

private:
  void launchKernel(int32_t kernel, const int64_t *dims, void **arguments) override {
    if (!failure.empty())
      return;
    const char *name = names[kernel].c_str();
    cuda::Function function;
    for (int i = 0; i != 7; ++i) {
      if (!llvm::isUInt<32>(dims[i])) {
        failure = std::string(name) + ": a size of " + std::to_string(dims[i]);
        return;
      }
    }
    // Nothing else is on the stream, and what copies the inputs to the device waits for that.
    if (kernels->get(kernel, dims[6], name, &function) ||
        driver.check(driver.launch(function, dims, /*beginsEarly=*/dims[7] != 0, /*stream=*/nullptr,
                                   arguments),
                     "cuLaunchKernel", name))
      failure = imhsa_last_error();
  }

  // Memory of the device, and what it stands for.
  struct Placed {
    std::string name;
    cuda::DevicePointer address;
    char *host;
    uint64_t bytes;
    bool writable;
  };

  const cuda::Driver &driver;
  Copies copies;
  cuda::Context context;
  cuda::DeviceInfo device;
  std::vector<std::string> names;
  std::vector<Image> images;
  std::vector<const char *> nameTable;
  std::vector<imhsa_image> imageTable;
  imhsa_artifact artifact{};
  std::optional<cuda::Kernels> kernels;
  std::vector<Placed> placed;
  std::string failure; // of the first launch that failed
};

} // namespace

Expected<std::unique_ptr<Kernels>> imhsa::run::takeKernelsForCuda(ModuleOp module) {
  std::vector<std::string> names = getKernels(module);
  std::vector<Image> images = takeImages(module);
  constexpr const char *kWhat = "imhsa-run";
  const cuda::Driver *driver;
  cuda::Device device;
  cuda::Context context;
  cuda::DeviceInfo info;
  if (cuda::getDriver(&driver) ||
      driver->check(driver->cuDeviceGet(&device, 0), "cuDeviceGet", kWhat) ||
      cuda::DeviceInfo::get(*driver, device, kWhat, info))
    return lastError();
  Expected<Copies> copies = Copies::find();
  if (!copies)
    return copies.takeError();
  if (driver->check(driver->cuDevicePrimaryCtxRetain(&context, device), "cuDevicePrimaryCtxRetain",
                    kWhat) ||
      driver->check(driver->cuCtxPushCurrent_v2(context), "cuCtxPushCurrent", kWhat))
    return lastError();
  auto kernels = std::make_unique<CudaKernels>(*driver, *copies, context, info, std::move(names),
                                               std::move(images));
  if (Error failed = kernels->load())
    return std::move(failed);
  return kernels;
}
