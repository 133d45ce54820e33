//===- Options.h - the command line of imhsa-emulate -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_EMULATE_OPTIONS_H
#define IMHSA_TOOLS_IMHSA_EMULATE_OPTIONS_H

#include "runtime/emulator/Finding.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace imhsa::emulate {

/// What the command line says; `--help` says what it means.
struct Options {
  std::string file;
  std::string kernel; ///< empty: the only one
  emulator::Dim3 grid, block;
  uint64_t sharedBytes = 0;
  std::string chip;
  std::vector<std::string> arguments;
  uint64_t seed = 0;
  unsigned threads = 0;
  unsigned optLevel = 0;
  bool check = true;
  std::string report; ///< a path; empty: none
};

/// Parses the command line; for `--help`, and for options that do not exist or do not parse, prints
/// and ends the process. An error names an option whose value makes no sense.
llvm::Expected<Options> parseOptions(int argc, char **argv);

} // namespace imhsa::emulate

#endif // IMHSA_TOOLS_IMHSA_EMULATE_OPTIONS_H
