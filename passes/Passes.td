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

    Before:
    ```mlir
    %r = imhsa.attention ins(%q, %k, %v : tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
           landmarks(#imhsa.pool<49>) key_less(post = %w : tensor<6x6xf32>)
           outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    ```
    After (initial values left out):
    ```mlir
    %ql = imhsa.pool #imhsa.pool<49> ins(%q : tensor<1x6x?x64xf32>) outs(...) -> tensor<1x6x49x64xf32>
    %kl = imhsa.pool #imhsa.pool<49> ins(%k : tensor<1x6x?x64xf32>) outs(...) -> tensor<1x6x49x64xf32>
    %aq = imhsa.weights ins(%q, %kl : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>)
            interaction(post = %w : tensor<6x6xf32>) outs(...) -> tensor<1x6x?x49xf32>
    %ak = imhsa.weights ins(%ql, %k : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>)
            outs(...) -> tensor<1x6x49x?xf32>
    %p = linalg.contract indexing_maps = [...] ins(%aq, %ak : ...) outs(...) -> tensor<1x6x?x?xf32>
    %r = linalg.contract indexing_maps = [...] ins(%p, %v : ...) outs(...) -> tensor<1x6x?x64xf32>
    ```

    Errors: grouped values whose numbers of heads are dynamic; memrefs.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numDecomposed", "attentions", "Number of landmark attentions decomposed">
  ];
}

//===----------------------------------------------------------------------===//
// 3 reorder
//===----------------------------------------------------------------------===//

def ReorderContractionsPass : Pass<"imhsa-reorder-contractions"> {
  let summary = "Multiply tensors in the cheapest order";
  let description = [{
    Finds products of three and more factors, made of `linalg.contract`, named
    matmuls and generic contractions in any mixture, and multiplies the factors in
    the order that costs least:

        FLOPs + byte-weight * bytes stored between products

    This is what makes landmark attention linear in the tokens: after
    `imhsa-decompose` it is `(A_Q A_K) V`, here it becomes `A_Q (A_K V)`.

    Before, 80 million FLOPs:
    ```mlir
    %0 = linalg.matmul ins(%a, %b : tensor<1000x20xf32>, tensor<20x1000xf32>)
           outs(%zero0 : tensor<1000x1000xf32>) -> tensor<1000x1000xf32>
    %1 = linalg.matmul ins(%0, %c : tensor<1000x1000xf32>, tensor<1000x20xf32>)
           outs(%zero1 : tensor<1000x20xf32>) -> tensor<1000x20xf32>
    ```
    After, 1.6 million FLOPs:
    ```mlir
    #lhs = affine_map<(d0, d1, d2) -> (d0, d2)>
    #rhs = affine_map<(d0, d1, d2) -> (d2, d1)>
    #out = affine_map<(d0, d1, d2) -> (d0, d1)>
    %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out]
           ins(%b, %c : tensor<20x1000xf32>, tensor<1000x20xf32>)
           outs(%zero2 : tensor<20x20xf32>) -> tensor<20x20xf32>
    %1 = linalg.contract indexing_maps = [#lhs, #rhs, #out]
           ins(%a, %0 : tensor<1000x20xf32>, tensor<20x20xf32>)
           outs(%zero1 : tensor<1000x20xf32>) -> tensor<1000x20xf32>
    ```

    A contraction is part of the product that uses it if nothing else uses its
    result, it starts from zero, and nothing but an extension to a wider type
    stands between. Each index is summed as soon as no other factor has it. Chains
    of matrices are solved by dynamic programming over intervals (up to 256
    factors), all other products of up to ten factors over subsets.

    Bytes stored between products are those of intermediates, and of an
    `imhsa.weights` of a single use unless it is the left factor of a product with
    a value, where `imhsa-fuse` keeps it in registers. Intermediates are at least
    f32; a 16-bit result is rounded once, at the end. A dynamic dimension counts
    with the `imhsa.size_hint` of the function argument that it comes from, or
    with `dynamic-size`.

    Another order rounds floating-point sums differently, so it needs the option
    `allow-reassociation` or the attribute `imhsa.reassociate` on each contraction
    of the product; integers need neither.

    Remarks say what the order was and is, FLOPs and bytes before and after, the
    sizes that were assumed, and why a product was not reordered or a contraction
    is not part of one.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"allowReassociation", "allow-reassociation", "bool", "false",
           "Allow other orders of floating-point sums everywhere">,
    Option<"byteWeight", "byte-weight", "double", "0",
           "What a byte stored between products costs, in FLOPs">,
    Option<"dynamicSize", "dynamic-size", "int64_t", "4096",
           "The size that a dynamic dimension without a hint counts with">,
    Option<"threshold", "threshold", "double", "0",
           "The least gain, as part of the cost before, for which the order is changed">
  ];
  let statistics = [
    Statistic<"numReordered", "products-reordered", "Number of products whose order was changed">,
    Statistic<"numMissed", "products-missed",
              "Number of products that were left as they are though another order may be cheaper">
  ];
}

//===----------------------------------------------------------------------===//
// 4 fuse
//===----------------------------------------------------------------------===//

def FusePass : Pass<"imhsa-fuse"> {
  let summary = "Weights times value as an exact attention";
  let description = [{
    A `imhsa.weights` whose only use is the product with a value becomes an exact
    `imhsa.attention`, so that the weights, as large as queries times keys, are no
    value any more. The product is any contraction that starts from zeros and sums
    over the keys: `linalg.contract`, a named matmul, a generic one; its dimensions
    may be permuted, heads split (grouped values) or merged with the batch
    (`linalg.batch_matmul`). Extensions of the value and a truncation of the result
    are folded in. Weights that are used otherwise are stored, and a remark says why.

    Before:
    ```mlir
    %z = imhsa.weights ins(%q, %k : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>)
           interaction(post = %w : tensor<6x6xf32>) outs(%0 : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
    %zeros = linalg.fill ins(%cst : f32) outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    %r = linalg.contract
           indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>,
                            affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                            affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
           ins(%z, %v : tensor<1x6x?x49xf32>, tensor<1x6x49x64xf32>)
           outs(%zeros : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    ```
    After:
    ```mlir
    %r = imhsa.attention ins(%q, %k, %v : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
           interaction(post = %w : tensor<6x6xf32>)
           outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    ```
  }];
  let dependentDialects = ["::imhsa::ImhsaDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numFused", "fused", "Number of weights fused with their value">,
    Statistic<"numStored", "stored", "Number of weights that stay values">
  ];
}

//===----------------------------------------------------------------------===//
// 5 schedule
//===----------------------------------------------------------------------===//

def SchedulePass : Pass<"imhsa-schedule", "::mlir::ModuleOp"> {
  let summary = "Which fused kernel computes each operation, and how it is cut";
  let description = [{
    Gives each exact `imhsa.attention`, `imhsa.log_sum_exp` and `imhsa.pool` on tensors a
    `#imhsa.schedule`: the kind of its kernel, and the tiles, warps and stages that are
    fastest by a cost model among those that fit the shared memory and registers of
    every chip of the list `chip`. The candidates and the model are in docs/schedules.md.

    * Over at most 256 keys, of a number that the type tells, an attention is `read_out`
      where all keys and values fit a block, otherwise `stream`.
    * An attention that is `stream` and mixes heads after the softmax first becomes an
      `imhsa.log_sum_exp`, of the kind `normalisers`, and an attention with its `lse`.
    * An `imhsa.pool` of what is the key of a `normalisers` or `stream` behind it moves directly
      in front of that one, which then computes it on its way.
    * What a pool or an attention gives in f32, and only fused kernels read that take their tokens
      in f16 or bf16, becomes of that type: they would round it the same way.
    * Where queries alone give too few blocks, keys are split. Sizes that types do not
      tell are those of `imhsa.size_hint`, otherwise a batch of 8 and 4096 tokens; what is
      chosen is right for every size.

    A schedule that an operation has stays. Of those of the option `schedules`,
    `read_out, warps = 8; stream, keys = 32`, each operation takes the first of a kind
    that computes it and that fits; `stream` computes every attention. Where such a
    schedule is impossible, the error says what exceeds what:

    ```
    error: 'imhsa.attention' op schedule #imhsa.schedule<stream, queries = 128>: needs 188416 bytes
    of shared memory (queries 98304 + keys 40960 + values 40960 + weights 8192); a block of sm_80 has 166912
    ```

    What no fused kernel serves gets the kind `general`, with a remark that says why:
    f64, numbers of heads or head sizes that types do not tell, more than 32 heads or 256
    columns, f32 without an exact kernel. `fused=false` leaves everything as it is, which
    means the same.

    Before:
    ```mlir
    %o = imhsa.attention ins(%q, %k, %v : tensor<2x6x49x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
           interaction(post = %w : tensor<6x6xf32>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
    ```
    After, with `chip=sm_80`:
    ```mlir
    %lse = imhsa.log_sum_exp ins(%q, %k : tensor<2x6x49x64xbf16>, tensor<2x6x?x64xbf16>)
             schedule(#imhsa.schedule<normalisers, ...>) outs(%0 : tensor<2x6x49xf32>) -> tensor<2x6x49xf32>
    %o = imhsa.attention ins(%q, %k, %v : tensor<2x6x49x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
           interaction(post = %w : tensor<6x6xf32>) lse(%lse : tensor<2x6x49xf32>)
           schedule(#imhsa.schedule<stream, ...>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
    ```
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The chips, with commas between: what is chosen fits all of them">,
    Option<"fused", "fused", "bool", "true", "Choose fused kernels">,
    Option<"allowTf32", "allow-tf32", "bool", "false",
           "Round what enters products of f32 to tf32, for tensor cores">,
    Option<"schedules", "schedules", "std::string", "\"\"",
           "Schedules instead of those that would be chosen: what stands in "
           "#imhsa.schedule<...>, with semicolons between">
  ];
  let statistics = [
    Statistic<"numFused", "fused", "Number of operations that fused kernels compute">,
    Statistic<"numGeneral", "general", "Number of operations that no fused kernel serves">,
    Statistic<"numSeparated", "separated", "Number of attentions whose normalisers are computed first">,
    Statistic<"numRiding", "riding", "Number of pools that a sweep computes on its way">,
    Statistic<"numNarrowed", "narrowed", "Number of results of f32 that became 16-bit">
  ];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// 6c tile
//===----------------------------------------------------------------------===//

def TilePass : Pass<"imhsa-tile"> {
  let summary = "Attention cores in loops over tiles";
  let description = [{
    Cuts every exact `imhsa.attention` and every `imhsa.log_sum_exp` on tensors through
    their TilingInterface, so that no queries x keys matrix of the whole is ever stored.
    A tile has all heads, since they interact.

    * Batch elements and queries are cut into tiles that are computed in parallel.
    * Where there may be more keys than a tile has, they are cut too: into `splits` ranges
      in parallel, each of which is swept one tile of keys after the other. Ranges are
      combined in their order and depend on the number of keys alone, so that results do
      not depend on the number of threads. Between tiles, outputs and log-sum-exps are
      kept in f32 (f64 for f64).
    * An attention that mixes heads after the softmax, over more keys than a tile has,
      first becomes an `imhsa.log_sum_exp` and an attention with its `lse`: a plain sum
      over keys. Other attentions need one sweep.
    * A sweep leaves out the keys that `causal` and `window` keep from all queries of the tile.
      Keys and values that no query of a tile keeps are not read for it: a NaN among them
      does not reach the tile.

    `#imhsa.schedule<general, ...>` on an operation takes the place of the options.
    Left whole, with a remark: landmark attention (run `imhsa-decompose` first) and
    operations on memrefs. Left as they are: operations with a schedule of any other
    kind, which kernels of their own compute; operations on tensors that their types
    say are empty, `imhsa.weights`, and `imhsa.pool`.

    Sizes that are not given: up to 512 keys are in one tile, with 64 queries, or fewer so
    that a tile has at most 48 Ki scores in all heads together. Over more keys a tile has
    64 queries (up to 256 queries are one tile, so that landmarks read all tokens once), and
    keys up to 48 Ki scores. With `loops=for`, one tile must keep a device busy: up to 1 Mi
    scores, 4096 queries, 256 over many keys. A size is lowered, to no less than half, where
    that makes all tiles equal. `splits` is 8 with `loops=forall` where all queries are in
    one tile, otherwise 1.

    Before:
    ```mlir
    func.func @core(%q: tensor<1x2x64x8xf32>, %k: tensor<1x2x?x8xf32>, %o: tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32> {
      %r = imhsa.attention ins(%q, %k, %k : tensor<1x2x64x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
             outs(%o : tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32>
      return %r : tensor<1x2x64x8xf32>
    }
    ```
    After `imhsa-tile{splits=1}` (combining left out):
    ```mlir
    %sums:2 = scf.for %m = %c0 to %keys step %c512 iter_args(%out = %zeros, %lse = %bottoms)
        -> (tensor<1x1x2x64x8xf32>, tensor<1x1x2x64xf32>) {
      %size = affine.min affine_map<(d0)[s0] -> (-d0 + s0, 512)>(%m)[%keys]
      %tile = tensor.extract_slice %k[0, 0, %m, 0] [1, 2, %size, 8] [1, 1, 1, 1] : tensor<1x2x?x8xf32> to tensor<1x2x?x8xf32>
      %part:2 = imhsa.attention ins(%q, %tile, %tile : tensor<1x2x64x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
             outs(%0, %1 : tensor<1x2x64x8xf32>, tensor<1x2x64xf32>) -> tensor<1x2x64x8xf32>, tensor<1x2x64xf32>
      ...
      scf.yield %next_out, %next_lse : tensor<1x1x2x64x8xf32>, tensor<1x1x2x64xf32>
    }
    %r = tensor.extract_slice %sums#0[0, 0, 0, 0, 0] [1, 1, 2, 64, 8] [1, 1, 1, 1, 1] : tensor<1x1x2x64x8xf32> to tensor<1x2x64x8xf32>
    ```
  }];
  let options = [
    Option<"loops", "loops", "::imhsa::TileLoops", "::imhsa::TileLoops::Parallel",
           "The loops over tiles of batch, queries and ranges of keys",
           [{::llvm::cl::values(
               clEnumValN(::imhsa::TileLoops::Parallel, "forall", "scf.forall"),
               clEnumValN(::imhsa::TileLoops::Sequential, "for", "scf.for"))}]>,
    Option<"batch", "batch", "int64_t", "1", "Batch elements in a tile">,
    Option<"queries", "queries", "int64_t", "0", "Queries in a tile; 0: chosen">,
    Option<"keys", "keys", "int64_t", "0", "Keys in a tile; 0: chosen">,
    Option<"splits", "splits", "int64_t", "0", "Ranges of keys in parallel; 0: chosen">
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numTiled", "tiled", "Number of attentions and log-sum-exps tiled">,
    Statistic<"numSeparated", "separated", "Number of attentions whose normalisers are computed first">,
    Statistic<"numSwept", "swept", "Number of sweeps over tiles of keys">
  ];
}

//===----------------------------------------------------------------------===//
// 6c expand
//===----------------------------------------------------------------------===//

def SplitLandmarksPass : Pass<"imhsa-split-landmarks"> {
  let summary = "Landmark attention as two exact attentions";
  let description = [{
    Rewrites each `imhsa.attention` with landmarks as what it is by definition: the
    attention of the query landmarks over all tokens, then that of all tokens over
    the key landmarks. `imhsa-decompose`, `imhsa-reorder-contractions` and
    `imhsa-fuse` come to the same end by finding the order; this pass asserts it,
    and serves as an independent way to check theirs.

    Before:
    ```mlir
    %r = imhsa.attention ins(%q, %k, %v : tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
           landmarks(%ql, %kl : tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
           outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    ```
    After:
    ```mlir
    %e = tensor.empty() : tensor<1x6x49x64xf32>
    %c = imhsa.attention ins(%ql, %k, %v : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
           outs(%e : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
    %r = imhsa.attention ins(%q, %kl, %c : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>, tensor<1x6x49x64xf32>)
           outs(%o : tensor<1x6x?x64xf32>) -> tensor<1x6x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numSplit", "attentions", "Number of landmark attentions split">
  ];
}

def ExpandPass : Pass<"imhsa-expand"> {
  let summary = "Any imhsa operation as linalg on tensors";
  let description = [{
    Expands `imhsa.attention`, `imhsa.weights`, `imhsa.log_sum_exp` and `imhsa.pool`
    into `linalg.generic`: the numerically safe softmax, sums and mixing in f32 (f64
    for f64), masks as positions that are -inf before the softmax, rows with nothing
    kept as zeros. Landmark attention is first split into two exact ones. This always
    works, on every target; what N x M matrices it stores is up to `imhsa-tile`
    before it. Operations with a schedule of any kind but `general` stay.

    An attention of dynamic numbers of heads cannot be expanded, since the types do
    not say how heads are grouped: an error.

    Before:
    ```mlir
    %l = imhsa.log_sum_exp ins(%q, %k : tensor<1x2x4x8xf32>, tensor<1x2x5x8xf32>)
           outs(%o : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
    ```
    After (bodies left out):
    ```mlir
    %scaled = linalg.generic {...} ins(%q : tensor<1x2x4x8xf32>) outs(%0 : tensor<1x2x4x8xf32>)
    %transposed = linalg.generic {...} ins(%k : tensor<1x2x5x8xf32>) outs(%1 : tensor<1x2x8x5xf32>)
    %logits = linalg.generic {...} ins(%scaled, %transposed : ...) outs(%2 : tensor<1x2x4x5xf32>)
    %maximum = linalg.generic {...} ins(%logits : tensor<1x2x4x5xf32>) outs(%3 : tensor<1x2x4xf32>)
    %total = linalg.generic {...} ins(%logits, %maximum : ...) outs(%4 : tensor<1x2x4xf32>)
    %l = linalg.generic {...} ins(%total, %maximum : ...) outs(%o : tensor<1x2x4xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numSplit", "attentions", "Number of landmark attentions split">,
    Statistic<"numExpanded", "operations", "Number of operations expanded">
  ];
}

//===----------------------------------------------------------------------===//
// Counting, at any stage
//===----------------------------------------------------------------------===//

def AnalyzePass : Pass<"imhsa-analyze", "::mlir::ModuleOp"> {
  let summary = "Print FLOPs, bytes and peak memory";
  let description = [{
    Prints what each function costs, and changes nothing. For each attention, its
    shape is counted for the four variants of the paper's Figure 2 and the orders
    of their products; `>` marks the variant that it is. For each operation of
    imhsa, and each of linalg that sums products of two operands, its own
    multiply-adds, so that the total shows what each stage did to a function. Operations in a loop
    count for each trip, a partial last tile as a whole one.

    Multiply-adds, in the symbols of the dialect:

    | | scores | mixing | products |
    |---|---|---|---|
    | A V, exact | B H N M D | B N M S H for `pre`, B N M G S for `post` | B G N M E |
    | A_Q (A_K V) | B H L (N + M) D | the same with N L for `key_less`, L M for `query_less` | B G L (N + M) E |
    | (A_Q A_K) V | B H L (N + M) D | as above | B G N M (L + E) |

    FLOPs are twice their sum; exponentials, divisions and the additions of pooling
    are not counted, and masks do not lower the count. `2NLh(d+h)` is the paper's
    number: the products and one mixing for each matrix, in multiply-adds.

    *Must move*: query, key, value, landmarks and masks in, the result out, each
    once. *Stored*: the intermediates of an order, in f32 (f64 for f64), listed in
    the JSON: a weights matrix where it is stored; the log-sum-exp, where it is
    streamed and heads mix after the softmax; with landmarks, these where they are
    pooled, the context A_K V, or in the quadratic order A_Q A_K. *Moved*: must
    move, and each intermediate out and in again. *Peak*: the largest sum of
    intermediates that live at once, taking the steps in the order that keeps
    least (pool Q, A_K, context, pool K, A_Q, result; in the quadratic order pool
    both, A_Q, A_K, A_Q A_K, result).

    A variant without interaction has H heads throughout; one with an interaction
    that the attention lacks mixes all H heads before and after each softmax.

    A dynamic size is computed from the arguments of the function. Theirs are what
    the argument attribute `imhsa.size_hint` says, otherwise `dynamic-batch` for
    the first of three or more dimensions and `dynamic-size` for all others; what
    was assumed is printed. Calls are not followed: inline first.

    ```mlir
    func.func @f(%q: tensor<1x6x?x64xf32> {imhsa.size_hint = array<i64: 0, 0, 3136, 0>}, ...
    ```
    ```
    func @f
      assumed: argument 0, dimension 2 = 3136 (imhsa.size_hint)
    ```
  }];
  let options = [
    Option<"table", "table", "std::string", /*default=*/"\"-\"",
           "File for the table; - is the standard output, nothing is no table">,
    Option<"json", "json", "std::string", /*default=*/"\"\"",
           "File for the same as JSON; - is the standard output">,
    Option<"landmarks", "landmarks", "int64_t", /*default=*/"49",
           "Landmarks of the variants of an attention that has none">,
    Option<"dynamicSize", "dynamic-size", "int64_t", /*default=*/"4096",
           "Assumed for `?` without a hint">,
    Option<"dynamicBatch", "dynamic-batch", "int64_t", /*default=*/"1",
           "Assumed for `?` without a hint, first of three or more dimensions">
  ];
}

//===----------------------------------------------------------------------===//
// 5b bufferize
//===----------------------------------------------------------------------===//

def BufferizePass : Pass<"imhsa-bufferize", "::mlir::ModuleOp"> {
  let summary = "Entry functions on memrefs, with results and workspace as arguments";
  let description = [{
    Each public function `f` on tensors becomes two functions with a C interface:

    * `f(inputs..., outputs..., workspace)` computes. Inputs and outputs are memrefs
      whose last dimension is contiguous; other strides and the offset are free.
      Inputs are only read and may overlap each other. Outputs and the workspace
      overlap nothing. The workspace starts at a multiple of `workspace-alignment`.
    * `f_sizes(inputs..., sizes)` writes, for each result in order, each of its
      dimensions in order, and last the bytes of workspace that `f` needs. It reads
      nothing but the dimensions of the inputs.

    Size hints of arguments (`imhsa.size_hint`) have done their work, and are dropped.

    Before:
    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
    After:
    ```mlir
    func.func @f(%x: memref<?x4xf32, strided<[?, 1], offset: ?>>,
                 %result: memref<?x4xf32, strided<[?, 1], offset: ?>>,
                 %workspace: memref<?xi8>) attributes {llvm.emit_c_interface}
    func.func @f_sizes(%x: memref<?x4xf32, strided<[?, 1], offset: ?>>,
                       %sizes: memref<?xindex>) attributes {llvm.emit_c_interface}
    ```

    Bodies go through upstream's one-shot bufferization; computations in
    destination-passing style write straight into the outputs. What a loop carries
    stays in one buffer. Temporaries are views of the workspace, at offsets computed
    from the dimensions of the inputs, also those of sequential loops (by the upper
    bound of their size over all iterations). Only inside parallel loops
    (`scf.forall`, `scf.parallel`) a temporary is allocated, once at the start of the
    body, and freed at its end. Copies are `linalg.copy`.

    Operations with a schedule of any kind but `general`, which kernels of their own
    compute, become their forms on memrefs. Operands whose last dimension is not contiguous
    are copied for them, results copied from them. Where a schedule has several splits, buffers
    for what they give are temporaries too, and operands `scratch` of the operation:
    ```mlir
    imhsa.attention ins(%q, %k, %v : ...) schedule(#imhsa.schedule<stream, splits = 4>)
      scratch(%partial, %lse : memref<4x1x6x?x64xf32>, memref<4x1x6x?xf32>) outs(%o : ...)
    ```

    Errors name what is not possible: public functions with arguments or results
    other than ranked tensors, calls (inline them first), results or temporaries
    whose size depends on data.
  }];
  let options = [
    Option<"workspaceAlignment", "workspace-alignment", "int64_t", /*default=*/"64",
           "Alignment in bytes, a power of two, of the workspace and of each temporary in it">,
    Option<"place", "place", "bool", /*default=*/"true",
           "Place temporaries; otherwise imhsa-place-temporaries does, after kernels have added theirs">
  ];
  let statistics = [
    Statistic<"numWorkspaceBuffers", "workspace-buffers",
              "Number of temporaries placed in the workspace">,
    Statistic<"numParallelBuffers", "parallel-buffers",
              "Number of temporaries allocated in the bodies of parallel loops">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def PlaceTemporariesPass : Pass<"imhsa-place-temporaries", "::mlir::ModuleOp"> {
  let summary = "Temporaries of entry functions in their workspace";
  let description = [{
    The last step of `imhsa-bufferize` by itself, for modules on which that ran with
    `place=false`: every `memref.alloc` becomes a view of the workspace, or in parallel
    loops an allocation at the start of the body, and `f_sizes` writes the bytes of
    workspace.

    Before:
    ```mlir
    func.func @f(%x: memref<4x8xf32>, %workspace: memref<?xi8>) {
      %t = memref.alloc() : memref<4x8xf32>
      memref.copy %x, %t : memref<4x8xf32> to memref<4x8xf32>
      return
    }
    func.func @f_sizes(%x: memref<4x8xf32>, %sizes: memref<?xindex>) {
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%x: memref<4x8xf32>, %workspace: memref<?xi8>) {
      %t = memref.view %workspace[%c0][] : memref<?xi8> to memref<4x8xf32>
      memref.copy %x, %t : memref<4x8xf32> to memref<4x8xf32>
      return
    }
    func.func @f_sizes(%x: memref<4x8xf32>, %sizes: memref<?xindex>) {
      memref.store %c128, %sizes[%c0] : memref<?xindex>
      return
    }
    ```
  }];
  let options = [
    Option<"workspaceAlignment", "workspace-alignment", "int64_t", /*default=*/"64",
           "Alignment in bytes, a power of two, of each temporary in the workspace">
  ];
  let statistics = [
    Statistic<"numWorkspaceBuffers", "workspace-buffers",
              "Number of temporaries placed in the workspace">,
    Statistic<"numParallelBuffers", "parallel-buffers",
              "Number of temporaries allocated in the bodies of parallel loops">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"
  ];
}

//===----------------------------------------------------------------------===//
// 6a GPU kernels
//===----------------------------------------------------------------------===//

def LowerToGpuPass : Pass<"imhsa-lower-to-gpu", "::mlir::ModuleOp"> {
  let summary = "Every operation on buffers as a GPU kernel and its launch";
  let description = [{
    An operation of the dialect with a schedule of any kind but `general` becomes the
    fused kernels of that kind, `llvm.func`s on pointers: one, and where the schedule
    has several splits a second one, `combine`, that adds what they give. An `imhsa.pool`
    directly in front of a `normalisers` or `stream` that reads the same tokens as keys has
    no kernel: that one computes the landmarks on its way, where it reads all keys as they
    are and its splits are not more than landmarks. What is in a
    kernel's way (a type, a size) is an error on the operation; `imhsa-schedule` does not
    choose such a kernel. Such operations one after the other that read some of the same
    tokens (an attention with landmarks, say) stand in a loop over chunks of the batch, so
    that what is read again is still in the second-level cache: see `batch-chunk`.

    Where all chips are sm_90 or later, a fused kernel may begin while the kernel before
    it still runs (programmatic dependent launch): it waits for that, `nvvm.griddepcontrol
    wait`, before it touches what a kernel of the function writes, and then lets the next
    begin.

    Everything else goes the general GPU path, right for every shape. Each structured linalg
    operation on buffers, and each `memref.copy`, becomes one kernel: its parallel dimensions are
    one grid-stride loop over threads, in an order in which neighbouring threads
    write neighbouring elements, and its reductions are loops in a thread with the
    partial results in registers. All kernels are `gpu.func`s of one `gpu.module`,
    `@imhsa_kernels`, named after the function, a number and the operation; the host
    keeps control flow, arithmetic on sizes, views and the launches. A grid has
    ceil(points / block-size) blocks in x, at least one (which finds nothing to do
    where there are no points) and at most `max-blocks`.

    Buffers are memory of the device, except what a function of sizes writes: an
    `index` stored into an argument. Constants of the module (`memref.global`) go
    into the `gpu.module` with the kernels that read them.

    Errors: what accesses, allocates or frees a buffer on the host and is no
    structured linalg operation on buffers; parallel loops on the host; a use of a
    constant that no kernel makes through views.

    Before:
    ```mlir
    func.func @scale(%x: memref<?x8xf32>, %y: memref<?x8xf32>) {
      %c = arith.constant 2.0 : f32
      linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                      iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>) {
      ^bb0(%a: f32, %b: f32):
        %0 = arith.mulf %a, %c : f32
        linalg.yield %0 : f32
      }
      return
    }
    ```
    After (constants and the sum for the number of blocks left out):
    ```mlir
    func.func @scale(%x: memref<?x8xf32>, %y: memref<?x8xf32>) {
      %d = memref.dim %x, %c0 : memref<?x8xf32>
      %count = arith.muli %d, %c8 : index
      gpu.launch_func @imhsa_kernels::@scale_0_generic blocks in (%blocks, %c1, %c1)
          threads in (%c256, %c1, %c1)
          args(%count : index, %x : memref<?x8xf32>, %y : memref<?x8xf32>)
      return
    }
    gpu.module @imhsa_kernels {
      gpu.func @scale_0_generic(%count: index, %x: memref<?x8xf32>, %y: memref<?x8xf32>) kernel
          attributes {known_block_size = array<i32: 256, 1, 1>} {
        %first = ...  // block_id * 256 + thread_id
        %stride = ... // grid_dim * 256
        scf.for %point = %first to %count step %stride {
          %j = arith.remui %point, %c8 : index
          %i = arith.divui %point, %c8 : index
          %a = memref.load %x[%i, %j] : memref<?x8xf32>
          %0 = arith.mulf %a, %c : f32
          memref.store %0, %y[%i, %j] : memref<?x8xf32>
        }
        gpu.return
      }
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::DLTIDialect",
                           "::mlir::gpu::GPUDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
  let options = [
    Option<"blockSize", "block-size", "int64_t", "256", "Threads of a block">,
    Option<"maxBlocks", "max-blocks", "int64_t", "65535",
           "Blocks of a grid at most; each thread then takes several points">,
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The chips, with commas between; their caches and multiprocessors count">,
    Option<"batchChunk", "batch-chunk", "int64_t", "0",
           "Batch elements in a chunk; 0: as many as have their tokens in half of the cache, or "
           "all, where that is too few for all multiprocessors">
  ];
  let statistics = [
    Statistic<"numChunked", "chunked", "Number of loops over chunks of the batch">,
    Statistic<"numKernels", "kernels", "Number of kernels made">
  ];
}

//===----------------------------------------------------------------------===//
// 6b CPU kernels
//===----------------------------------------------------------------------===//

def ScheduleCpuPass : Pass<"imhsa-schedule-cpu"> {
  let summary = "Which attentions have a kernel for the CPU, and how it is cut";
  let description = [{
    Puts a `#imhsa.schedule` on each `imhsa.attention` without landmarks, `imhsa.log_sum_exp`
    and `imhsa.pool` that `imhsa-lower-to-cpu` has a kernel for: on an attention `read_out`
    where there are at most 256 keys, otherwise `stream`. Schedules that stand there already
    are kept, and of those that the option `schedules` gives each operation takes the first of
    a kind that computes it. The other operations, with a remark that says why, are left for `imhsa-tile`
    and `imhsa-expand`: those in f64, with dynamic numbers of heads or dynamic head sizes,
    without elements, in parallel loops, or with so many heads that the scores of one token
    do not fit on the stack.

    Before:
    ```mlir
    %r = imhsa.attention ins(%q, %k, %v : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
           outs(%o : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
    ```
    After:
    ```mlir
    %r = imhsa.attention ins(%q, %k, %v : tensor<1x6x49x64xf32>, tensor<1x6x?x64xf32>, tensor<1x6x?x64xf32>)
           schedule(#imhsa.schedule<stream, keys = 48, splits = 8>)
           outs(%o : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
    ```
  }];
  let options = [
    Option<"schedules", "schedules", "std::string", "\"\"",
           "Schedules instead of those that would be chosen: what stands in "
           "#imhsa.schedule<...>, with semicolons between">
  ];
  let statistics = [
    Statistic<"numScheduled", "scheduled", "Number of operations that have a kernel">
  ];
}

def LowerToCpuPass : Pass<"imhsa-lower-to-cpu"> {
  let summary = "Scheduled operations as loops over vectors";
  let description = [{
    Turns each operation on memrefs that has a fused `#imhsa.schedule` into loops: parallel
    over batch elements and tiles of tokens, all heads of a tile together, vectors of eight
    f32 inside. 16-bit elements are converted where they are read and written. Temporaries
    of a tile are on the stack; what passes from one parallel loop to the next is allocated,
    for `imhsa-place-temporaries`: for so many blocks of queries as have room in 4 MiB (with
    stored exponentials 12), which are computed together, at least one.

    * `pool`: a task is eight landmarks of one head.
    * `read_out`: a tile has `queries` tokens; its columns are all keys, packed transposed.
    * `stream`, and `normalisers` likewise: the columns are `queries` queries, packed
      transposed; `splits` tasks sweep tiles of `keys` keys. Their results are summed in a
      fixed order, so that they do not depend on the number of threads. Where heads are mixed
      after the softmax there are two sweeps, of which the first finds the normalisers;
      `second-sweep` says whether it stores its exponentials for the second.

    A tile has fewer tokens where all heads of so many do not fit into `tile-bytes`, and up to
    an eighth more or fewer where all of some tiles then have the same.

    Before:
    ```mlir
    imhsa.pool #imhsa.pool<49> ins(%k : memref<1x6x?x64xf32>) schedule(#imhsa.schedule<pool>)
      outs(%l : memref<1x6x49x64xf32>)
    ```
    After (constants and the vectors of columns 8 and on left out):
    ```mlir
    scf.parallel (%b, %h, %i) = (%c0, %c0, %c0) to (%c1, %c6, %c7) step (%c1, %c1, %c1) {
      %sum = memref.alloca() {alignment = 64 : i64} : memref<64xf32>
      scf.for %l = %first to %last step %c1 {
        %rows = memref.subview %k[%b, %h, 0, 0] [1, 1, %n, 64] [1, 1, 1, 1] : ...
        ...
        %0 = scf.for %m = %c0 to %count step %c1 iter_args(%before = %start) -> (vector<8xf32>) {
          %position = arith.addi %begin, %m : index
          %token = vector.load %rows[%position, %c0] : ..., vector<8xf32>
          %next = vector.fma %one, %token, %before : vector<8xf32>
          scf.yield %next : vector<8xf32>
        }
        ...
      }
    }
    ```

    Errors: tensors; what has no kernel; `lanes` other than 8 and 16, `tile-bytes` below 1.
  }];
  let options = [
    Option<"secondSweep", "second-sweep", "::imhsa::SecondSweep", "::imhsa::SecondSweep::Auto",
           "What the second sweep over keys does for the exponentials of the first",
           [{::imhsa::secondSweeps()}]>,
    Option<"lanes", "lanes", "int64_t", "8", "Elements of f32 in a vector: 8, or 16 for AVX-512">,
    Option<"tileBytes", "tile-bytes", "int64_t", "160 << 10",
           "The scores of a tile at most, in bytes: a third of a second-level cache">
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "Number of operations lowered">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def ParallelizePass : Pass<"imhsa-parallelize"> {
  let summary = "Large linalg operations in parallel tiles";
  let description = [{
    Cuts each linalg operation on tensors that is not in a parallel loop yet into tiles
    of its parallel dimensions, in an `scf.forall`. A tile is about as much work as the
    options say, from the innermost dimension out; a dimension of unknown size counts as
    4096. Operations that fit in one tile stay as they are. The `linalg.fill` that a
    contraction starts from goes into its tiles.

    Before:
    ```mlir
    %zeros = linalg.fill ins(%cst : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    %r = linalg.matmul ins(%a, %b : tensor<?x512xf32>, tensor<512x64xf32>)
                       outs(%zeros : tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
    After:
    ```mlir
    %r = scf.forall (%i) = (0) to (%m) step (64) shared_outs(%o = %e) -> (tensor<?x64xf32>) {
      %size = affine.min affine_map<(d0)[s0] -> (-d0 + s0, 64)>(%i)[%m]
      ...
      %zeros = linalg.fill ins(%cst : f32) outs(%o_tile : tensor<?x64xf32>) -> tensor<?x64xf32>
      %tile = linalg.matmul ins(%a_tile, %b : tensor<?x512xf32>, tensor<512x64xf32>)
                            outs(%zeros : tensor<?x64xf32>) -> tensor<?x64xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %tile into %o[%i, 0] [%size, 64] [1, 1]
          : tensor<?x64xf32> into tensor<?x64xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"reductionWork", "reduction-work", "int64_t", /*default=*/"1 << 20",
           "Steps in a tile of an operation that reduces">,
    Option<"elementwiseWork", "elementwise-work", "int64_t", /*default=*/"1 << 16",
           "Steps in a tile of an operation that does not">,
    Option<"reuse", "reuse", "int64_t", /*default=*/"64",
           "Least size of a tile along which an input is read again and again">
  ];
  let statistics = [
    Statistic<"numParallelized", "operations", "Number of operations cut into parallel tiles">
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LinalgToLoopsPass : Pass<"imhsa-linalg-to-loops"> {
  let summary = "Linalg on memrefs as loops that LLVM vectorises";
  let description = [{
    Lowers each linalg operation on memrefs to `scf.for`, in an order that suits the
    processor instead of the order in which its dimensions are written:

    * Innermost is the dimension along which most operands are contiguous or do not
      change, first of all the output: LLVM vectorises it without gathers. Only where
      all parallel dimensions are strided, a reduction is innermost; its sum is then a
      value that the loop carries.
    * The other reductions are the next loops. The last of them does up to eight steps
      in one iteration, so that the output is read and written once for eight products.
    * An operand of a contraction that is used again for each index of an outer loop is
      gone over in blocks of `block-size` squared elements.

    An input is read as far out as the loops allow. Sums over one dimension keep their
    order. Multiplication and addition may be contracted to one rounding
    (`fastmath<contract>`); nothing else is relaxed.

    Before:
    ```mlir
    linalg.matmul ins(%a, %b : memref<?x4xf32>, memref<4x16xf32>) outs(%c : memref<?x16xf32>)
    ```
    After:
    ```mlir
    scf.for %i = %c0 to %m step %c1 {
      %a0 = memref.load %a[%i, %c0] : memref<?x4xf32>
      ...
      scf.for %j = %c0 to %c16 step %c1 {
        %c0 = memref.load %c[%i, %j] : memref<?x16xf32>
        %b0 = memref.load %b[%c0, %j] : memref<4x16xf32>
        %p0 = arith.mulf %a0, %b0 fastmath<contract> : f32
        %s0 = arith.addf %c0, %p0 fastmath<contract> : f32
        ...
        memref.store %s3, %c[%i, %j] : memref<?x16xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"blockSize", "block-size", "int64_t", /*default=*/"64",
           "Rows and columns of a block of an operand that is used again and again">
  ];
  let statistics = [
    Statistic<"numLowered", "operations", "Number of linalg operations lowered">
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def OutlineParallelPass : Pass<"imhsa-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Parallel loops as calls of the runtime";
  let description = [{
    Moves the body of each outermost `scf.forall` and `scf.parallel` on memrefs to a
    function of its own, and calls the runtime's `imhsa_parallel_for`
    (runtime/ParallelFor.h) instead. The indices of all dimensions become one. What the
    body uses is handed over in a struct on the caller's stack. Pointers to buffers
    that are distinct get `llvm.noalias`, so that LLVM vectorises without checks.

    Parallel loops inside others stay, and so do those that reduce: they run in one
    thread.

    Before:
    ```mlir
    func.func @f(%x: memref<?xf32>) {
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {
        memref.store %cst, %x[%i] : memref<?xf32>
      }
      return
    }
    ```
    After:
    ```mlir
    llvm.func @imhsa_parallel_for(i64, !llvm.ptr, !llvm.ptr)
    func.func @f(%x: memref<?xf32>) {
      %context = llvm.alloca %c1 x !llvm.struct<(ptr, i64)> : (i64) -> !llvm.ptr
      ...
      llvm.call @imhsa_parallel_for(%n, %f_parallel, %context) : (i64, !llvm.ptr, !llvm.ptr) -> ()
      return
    }
    func.func private @f_parallel_body(%i: i64, %pointer: !llvm.ptr, %size: i64) {
      ...
      memref.store %cst, %x[%index] : memref<?xf32>
      return
    }
    llvm.func internal @f_parallel(%i: i64, %context: !llvm.ptr) {
      ...
      func.call @f_parallel_body(%i, %pointer, %size) : (i64, !llvm.ptr, i64) -> ()
      llvm.return
    }
    ```
  }];
  let statistics = [
    Statistic<"numOutlined", "loops", "Number of parallel loops that became calls">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect"];
}

def VerifyLoweredPass : Pass<"imhsa-verify-lowered"> {
  let summary = "An error for each imhsa operation";
  let description = [{
    Changes nothing. Fails, naming each, if operations of the dialect `imhsa` are left.
    The pipelines run it after stage 6, where an operation that no pass took would
    otherwise show as an obscure failure later.
  }];
}

def ApproximateMathPass : Pass<"imhsa-approximate-math"> {
  let summary = "Exponential and logarithm in f32 as polynomials";
  let description = [{
    Replaces `math.exp` and `math.log` on f32 by upstream's polynomials, which LLVM
    vectorises; a call of the C library it would not. NaN and infinities go through as
    in the library, results are within a few units in the last place, and what would be
    subnormal may be zero. Other functions and types are left for the library.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

//===----------------------------------------------------------------------===//
// 7 binary
//===----------------------------------------------------------------------===//

def LaunchesToRuntimePass : Pass<"imhsa-launches-to-runtime", "::mlir::ModuleOp"> {
  let summary = "Launches of kernels as calls of the caller's launcher";
  let description = [{
    Gives each entry function that computes (not `f_sizes`) a last argument, a pointer
    to an `imhsa_launcher` (runtime/Artifact.h), and calls it for each
    `gpu.launch_func`: with the number of the kernel, the sizes of grid and block and
    the bytes of dynamic shared memory, whether the kernel waits by itself for what is
    launched before it (`nvvm.griddepcontrol wait`), and the addresses of the kernel's
    arguments, in which memrefs are taken apart as in the NVVM dialect. The launcher is the CUDA
    driver's for the stream of the call, or an emulator's. The names of the kernels are
    in their order in the module's attribute `imhsa.kernels`.

    Errors: launches that are asynchronous, that have clusters, that have arguments
    other than numbers, pointers and memrefs with a rank, or that stand outside of
    entry functions.

    Before:
    ```mlir
    func.func @f(%x: memref<?xf32>, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
      gpu.launch_func @kernels::@k blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1)
          args(%n : index, %x : memref<?xf32>)
      return
    }
    ```
    After (casts left out):
    ```mlir
    module attributes {imhsa.kernels = ["k"]} {
      func.func @f(%x: memref<?xf32>, %workspace: memref<?xi8>, %launcher: !llvm.ptr)
          attributes {llvm.emit_c_interface} {
        %values = llvm.alloca %one x !llvm.struct<(i64, ptr, ptr, i64, i64, i64)> : (i32) -> !llvm.ptr
        %addresses = llvm.alloca %one x !llvm.array<6 x ptr> : (i32) -> !llvm.ptr
        %dims = llvm.alloca %one x !llvm.array<8 x i64> : (i32) -> !llvm.ptr
        ...
        %launch = llvm.load %launcher : !llvm.ptr -> !llvm.ptr
        llvm.call %launch(%launcher, %kernel, %dims, %addresses)
            : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr) -> ()
        return
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numLaunches", "launches", "Number of launches that became calls">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect"];
}

def ReturnFailuresPass : Pass<"imhsa-return-failures", "::mlir::ModuleOp"> {
  let summary = "Failed checks as the result of an entry function";
  let description = [{
    Makes each function with a C interface return a pointer: null, or the text of the
    first `cf.assert` that does not hold, at which it then ends. So the caller learns
    what is wrong with its inputs and goes on; upstream's conversion would end the
    process. Of the messages that `generate-runtime-verification` makes, only the reason
    stays.

    Errors: a `cf.assert` in any other function, or in a region.

    Before:
    ```mlir
    func.func @f(%x: memref<?xf32>) attributes {llvm.emit_c_interface} {
      cf.assert %same, "expected 4 elements"
      return
    }
    ```
    After:
    ```mlir
    llvm.mlir.global internal constant @imhsa_failure("expected 4 elements\00")
    func.func @f(%x: memref<?xf32>) -> !llvm.ptr attributes {llvm.emit_c_interface} {
      cf.cond_br %same, ^bb2, ^bb1
    ^bb1:
      %text = llvm.mlir.addressof @imhsa_failure : !llvm.ptr
      return %text : !llvm.ptr
    ^bb2:
      %null = llvm.mlir.zero : !llvm.ptr
      return %null : !llvm.ptr
    }
    ```
  }];
  let statistics = [
    Statistic<"numChecks", "checks", "Number of checks that became branches">
  ];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

def PackEntriesPass : Pass<"imhsa-pack-entries", "::mlir::ModuleOp"> {
  let summary = "Entry functions that take an array of addresses";
  let description = [{
    Adds to each function `f` with a C interface, in the LLVM dialect, a function
    `imhsa_packed_f` that takes the addresses of its arguments in an array: an
    `imhsa_packed_function` (runtime/Artifact.h), which can be called without knowing at
    compile time how many arguments there are.

    Error: a C interface with an argument or a result that is no pointer.

    Before:
    ```mlir
    llvm.func @_mlir_ciface_f(%x: !llvm.ptr, %workspace: !llvm.ptr) -> !llvm.ptr { ... }
    ```
    After:
    ```mlir
    llvm.func @imhsa_packed_f(%arguments: !llvm.ptr) -> !llvm.ptr {
      %0 = llvm.getelementptr %arguments[0] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
      %x = llvm.load %0 : !llvm.ptr -> !llvm.ptr
      %1 = llvm.getelementptr %arguments[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
      %workspace = llvm.load %1 : !llvm.ptr -> !llvm.ptr
      %result = llvm.call @_mlir_ciface_f(%x, %workspace) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
      llvm.return %result : !llvm.ptr
    }
    ```
  }];
}

def KernelsToNvvmPass : Pass<"imhsa-kernels-to-nvvm", "::mlir::gpu::GPUModuleOp"> {
  let summary = "The kernels of a gpu.module in the LLVM and NVVM dialects";
  let description = [{
    Converts a `gpu.module` of `gpu.func`s on memrefs as upstream's
    `convert-gpu-to-nvvm` does, with 64-bit indices, but without calls into CUDA's
    libdevice: PTX comes out whole. Mathematical functions of f32, f16 and bf16
    become polynomials in f32 (upstream's, which the CPU uses too); what PTX has, and
    what LLVM makes of it, become LLVM's intrinsics (`absf`, `sqrt`, `fma`, rounding,
    ...; `arith.maximumf` with its NaNs).

    Errors: a function that is not available so (most of them on f64); anything else
    that would be a call of a function that is defined elsewhere.

    Before:
    ```mlir
    gpu.func @k(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
      %i = gpu.thread_id x
      %a = memref.load %x[%i] : memref<?xf32>
      %r = math.sqrt %a : f32
      memref.store %r, %x[%i] : memref<?xf32>
      gpu.return
    }
    ```
    After (the fields of the memref's descriptor left out):
    ```mlir
    llvm.func @k(...) attributes {gpu.kernel, gpu.known_block_size = array<i32: 256, 1, 1>,
                                  nvvm.kernel, nvvm.maxntid = array<i32: 256, 1, 1>} {
      %0 = nvvm.read.ptx.sreg.tid.x : i32
      %i = llvm.sext %0 : i32 to i64
      %p = llvm.getelementptr inbounds|nuw %base[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      %a = llvm.load %p : !llvm.ptr -> f32
      %r = llvm.intr.sqrt(%a) : (f32) -> f32
      llvm.store %r, %p : f32, !llvm.ptr
      llvm.return
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def GpuToBinaryPass : Pass<"imhsa-gpu-to-binary", "::mlir::ModuleOp"> {
  let summary = "Kernels compiled for a chip";
  let description = [{
    Compiles every `gpu.module` that is in the LLVM and NVVM dialects, for each chip of
    a list, and puts a `gpu.binary` with one object for each in its place. The version
    of PTX is 8.0 (CUDA 12.0) or the first that has the chip. `format=isa` and `llvm`
    need nothing but LLVM; `bin` and `fatbin` need ptxas (and fatbinary) of the CUDA
    toolkit, in the folder `toolkit` or else in one of CUDA_ROOT, CUDA_HOME, CUDA_PATH,
    /usr/local/cuda, or on PATH. `with-ptx` adds to
    binaries, as a last object, PTX for the oldest of the chips, other than such as
    sm_90a, if there is one: the driver compiles it for chips that have no binary.
    With `line-info`, kernels keep the lines of the source that their instructions come
    from, which profilers and sanitizers show: `.file` and `.loc` in PTX, line tables in
    binaries. Optimization stays the same.

    Errors: an unknown chip or one older than sm_80 (on which LLVM would end the
    process), or one that is there twice; a tool that is needed and not there, or that
    fails.

    Before:
    ```mlir
    gpu.module @kernels { ... }
    ```
    After, with `chip=sm_90a`:
    ```mlir
    gpu.binary @kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80">,
                         assembly = "//\0A// Generated by LLVM NVPTX Back-End\0A//...">]
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect"];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "The chips, with commas between: sm_80, sm_86, sm_90a, ...">,
    Option<"withPtx", "with-ptx", "bool", "false",
           "Add PTX to binaries, for chips newer than all of them">,
    Option<"format", "format", "::mlir::gpu::CompilationTarget",
           "::mlir::gpu::CompilationTarget::Assembly", "What to make", "::imhsa::binaryFormats()">,
    Option<"toolkit", "toolkit", "std::string", "\"\"", "The folder of the CUDA toolkit">,
    Option<"lineInfo", "line-info", "bool", "false", "Keep the lines of the source in the kernels">
  ];
  let statistics = [
    Statistic<"numModules", "modules", "Number of modules of kernels compiled">
  ];
}

def PrintPtxPass : Pass<"imhsa-print-ptx", "::mlir::ModuleOp"> {
  let summary = "Write the PTX in the module to a file";
  let description = [{
    Writes the PTX of every `gpu.binary` as plain text, which the module holds with
    its line ends escaped. The module stays as it is:

    ```
    imhsa-opt block.mlir --imhsa-cuda-pipeline=chip=sm_80 --imhsa-print-ptx -o /dev/null
    ```

    Errors: a file that cannot be written; a `gpu.binary` that holds no PTX.

    From:
    ```mlir
    gpu.binary @kernels [#gpu.object<#nvvm.target<...>, assembly = "//\0A// Generated by ...">]
    ```
    the text:
    ```
    //
    // Generated by LLVM NVPTX Back-End
    //
    .version 8.0
    .target sm_80
    ...
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", "\"-\"", "Where to write; - is standard output">
  ];
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

def PromoteToF64Pass : Pass<"imhsa-promote-to-f64", "::mlir::ModuleOp"> {
  let summary = "The same module in double precision";
  let description = [{
    Makes every floating-point type narrower than f64 an f64, in values, function
    types and constants; a constant keeps its number. `arith.extf` and
    `arith.truncf`, which then have nothing to do, are erased. `imhsa-run --check`
    compares with what the result computes. Schedules of fused kernels, of which none
    computes f64, are dropped.

    An operation that reinterprets the bits of such a type is an error, and so is,
    by its verifier, one that takes no f64.

    Before:
    ```mlir
    func.func @square(%x: tensor<4xf16>) -> tensor<4xf16> {
      %wide = arith.extf %x : tensor<4xf16> to tensor<4xf32>
      %product = arith.mulf %wide, %wide : tensor<4xf32>
      %narrow = arith.truncf %product : tensor<4xf32> to tensor<4xf16>
      return %narrow : tensor<4xf16>
    }
    ```
    After:
    ```mlir
    func.func @square(%x: tensor<4xf64>) -> tensor<4xf64> {
      %product = arith.mulf %x, %x : tensor<4xf64>
      return %product : tensor<4xf64>
    }
    ```
  }];
  let statistics = [
    Statistic<"numFolded", "casts", "Number of extensions and truncations erased">
  ];
}

#endif // IMHSA_PASSES_TD
