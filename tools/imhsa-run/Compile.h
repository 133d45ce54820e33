//===- Compile.h - from a module on tensors to a compiled function -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_COMPILE_H
#define IMHSA_TOOLS_IMHSA_RUN_COMPILE_H

#include "tools/imhsa-run/Options.h"
#include "tools/imhsa-run/Program.h"

namespace imhsa::run {

/// The function of `module` called `name`, or if that is empty the only public one, if it can be
/// run: it has a body, and its arguments and results are ranked tensors of types that `formatOf`
/// knows. The error says what else there is.
llvm::Expected<mlir::func::FuncOp> findEntry(mlir::ModuleOp module, llvm::StringRef name);

/// Writes the IR after every stage of the target's pipeline into the directory for stages, which is
/// made where it is missing: 00-parsed.mlir, 01-decompose.mlir and so on.
llvm::Error saveStages(mlir::func::FuncOp entry, const Options &options);

/// Compiles the module of `entry`, which stays as it is, without its other public functions, for
/// the target of `options`. Diagnostics go to the context's handler.
llvm::Expected<Program> compile(mlir::func::FuncOp entry, const Options &options);

/// Likewise, but for the CPU, in float64, and by another way: landmark attention is split into two
/// exact ones by its definition, without decomposing, reordering and fusing. Takes f64 where
/// `entry` takes floats.
llvm::Expected<Program> compileReference(mlir::func::FuncOp entry, unsigned optLevel);

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_COMPILE_H
