//===- BatchGroup.h - operations, batch element by batch element -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_BATCHGROUP_H
#define IMHSA_PASSES_KERNEL_BATCHGROUP_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace imhsa {

/// Whether `op` may stand between operations that are moved to the last of them: it touches no
/// memory. What `imhsa-compile` asserts of sizes, it asserts before the launch.
bool touchesNoMemory(mlir::Operation *op);

/// Operands with a batch dimension, and which that is.
using BatchDims = llvm::MapVector<mlir::Value, unsigned>;

/// Fused operations on memrefs, one after the other, that may go through the batch together: what
/// one of them needs of another is of the same batch element.
class BatchGroup {
public:
  /// Adds an operation; fails, and adds nothing, where with it a batch element would depend on
  /// others, or where that is not known.
  mlir::LogicalResult add(mlir::Operation *op);

  llvm::ArrayRef<mlir::Operation *> getOperations() const { return operations; }
  const BatchDims &getBatched() const { return batched; }

  /// Whether memrefs that they share tell that all have the same batch.
  bool isOfOneBatch() const;

  /// What more than one operation reads and none writes, but for what they write themselves.
  llvm::SmallVector<mlir::Value> getReadAgain() const;

private:
  llvm::DenseSet<mlir::Value> getWritten() const;
  bool isIndependent() const;

  llvm::SmallVector<mlir::Operation *> operations;
  /// Of each operation, and of all.
  llvm::SmallVector<BatchDims> batchedOf;
  BatchDims batched;
  /// Without a batch dimension; every batch element needs them whole.
  llvm::SetVector<mlir::Value> whole;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_BATCHGROUP_H
