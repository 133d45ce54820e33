//===- Options.cpp - the command line of imhsa-run ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Options.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Process.h"

using namespace llvm;
using namespace imhsa;
using namespace imhsa::run;

static constexpr StringLiteral kOverview =
    R"(imhsa-run: compile a function of an MLIR module in process and run it on tensors

Arguments and results are ranked tensors, in files as NumPy's .npy (row-major, little-endian):

  type of the module   f16      bf16    f32      f64      i1    i8    i16    i32    i64, index
  type of the file     float16  uint16  float32  float64  bool  int8  int16  int32  int64

The uint16 numbers are the bits of bf16. Dynamic dimensions take their sizes from the inputs.
Whatever goes wrong is said on stderr, and the exit code is then 1.
)";

// The value of an option that was given.
template <typename T> static std::optional<T> given(const cl::opt<T> &option) {
  return option.getNumOccurrences() ? std::optional<T>(option.getValue()) : std::nullopt;
}

static Error checkOptions(const Options &options) {
  if (options.optLevel > 3)
    return createStringError("--opt-level=" + Twine(options.optLevel) + ": expected 0 to 3");
  if (options.threads == 0)
    return createStringError("--threads=0: expected at least 1");
  if (options.lanes && *options.lanes != 8 && *options.lanes != 16)
    return createStringError("--lanes=" + Twine(*options.lanes) + ": expected 8 or 16");
  if (options.repeats == 0)
    return createStringError("--time=0: expected at least 1");
  if (options.intMax && *options.intMax < 0)
    return createStringError("--int-max=" + Twine(*options.intMax) + ": expected at least 0");
  if (options.seed && !options.inputs.empty())
    return createStringError("expected either --input or --random-inputs, found both");
  if (!options.seed && (!options.shapes.empty() || options.intMax))
    return createStringError("--shape and --int-max are of use only with --random-inputs");
  if (options.rowStride && *options.rowStride < 1)
    return createStringError("--row-stride=" + Twine(*options.rowStride) + ": expected at least 1");
  if (!options.check && options.tolerance)
    return createStringError("--tolerance is of use only with --check");
  return Error::success();
}

Expected<Options> imhsa::run::parseOptions(int argc, char **argv) {
  // LLVM's libraries register options of their own: they are not for users of this program, and one
  // of them is called --threads too.
  cl::ResetCommandLineParser();

  static cl::OptionCategory category("imhsa-run options");
  static cl::opt<std::string> file(cl::Positional, cl::Required, cl::cat(category),
                                   cl::desc("FILE.mlir (- is stdin)"));
  static cl::opt<std::string> entry("entry", cl::value_desc("NAME"), cl::cat(category),
                                    cl::desc("Public function to run; by default the only one"));
  static cl::list<std::string> inputs("input", cl::value_desc("FILE.npy"), cl::cat(category),
                                      cl::desc("An input; one for each argument, in order"));
  static cl::list<std::string> outputs(
      "output", cl::value_desc("FILE.npy"), cl::cat(category),
      cl::desc("Where to write an output; one for each result, in order, or none"));
  static cl::opt<uint64_t> seed(
      "random-inputs", cl::value_desc("SEED"), cl::cat(category),
      cl::desc(
          "Take random inputs instead of files: floats standard normal, i1 true or\nfalse with "
          "equal chance, other integers uniform in [0, INT_MAX]"));
  static cl::list<std::string> shapes(
      "shape", cl::value_desc("2x6x197x64"), cl::cat(category),
      cl::desc("Shape of a random input; one for each argument, in order, or only\nfor those with "
               "dynamic dimensions"));
  static cl::opt<int64_t> intMax(
      "int-max", cl::value_desc("INT_MAX"), cl::cat(category),
      cl::desc("Largest random integer; by default the largest dimension of any input"));
  static cl::opt<int64_t> rowStride(
      "row-stride", cl::value_desc("ELEMENTS"), cl::cat(category),
      cl::desc("Run on views whose rows (the last dimension) are so many elements\napart, however "
               "far: what lies between takes no memory"));
  static cl::opt<Target> target(
      "target", cl::cat(category), cl::init(Target::Cpu), cl::desc("Where to run; by default cpu"),
      cl::values(clEnumValN(Target::Cpu, "cpu", "this processor"),
                 clEnumValN(Target::Emulator, "emulator",
                            "the kernels for a GPU, on this processor, and check them"),
                 clEnumValN(Target::Cuda, "cuda", "the first GPU")));
  static cl::opt<std::string> chip(
      "chip", cl::value_desc("sm_80"), cl::init("sm_80"), cl::cat(category),
      cl::desc(
          "The chip that kernels are compiled for; its limits and instructions\nare those of the "
          "emulator"));
  static cl::opt<bool> fused(
      "fused", cl::init(true), cl::cat(category),
      cl::desc("Whether attentions are computed by kernels of their own where one\nserves them; by "
               "default they are"));
  static cl::opt<bool> allowTf32("allow-tf32", cl::cat(category),
                                 cl::desc("Round what enters products of f32 to tf32, on a GPU"));
  static cl::opt<std::string> schedules(
      "schedules", cl::value_desc("stream,keys=32;..."), cl::cat(category),
      cl::desc("Schedules of these kernels instead of those that would be chosen:\nwhat stands in "
               "#imhsa.schedule<...>, with semicolons between"));
  static cl::opt<SecondSweep> secondSweep(
      "second-sweep", cl::init(SecondSweep::Auto), cl::cat(category),
      cl::desc(
          "On the CPU, what the second sweep over keys does for the\nexponentials of the first, "
          "where heads are mixed after the softmax"),
      secondSweeps());
  static cl::opt<int64_t> lanes(
      "lanes", cl::value_desc("8|16"), cl::cat(category),
      cl::desc(
          "On the CPU, elements of f32 in a vector; by default 16 with\nAVX-512, otherwise 8"));
  static cl::opt<int64_t> batchChunk(
      "batch-chunk", cl::value_desc("N"), cl::init(0), cl::cat(category),
      cl::desc("Batch elements that the kernels of one attention compute before\nthe next; by "
               "default what the chip's second-level cache holds"));
  static cl::opt<uint64_t> schedule(
      "emulator-seed", cl::value_desc("SEED"), cl::init(0), cl::cat(category),
      cl::desc("In which order the emulator runs warps and lanes; by default 0"));
  static cl::opt<bool> checksAccesses(
      "emulator-check", cl::init(true), cl::cat(category),
      cl::desc("Whether the emulator looks for wrong accesses and races; by default\nit does"));
  static cl::opt<bool> checksOrder(
      "emulator-races", cl::init(true), cl::cat(category),
      cl::desc("Whether it looks for races, reads of shared memory that nobody wrote,\nand copies "
               "that nobody waited for; by default it does, and without\nit counts faster"));
  static cl::opt<std::string> report(
      "emulator-report", cl::value_desc("FILE.json"), cl::cat(category),
      cl::desc("Where to write what the emulator found and counted, by launch"));
  static cl::opt<bool> launchesOnly(
      "emulator-launches-only", cl::cat(category),
      cl::desc(
          "Run no kernel: the report has the launches that a call with random\ninputs of these "
          "shapes makes, however large they are"));
  static cl::opt<unsigned> threads("threads", cl::value_desc("N"), cl::cat(category),
                                   cl::desc("Number of threads, at most 1024; by default what "
                                            "OMP_NUM_THREADS\nsays, or one for each processor"));
  static cl::opt<unsigned> optLevel("opt-level", cl::value_desc("0..3"), cl::init(3),
                                    cl::cat(category),
                                    cl::desc("How hard LLVM optimizes; by default 3"));
  static cl::opt<bool> check(
      "check", cl::cat(category),
      cl::desc("Compute the same in float64, by another way through the compiler,\nprint the "
               "relative error ||output - reference|| / ||reference|| of\neach output, and fail "
               "where it exceeds the tolerance"));
  static cl::opt<double> tolerance(
      "tolerance", cl::value_desc("ERROR"), cl::cat(category),
      cl::desc("Largest relative error for --check; by default 5e-6 for outputs of\nf32, 2e-3 for "
               "f16, 1e-2 for bf16, 1e-12 for f64 and 0 for integers"));
  static cl::opt<unsigned> repeats(
      "time", cl::value_desc("REPEATS"), cl::cat(category),
      cl::desc("After the first call, repeat it and print median and minimum time,\nand from the "
               "median calls/s, GB/s of inputs and outputs, and GFLOP/s\nas imhsa-analyze counts "
               "them before any pass; and by how much\nmemory peaks over inputs and outputs in the "
               "first call"));
  static cl::opt<std::string> stagesDirectory("save-stages", cl::value_desc("DIRECTORY"),
                                              cl::cat(category),
                                              cl::desc("Write the IR after each stage there"));
  static cl::opt<bool> progress(
      "progress", cl::cat(category),
      cl::desc("Say on stderr what takes more than 2 seconds, also where\nstderr is no terminal"));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  Options options;
  options.file = file;
  options.entry = entry;
  options.inputs = inputs;
  options.outputs = outputs;
  options.seed = given(seed);
  options.shapes = shapes;
  options.intMax = given(intMax);
  options.rowStride = given(rowStride);
  options.target = target;
  options.fused = fused;
  options.allowTf32 = allowTf32;
  options.schedules = schedules;
  options.secondSweep = secondSweep;
  options.lanes = given(lanes);
  options.batchChunk = batchChunk;
  options.emulate.chip = chip;
  options.emulate.seed = schedule;
  options.emulate.check = checksAccesses;
  options.emulate.threads = threads.getNumOccurrences() ? threads : 0;
  options.emulate.checkOptions.checkOrder = checksOrder;
  options.emulate.checkOptions.count = !report.empty();
  options.emulatorReport = report;
  options.launchesOnly = launchesOnly;
  options.threads = given(threads);
  options.optLevel = optLevel;
  options.check = check;
  options.tolerance = given(tolerance);
  options.repeats = given(repeats);
  options.stagesDirectory = stagesDirectory;
  options.showsProgress = progress || sys::Process::StandardErrIsDisplayed();
  if (options.target == Target::Cpu)
    for (const cl::Option *option :
         std::initializer_list<const cl::Option *>{&chip, &allowTf32, &batchChunk})
      if (option->getNumOccurrences())
        return createStringError("--" + option->ArgStr + " is of no use with --target=cpu");
  if (options.target != Target::Cpu)
    for (const cl::Option *option : std::initializer_list<const cl::Option *>{&secondSweep, &lanes})
      if (option->getNumOccurrences())
        return createStringError("--" + option->ArgStr + " is of use only with --target=cpu");
  if (options.target != Target::Emulator)
    for (const cl::Option *option : std::initializer_list<const cl::Option *>{
             &schedule, &checksAccesses, &report, &launchesOnly})
      if (option->getNumOccurrences())
        return createStringError("--" + option->ArgStr + " is of use only with --target=emulator");
  if (!options.emulate.check && !options.emulatorReport.empty())
    return createStringError("--emulator-report needs --emulator-check");
  if (options.launchesOnly && (!options.seed || options.emulatorReport.empty()))
    return createStringError(
        "--emulator-launches-only needs --random-inputs and --emulator-report");
  if (options.launchesOnly && (options.check || options.repeats || !options.outputs.empty()))
    return createStringError("--check, --time and --output are of no use with "
                             "--emulator-launches-only, which computes nothing");
  if (Error failed = checkOptions(options))
    return std::move(failed);
  return options;
}
