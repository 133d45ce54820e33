//===- Sizes.h - sizes of dimensions that types leave open ----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_ANALYZE_SIZES_H
#define IMHSA_PASSES_ANALYZE_SIZES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SetVector.h"

namespace imhsa {

/// A dimension of a ranked tensor or memref.
using Dim = std::pair<mlir::Value, unsigned>;

/// Numbers for the dimensions of the values of one function. A dimension that is
/// `?` in the type is computed from the function's arguments, through the
/// operations in between. A dimension of an argument is what the caller says, or
/// its `imhsa.size_hint`, or what an operation says that it equals (queries and
/// result have one N), or else a default. Hints and defaults are noted.
class Sizes {
public:
  /// What an unknown dimension is taken to be: `batch` for the first of three or
  /// more dimensions, `size` for all others.
  struct Defaults {
    int64_t batch = 1, size = 4096;
  };
  /// Something that was not known, and what it was taken to be.
  struct Assumption {
    std::string what;
    int64_t size;
    bool hinted; ///< by `imhsa.size_hint`; otherwise it is a default
  };

  /// `argumentShapes` is empty, or has a shape for every argument: its sizes, or
  /// nothing for what is not a tensor or memref. The function is copied, and may
  /// change while this lives; only values that it has now can be asked for.
  Sizes(mlir::func::FuncOp function, Defaults defaults,
        mlir::ArrayRef<mlir::SmallVector<int64_t>> argumentShapes = {});

  /// The size of a dimension; 0 if there is no such dimension.
  int64_t of(mlir::Value value, unsigned dim);

  /// The bytes of a ranked tensor or memref without padding; its elements are
  /// whole bytes.
  double bytesOf(mlir::Value value);

  /// How often `op` is executed in one call of the function: the product of the
  /// trips of the loops around it. A loop without known bounds counts once, and
  /// that is noted.
  double executionsOf(mlir::Operation *op);

  /// Everything that was assumed so far, in the order of first use.
  mlir::ArrayRef<Assumption> getAssumptions() const { return assumptions; }

private:
  // A number, if it can be told, and the dimensions that were assumed for it.
  struct Answer {
    std::optional<int64_t> size;
    bool guessed = false; // some of them are defaults, not hints
    llvm::SmallSetVector<Dim, 1> assumed = {};
  };
  bool isArgument(Dim dim);
  Answer resolve(Dim dim, unsigned depth);
  bool unify(mlir::ArrayRef<Dim> equal, bool guess);
  Answer resolveArgument(Dim dim);
  Answer resolveResult(Dim dim, unsigned depth);
  Answer evaluate(mlir::OpFoldResult index, unsigned depth);
  Answer evaluateUncached(mlir::Value index, unsigned depth);
  double tripsOf(mlir::Operation *loop);
  void note(const Answer &answer);
  void note(Assumption assumption);

  // Sizes are computed in a copy, since asking an operation for the shape of its
  // result makes operations.
  mlir::IRMapping toCopy;
  mlir::OwningOpRef<mlir::func::FuncOp> copy;
  Defaults defaults;
  mlir::SmallVector<mlir::SmallVector<int64_t>> argumentShapes;
  llvm::DenseMap<Dim, Answer> unified; // dimensions of arguments that equal others
  llvm::DenseMap<Dim, Answer> dims;
  llvm::DenseMap<mlir::Value, Answer> indices;
  mlir::SmallVector<Assumption> assumptions;
};

/// For each loop of a linalg operation, the dimensions of operands that it runs over.
mlir::SmallVector<mlir::SmallVector<Dim>> loopDims(mlir::linalg::LinalgOp op);

/// The bytes of one element of a tensor or memref, or of a scalar.
double elementBytes(mlir::Value value);

} // namespace imhsa

#endif // IMHSA_PASSES_ANALYZE_SIZES_H
