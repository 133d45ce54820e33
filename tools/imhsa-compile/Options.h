//===- Options.h - the command line of imhsa-compile -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_OPTIONS_H
#define IMHSA_TOOLS_IMHSA_COMPILE_OPTIONS_H

#include "passes/Passes.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace imhsa::compile {

enum class Target { Cpu, Cuda };

/// What is written, in the order in which it is made.
enum class Emit { Ptx, Cubin, Llvm, Object, Library };

/// What the command line says; `--help` says what it means.
struct Options {
  std::string file;
  std::string output;
  std::string header; ///< empty: none is written
  /// What exported names start with: a C identifier.
  std::string prefix;
  Target target = Target::Cpu;
  Emit emit = Emit::Library;
  std::vector<std::string> chips; ///< for CUDA; at least one
  std::string toolkit;            ///< folder of the CUDA toolkit; empty: where it usually is
  std::string triple;             ///< of the host; empty: this system's
  std::string cpu;                ///< of the host; empty: the default
  std::string runtime;            ///< path of libImhsaRuntime.a; empty: beside the tool
  std::string compiler;           ///< that links; empty: the system's
  unsigned optLevel = 3;          ///< LLVM's, 0 to 3
  bool fused = true;              ///< attentions by kernels of their own where one serves them
  std::string schedules;          ///< of these kernels, see imhsa-schedule
  bool allowTf32 = false;         ///< in fused kernels of a GPU on f32
  int64_t batchChunk = 0;         ///< of launches, see imhsa-lower-to-gpu
  SecondSweep secondSweep;        ///< in kernels of the CPU
  bool lineInfo = false;          ///< kernels keep the lines of the source
};

/// Parses the command line; for `--help`, and for options that do not exist or do not parse, prints
/// and ends the process. An error names an option whose value or company makes no sense.
llvm::Expected<Options> parseOptions(int argc, char **argv);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_OPTIONS_H
