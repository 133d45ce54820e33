//===- Passes.td - the passes of imhsa, in the order of the stages -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_TD
#define IMHSA_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// 2 decompose
//===----------------------------------------------------------------------===//

def DecomposePass : Pass<"imhsa-decompose"> {
  let summary = "Landmark attention as pooling, weights and two products";
  let description = [{
    Rewrites each `imhsa.attention` with landmarks in the paper's words: the
    landmarks are pooled (`imhsa.pool`) unless they are given, the key-less matrix
    A_Q and the query-less matrix A_K become `imhsa.weights`, and the result is
    `(A_Q A_K) V` in that order, two `linalg.contract`. All new intermediates are
    f32 (f64 for f64), with one truncation at the end where the result is 16-bit.
    Exact attention is left alone.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numDecomposed", "attentions", "Number of landmark attentions decomposed">
  ];
}

#endif // IMHSA_PASSES_TD
