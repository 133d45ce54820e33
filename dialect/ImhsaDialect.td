//===- ImhsaDialect.td - the imhsa dialect ---------------*- tablegen -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_TD
#define IMHSA_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Imhsa_Dialect : Dialect {
  let name = "imhsa";
  let cppNamespace = "::imhsa";
  let summary = "Interactive multi-head attention";
  let description = [{
    Attention whose heads talk to each other. The logits of all heads can be
    mixed before the softmax, the weights after it ("talking heads", Shazeer et
    al. 2020), and with landmarks the cost is linear in the number of tokens
    (Kang, Yang, Ryu, "Interactive Multi-Head Self-Attention with Linear
    Complexity", 2024).

    Symbols used throughout:

    | symbol | meaning |
    |---|---|
    | B | batch |
    | H, S, G | heads of queries and keys; heads of the scores; heads of values and of the result |
    | N, M | queries, keys (self-attention: N = M, the tokens) |
    | L | landmarks |
    | D, E | head size of queries and keys; of values and of the result |

    All operations are in destination-passing style: `outs` gives the shape of
    the result and, after bufferization, the place where it is written; what it
    held before is never read.

    **Discardable attributes.** `imhsa.reassociate` (unit) on a contraction
    allows `imhsa-reorder-contractions` to reassociate it. `imhsa.size_hint`
    (`array<i64: ...>`) on a function argument gives, for each of its
    dimensions, the size that cost models assume where the type says `?`
    (0: no hint). `imhsa.kernels` (array of strings) on a module holds the names
    of the kernels that `imhsa-launches-to-runtime` made its functions launch by
    number.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // IMHSA_DIALECT_TD
