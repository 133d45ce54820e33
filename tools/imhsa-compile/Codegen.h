//===- Codegen.h - LLVM IR of the host, optimized and compiled ---*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_CODEGEN_H
#define IMHSA_TOOLS_IMHSA_COMPILE_CODEGEN_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace imhsa::compile {

/// Names the processor of this system.
inline constexpr llvm::StringLiteral kNative = "native";

/// The machine for position-independent code of the system `triple`, x86-64 or AArch64 with Linux,
/// or if that is empty of this one; on `cpu`: a name that LLVM knows, "native" for this processor,
/// or empty for x86-64-v3 (on AArch64, generic). An unknown name is an error that lists the known
/// ones.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(llvm::StringRef triple, llvm::StringRef cpu, unsigned optLevel);

/// Optimizes `module` for `machine`.
llvm::Error optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// The object file of `module`.
llvm::Expected<llvm::SmallVector<char, 0>> compileToObject(llvm::Module &module,
                                                           llvm::TargetMachine &machine);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_CODEGEN_H
