//===- DistinctBuffers.h - memrefs that do not alias ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_DISTINCTBUFFERS_H
#define IMHSA_PASSES_KERNEL_DISTINCTBUFFERS_H

#include "mlir/IR/Region.h"
#include "llvm/ADT/DenseSet.h"
#include <optional>

namespace imhsa {

/// The buffer that `memref` is part of: an allocation, a constant, an argument of an entry
/// function, or a temporary in the workspace. Null if that is not known.
mlir::Value getBuffer(mlir::Value memref);

/// The buffers that operations in `body` write; none if it is not known what they write.
std::optional<llvm::DenseSet<mlir::Value>> findWrittenBuffers(mlir::Region &body);

/// Those of the memrefs `captured` by `body` whose memory, while the body runs, is
/// either not reached through another of them or not written. Relies on what
/// `imhsa-bufferize` promises: of the arguments of a function with a C interface, only
/// those that are not written may overlap, and the temporaries in its workspace do not.
llvm::DenseSet<mlir::Value> findDistinctBuffers(mlir::Region &body,
                                                llvm::ArrayRef<mlir::Value> captured);

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_DISTINCTBUFFERS_H
