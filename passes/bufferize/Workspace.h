//===- Workspace.h - temporaries placed in the workspace ------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BUFFERIZE_WORKSPACE_H
#define IMHSA_PASSES_BUFFERIZE_WORKSPACE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace imhsa {

/// The name of the function of the sizes of an entry ends so.
inline constexpr llvm::StringLiteral kSizesSuffix = "_sizes";

/// What `placeTemporaries` did.
struct Placement {
  /// Bytes of workspace that the function needs, as an index value at the start of it.
  mlir::Value workspaceBytes;
  int64_t numWorkspaceBuffers = 0;
  int64_t numParallelBuffers = 0;
};

/// Replaces every `memref.alloc` of a bufferized entry function.
///
/// Outside parallel loops: a `memref.view` of the function's last argument, the
/// workspace, at offsets that are multiples of `alignment`. No two of them
/// overlap. A buffer in a sequential loop serves all iterations.
///
/// Inside `scf.forall` and `scf.parallel`: one allocation at the start of the
/// loop's body and its deallocation at the end.
///
/// A buffer whose size depends on the position in a loop gets the upper bound of
/// it; where there is none, or where a size depends on data, that is an error.
mlir::FailureOr<Placement> placeTemporaries(mlir::func::FuncOp function, int64_t alignment);

/// As above, and `sizes`, the function of its sizes, gets to write the bytes of workspace.
mlir::FailureOr<Placement> placeInWorkspace(mlir::func::FuncOp function, mlir::func::FuncOp sizes,
                                            int64_t alignment);

/// An error of the pass `pass` if `alignment`, its option workspace-alignment, is no power of two.
mlir::LogicalResult checkAlignment(mlir::Operation *op, llvm::StringRef pass, int64_t alignment);

} // namespace imhsa

#endif // IMHSA_PASSES_BUFFERIZE_WORKSPACE_H
