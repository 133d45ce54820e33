//===- Emulator.cpp - kernels on the emulator -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/Images.h"
#include "tools/imhsa-run/Kernels.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

static emulator::Dim3 toDim3(const int64_t *sizes) {
  return {uint32_t(sizes[0]), uint32_t(sizes[1]), uint32_t(sizes[2])};
}

namespace {
class EmulatedKernels : public Kernels {
public:
  EmulatedKernels(EmulatedModule kernels, std::vector<std::string> names)
      : kernels(std::move(kernels)), names(std::move(names)) {}

  Expected<void *> place(StringRef name, char *host, uint64_t bytes, bool writable) override {
    kernels.addBuffer({name.str(), host, bytes, writable});
    return host;
  }

  Error wait() override {
    if (failure.empty())
      return Error::success();
    return createStringError(std::exchange(failure, std::string()));
  }

  Error retrieve() override { return Error::success(); }

  const std::vector<emulator::LaunchReport> *getReports() const override { return &reports; }

private:
  void launchKernel(int32_t kernel, const int64_t *dims, void **arguments) override {
    if (!failure.empty())
      return;
    StringRef name = names[kernel];
    for (const int64_t *dim = dims; dim != dims + 6; ++dim)
      if (!llvm::isUInt<32>(*dim)) {
        failure = (name + ": a size of " + Twine(*dim) + " blocks or threads").str();
        return;
      }
    Expected<emulator::LaunchReport> report =
        kernels.launch(name, toDim3(dims), toDim3(dims + 3), dims[6], arguments);
    if (!report) {
      failure = (name + ": " + llvm::toString(report.takeError())).str();
      return;
    }
    if (Error found = toError(*report))
      failure = llvm::toString(std::move(found));
    reports.push_back(std::move(*report));
  }

  EmulatedModule kernels;
  std::vector<std::string> names; // by number
  std::vector<emulator::LaunchReport> reports;
  std::string failure; // of the first launch that failed
};

class ListedKernels : public Kernels {
public:
  explicit ListedKernels(std::vector<std::string> names) : names(std::move(names)) {}

  Expected<void *> place(StringRef name, char *host, uint64_t bytes, bool writable) override {
    return host;
  }
  Error wait() override { return Error::success(); }
  Error retrieve() override { return Error::success(); }
  const std::vector<emulator::LaunchReport> *getReports() const override { return &reports; }

private:
  void launchKernel(int32_t kernel, const int64_t *dims, void **arguments) override {
    emulator::LaunchReport &report = reports.emplace_back();
    report.kernel = names[kernel];
    report.grid = toDim3(dims);
    report.block = toDim3(dims + 3);
    report.sharedBytes = static_cast<uint32_t>(dims[6]);
  }

  std::vector<std::string> names; // by number
  std::vector<emulator::LaunchReport> reports;
};
} // namespace

std::unique_ptr<Kernels> imhsa::run::listLaunches(ModuleOp module) {
  auto kernels = std::make_unique<ListedKernels>(getKernels(module));
  for (auto gpuModule : llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>()))
    gpuModule.erase();
  return kernels;
}

Expected<std::unique_ptr<Kernels>>
imhsa::run::takeKernelsForEmulator(ModuleOp module, const EmulateOptions &options) {
  auto modules = llvm::to_vector(module.getOps<gpu::GPUModuleOp>());
  // A function that computes nothing has no kernels.
  OwningOpRef<gpu::GPUModuleOp> none;
  if (modules.empty()) {
    OpBuilder b(module.getContext());
    none = gpu::GPUModuleOp::create(b, module.getLoc(), "imhsa_kernels");
    modules.push_back(*none);
  }
  if (modules.size() != 1)
    return createStringError("expected one gpu.module, found " + Twine(modules.size()));
  Expected<EmulatedModule> kernels = EmulatedModule::compile(modules.front(), options);
  if (!kernels)
    return kernels.takeError();
  if (!none)
    modules.front().erase();
  return std::make_unique<EmulatedKernels>(std::move(*kernels), getKernels(module));
}
