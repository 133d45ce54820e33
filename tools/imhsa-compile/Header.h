//===- Header.h - the C header of compiled functions -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_HEADER_H
#define IMHSA_TOOLS_IMHSA_COMPILE_HEADER_H

#include "tools/imhsa-compile/Functions.h"
#include "tools/imhsa-compile/Options.h"

namespace imhsa::compile {

/// Writes a header for C99 and C++ that declares and documents what `functions` are for C, and
/// PREFIX_artifact.
void printHeader(llvm::raw_ostream &os, llvm::ArrayRef<FunctionInfo> functions,
                 const Options &options);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_HEADER_H
