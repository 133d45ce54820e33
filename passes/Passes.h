//===- Passes.h - the passes and pipelines of imhsa -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_PASSES_H
#define IMHSA_PASSES_PASSES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CommandLine.h"

namespace imhsa {

/// How `imhsa-tile` cuts attention cores into tiles.
enum class TileLoops {
  /// `scf.forall`: tiles run in parallel on the threads of the host.
  Parallel,
  /// `scf.for`: one tile after the other, each parallel within itself.
  Sequential
};

/// What the second sweep over keys does for the weights, where heads are mixed after the softmax.
enum class SecondSweep {
  /// Takes what the first has stored, as much as has room in 48 MiB for a block of queries if that
  /// is at least half of all, of a number of keys that types tell.
  Auto,
  /// Takes what the first has stored.
  Store,
  /// Computes it again.
  Recompute
};

/// The same as values of an option.
inline llvm::cl::ValuesClass secondSweeps() {
  return llvm::cl::values(
      clEnumValN(SecondSweep::Auto, "auto",
                 "store as much as has room in 48 MiB, if that is half or more"),
      clEnumValN(SecondSweep::Store, "store", "store it in the workspace"),
      clEnumValN(SecondSweep::Recompute, "recompute", "compute it again"));
}

/// What kernels may be compiled to, as values of an option.
inline llvm::cl::ValuesClass binaryFormats() {
  using mlir::gpu::CompilationTarget;
  return llvm::cl::values(
      clEnumValN(CompilationTarget::Assembly, "isa", "PTX"),
      clEnumValN(CompilationTarget::Binary, "bin", "a cubin, by ptxas"),
      clEnumValN(CompilationTarget::Fatbin, "fatbin", "PTX and a cubin, by ptxas and fatbinary"),
      clEnumValN(CompilationTarget::Offload, "llvm", "LLVM bitcode"));
}

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

/// Registers how operations become LLVM IR and PTX: what stage 7 needs.
void registerTranslations(mlir::DialectRegistry &registry);

} // namespace imhsa

#endif // IMHSA_PASSES_PASSES_H
