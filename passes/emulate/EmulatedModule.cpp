//===- EmulatedModule.cpp - GPU kernels compiled for the emulator ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/emulate/Emulate.h"
#include "passes/emulate/HostCode.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Pass.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Utils.h"

using namespace imhsa;
using namespace imhsa::emulator;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// From the module to LLVM IR
//===----------------------------------------------------------------------===//

// A copy of the module in the LLVM and NVVM dialects, with its locations as debug information.
static Expected<mlir::OwningOpRef<mlir::ModuleOp>> lower(mlir::gpu::GPUModuleOp kernels) {
  mlir::MLIRContext *context = kernels.getContext();
  mlir::OwningOpRef<mlir::ModuleOp> module(mlir::ModuleOp::create(kernels.getLoc()));
  module->push_back(kernels.clone());
  mlir::PassManager pm(context, mlir::ModuleOp::getOperationName());
  mlir::OpPassManager &nested = pm.nest<mlir::gpu::GPUModuleOp>();
  nested.addPass(createKernelsToNvvmPass());
  nested.addPass(mlir::createConvertNVVMToLLVMPass());
  nested.addPass(mlir::createReconcileUnrealizedCastsPass());
  mlir::LLVM::DIScopeForLLVMFuncOpPassOptions lines;
  lines.emissionKind = mlir::LLVM::DIEmissionKind::LineTablesOnly;
  pm.addPass(mlir::LLVM::createDIScopeForLLVMFuncOpPass(lines));
  if (failed(pm.run(*module)))
    return createStringError("cannot lower gpu.module @" + kernels.getName() +
                             " to the NVVM dialect");
  return std::move(module);
}

//===----------------------------------------------------------------------===//
// From LLVM IR to code
//===----------------------------------------------------------------------===//

static Expected<std::unique_ptr<llvm::orc::LLJIT>> createJit(unsigned optLevel) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host)
    return host.takeError();
  host->setCodeGenOptLevel(static_cast<llvm::CodeGenOptLevel>(optLevel));
  return llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(*host)).create();
}

// What LLVM calls for bf16 on processors that cannot convert to it; libgcc may not have it. The
// result is in the lower half of the register that returns an f32.
static float roundToBF16(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value);
  // PTX's NaN; rounding up could carry a NaN over to 0.
  uint32_t rounded = value != value ? 0x7FFF : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return llvm::bit_cast<float>(rounded);
}

static Error defineSymbols(llvm::orc::LLJIT &jit) {
  llvm::orc::SymbolMap symbols;
  symbols[jit.mangleAndIntern("__truncsfbf2")] = llvm::orc::ExecutorSymbolDef(
      llvm::orc::ExecutorAddr::fromPtr(&roundToBF16), llvm::JITSymbolFlags::Exported);
  if (Error failed = jit.getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))))
    return failed;
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      jit.getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  jit.getMainJITDylib().addGenerator(std::move(*process));
  return Error::success();
}

// Has LLVM report functions whose frames would not leave room on the stack of a lane.
static void limitFrames(llvm::Module &module, std::string &tooLarge) {
  for (llvm::Function &function : module)
    function.addFnAttr("warn-stack-size", std::to_string(StackPool::kStackBytes * 3 / 4));
  module.getContext().setDiagnosticHandlerCallBack(
      [](const llvm::DiagnosticInfo *info, void *context) {
        if (auto *size = llvm::dyn_cast<llvm::DiagnosticInfoStackSize>(info))
          *static_cast<std::string *>(context) = size->getFunction().getName().str();
      },
      &tooLarge);
}

static Error verify(llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (!llvm::verifyModule(module, &stream))
    return Error::success();
  return createStringError("the emulator has made invalid LLVM IR of kernels: " + text);
}

EmulatedModule::EmulatedModule() = default;
EmulatedModule::EmulatedModule(EmulatedModule &&other) = default;
EmulatedModule::~EmulatedModule() = default;

Expected<EmulatedModule> EmulatedModule::compile(mlir::gpu::GPUModuleOp kernels,
                                                 const EmulateOptions &options) {
  EmulatedModule result;
  result.options = options;
  Expected<Chip> chip = getChip(options.chip);
  if (!chip)
    return chip.takeError();
  result.chip = *chip;

  Expected<mlir::OwningOpRef<mlir::ModuleOp>> lowered = lower(kernels);
  if (!lowered)
    return lowered.takeError();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = mlir::translateModuleToLLVMIR(
      *(*lowered)->getOps<mlir::gpu::GPUModuleOp>().begin(), *context, kernels.getName());
  if (!module)
    return createStringError("cannot translate gpu.module @" + kernels.getName() + " to LLVM IR");

  auto jit = createJit(options.optLevel);
  if (!jit)
    return jit.takeError();
  result.jit = std::move(*jit);
  if (Error failed = defineSymbols(*result.jit))
    return std::move(failed);
  module->setDataLayout(result.jit->getDataLayout());
  module->setTargetTriple(result.jit->getTargetTriple());
  HostCode code(*module, *result.chip, options.check);
  if (Error failed = code.rewrite())
    return std::move(failed);
  llvm::StripDebugInfo(*module);
  if (Error failed = verify(*module))
    return std::move(failed);
  llvm::legacy::PassManager passes;
  passes.add(llvm::createPromoteMemoryToRegisterPass());
  passes.run(*module);

  std::string tooLarge;
  limitFrames(*module, tooLarge);
  if (Error failed = result.jit->addIRModule(
          llvm::orc::ThreadSafeModule(std::move(module), std::move(context))))
    return std::move(failed);
  result.sites = std::make_unique<std::vector<Site>>(std::move(code.sites));
  for (Kernel &kernel : code.kernels) {
    auto address = result.jit->lookup((HostCode::kEntryPrefix + kernel.name).str());
    if (!address)
      return address.takeError();
    kernel.run = address->toPtr<void(void **)>();
    kernel.sites = result.sites.get();
    result.kernels.push_back(std::move(kernel));
  }
  for (const GlobalVariableInfo &variable : code.variables) {
    auto address = result.jit->lookup(variable.symbol);
    if (!address)
      return address.takeError();
    result.variables.push_back(
        {"@" + variable.name, address->toPtr<const void *>(), variable.bytes, variable.writable});
  }
  if (!tooLarge.empty())
    return createStringError("function '" + tooLarge +
                             "' needs more stack than the emulator has for a lane");
  result.setBuffers({});
  return std::move(result);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

void EmulatedModule::setBuffers(std::vector<GlobalBuffer> newBuffers) {
  buffers = std::move(newBuffers);
  llvm::append_range(buffers, variables);
}

void EmulatedModule::addBuffer(GlobalBuffer buffer) { buffers.push_back(std::move(buffer)); }

const Kernel *EmulatedModule::getKernel(llvm::StringRef name) const {
  auto found = llvm::find_if(kernels, [&](const Kernel &kernel) { return kernel.name == name; });
  return found == kernels.end() ? nullptr : &*found;
}

Expected<LaunchReport> EmulatedModule::launch(llvm::StringRef name, Dim3 grid, Dim3 block,
                                              uint64_t sharedBytes, void **args) {
  const Kernel *kernel = getKernel(name);
  if (!kernel) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    stream << "there is no kernel '" << name << "'; the module has ";
    llvm::interleaveComma(kernels, stream,
                          [&](const Kernel &candidate) { stream << "'" << candidate.name << "'"; });
    return createStringError(message + (kernels.empty() ? "none" : ""));
  }
  LaunchConfig config;
  config.grid = grid;
  config.block = block;
  config.dynamicShared = sharedBytes;
  config.seed = options.seed;
  config.threads = options.threads;
  config.check = options.check;
  config.checkOptions = options.checkOptions;
  config.buffers = buffers;
  return emulator::launch(*kernel, *chip, config, args);
}

Error imhsa::toError(const LaunchReport &report) {
  if (report.findings.empty())
    return Error::success();
  constexpr unsigned kMaxFindings = 10;
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream, report.kernel, *report.sites, report.findings, kMaxFindings);
  return createStringError(llvm::StringRef(text).rtrim());
}
