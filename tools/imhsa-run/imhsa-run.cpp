//===- imhsa-run.cpp - compile a function and run it on arrays ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/analyze/Cost.h"
#include "runtime/ParallelFor.h"
#include "runtime/emulator/Report.h"
#include "tools/common/SourceFile.h"
#include "tools/common/WriteFile.h"
#include "tools/imhsa-run/Compile.h"
#include "tools/imhsa-run/Measure.h"
#include "tools/imhsa-run/Options.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace imhsa::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::format;
using llvm::outs;

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

using Tensors = std::vector<Tensor>;

static Expected<Tensors> loadInputs(const Options &options, FunctionType type) {
  if (options.inputs.size() != type.getNumInputs())
    return createStringError("expected " + Twine(type.getNumInputs()) + " inputs, found " +
                             Twine(options.inputs.size()));
  Tensors tensors;
  for (auto [index, path] : llvm::enumerate(options.inputs)) {
    Expected<Tensor> tensor = Tensor::load(path, cast<RankedTensorType>(type.getInput(index)));
    if (!tensor) {
      std::string message = llvm::toString(tensor.takeError());
      return createStringError("input " + Twine(index) + ": " + message);
    }
    tensors.push_back(std::move(*tensor));
  }
  return std::move(tensors);
}

// "2x6x197x64"; the empty string is the shape of a scalar.
static Expected<SmallVector<int64_t>> parseShape(StringRef text) {
  SmallVector<int64_t> shape;
  SmallVector<StringRef> sizes;
  text.split(sizes, 'x', -1, !text.empty());
  for (StringRef size : sizes)
    if (size.getAsInteger(10, shape.emplace_back()) || shape.back() < 0)
      return createStringError("--shape=" + text + ": expected sizes such as 2x6x197x64");
  return shape;
}

static Expected<Tensors> makeRandomInputs(const Options &options, FunctionType type) {
  size_t dynamic = llvm::count_if(
      type.getInputs(), [](Type input) { return !cast<RankedTensorType>(input).hasStaticShape(); });
  bool isForAll = options.shapes.size() == type.getNumInputs();
  if (!isForAll && options.shapes.size() != dynamic)
    return createStringError("expected a --shape for each of the " + Twine(type.getNumInputs()) +
                             " arguments, or for each of the " + Twine(dynamic) +
                             " with dynamic dimensions; found " + Twine(options.shapes.size()));

  SmallVector<SmallVector<int64_t>> all;
  ArrayRef<std::string> rest = options.shapes;
  int64_t largest = 0;
  for (auto [index, input] : llvm::enumerate(type.getInputs())) {
    auto tensorType = cast<RankedTensorType>(input);
    if (!isForAll && tensorType.hasStaticShape()) {
      all.emplace_back(tensorType.getShape());
    } else {
      Expected<SmallVector<int64_t>> shape = parseShape(rest.front());
      if (!shape)
        return shape.takeError();
      if (Error failed = checkShape(tensorType, *shape))
        return createStringError("--shape=" + rest.front() + " of input " + Twine(index) + ": " +
                                 llvm::toString(std::move(failed)));
      rest = rest.drop_front();
      all.push_back(std::move(*shape));
    }
    for (int64_t size : all.back())
      largest = std::max(largest, size);
  }

  std::mt19937_64 generator(*options.seed);
  Tensors tensors;
  for (auto [index, input] : llvm::enumerate(type.getInputs())) {
    Type element = cast<RankedTensorType>(input).getElementType();
    std::string name = ("input " + Twine(index)).str();
    // What nothing reads needs no memory.
    Expected<Tensor> tensor = options.launchesOnly
                                  ? Tensor::allocate(element, all[index], name)
                                  : Tensor::random(element, all[index], generator,
                                                   options.intMax.value_or(largest), name);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
  return std::move(tensors);
}

static Error saveOutputs(const Options &options, ArrayRef<Tensor> tensors) {
  for (auto [index, path] : llvm::enumerate(options.outputs))
    if (Error failed = tensors[index].save(path))
      return createStringError("output " + Twine(index) + ": " + llvm::toString(std::move(failed)));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// What is printed
//===----------------------------------------------------------------------===//

// Prints what follows from the times of calls, in seconds.
static void printTimes(func::FuncOp entry, ArrayRef<Tensor> arguments, ArrayRef<Tensor> results,
                       std::vector<double> seconds) {
  llvm::sort(seconds);
  size_t count = seconds.size();
  double median = (seconds[(count - 1) / 2] + seconds[count / 2]) / 2;
  outs() << format("time: median %.4g ms, minimum %.4g ms of %zu\n", median * 1e3,
                   seconds.front() * 1e3, count);

  double bytes = 0;
  for (const Tensor &tensor : llvm::concat<const Tensor>(arguments, results))
    bytes += static_cast<double>(tensor.getBuffer().size());
  SmallVector<SmallVector<int64_t>> argumentShapes;
  for (const Tensor &argument : arguments)
    argumentShapes.emplace_back(argument.getShape());
  std::string reason;
  ScopedDiagnosticHandler handler(entry->getContext(),
                                  [&](Diagnostic &diagnostic) { reason = diagnostic.str(); });
  FailureOr<double> flops = imhsa::flopsOf(entry, argumentShapes);
  outs() << format("throughput: %.4g calls/s, %.4g GB/s of inputs and outputs, ", 1 / median,
                   bytes / median * 1e-9);
  if (succeeded(flops))
    outs() << format("%.4g GFLOP/s (%.4g GFLOP a call)\n", *flops / median * 1e-9, *flops * 1e-9);
  else
    outs() << "GFLOP/s not known: " << reason << '\n';
}

// Runs the call for the first time, and as often as is to be timed.
static Error runAndTime(const Options &options, func::FuncOp entry, Call &call,
                        ArrayRef<Tensor> arguments) {
  Progress running(options.showsProgress, "running");
  PeakMemory memory;
  if (Error failed = call.allocateWorkspace())
    return failed;
  if (Error failed = call.run())
    return failed;
  std::optional<uint64_t> growth = memory.growth();
  if (Error failed = call.finish())
    return failed;
  if (!options.repeats)
    return Error::success();

  std::vector<double> seconds(*options.repeats);
  for (double &time : seconds) {
    Error failed = Error::success();
    time = timeOf([&] { failed = llvm::joinErrors(std::move(failed), call.run()); });
    if (failed)
      return failed;
  }
  printTimes(entry, arguments, call.getOutputs(), std::move(seconds));
  outs() << "peak memory over inputs and outputs: ";
  if (growth)
    outs() << format("%.1f MiB\n", static_cast<double>(*growth) / (1 << 20));
  else
    outs() << "not known on this system\n";
  return Error::success();
}

static double defaultTolerance(Type elementType) {
  return elementType.isF32()    ? 5e-6
         : elementType.isF16()  ? 2e-3
         : elementType.isBF16() ? 1e-2
         : elementType.isF64()  ? 1e-12
                                : 0;
}

// Compares with the same function in float64.
static Error compare(const Options &options, func::FuncOp entry, ArrayRef<Tensor> arguments,
                     ArrayRef<Tensor> results) {
  Tensors promoted;
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    Expected<Tensor> tensor = argument.promote("input " + Twine(index) + " of the reference");
    if (!tensor)
      return tensor.takeError();
    promoted.push_back(std::move(*tensor));
  }
  Progress checking(options.showsProgress, "computing the reference");
  Expected<Program> program = compileReference(entry, options.optLevel);
  if (!program)
    return program.takeError();
  Expected<Call> call = Call::prepare(*program, promoted);
  if (!call)
    return call.takeError();
  if (Error failed = call->allocateWorkspace())
    return failed;
  if (Error failed = call->run())
    return failed;
  if (Error failed = call->finish())
    return failed;

  std::string exceeding;
  for (auto [index, result, reference] : llvm::enumerate(results, call->getOutputs())) {
    if (result.getShape() != reference.getShape())
      return createStringError("output " + Twine(index) + " and its reference differ in shape");
    double error = relativeError(result, reference);
    double most = options.tolerance.value_or(defaultTolerance(result.getElementType()));
    outs() << "check: output " << index << ": relative error "
           << format("%.3g, tolerance %.3g\n", error, most);
    if (!(error <= most))
      exceeding += (exceeding.empty() ? "output " : ", ") + std::to_string(index);
  }
  if (exceeding.empty())
    return Error::success();
  return createStringError(exceeding + ": the relative error exceeds the tolerance");
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

static Error writeReport(const Options &options, const Kernels &kernels) {
  return imhsa::writeFile(options.emulatorReport, [&](raw_ostream &file) {
    imhsa::emulator::writeReport(file, *kernels.getReports());
  });
}

static Error runModule(const Options &options, ModuleOp module) {
  Expected<func::FuncOp> entry = findEntry(module, options.entry);
  if (!entry)
    return entry.takeError();
  FunctionType type = entry->getFunctionType();
  if (!options.outputs.empty() && options.outputs.size() != type.getNumResults())
    return createStringError("expected " + Twine(type.getNumResults()) +
                             " outputs or none, found " + Twine(options.outputs.size()));
  Expected<Tensors> arguments =
      options.seed ? makeRandomInputs(options, type) : loadInputs(options, type);
  if (!arguments)
    return arguments.takeError();

  if (!options.stagesDirectory.empty())
    if (Error failed = saveStages(*entry, options))
      return failed;
  Tensors results;
  {
    std::optional<Progress> compiling(std::in_place, options.showsProgress,
                                      ("compiling @" + entry->getName()).str());
    Expected<Program> program = compile(*entry, options);
    compiling.reset();
    if (!program)
      return program.takeError();
    Expected<Call> call = Call::prepare(*program, *arguments, options.rowStride);
    if (!call)
      return call.takeError();
    Error failed = runAndTime(options, *entry, *call, *arguments);
    // What the emulator has found is in the report too.
    if (!options.emulatorReport.empty())
      failed = llvm::joinErrors(std::move(failed), writeReport(options, *program->getKernels()));
    if (failed)
      return failed;
    results = call->takeOutputs();
  }
  if (Error failed = saveOutputs(options, results))
    return failed;
  return options.check ? compare(options, *entry, *arguments, results) : Error::success();
}

static Error runFile(const Options &options) {
  if (options.threads)
    imhsa_set_num_threads(*options.threads);

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
  return runModule(options, **module);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Expected<Options> options = parseOptions(argc, argv);
  if (Error failed = options ? runFile(*options) : options.takeError()) {
    outs().flush();
    llvm::errs() << "imhsa-run: error: " << llvm::toString(std::move(failed)) << '\n';
    return 1;
  }
  return 0;
}
