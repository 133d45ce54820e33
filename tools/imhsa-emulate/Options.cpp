//===- Options.cpp - the command line of imhsa-emulate --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-emulate/Options.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace imhsa::emulate;
using imhsa::emulator::Dim3;

static constexpr StringLiteral kOverview =
    R"(imhsa-emulate: run one GPU kernel on the CPU, and check what it does

FILE holds a gpu.module with the kernel: a gpu.func, or an llvm.func with nvvm.kernel, in gpu, memref,
scf, arith, vector, nvvm and llvm. The first module that has the kernel counts.

There is one --arg for each parameter of the kernel, in order:

  in:PATH.npy             a pointer to an array that may only be read
  inout:PATH.npy:OUT.npy  a pointer to an array; what it is after the run is written to OUT.npy
  out:PATH.npy:TYPE:SHAPE a pointer to an array of bytes 0xFF, which is written after the run;
                          TYPE is f16, bf16, f32, f64, i1, i8, i16, i32 or i64, SHAPE as in 16x8
  i32:V  i64:V  f32:V     a number

bf16 is uint16 in files. A parameter of a gpu.func that is a memref takes an array of its rank.
What is found in the kernel, and whatever goes wrong, is said on stderr, and the exit code is then 1.
)";

// "4", "4,2" or "4,2,1".
static Expected<Dim3> parseSizes(StringRef option, StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  uint32_t sizes[3] = {1, 1, 1};
  bool isValid = parts.size() <= 3;
  for (size_t i = 0; isValid && i < parts.size(); ++i)
    isValid = !parts[i].getAsInteger(10, sizes[i]);
  if (!isValid)
    return createStringError("--" + option + "=" + text + ": expected X[,Y[,Z]]");
  return Dim3{sizes[0], sizes[1], sizes[2]};
}

Expected<Options> imhsa::emulate::parseOptions(int argc, char **argv) {
  // LLVM's libraries register options of their own: they are not for users of this program.
  cl::ResetCommandLineParser();

  static cl::OptionCategory category("imhsa-emulate options");
  static cl::opt<std::string> file(cl::Positional, cl::Required, cl::cat(category),
                                   cl::desc("FILE.mlir (- is stdin)"));
  static cl::opt<std::string> kernel("kernel", cl::value_desc("NAME"), cl::cat(category),
                                     cl::desc("Kernel to run; by default the only one"));
  static cl::opt<std::string> grid("grid", cl::value_desc("X[,Y[,Z]]"), cl::init("1"),
                                   cl::cat(category), cl::desc("Blocks of the grid"));
  static cl::opt<std::string> block("block", cl::value_desc("X[,Y[,Z]]"), cl::init("1"),
                                    cl::cat(category), cl::desc("Threads of a block"));
  static cl::opt<uint64_t> shared("shared", cl::value_desc("BYTES"), cl::init(0), cl::cat(category),
                                  cl::desc("Dynamic shared memory of a block"));
  static cl::opt<std::string> chip("chip", cl::value_desc("sm_80"), cl::init("sm_80"),
                                   cl::cat(category),
                                   cl::desc("Whose limits and instructions count"));
  static cl::list<std::string> arguments("arg", cl::value_desc("SPEC"), cl::cat(category),
                                         cl::desc("An argument, see above"));
  static cl::opt<uint64_t> seed(
      "seed", cl::value_desc("N"), cl::init(0), cl::cat(category),
      cl::desc("Chooses in which order lanes and warps run; the same again for the same N"));
  static cl::opt<unsigned> threads(
      "threads", cl::value_desc("N"), cl::init(0), cl::cat(category),
      cl::desc("Threads of the host, at most 64; by default one a processor"));
  static cl::opt<unsigned> optLevel("opt-level", cl::value_desc("0..3"), cl::init(0),
                                    cl::cat(category), cl::desc("How hard LLVM optimizes"));
  static cl::opt<bool> check(
      "check", cl::init(true), cl::cat(category),
      cl::desc("Check accesses and their order, and count; by default true. With\nfalse, a wrong "
               "kernel may crash this program"));
  static cl::opt<std::string> report("report", cl::value_desc("FILE.json"), cl::cat(category),
                                     cl::desc("Write findings and counters there"));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  Options options;
  options.file = file;
  options.kernel = kernel;
  options.sharedBytes = shared;
  options.chip = chip;
  options.arguments = arguments;
  options.seed = seed;
  options.threads = threads;
  options.optLevel = optLevel;
  options.check = check;
  options.report = report;
  if (options.optLevel > 3)
    return createStringError("--opt-level=" + Twine(options.optLevel) + ": expected 0 to 3");
  if (threads.getNumOccurrences() && options.threads == 0)
    return createStringError("--threads=0: expected at least 1");
  Expected<Dim3> gridSizes = parseSizes("grid", grid);
  if (!gridSizes)
    return gridSizes.takeError();
  options.grid = *gridSizes;
  Expected<Dim3> blockSizes = parseSizes("block", block);
  if (!blockSizes)
    return blockSizes.takeError();
  options.block = *blockSizes;
  return options;
}
