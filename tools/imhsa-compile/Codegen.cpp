//===- Codegen.cpp - LLVM IR of the host, optimized and compiled ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Codegen.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;

static constexpr StringLiteral kDefaultX86Cpu = "x86-64-v3";
static constexpr StringLiteral kDefaultCpu = "generic";
static constexpr StringLiteral kNative = "native";

// An error if LLVM, which would only warn or end the process, does not know `cpu`.
static Error checkCpu(const Triple &triple, StringRef cpu) {
  SmallVector<StringRef> names;
  if (triple.getArch() == Triple::x86_64) {
    X86::fillValidCPUArchList(names, /*Only64Bit=*/true);
  } else {
    std::string message;
    const llvm::Target *target = TargetRegistry::lookupTarget(triple, message);
    std::unique_ptr<MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
    for (const SubtargetSubTypeKV &description : info->getAllProcessorDescriptions())
      names.push_back(description.Key);
  }
  if (is_contained(names, cpu))
    return Error::success();
  return createStringError("--cpu=" + cpu + ": expected native or a processor of " +
                           triple.getArchName() + ": " + join(names, ", "));
}

Expected<std::unique_ptr<TargetMachine>> imhsa::compile::createMachine(StringRef cpu,
                                                                       unsigned optLevel) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Triple triple(sys::getDefaultTargetTriple());
  std::string message;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError(message);

  std::string features;
  if (cpu.empty()) {
    cpu = triple.getArch() == Triple::x86_64 ? kDefaultX86Cpu : kDefaultCpu;
  } else if (cpu == kNative) {
    cpu = sys::getHostCPUName();
    SubtargetFeatures list;
    // A virtual machine may hide some features of its processor.
    for (const auto &feature : sys::getHostCPUFeatures())
      list.AddFeature(feature.first(), feature.second);
    features = list.getString();
  } else if (Error failed = checkCpu(triple, cpu)) {
    return std::move(failed);
  }
  TargetOptions options;
  // So that a linker can leave out what nobody calls.
  options.FunctionSections = options.DataSections = true;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, cpu, features, options, Reloc::PIC_, /*CM=*/std::nullopt,
                                  static_cast<CodeGenOptLevel>(optLevel)));
}

Error imhsa::compile::optimize(Module &module, TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
  }
  auto level = static_cast<unsigned>(machine.getOptLevel());
  return mlir::makeOptimizingTransformer(level, /*sizeLevel=*/0, &machine)(&module);
}

Expected<SmallVector<char, 0>> imhsa::compile::compileToObject(Module &module,
                                                               TargetMachine &machine) {
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr, CodeGenFileType::ObjectFile))
    return createStringError("LLVM cannot write object files for " +
                             machine.getTargetTriple().str());
  passes.run(module);
  return object;
}
