//===- Compile.cpp - from a module on tensors to a compiled function ------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Compile.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "tools/common/EntryTypes.h"
#include "tools/common/WriteFile.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::run;
using llvm::createFileError;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Entry functions
//===----------------------------------------------------------------------===//

Expected<func::FuncOp> imhsa::run::findEntry(ModuleOp module, StringRef name) {
  SmallVector<func::FuncOp> candidates;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      candidates.push_back(function);
  auto found = llvm::find_if(candidates,
                             [&](func::FuncOp candidate) { return candidate.getName() == name; });
  if (name.empty() && candidates.size() == 1)
    found = candidates.begin();
  if (found == candidates.end()) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    if (name.empty())
      stream << "expected --entry=NAME or a module with one public function, found "
             << candidates.size();
    else
      stream << "the module has no public function @" << name << " with a body, but "
             << candidates.size();
    stream << (candidates.empty() ? "" : ": ");
    llvm::interleaveComma(candidates, stream,
                          [&](func::FuncOp function) { stream << '@' << function.getName(); });
    return createStringError(message);
  }
  if (Error failed = checkEntryTypes(*found))
    return std::move(failed);
  return *found;
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

// A copy of the module of `entry` whose only public function is `entry`.
static OwningOpRef<ModuleOp> isolate(func::FuncOp entry) {
  OwningOpRef<ModuleOp> copy = entry->getParentOfType<ModuleOp>().clone();
  for (auto function : copy->getOps<func::FuncOp>())
    if (function.getName() != entry.getName())
      function.setPrivate();
  return copy;
}

static Error runPipeline(ModuleOp module, StringRef entry,
                         function_ref<void(OpPassManager &)> build) {
  PassManager pm(module->getContext(), ModuleOp::getOperationName());
  build(pm);
  if (failed(pm.run(module)))
    return createStringError("cannot compile @" + entry);
  return Error::success();
}

static Error writeModule(ModuleOp module, StringRef directory, const Twine &name) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  return writeFile(path, [&](raw_ostream &file) { file << module << '\n'; });
}

Error imhsa::run::saveStages(func::FuncOp entry, StringRef directory) {
  if (std::error_code code = llvm::sys::fs::create_directories(directory))
    return createFileError(directory, code);
  if (Error failed = writeModule(*isolate(entry), directory, "00-parsed.mlir"))
    return failed;
  // Each stage anew from the start: the pipeline has no seams that the stages could be told by.
  CpuPipelineOptions options;
  options.checkShapes = true;
  auto &stages = options.until.getParser();
  for (unsigned i = 0, e = stages.getNumOptions(); i != e; ++i) {
    OwningOpRef<ModuleOp> module = isolate(entry);
    StringRef stage = stages.getOption(i);
    if (failed(options.parseFromString(("until=" + stage).str())))
      return createStringError("unknown stage '" + stage + "'");
    if (Error failed = runPipeline(*module, entry.getName(),
                                   [&](OpPassManager &pm) { buildCpuPipeline(pm, options); }))
      return failed;
    if (Error failed = writeModule(*module, directory,
                                   (i < 9 ? "0" : "") + Twine(i + 1) + "-" + stage + ".mlir"))
      return failed;
  }
  return Error::success();
}

Expected<Program> imhsa::run::compile(func::FuncOp entry, unsigned optLevel) {
  OwningOpRef<ModuleOp> module = isolate(entry);
  if (Error failed = runPipeline(*module, entry.getName(), [](OpPassManager &pm) {
        CpuPipelineOptions options;
        options.checkShapes = true;
        buildCpuPipeline(pm, options);
      }))
    return std::move(failed);
  return Program::compile(*module, entry.getName(), entry.getFunctionType(), optLevel);
}

Expected<Program> imhsa::run::compileReference(func::FuncOp entry, unsigned optLevel) {
  OwningOpRef<ModuleOp> module = isolate(entry);
  if (Error failed = runPipeline(*module, entry.getName(), [](OpPassManager &pm) {
        pm.addPass(createSymbolDCEPass());
        pm.addPass(createPromoteToF64Pass());
      }))
    return std::move(failed);
  auto promoted = module->lookupSymbol<func::FuncOp>(entry.getName());
  FunctionType type = promoted.getFunctionType();
  if (Error failed = runPipeline(*module, entry.getName(), [](OpPassManager &pm) {
        CpuPipelineOptions options;
        options.checkShapes = true;
        options.direct = true;
        buildCpuPipeline(pm, options);
      }))
    return std::move(failed);
  return Program::compile(*module, entry.getName(), type, optLevel);
}
