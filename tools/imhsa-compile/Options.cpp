//===- Options.cpp - the command line of imhsa-compile --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Options.h"
#include "passes/binary/Chip.h"
#include "tools/imhsa-compile/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <optional>

using namespace llvm;
using namespace imhsa;
using namespace imhsa::compile;

static constexpr StringLiteral kOverview =
    R"(imhsa-compile: compile the public functions of an MLIR module ahead of time

  imhsa-compile attention.mlir -o libattention.so --header=attention.h
  imhsa-compile attention.mlir --target=cuda --chip=sm_80,sm_90a -o libattention.so

The library holds one function for each public func.func, called NAME_function, that takes DLPack
tensors and a stream; the header declares them. It needs nothing but the system's C and C++
libraries, and for CUDA a driver. Arguments and results are ranked tensors of f16, bf16, f32, f64,
i1, i8, i16, i32, i64 or index. Whatever goes wrong is said on stderr, and the exit code is then 1.
)";

static constexpr StringLiteral kTargets[] = {"cpu", "cuda"};
static constexpr StringLiteral kSecondSweeps[] = {"auto", "store", "recompute"};
static constexpr StringLiteral kEmits[] = {"ptx", "cubin", "llvm", "object", "library"};

// The value that `text` names, which is its place in `names`.
template <typename T>
static Error parseName(StringRef option, StringRef text, ArrayRef<StringLiteral> names, T &value) {
  const StringLiteral *found = llvm::find(names, text);
  if (found == names.end())
    return createStringError("--" + option + "=" + text + ": expected " +
                             join(names.drop_back(), ", ") + " or " + names.back());
  value = static_cast<T>(found - names.begin());
  return Error::success();
}

// What exported names start with, from the name of a file: libmy-attention.so gives my_attention.
static std::string makePrefix(StringRef path) {
  StringRef stem = sys::path::stem(path);
  stem.consume_front("lib");
  if (path == "-" || stem.empty())
    return "module";
  std::string prefix = stem.str();
  for (char &c : prefix)
    if (!isAlnum(c))
      c = '_';
  return isDigit(prefix.front()) ? "_" + prefix : prefix;
}

static Error checkOptions(const Options &options) {
  bool isHost = options.emit >= Emit::Llvm, isLibrary = options.emit == Emit::Library;
  StringRef emit = kEmits[static_cast<int>(options.emit)];
  if (options.target == Target::Cpu) {
    if (!isHost)
      return createStringError("--emit=" + emit +
                               " is for --target=cuda; for cpu expected llvm, object or library");
    if (!options.chips.empty() || !options.toolkit.empty() || options.lineInfo)
      return createStringError(
          "--chip, --toolkit and --line-info are of use only with --target=cuda");
    if (options.allowTf32)
      return createStringError("--allow-tf32 is of use only with --target=cuda");
    if (options.batchChunk)
      return createStringError("--batch-chunk is of use only with --target=cuda");
  }
  for (auto [index, chip] : enumerate(options.chips)) {
    if (Error failed = imhsa::checkChip(chip))
      return createStringError("--chip: " + toString(std::move(failed)));
    if (is_contained(ArrayRef(options.chips).take_front(index), chip))
      return createStringError("--chip: '" + chip + "' is there twice");
  }
  if (!isHost && options.chips.size() > 1)
    return createStringError("--emit=" + emit + ": expected one --chip, found " +
                             join(options.chips, ", ") + "; llvm, object and library take several");
  if (!isHost && !options.cpu.empty())
    return createStringError("--cpu is of use only with --emit=llvm, object or library");
  if (!options.triple.empty() && (!isHost || isLibrary))
    return createStringError("--triple is of use only with --emit=llvm or object");
  if (!isHost && !options.header.empty())
    return createStringError("--header is of use only with --emit=llvm, object or library");
  if (!isLibrary && (!options.runtime.empty() || !options.compiler.empty()))
    return createStringError("--runtime and --compiler are of use only with --emit=library");
  if (isLibrary && options.output == "-")
    return createStringError("-o -: a library cannot be written to stdout; expected a file such "
                             "as libattention.so");
  if (options.output == options.header && options.output != "-")
    return createStringError("-o and --header are the same file, " + options.output);
  for (const std::string &written : {options.output, options.header})
    if (sys::fs::equivalent(written, options.file))
      return createStringError("'" + written + "' is the source: expected another file to write");
  if (options.optLevel > 3)
    return createStringError("--opt-level=" + Twine(options.optLevel) + ": expected 0 to 3");
  if (options.batchChunk < 0)
    return createStringError("--batch-chunk=" + Twine(options.batchChunk) +
                             ": expected at least 0");
  if (!isIdentifier(options.prefix))
    return createStringError(
        "--prefix=" + options.prefix +
        ": expected a C identifier: letters, digits and _, and no digit first");
  if ((options.prefix + "_").rfind("imhsa_", 0) == 0)
    return createStringError("--prefix=" + options.prefix +
                             ": names that start with imhsa_ are those of the runtime; expected "
                             "another prefix, or another name of the file");
  return Error::success();
}

Expected<Options> imhsa::compile::parseOptions(int argc, char **argv) {
  // LLVM's libraries register options of their own, which are not for users of this program.
  cl::ResetCommandLineParser();

  static cl::OptionCategory category("imhsa-compile options");
  static cl::opt<std::string> file(cl::Positional, cl::Required, cl::cat(category),
                                   cl::desc("FILE.mlir (- is stdin)"));
  static cl::opt<std::string> output(
      "o", cl::value_desc("FILE"), cl::cat(category),
      cl::desc("Where to write; ptx and llvm go to stdout (-) by default.\nlibNAME.so gives the "
               "functions their prefix, NAME_"));
  static cl::opt<std::string> target("target", cl::value_desc("cpu|cuda"), cl::init("cpu"),
                                     cl::cat(category),
                                     cl::desc("Where the functions run; by default cpu"));
  static cl::opt<std::string> emit(
      "emit", cl::value_desc("ptx|cubin|llvm|object|library"), cl::init("library"),
      cl::cat(category),
      cl::desc("What to write:\n"
               "  ptx      the kernels for one chip, as text\n"
               "  cubin    the kernels for one chip, assembled by ptxas\n"
               "  llvm     the optimized LLVM IR of the object, as text\n"
               "  object   what a program links with libImhsaRuntime.a, and\n"
               "           opens with imhsa_open_embedded(&NAME_artifact, ...)\n"
               "  library  a shared library with the runtime inside (default)"));
  static cl::list<std::string> chips(
      "chip", cl::CommaSeparated, cl::value_desc("sm_80,sm_90a"), cl::cat(category),
      cl::desc("GPUs to compile kernels for, each a cubin if ptxas is\ninstalled, and PTX for "
               "newer ones; by default sm_80"));
  static cl::opt<std::string> toolkit(
      "toolkit", cl::value_desc("FOLDER"), cl::cat(category),
      cl::desc("The CUDA toolkit with bin/ptxas; by default from CUDA_ROOT,\nCUDA_HOME, CUDA_PATH, "
               "/usr/local/cuda or PATH"));
  static cl::opt<bool> fused(
      "fused", cl::init(true), cl::cat(category),
      cl::desc("Whether attentions are computed by kernels of their own\nwhere one serves them; by "
               "default they are"));
  static cl::opt<bool> allowTf32("allow-tf32", cl::cat(category),
                                 cl::desc("Kernels round what enters products of f32 to tf32"));
  static cl::opt<std::string> schedules(
      "schedules", cl::value_desc("stream,keys=32;..."), cl::cat(category),
      cl::desc("Schedules of these kernels instead of those that would be\nchosen: what stands in "
               "#imhsa.schedule<...>, with semicolons between"));
  static cl::opt<int64_t> batchChunk(
      "batch-chunk", cl::value_desc("N"), cl::init(0), cl::cat(category),
      cl::desc("On a GPU, batch elements that the kernels of one attention\ncompute before the "
               "next; by default what the least of the\nchips' second-level caches holds"));
  static cl::opt<std::string> secondSweep(
      "second-sweep", cl::value_desc("auto|store|recompute"), cl::init("auto"), cl::cat(category),
      cl::desc(
          "On the CPU, whether the exponentials of a first sweep over\nkeys are stored for a "
          "second, where heads are mixed after the\nsoftmax; by default at most 48 MiB of them"));
  static cl::opt<bool> lineInfo(
      "line-info", cl::cat(category),
      cl::desc("Kernels keep the lines of the source, for profilers and\nsanitizers: .loc in PTX"));
  static cl::opt<std::string> cpu(
      "cpu", cl::value_desc("x86-64-v3|native|NAME"), cl::cat(category),
      cl::desc("Oldest processor that the code of the host runs on, as LLVM\nnames it, or native: "
               "this one; by default x86-64-v3. Older\nones do not load the library"));
  static cl::opt<std::string> triple(
      "triple", cl::value_desc("aarch64-linux-gnu"), cl::cat(category),
      cl::desc("The system that the code of the host is for, x86-64 or AArch64\nwith Linux; by "
               "default this one. With it only --emit=llvm and\nobject"));
  static cl::opt<std::string> header("header", cl::value_desc("FILE.h"), cl::cat(category),
                                     cl::desc("Also write a C and C++ header"));
  static cl::opt<std::string> prefix(
      "prefix", cl::value_desc("NAME"), cl::cat(category),
      cl::desc("What the names of functions start with; by default from -o"));
  static cl::opt<unsigned> optLevel("opt-level", cl::value_desc("0..3"), cl::init(3),
                                    cl::cat(category),
                                    cl::desc("How hard LLVM optimizes; by default 3"));
  static cl::opt<std::string> runtime(
      "runtime", cl::value_desc("FILE.a"), cl::cat(category),
      cl::desc(
          "The runtime to link; by default ../lib/libImhsaRuntime.a,\nseen from this program"));
  static cl::opt<std::string> compiler(
      "compiler", cl::value_desc("PROGRAM"), cl::cat(category),
      cl::desc("The C or C++ compiler that links; by default c++, cc, g++,\ngcc, clang++ or clang, "
               "the first that is installed"));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  Options options;
  options.file = file;
  if (Error failed = parseName("target", target, kTargets, options.target))
    return std::move(failed);
  if (Error failed = parseName("emit", emit, kEmits, options.emit))
    return std::move(failed);
  options.output = output;
  if (options.output.empty()) {
    if (options.emit != Emit::Ptx && options.emit != Emit::Llvm)
      return createStringError("expected -o FILE: " + emit + " is nothing to read on a terminal");
    options.output = "-";
  }
  options.header = header;
  options.prefix = prefix.getNumOccurrences()
                       ? prefix.getValue()
                       : makePrefix(options.output == "-" ? options.file : options.output);
  options.chips.assign(chips.begin(), chips.end());
  options.toolkit = toolkit;
  options.triple = triple;
  options.cpu = cpu;
  options.runtime = runtime;
  options.compiler = compiler;
  options.optLevel = optLevel;
  options.fused = fused;
  options.allowTf32 = allowTf32;
  options.schedules = schedules;
  options.batchChunk = batchChunk;
  if (Error failed = parseName("second-sweep", secondSweep, kSecondSweeps, options.secondSweep))
    return std::move(failed);
  if (options.target != Target::Cpu && secondSweep.getNumOccurrences())
    return createStringError("--second-sweep is of use only with --target=cpu");
  options.lineInfo = lineInfo;
  if (Error failed = checkOptions(options))
    return std::move(failed);
  if (options.target == Target::Cuda && options.chips.empty())
    options.chips = {"sm_80"};
  return options;
}
