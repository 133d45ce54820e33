//===- Sizes.h - sizes computed elsewhere than they are used --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BUFFERIZE_SIZES_H
#define IMHSA_PASSES_BUFFERIZE_SIZES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace imhsa {

/// Computes sizes anew at another place of the program, from what is known there.
class SizeComputer {
public:
  /// Gives the value that stands for `value` at the new place, or null.
  using KnownFn = std::function<mlir::Value(mlir::Value value)>;

  /// New operations go where `builder` stands.
  SizeComputer(mlir::OpBuilder builder, KnownFn known)
      : builder(builder), known(std::move(known)) {}

  /// The same value at the new place: clones the computation of `size`, pure
  /// operations on scalars and dimensions of known tensors or memrefs. Null if it
  /// depends on anything else.
  mlir::Value exact(mlir::Value size);

  /// As `exact`, but where `size` depends on something that is not known, such
  /// as the position of a tile, the bound that holds for all of them. Null if no
  /// bound is found. With `preferConstant` a constant bound comes before the exact
  /// value. Only for a place at which known values stand for themselves.
  mlir::Value upperBound(mlir::Value size, bool preferConstant);

  mlir::OpBuilder &getBuilder() { return builder; }

private:
  /// `value` may be a scalar, or a tensor or memref whose dimension is taken.
  mlir::Value lookup(mlir::Value value);

  mlir::OpBuilder builder;
  KnownFn known;
  mlir::IRMapping done;
};

/// The dimensions of the tensors `values`, one after the other, as index values in
/// front of `anchor`, in terms of dimensions of the arguments of its block as far as
/// the interfaces of the operations allow.
llvm::SmallVector<mlir::Value> resolveDims(mlir::Operation *anchor, mlir::ValueRange values);

} // namespace imhsa

#endif // IMHSA_PASSES_BUFFERIZE_SIZES_H
