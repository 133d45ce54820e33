//===- imhsa-emulate.cpp - run one GPU kernel on the CPU ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/emulate/Emulate.h"
#include "runtime/emulator/Report.h"
#include "tools/common/SourceFile.h"
#include "tools/common/WriteFile.h"
#include "tools/imhsa-emulate/Arguments.h"
#include "tools/imhsa-emulate/Options.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace imhsa::emulate;
using imhsa::EmulatedModule;
using imhsa::emulator::LaunchReport;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

static constexpr unsigned kMaxPrintedFindings = 20;

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

static bool isKernel(Operation &op) {
  if (auto function = dyn_cast<gpu::GPUFuncOp>(op))
    return function.isKernel();
  return isa<LLVM::LLVMFuncOp>(op) && op.hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
}

// The kernel that the options name, or the only one.
static Expected<Operation *> findKernel(ModuleOp module, StringRef name) {
  SmallVector<Operation *> kernels, found;
  module.walk([&](gpu::GPUModuleOp kernelModule) {
    for (Operation &op : kernelModule.getOps())
      if (isKernel(op))
        kernels.push_back(&op);
  });
  auto nameOf = [](Operation *op) { return SymbolTable::getSymbolName(op).getValue(); };
  for (Operation *kernel : kernels)
    if (name.empty() || nameOf(kernel) == name)
      found.push_back(kernel);
  if (found.size() == 1 || (!name.empty() && !found.empty()))
    return found.front();
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (name.empty())
    stream << "expected --kernel=NAME or a file with one kernel, found " << kernels.size();
  else
    stream << "the file has no kernel @" << name << " in a gpu.module, but " << kernels.size();
  stream << (kernels.empty() ? "" : ": ");
  llvm::interleaveComma(kernels, stream, [&](Operation *op) { stream << '@' << nameOf(op); });
  return createStringError(message);
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

static Error runKernel(const Options &options, ModuleOp module) {
  Expected<Operation *> kernel = findKernel(module, options.kernel);
  if (!kernel)
    return kernel.takeError();
  Expected<Arguments> arguments = Arguments::make(options.arguments, module.getContext());
  if (!arguments)
    return arguments.takeError();

  imhsa::EmulateOptions emulate;
  emulate.chip = options.chip;
  emulate.check = options.check;
  emulate.seed = options.seed;
  emulate.threads = options.threads;
  emulate.optLevel = options.optLevel;
  Expected<EmulatedModule> compiled =
      EmulatedModule::compile((*kernel)->getParentOfType<gpu::GPUModuleOp>(), emulate);
  if (!compiled)
    return compiled.takeError();
  compiled->setBuffers(arguments->getBuffers());

  StringRef name = SymbolTable::getSymbolName(*kernel).getValue();
  ArrayRef<Type> types;
  if (auto function = dyn_cast<gpu::GPUFuncOp>(*kernel))
    types = function.getArgumentTypes();
  Expected<std::vector<void *>> addresses = arguments->bind(*compiled->getKernel(name), types);
  if (!addresses)
    return addresses.takeError();
  Expected<LaunchReport> report =
      compiled->launch(name, options.grid, options.block, options.sharedBytes, addresses->data());
  if (!report)
    return report.takeError();

  if (!options.report.empty())
    if (Error failed = imhsa::writeFile(options.report, [&](raw_ostream &file) {
          imhsa::emulator::writeReport(file, *report);
        }))
      return failed;
  if (Error failed = arguments->save())
    return failed;
  if (report->findings.empty())
    return Error::success();
  print(llvm::errs(), report->kernel, *report->sites, report->findings, kMaxPrintedFindings);
  return createStringError("kernel '" + name + "' is wrong: see above");
}

static Error runFile(const Options &options) {
  DialectRegistry registry;
  imhsa::registerForTools(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Expected<std::unique_ptr<imhsa::SourceFile>> file =
      imhsa::SourceFile::open(options.file, context);
  if (!file)
    return file.takeError();
  Expected<OwningOpRef<ModuleOp>> module = (*file)->parse();
  if (!module)
    return module.takeError();
  return runKernel(options, **module);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Expected<Options> options = parseOptions(argc, argv);
  if (Error failed = options ? runFile(*options) : options.takeError()) {
    llvm::errs() << "imhsa-emulate: error: " << llvm::toString(std::move(failed)) << '\n';
    return 1;
  }
  return 0;
}
