//===- Compile.cpp - from a module on tensors to a compiled function ------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Compile.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "tools/common/EntryTypes.h"
#include "tools/common/Processor.h"
#include "tools/common/WriteFile.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

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

// The pipeline of the target of `options`, until `stage`.
static Error runTarget(ModuleOp module, StringRef entry, const Options &options, Stage stage) {
  return runPipeline(module, entry, [&](OpPassManager &pm) {
    auto build = [&](auto pipelineOptions, auto buildPipeline) {
      pipelineOptions->checkShapes = true;
      pipelineOptions->until = stage;
      buildPipeline(pm, *pipelineOptions);
    };
    if (options.target == Target::Cpu) {
      auto cpu = std::make_unique<CpuPipelineOptions>();
      cpu->fused = options.fused;
      cpu->schedules = options.schedules;
      cpu->secondSweep = options.secondSweep;
      llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
      setProcessor(*cpu, llvm::Triple(llvm::sys::getProcessTriple()).getArch(),
                   [&](StringRef feature) { return features.lookup(feature); });
      setHostCaches(*cpu);
      if (options.lanes)
        cpu->lanes = *options.lanes;
      return build(std::move(cpu), buildCpuPipeline);
    }
    auto cuda = std::make_unique<CudaPipelineOptions>();
    cuda->chip = options.emulate.chip;
    cuda->fused = options.fused;
    cuda->allowTf32 = options.allowTf32;
    cuda->schedules = options.schedules;
    cuda->batchChunk = options.batchChunk;
    build(std::move(cuda), buildCudaPipeline);
  });
}

Error imhsa::run::saveStages(func::FuncOp entry, const Options &options) {
  StringRef directory = options.stagesDirectory;
  if (std::error_code code = llvm::sys::fs::create_directories(directory))
    return createFileError(directory, code);
  if (Error failed = writeModule(*isolate(entry), directory, "00-parsed.mlir"))
    return failed;
  // Each stage anew from the start: the pipeline has no seams that the stages could be told by.
  CpuPipelineOptions all;
  auto &stages = all.until.getParser();
  for (unsigned i = 0, e = stages.getNumOptions(); i != e; ++i) {
    OwningOpRef<ModuleOp> module = isolate(entry);
    if (Error failed = runTarget(*module, entry.getName(), options, static_cast<Stage>(i)))
      return failed;
    if (Error failed =
            writeModule(*module, directory,
                        (i < 9 ? "0" : "") + Twine(i + 1) + "-" + stages.getOption(i) + ".mlir"))
      return failed;
  }
  return Error::success();
}

Expected<Program> imhsa::run::compile(func::FuncOp entry, const Options &options) {
  OwningOpRef<ModuleOp> module = isolate(entry);
  // The emulator takes kernels before they become binaries.
  Stage last = options.target == Target::Emulator ? Stage::Llvm : Stage::Binary;
  if (Error failed = runTarget(*module, entry.getName(), options, last))
    return std::move(failed);
  std::unique_ptr<Kernels> kernels;
  if (options.launchesOnly) {
    kernels = listLaunches(*module);
  } else if (options.target != Target::Cpu) {
    auto taken = options.target == Target::Cuda ? takeKernelsForCuda(*module)
                                                : takeKernelsForEmulator(*module, options.emulate);
    if (!taken)
      return taken.takeError();
    kernels = std::move(*taken);
  }
  return Program::compile(*module, entry.getName(), entry.getFunctionType(), options.optLevel,
                          std::move(kernels));
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
        options.fused = false;
        buildCpuPipeline(pm, options);
      }))
    return std::move(failed);
  return Program::compile(*module, entry.getName(), type, optLevel);
}
