//===- Link.h - from an object file to a shared library ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_LINK_H
#define IMHSA_TOOLS_IMHSA_COMPILE_LINK_H

#include "tools/imhsa-compile/Options.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace imhsa::compile {

/// The shared library that holds `object` and the runtime, with the trailer of runtime/Artifact.h.
/// Exports PREFIX_*, the library's artifact and what runtime/imhsa.h declares. It is an error if
/// there is no runtime, no compiler that links, or if that fails; the linker's own messages go to
/// stderr.
llvm::Expected<llvm::SmallVector<char, 0>> linkLibrary(llvm::ArrayRef<char> object,
                                                       const Options &options);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_LINK_H
