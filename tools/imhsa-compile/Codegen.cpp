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

// The system of the option `--triple`, whose code LLVM then can make.
static Expected<Triple> selectSystem(StringRef option) {
  if (option.empty()) {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    InitializeNativeTargetAsmParser();
    return Triple(sys::getDefaultTargetTriple());
  }
  Triple triple(Triple::normalize(option));
  bool isKnown = triple.getArch() == Triple::x86_64 || triple.getArch() == Triple::aarch64;
  if (!isKnown || !triple.isOSLinux())
    return createStringError("--triple=" + option +
                             ": expected x86_64 or aarch64 with Linux, such as aarch64-linux-gnu");
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  InitializeAllAsmParsers();
  return triple;
}

Expected<std::unique_ptr<TargetMachine>>
imhsa::compile::createMachine(StringRef system, StringRef cpu, unsigned optLevel) {
  Expected<Triple> selected = selectSystem(system);
  if (!selected)
    return selected.takeError();
  Triple triple = *selected;
  std::string message;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError(message);

  std::string features;
  if (cpu.empty()) {
    cpu = triple.getArch() == Triple::x86_64 ? kDefaultX86Cpu : kDefaultCpu;
  } else if (cpu == kNative && !system.empty()) {
    return createStringError("--cpu=native is of no use with --triple; expected the name of a "
                             "processor");
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

// A note by which the dynamic linker of glibc refuses code for another processor than this one,
// rather than that an instruction ends the process (lld leaves it out). The levels are those of the
// x86-64 psABI.
static std::string makeProcessorNote(const MCSubtargetInfo &processor) {
  static constexpr StringLiteral kLevels[] = {"+sse2", "+cx16,+popcnt,+sahf,+sse4.2",
                                              "+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe",
                                              "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"};
  unsigned needed = 0;
  for (auto [bit, features] : enumerate(kLevels)) {
    if (!processor.checkFeatures(("+64bit-mode," + features).str()))
      break;
    needed |= 1u << bit;
  }
  return (".pushsection .note.gnu.property,\"a\",@note\n"
          ".p2align 3\n"
          ".long 4, 16, 5\n" // of the name, of what it says; NT_GNU_PROPERTY_TYPE_0
          ".asciz \"GNU\"\n"
          ".long 0xc0008002, 4, " + // GNU_PROPERTY_X86_ISA_1_NEEDED
          Twine(needed) +
          ", 0\n.popsection\n")
      .str();
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
  if (machine.getTargetTriple().getArch() == Triple::x86_64)
    module.appendModuleInlineAsm(makeProcessorNote(*machine.getMCSubtargetInfo()));
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
