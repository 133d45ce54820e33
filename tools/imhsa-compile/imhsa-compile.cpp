//===- imhsa-compile.cpp - compile functions ahead of time ----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Pipelines.h"
#include "passes/binary/Toolkit.h"
#include "tools/common/Images.h"
#include "tools/common/Processor.h"
#include "tools/common/SourceFile.h"
#include "tools/common/WriteFile.h"
#include "tools/imhsa-compile/Codegen.h"
#include "tools/imhsa-compile/Functions.h"
#include "tools/imhsa-compile/Header.h"
#include "tools/imhsa-compile/Link.h"
#include "tools/imhsa-compile/Options.h"
#include "tools/imhsa-compile/Tables.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::compile;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// From the source to compiled code
//===----------------------------------------------------------------------===//

// Parses text, of which `state` then says where things stand, or bytecode.
static Expected<OwningOpRef<ModuleOp>> parse(const SourceFile &file, MLIRContext &context,
                                             AsmParserState &state) {
  if (isBytecode(file.getBuffer()))
    return file.parse();
  Block block;
  if (failed(parseAsmSourceFile(*file.getSources(), &block, ParserConfig(&context), &state)))
    return file.makeInvalidError();
  if (llvm::hasSingleElement(block))
    if (auto module = dyn_cast<ModuleOp>(block.front())) {
      module->remove();
      return OwningOpRef<ModuleOp>(module);
    }
  OwningOpRef<ModuleOp> module(ModuleOp::create(UnknownLoc::get(&context)));
  module->getBody()->getOperations().splice(module->getBody()->end(), block.getOperations());
  if (failed(module->verify()))
    return file.makeInvalidError();
  return std::move(module);
}

// `machine` is that of the host, and null where there is no code for it.
static LogicalResult runPipeline(ModuleOp module, const Options &options,
                                 const llvm::TargetMachine *machine) {
  PassManager pm(module->getContext(), ModuleOp::getOperationName());
  if (options.target == Target::Cpu) {
    CpuPipelineOptions pipeline;
    pipeline.checkShapes = true;
    pipeline.fused = options.fused;
    pipeline.schedules = options.schedules;
    pipeline.secondSweep = options.secondSweep;
    setProcessor(pipeline, machine->getTargetTriple().getArch(), [&](StringRef feature) {
      return machine->getMCSubtargetInfo()->checkFeatures(("+" + feature).str());
    });
    if (options.cpu == kNative)
      setHostCaches(pipeline);
    buildCpuPipeline(pm, pipeline);
    return pm.run(module);
  }
  CudaPipelineOptions pipeline;
  pipeline.checkShapes = true;
  pipeline.chip = llvm::join(options.chips, ",");
  pipeline.toolkit = options.toolkit;
  pipeline.fused = options.fused;
  pipeline.allowTf32 = options.allowTf32;
  pipeline.schedules = options.schedules;
  pipeline.batchChunk = options.batchChunk;
  pipeline.lineInfo = options.lineInfo;
  bool isHost = options.emit >= Emit::Llvm;
  bool needsPtxas = options.emit == Emit::Cubin || !options.toolkit.empty();
  if (options.emit != Emit::Ptx && (needsPtxas || hasTool("ptxas", options.toolkit))) {
    pipeline.format = gpu::CompilationTarget::Binary;
    pipeline.withPtx = isHost;
  } else if (isHost) {
    llvm::WithColor::warning(llvm::errs(), "imhsa-compile")
        << "no ptxas in the usual places: the kernels stay PTX, which the driver compiles when "
           "they are first loaded (--toolkit= says where ptxas is)\n";
  }
  buildCudaPipeline(pm, pipeline);
  return pm.run(module);
}

// The functions that the pipeline fails on by themselves, or all if each of them alone passes.
static std::string namesOfFailing(ModuleOp module, ArrayRef<FunctionInfo> functions,
                                  const Options &options, const llvm::TargetMachine *machine) {
  ScopedDiagnosticHandler silence(module.getContext(), [](Diagnostic &) { return success(); });
  SmallVector<std::string> failing, all;
  for (const FunctionInfo &function : functions) {
    OwningOpRef<ModuleOp> copy = module.clone();
    for (auto other : copy->getOps<func::FuncOp>())
      if (other.getName() != function.symbol)
        other.setPrivate();
    all.push_back("@" + function.name);
    if (failed(runPipeline(*copy, options, machine)))
      failing.push_back(all.back());
  }
  return llvm::join(failing.empty() ? all : failing, ", ");
}

//===----------------------------------------------------------------------===//
// What is written
//===----------------------------------------------------------------------===//

static Error writeBytes(StringRef path, StringRef bytes) {
  return writeFile(path, [&](raw_ostream &file) { file << bytes; });
}

static Error writeHost(llvm::Module &module, llvm::TargetMachine &machine, const Options &options) {
  if (Error failed = optimize(module, machine))
    return failed;
  if (options.emit == Emit::Llvm)
    return writeFile(options.output, [&](raw_ostream &file) { file << module; });
  Expected<SmallVector<char, 0>> bytes = compileToObject(module, machine);
  if (bytes && options.emit == Emit::Library)
    bytes = linkLibrary(*bytes, options);
  if (!bytes)
    return bytes.takeError();
  return writeBytes(options.output, StringRef(bytes->data(), bytes->size()));
}

static Error compileModule(ModuleOp module, std::vector<FunctionInfo> functions,
                           const Options &options) {
  std::unique_ptr<llvm::TargetMachine> machine;
  if (options.emit >= Emit::Llvm) {
    auto created = createMachine(options.triple, options.cpu, options.optLevel);
    if (!created)
      return created.takeError();
    machine = std::move(*created);
  }
  renameToSymbols(module, functions);
  OwningOpRef<ModuleOp> original = module.clone();
  if (failed(runPipeline(module, options, machine.get())))
    return createStringError("cannot compile " +
                             namesOfFailing(*original, functions, options, machine.get()));

  Contents contents;
  contents.target = options.target;
  contents.prefix = options.prefix;
  contents.functions = std::move(functions);
  if (options.target == Target::Cuda)
    contents.kernels = getKernels(module);
  contents.images = takeImages(module);
  if (options.emit < Emit::Llvm) {
    std::string data = contents.images.empty() ? "" : contents.images.front().data;
    return writeBytes(options.output,
                      options.emit == Emit::Ptx ? StringRef(data).rtrim('\0') : StringRef(data));
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> host = translateModuleToLLVMIR(module, context, options.prefix);
  if (!host)
    return createStringError("cannot translate the module to LLVM IR");
  addTables(*host, contents, options.emit == Emit::Library);
  if (Error failed = writeHost(*host, *machine, options))
    return failed;
  if (options.header.empty())
    return Error::success();
  return writeFile(options.header,
                   [&](raw_ostream &file) { printHeader(file, contents.functions, options); });
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

static Error compileFile(const Options &options) {
  DialectRegistry registry;
  registerForTools(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  // Errors show the source; what operations have become of it says little to who wrote it.
  context.printOpOnDiagnostic(false);

  Expected<std::unique_ptr<SourceFile>> file = SourceFile::open(options.file, context);
  if (!file)
    return file.takeError();
  AsmParserState state;
  Expected<OwningOpRef<ModuleOp>> parsed = parse(**file, context, state);
  if (!parsed)
    return parsed.takeError();
  ModuleOp module = **parsed;
  Expected<std::vector<FunctionInfo>> functions =
      describe(module, options.prefix, state.getOpDefs().empty() ? nullptr : &state,
               (*file)->getBuffer().getBuffer());
  if (!functions)
    return functions.takeError();
  return compileModule(module, std::move(*functions), options);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Expected<Options> options = parseOptions(argc, argv);
  if (Error failed = options ? compileFile(*options) : options.takeError()) {
    llvm::outs().flush();
    llvm::errs() << "imhsa-compile: error: " << llvm::toString(std::move(failed)) << '\n';
    return 1;
  }
  return 0;
}
