//===- TileBuilder.h - verbs for CPU kernels ------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A kernel for the CPU is loops over tiles of memrefs, and in a tile vectors of f32.
// The verbs here say what happens to a tile; a kernel then reads as its algorithm.

#ifndef IMHSA_PASSES_KERNEL_CPU_TILEBUILDER_H
#define IMHSA_PASSES_KERNEL_CPU_TILEBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace imhsa::cpu {

/// Lanes of a vector of f32 that every processor is given: LLVM splits them where it has fewer.
/// Rows are a whole number of them.
inline constexpr int64_t kLanes = 8;

/// The least number of whole vectors that `size` elements fit in, in elements.
inline int64_t padToVectors(int64_t size) { return llvm::alignTo(size, kLanes); }

class TileBuilder {
public:
  /// Builds in a function, where `builder` stands, for a processor with vectors of `lanes` lanes,
  /// 8 or 16.
  TileBuilder(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes);

  mlir::OpBuilder &builder() { return b; }
  mlir::Location getLoc() const { return loc; }

  //===--- Sizes and positions, of type index ------------------------------===//
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, int64_t rhs) { return add(lhs, index(rhs)); }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs) { return mul(lhs, index(rhs)); }
  mlir::Value floorDiv(mlir::Value lhs, mlir::Value rhs);
  mlir::Value floorDiv(mlir::Value lhs, int64_t rhs) { return floorDiv(lhs, index(rhs)); }
  mlir::Value ceilDiv(mlir::Value lhs, int64_t rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value isEqual(mlir::Value lhs, mlir::Value rhs);
  mlir::Value isLess(mlir::Value lhs, mlir::Value rhs);
  /// The size of a dimension of a memref, a constant where its type has it.
  mlir::Value dim(mlir::Value memref, unsigned dimension);

  /// Element `batch` of the integers `lengths`, clamped to [0, most].
  mlir::Value clampedLength(mlir::Value lengths, mlir::Value batch, mlir::Value most);

  //===--- Control flow -----------------------------------------------------===//
  using Body = llvm::function_ref<void(mlir::Value position)>;
  void loop(mlir::Value begin, mlir::Value end, mlir::Value step, Body body);
  void loop(mlir::Value begin, mlir::Value end, int64_t step, Body body) {
    loop(begin, end, index(step), body);
  }
  void loop(mlir::Value count, Body body) { loop(index(0), count, 1, body); }
  void either(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);
  /// A loop that carries values from one iteration to the next; the body gives the next ones.
  llvm::SmallVector<mlir::Value>
  carry(mlir::Value begin, mlir::Value end, int64_t step, mlir::ValueRange first,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  /// Iterations on any threads, in any order. `work` is about how many elements an iteration
  /// computes, 0 for many: where all together are few, one thread does them.
  void parallel(llvm::ArrayRef<mlir::Value> counts,
                llvm::function_ref<void(mlir::ValueRange positions)> body, int64_t work = 0);
  /// Ranges of whole vectors over [0, size) and narrower ones at the end; `body` gets the
  /// first column and the width of each.
  void columns(int64_t size, llvm::function_ref<void(mlir::Value, int64_t width)> body);

  //===--- Memory -----------------------------------------------------------===//
  /// Memory for the time of a parallel iteration, or of the function, on the stack; once, also
  /// where it is used in a loop.
  mlir::Value scratch(llvm::ArrayRef<int64_t> shape);
  /// Memory for the time of the function, in its workspace; `sizes` are of type index.
  mlir::Value workspace(llvm::ArrayRef<mlir::Value> sizes);
  /// The part of `memref` at `offsets` of these sizes, without the dimensions whose size is null,
  /// of which it has one index.
  mlir::Value view(mlir::Value memref, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                   llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// As above: one index of each of the leading dimensions, and the others whole.
  mlir::Value inner(mlir::Value memref, llvm::ArrayRef<mlir::Value> leading);
  /// Elements as f32, whatever float type they are stored in; a store rounds. A width of 0 is one
  /// element, as everywhere.
  mlir::Value load(mlir::Value memref, mlir::ValueRange position, int64_t width);
  mlir::Value loadScalar(mlir::Value memref, mlir::ValueRange position);
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange position);
  /// Fetches row `row`, or the last one, of `matrix` into the second-level cache.
  void prefetchRow(mlir::Value matrix, mlir::Value row, bool forWrite = false);
  /// `matrix` [rows, width] itself where it is f32, otherwise a copy of it in f32; at most
  /// `mostRows` rows.
  mlir::Value asF32(mlir::Value matrix, int64_t mostRows);
  /// Sets the f32 `row` [columns] to `value`.
  void fill(mlir::Value row, double value);

  //===--- f32 and vectors of it --------------------------------------------===//
  mlir::Value real(double value, int64_t width = 0);
  mlir::Value toReal(mlir::Value index);
  /// A float or a vector of them as f32.
  mlir::Value toF32(mlir::Value value);
  mlir::Value select(mlir::Value condition, mlir::Value value, mlir::Value otherwise) {
    return mlir::arith::SelectOp::create(b, loc, condition, value, otherwise);
  }
  /// lhs > rhs, false for a NaN.
  mlir::Value isGreater(mlir::Value lhs, mlir::Value rhs);
  mlir::Value broadcast(mlir::Value scalar, int64_t width);
  mlir::Value addf(mlir::Value lhs, mlir::Value rhs);
  mlir::Value subf(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mulf(mlir::Value lhs, mlir::Value rhs);
  mlir::Value divf(mlir::Value lhs, mlir::Value rhs);
  mlir::Value fma(mlir::Value lhs, mlir::Value rhs, mlir::Value sum);
  /// The greater one; `rhs` where one is NaN.
  mlir::Value maxf(mlir::Value lhs, mlir::Value rhs);
  /// 1 / x, and 0 for 0.
  mlir::Value reciprocal(mlir::Value x);
  /// e^x up to 2^127, to about one unit in the last place; 0 below 2^-127. NaN stays.
  mlir::Value exp(mlir::Value x);
  using Combine = llvm::function_ref<mlir::Value(mlir::Value lhs, mlir::Value rhs)>;
  /// One f32 of all lanes of a vector, in a fixed order.
  mlir::Value reduce(mlir::Value vector, Combine combine);
  /// The same of each of at most `kLanes` vectors of as many lanes: lane i of the result is of
  /// vector i, or of some vector.
  mlir::Value reduceEach(llvm::SmallVector<mlir::Value> vectors, Combine combine);
  /// Of `kLanes` vectors of as many lanes, the transposed ones.
  llvm::SmallVector<mlir::Value> transpose(llvm::SmallVector<mlir::Value> rows);
  /// `result` [rows, padded to whole vectors] from f32 `matrix` [rows, kLanes]: what `combine`
  /// makes of the lanes of each row, in a fixed order.
  void reduceRows(mlir::Value matrix, mlir::Value result, Combine combine);

  //===--- Products of matrices ---------------------------------------------===//
  using Scalar = llvm::function_ref<mlir::Value(mlir::Value row, mlir::Value column)>;
  using Vector =
      llvm::function_ref<mlir::Value(mlir::Value row, mlir::Value column, int64_t width)>;
  using Store = llvm::function_ref<void(mlir::Value row, mlir::Value column, mlir::Value vector)>;
  /// c[i,j] = start[i,j] + sum over k < depth of a[i,k] * b[k,j], for i < rows and j < columns.
  /// Elements are described, so that each may be computed where it is needed: `a` gives a[i,k],
  /// `b` gives b[k, j ... j + width - 1], `start` likewise (null for zeros), and `finish` takes
  /// c[i, j ...]. A block of sums is in registers over all k. `beforeRow` says what else happens
  /// for each row in the time that the product takes, such as a `prefetch`; some rows twice.
  void product(mlir::Value rows, int64_t columns, mlir::Value depth, Scalar a, Vector b,
               Vector start, Store finish, Body beforeRow = nullptr);
  /// The product of f32 `matrix` [>= rows, width] and `vector` [width], whole vectors: `finish`
  /// takes the element of each row.
  void product(mlir::Value rows, mlir::Value matrix, mlir::Value vector,
               llvm::function_ref<void(mlir::Value row, mlir::Value sum)> finish);

private:
  /// A range of columns that is a whole number of vectors of one width.
  struct Columns {
    int64_t first, width, count;
  };
  /// `size` columns as whole vectors of `lanes` and, at the end, narrower ones.
  static llvm::SmallVector<Columns, 4> splitColumns(int64_t size, int64_t lanes);

  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t lanes;
  mlir::Block *scratchBlock; ///< the body of the parallel loop, or else of the function
};

} // namespace imhsa::cpu

#endif // IMHSA_PASSES_KERNEL_CPU_TILEBUILDER_H
