//===- Options.h - the command line of imhsa-run -----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_OPTIONS_H
#define IMHSA_TOOLS_IMHSA_RUN_OPTIONS_H

#include "passes/Passes.h"
#include "passes/emulate/Emulate.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace imhsa::run {

enum class Target { Cpu, Emulator, Cuda };

/// What the command line says; `--help` says what it means.
struct Options {
  std::string file;
  std::string entry;                ///< empty: the only public function
  std::vector<std::string> inputs;  ///< paths
  std::vector<std::string> outputs; ///< paths
  std::optional<uint64_t> seed;     ///< of random inputs
  std::vector<std::string> shapes;  ///< of random inputs
  std::optional<int64_t> intMax;    ///< largest random integer
  std::optional<int64_t> rowStride; ///< of inputs and outputs; contiguous by default
  Target target = Target::Cpu;
  bool fused = true;            ///< attentions by kernels of their own where one serves them
  std::string schedules;        ///< of these kernels, see imhsa-schedule
  bool allowTf32 = false;       ///< in fused kernels of a GPU on f32
  SecondSweep secondSweep;      ///< in kernels of the CPU
  std::optional<int64_t> lanes; ///< of their vectors
  int64_t batchChunk = 0;       ///< of launches, see imhsa-lower-to-gpu
  EmulateOptions emulate;       ///< for the emulator
  std::string emulatorReport;   ///< empty: none is written
  bool launchesOnly = false;    ///< the emulator runs no kernel
  std::optional<unsigned> threads;
  unsigned optLevel = 3; ///< LLVM's, 0 to 3
  bool check = false;
  std::optional<double> tolerance; ///< of the check
  std::optional<unsigned> repeats; ///< of timed calls
  std::string stagesDirectory;     ///< empty: stages are not saved
  bool showsProgress = false;
};

/// Parses the command line; for `--help`, and for options that do not exist or do not parse, prints
/// and ends the process. An error names an option whose value or company makes no sense.
llvm::Expected<Options> parseOptions(int argc, char **argv);

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_OPTIONS_H
