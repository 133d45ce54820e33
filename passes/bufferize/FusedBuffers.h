//===- FusedBuffers.h - the buffers that fused kernels ask for -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BUFFERIZE_FUSEDBUFFERS_H
#define IMHSA_PASSES_BUFFERIZE_FUSEDBUFFERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace imhsa {

/// Fused kernels read and write rows as vectors. What a slice with a step in its last dimension
/// makes otherwise, they get as a copy. Of a function on memrefs.
void packRows(mlir::func::FuncOp function);

/// Gives each fused kernel with more than one split the buffers that it needs, as `scratch`.
void allocateScratch(mlir::func::FuncOp function);

} // namespace imhsa

#endif // IMHSA_PASSES_BUFFERIZE_FUSEDBUFFERS_H
