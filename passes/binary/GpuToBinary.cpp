//===- GpuToBinary.cpp - kernels compiled for a chip ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/binary/Chip.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_GPUTOBINARYPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

/// Where CUDA's installer puts the toolkit.
static constexpr StringLiteral kDefaultToolkit = "/usr/local/cuda";

/// The folders of toolkits in the order in which they are searched.
static SmallVector<std::string> getToolkits(StringRef option) {
  if (!option.empty())
    return {option.str()};
  SmallVector<std::string> toolkits;
  for (StringRef variable : {"CUDA_ROOT", "CUDA_HOME", "CUDA_PATH"})
    if (std::optional<std::string> value = llvm::sys::Process::GetEnv(variable))
      toolkits.push_back(*value);
  toolkits.push_back(kDefaultToolkit.str());
  return toolkits;
}

/// The toolkit that has `tool`; empty if it is on the PATH, an error at `loc` if
/// it is nowhere. Upstream searches likewise, but says less.
static FailureOr<std::string> findToolkit(Location loc, StringRef tool, StringRef option) {
  for (const std::string &toolkit : getToolkits(option)) {
    SmallString<128> folder(toolkit);
    llvm::sys::path::append(folder, "bin");
    if (llvm::sys::findProgramByName(tool, {folder.str()}))
      return toolkit;
  }
  if (option.empty() && llvm::sys::findProgramByName(tool))
    return std::string();
  InFlightDiagnostic error = emitError(loc)
                             << "binaries need '" << tool << "' of the CUDA toolkit, which is not ";
  if (option.empty())
    return error << "in " << kDefaultToolkit << ", CUDA_ROOT, CUDA_HOME, CUDA_PATH or PATH; "
                 << "install the toolkit, or use format=isa, which needs none";
  return error << "in '" << option << "' (option 'toolkit')";
}

namespace {
struct GpuToBinaryPass : imhsa::impl::GpuToBinaryPassBase<GpuToBinaryPass> {
  using GpuToBinaryPassBase::GpuToBinaryPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<NVVM::NVVMTargetAttr> target = getChipTarget(module.getLoc(), chip);
    if (failed(target))
      return signalPassFailure();
    for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
      kernels.setTargetsAttr(ArrayAttr::get(&getContext(), *target));
      ++numModules;
    }
    std::string found = toolkit;
    using gpu::CompilationTarget;
    if (format == CompilationTarget::Binary || format == CompilationTarget::Fatbin) {
      FailureOr<std::string> folder = findToolkit(module.getLoc(), "ptxas", toolkit);
      if (succeeded(folder) && format == CompilationTarget::Fatbin)
        folder = findToolkit(module.getLoc(), "fatbinary", *folder);
      if (failed(folder))
        return signalPassFailure();
      found = *folder;
    }
    SymbolTable symbols(module);
    gpu::TargetOptions options(found, /*librariesToLink=*/{}, /*cmdOptions=*/{},
                               /*elfSection=*/{}, format, [&] { return &symbols; });
    if (failed(gpu::transformGpuModulesToBinaries(module, /*handler=*/nullptr, options)))
      signalPassFailure();
  }
};
} // namespace
