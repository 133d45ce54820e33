//===- PointBuilder.h - one point of a linalg operation --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_KERNEL_POINTBUILDER_H
#define IMHSA_PASSES_KERNEL_POINTBUILDER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace imhsa {

/// Writes what one thread does for one point of the parallel dimensions of an operation on buffers.
class PointBuilder {
public:
  /// `sizes` are those of its loops and have to stay.
  PointBuilder(mlir::linalg::LinalgOp op, llvm::ArrayRef<mlir::Value> sizes);

  /// The number of points.
  mlir::Value buildCount(mlir::OpBuilder &b);
  /// The work of the point with the number `point`.
  void buildPoint(mlir::OpBuilder &b, mlir::Value point);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  using Body = llvm::function_ref<Values(mlir::OpBuilder &, mlir::ValueRange)>;

  /// Loops over `dims` around `body` that carry `carried`; their results.
  Values buildLoops(mlir::OpBuilder &b, llvm::ArrayRef<unsigned> dims, mlir::ValueRange carried,
                    Body body);
  /// Where the current point finds its element of the buffer `operand`.
  Values buildIndices(mlir::OpBuilder &b, mlir::OpOperand &operand);
  /// The current point's element of `operand`: of a buffer, or a scalar itself.
  mlir::Value buildLoad(mlir::OpBuilder &b, mlir::OpOperand &operand);
  /// The results of the operation's body at the current point, from the outputs so far.
  Values buildPayload(mlir::OpBuilder &b, mlir::ValueRange outputs);

  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  /// The dimensions of the operation, each in one of three:
  /// Spread over threads. Those of the first result come in its order, so that neighbouring threads
  /// write neighbouring elements.
  llvm::SmallVector<unsigned> parallel;
  /// Loops of a thread that select elements of a result (rare: reductions that index an output),
  /// then those that add to one element.
  llvm::SmallVector<unsigned> outer, inner;
  llvm::ArrayRef<mlir::Value> sizes;
  /// The current point, by dimension of the operation.
  Values indices;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_POINTBUILDER_H
