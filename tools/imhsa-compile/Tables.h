//===- Tables.h - the tables of an artifact in LLVM IR -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_TABLES_H
#define IMHSA_TOOLS_IMHSA_COMPILE_TABLES_H

#include "tools/common/Images.h"
#include "tools/imhsa-compile/Functions.h"
#include "tools/imhsa-compile/Options.h"
#include "llvm/IR/Module.h"

namespace imhsa::compile {

/// What the tables are made of, but for compiled code.
struct Contents {
  Target target;
  std::string prefix;
  std::vector<FunctionInfo> functions;
  std::vector<std::string> kernels;
  std::vector<Image> images;
};

/// Completes `module`, the translated result of a pipeline, to what a program or a library links:
/// adds the tables of runtime/Artifact.h as PREFIX_artifact, for a library also under the name
/// IMHSA_ARTIFACT_SYMBOL, and for each function the one that C calls, and makes all other
/// definitions internal.
void addTables(llvm::Module &module, const Contents &contents, bool isLibrary);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_TABLES_H
