//===- Bufferize.h - one-shot bufferization of the operations -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_BUFFERIZE_H
#define IMHSA_DIALECT_BUFFERIZE_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace imhsa {

/// Attaches `BufferizableOpInterface` to the operations of the dialect: inputs
/// are read, `outs` is written and never read.
void registerBufferizationModels(mlir::DialectRegistry &registry);

} // namespace imhsa

#endif // IMHSA_DIALECT_BUFFERIZE_H
