//===- Names.h - what functions and their tensors are called -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_NAMES_H
#define IMHSA_TOOLS_IMHSA_COMPILE_NAMES_H

#include "llvm/ADT/StringRef.h"

namespace imhsa::compile {

/// Whether `name` has the form of an identifier in C, C++ and Python: ASCII letters, digits and _,
/// no digit first.
bool isIdentifier(llvm::StringRef name);

/// The language that has `name` as a keyword ("C", "C++", "Python"), or in whose headers it is
/// commonly a macro; empty if there is none.
llvm::StringRef keywordLanguage(llvm::StringRef name);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_NAMES_H
