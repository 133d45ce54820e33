//===- Toolkit.cpp - where the tools of CUDA are --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/binary/Toolkit.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;

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

static std::optional<std::string> search(StringRef tool, StringRef option) {
  for (const std::string &toolkit : getToolkits(option)) {
    SmallString<128> folder(toolkit);
    llvm::sys::path::append(folder, "bin");
    if (llvm::sys::findProgramByName(tool, {folder.str()}))
      return toolkit;
  }
  if (option.empty() && llvm::sys::findProgramByName(tool))
    return std::string();
  return std::nullopt;
}

bool imhsa::hasTool(StringRef tool, StringRef folder) { return search(tool, folder).has_value(); }

FailureOr<std::string> imhsa::findToolkit(Location loc, StringRef tool, StringRef folder) {
  if (std::optional<std::string> toolkit = search(tool, folder))
    return *toolkit;
  InFlightDiagnostic error = emitError(loc)
                             << "binaries need '" << tool << "' of the CUDA toolkit, which is not ";
  if (folder.empty())
    return error << "in " << kDefaultToolkit << ", CUDA_ROOT, CUDA_HOME, CUDA_PATH or PATH; "
                 << "install the toolkit, or use format=isa, which needs none";
  return error << "in '" << folder << "' (option 'toolkit')";
}
