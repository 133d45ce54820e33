//===- Program.cpp - compiled functions and calls of them -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Program.h"
#include "runtime/ParallelFor.h"
#include "runtime/RoundToBf16.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace imhsa::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

Expected<Program> Program::compile(ModuleOp module, StringRef entry, FunctionType type,
                                   unsigned optLevel, std::unique_ptr<Kernels> kernels) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  Expected<llvm::orc::JITTargetMachineBuilder> builder =
      llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  auto level = static_cast<llvm::CodeGenOptLevel>(optLevel);
  builder->setCodeGenOptLevel(level);
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();

  ExecutionEngineOptions options;
  auto optimize = makeOptimizingTransformer(optLevel, /*sizeLevel=*/0, machine->get());
  options.transformer = optimize;
  options.jitCodeGenOptLevel = level;
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  Expected<std::unique_ptr<ExecutionEngine>> engine = ExecutionEngine::create(module, options);
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    auto define = [&](StringRef name, auto *function) {
      symbols[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                               llvm::JITSymbolFlags::Exported};
    };
    define("imhsa_parallel_for", &imhsa_parallel_for);
    define("__truncsfbf2", &__truncsfbf2);
    return symbols;
  });

  Program program;
  program.type = type;
  for (auto [suffix, packed] :
       {std::pair("", &program.function), std::pair("_sizes", &program.sizes)}) {
    Expected<void *> function = (*engine)->lookup(("imhsa_packed_" + entry + suffix).str());
    if (!function)
      return function.takeError();
    *packed = reinterpret_cast<Packed>(*function);
  }
  program.engine = std::move(*engine);
  program.kernels = std::move(kernels);
  return program;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static Error callPacked(const char *(*function)(void **), std::vector<Descriptor> &descriptors,
                        imhsa_launcher *launcher = nullptr) {
  SmallVector<void *> arguments;
  for (Descriptor &descriptor : descriptors)
    arguments.push_back(descriptor.get());
  if (launcher)
    arguments.push_back(launcher);
  const char *failure = function(arguments.data());
  if (!failure)
    return Error::success();
  return createStringError("a check in the compiled function failed: " + Twine(failure));
}

Error Call::addDescriptor(StringRef name, char *data, uint64_t bytes, ArrayRef<int64_t> shape,
                          bool writable, ArrayRef<int64_t> strides) {
  void *address = data;
  if (kernels) {
    Expected<void *> placed = kernels->place(name, data, bytes, writable);
    if (!placed)
      return placed.takeError();
    address = *placed;
  }
  if (strides.empty())
    descriptors.emplace_back(address, shape);
  else
    descriptors.emplace_back(address, shape, strides);
  return Error::success();
}

Error Call::addTensor(StringRef name, const Tensor &tensor, bool writable) {
  bool isSpread = rowStride && tensor.getShape().size() > 1;
  if (!isSpread) {
    if (writable)
      outputRows.emplace_back();
    const Buffer &buffer = tensor.getBuffer();
    // Compiled code never writes its inputs.
    return addDescriptor(name, const_cast<char *>(buffer.data()), buffer.size(), tensor.getShape(),
                         writable);
  }
  Expected<Spread> rows = Spread::allocate(tensor, *rowStride, name);
  if (!rows)
    return rows.takeError();
  rows->scatter(tensor);
  if (Error failed = addDescriptor(name, rows->data(), rows->size(), tensor.getShape(), writable,
                                   rows->getStrides()))
    return failed;
  if (writable)
    outputRows.emplace_back(std::move(*rows));
  else
    inputRows.push_back(std::move(*rows));
  return Error::success();
}

Expected<Call> Call::prepare(const Program &program, ArrayRef<Tensor> inputs,
                             std::optional<int64_t> rowStride) {
  Call call;
  call.function = program.function;
  call.kernels = program.kernels.get();
  call.rowStride = rowStride;
  for (auto [index, input] : llvm::enumerate(inputs))
    if (Error failed = call.addTensor(("input " + Twine(index)).str(), input, /*writable=*/false))
      return std::move(failed);

  // Each dimension of each result, and the bytes of the workspace.
  int64_t count = 1;
  for (Type result : program.type.getResults())
    count += cast<RankedTensorType>(result).getRank();
  SmallVector<int64_t> sizes(count, -1);
  call.descriptors.emplace_back(sizes.data(), count);
  if (Error failed = callPacked(program.sizes, call.descriptors))
    return std::move(failed);
  call.descriptors.pop_back();

  ArrayRef<int64_t> rest = sizes;
  for (auto [index, result] : llvm::enumerate(program.type.getResults())) {
    auto type = cast<RankedTensorType>(result);
    ArrayRef<int64_t> shape = rest.take_front(type.getRank());
    rest = rest.drop_front(type.getRank());
    std::string name = ("output " + Twine(index)).str();
    for (auto [dim, size] : llvm::enumerate(shape))
      if (size < 0)
        return createStringError(name + ": dimension " + Twine(dim) +
                                 ": expected at least 0, found " + Twine(size) +
                                 ", computed from the shapes of the inputs");
    if (Error failed = checkShape(type, shape))
      return createStringError(name + ": " + llvm::toString(std::move(failed)) +
                               ", computed from the shapes of the inputs");
    Expected<Tensor> output = Tensor::allocate(type.getElementType(), shape, name);
    if (!output)
      return output.takeError();
    output->getBuffer().fill(isa<FloatType>(type.getElementType()) ? 0xFF : 0xCC);
    if (Error failed = call.addTensor(name, *output, /*writable=*/true))
      return std::move(failed);
    call.outputs.push_back(std::move(*output));
  }
  call.workspaceSize = rest.front();
  if (call.workspaceSize < 0)
    return createStringError("workspace: expected at least 0 bytes, found " +
                             Twine(call.workspaceSize));
  return call;
}

Error Call::allocateWorkspace() {
  Expected<Buffer> buffer = Buffer::allocate(workspaceSize, "workspace");
  if (!buffer)
    return buffer.takeError();
  workspace = std::move(*buffer);
  workspace.fill(0xFF);
  return addDescriptor("workspace", workspace.data(), workspace.size(), workspaceSize,
                       /*writable=*/true);
}

Error Call::run() {
  if (Error failed = callPacked(function, descriptors, kernels))
    return failed;
  return kernels ? kernels->wait() : Error::success();
}

Error Call::finish() {
  if (kernels)
    if (Error failed = kernels->retrieve())
      return failed;
  if (!workspace.isGuardIntact())
    return createStringError("compiled code wrote beyond the end of its workspace");
  for (auto [index, output] : llvm::enumerate(outputs)) {
    const Buffer &bytes = output.getBuffer();
    if (outputRows[index] && !outputRows[index]->gather(output))
      return createStringError("compiled code wrote between the rows of output " + Twine(index));
    if (!bytes.isGuardIntact())
      return createStringError("compiled code wrote beyond the end of output " + Twine(index));
    if (output.getElementType().isInteger(1) &&
        llvm::any_of(ArrayRef(bytes.data(), bytes.size()),
                     [](char byte) { return byte != 0 && byte != 1; }))
      return createStringError("compiled code left elements of output " + Twine(index) +
                               " unwritten");
  }
  return Error::success();
}
