//===- ImhsaOps.td - operations of the imhsa dialect -----*- tablegen -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_OPS_TD
#define IMHSA_OPS_TD

include "dialect/ImhsaAttrs.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"

// A ranked tensor, or after bufferization a memref. Ranks and element types are
// checked by the verifier, which names the operand.
def Imhsa_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef],
    "ranked tensor or memref">;

class Imhsa_Op<string mnemonic, list<Trait> traits = []> :
    Op<Imhsa_Dialect, mnemonic, traits # [
      DestinationStyleOpInterface,
      DeclareOpInterfaceMethods<ConditionallySpeculatable>,
      DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
      DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  // The first of `outs` has one element for every element of the result.
  code initDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutsMutable(); }
    /// The destination of the first result.
    ::mlir::Value getInit() { return getOuts().front(); }
  }];
}

// Operations that compute scores, softmax over them, and what follows: one
// description of the logits serves them all (`Scores`, in Scores.h).
class Imhsa_ScoresOp<string mnemonic, list<Trait> traits = []> :
    Imhsa_Op<mnemonic, [AttrSizedOperandSegments] # traits> {
  code scoresDeclaration = [{
    /// The operands and attributes that define the logits and their softmax.
    ::imhsa::Scores getScores();
  }];
}

// Tiling over batch, queries, value columns and (as a partial reduction) keys.
def Imhsa_Tiling : DeclareOpInterfaceMethods<TilingInterface, [
    "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
    "getResultTilePosition", "generateResultTileValue",
    "getIterationDomainTileFromResultTile"]>;
def Imhsa_PartialReduction : DeclareOpInterfaceMethods<PartialReductionOpInterface, [
    "generateInitialTensorForPartialReduction", "tileToPartialReduction",
    "mergeReductions", "getPartialResultTilePosition"]>;

//===----------------------------------------------------------------------===//
// imhsa.attention
//===----------------------------------------------------------------------===//

def Imhsa_AttentionOp : Imhsa_ScoresOp<"attention", [
    DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>,
    Imhsa_Tiling, Imhsa_PartialReduction]> {
  let summary = "Interactive multi-head attention, exact or with landmarks";
  let description = [{
    **Exact** (no landmarks), for query `[B,H,N,D]`, key `[B,H',M,D]`, value
    `[B,G',M,E]` and result `[B,G,N,E]`:

    ```
    X[b,h,n,m] = scale * sum_d Q[b,h,n,d] K[b,h,m,d]   (+ bias[b,h,n,m])
    Y[b,s,n,m] = sum_h pre[s,h] X[b,h,n,m] + pre_bias[s]
    P[b,s,n,m] = softmax over the kept m of Y
    Z[b,g,n,m] = sum_s post[g,s] P[b,s,n,m] + post_bias[g], 0 where not kept
    O[b,g,n,e] = sum_m Z[b,g,n,m] V[b,g,m,e]
    ```

    ```mlir
    %o = imhsa.attention ins(%q, %k, %v : tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>)
           interaction(pre = %w0 : tensor<6x6xf32>, post = %w1 : tensor<6x6xf32>) causal
           outs(%init : tensor<2x6x?x64xf32>) -> tensor<2x6x?x64xf32>
    ```

    **With landmarks** Qbar and Kbar, pooled by a `#imhsa.pool` attribute or
    given as operands, it is `A_Q (A_K V)`: two exact attentions in a row, linear
    in the tokens. `A_K` has Qbar as queries, all tokens as keys and the
    interaction `query_less`; `A_Q` has all tokens as queries, Kbar as keys and
    the interaction `key_less`.

    ```mlir
    %o = imhsa.attention ins(%q, %k, %v : tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>)
           landmarks(#imhsa.pool<49>)
           key_less(pre = %w0 : tensor<6x6xf32>, post = %w1 : tensor<6x6xf32>)
           query_less(pre = %w2 : tensor<6x6xf32>, post = %w3 : tensor<6x6xf32>)
           outs(%init : tensor<2x6x?x64xf32>) -> tensor<2x6x?x64xf32>
    ```

    * **Heads.** Key head `h / (H/H')` serves query head `h`, value head
      `g / (G/G')` result head `g`. S, the heads of the softmax, is H without `pre`.
      G is S without `post`.
    * **pre_bias** is finite. It shifts all logits of a row alike, so that only the
      log-sum-exp shows it.
    * **order.** Each token tensor is `bhnd` (default) or `bnhd`.
    * **bias** `[B|1, H|1, N|1, M]` is added to the logits before mixing.
    * **What is kept**: positions that all of `keep` (i1, `[B|1, N|1, M]`),
      `key_lengths` (`[B]`, clamped to [0, M]), `causal` and `window(left, right)` keep.
      For the last two, query `i` stands at key position `i + query_offset`; by default
      `query_offset` is M - N, so that the last query stands at the last key. A row with
      nothing kept gives zeros; keys and values that nothing in the batch element keeps
      are never read.
    * **lse**: the second result, where `outs` has a second tensor `[B,S,N]`, is the
      natural-log log-sum-exp of Y over the kept m, -inf where nothing is kept. Given as
      an operand `lse` it stands for the normaliser: P = exp(Y - lse).
    * **scale** defaults to D^-1/2.
    * **Types.** One storage type of f32, f16, bf16 or f64; f32 may stand beside a 16-bit
      type in any operand. Products, softmax and mixing are computed in f32 (f64 for f64).
    * **Tiling.** The loops are batch, queries, value columns and keys (with landmarks: batch
      and value columns); heads are never cut, since they interact. Keys are cut as a
      partial reduction: of outputs and their log-sum-exps, or with an `lse` operand of
      plain sums. Mixing after the softmax needs that operand there.
    * **schedule** names the kernel that computes an exact attention; what its splits give
      is kept in the buffers `scratch`, which `imhsa-bufferize` adds.

    Constraints, `scores_*` shared with `imhsa.weights` and `imhsa.log_sum_exp`:

    | label | constraint |
    |---|---|
    | `scores_c1` | query and key are one operand each, of rank 4 |
    | `scores_c2` | token tensors, bias and interaction are f32, f16, bf16 or f64; all 16-bit ones of one type; f64 only where all are |
    | `scores_c3` | B and D of query and key agree |
    | `scores_c4` | heads are at least 1, and the key's divide the query's |
    | `scores_c5` | `scale` is given where D is dynamic or 0, and is finite in the type of the sums |
    | `scores_c6` | `pre` is [S,H], `pre_bias` [S], `post` [G,S], `post_bias` [G] |
    | `scores_c7` | `bias` is [B\|1, H\|1, N\|1, M] |
    | `scores_c8` | `keep` is i1 [B\|1, N\|1, M] |
    | `scores_c9` | `key_lengths` is i32 or i64, [B] |
    | `scores_c10` | `window` is two non-negative numbers |
    | `scores_c11` | `query_offset` stands only beside `causal` or `window` |
    | `scores_c12` | `lse` is [B,S,N], f32 (f64 where the others are) |
    | `scores_c13` | operands are all tensors, with a result for each of `outs`, of its type; or all memrefs, without results |
    | `attention_c1` | value is one operand of rank 4; its B and M are those of query and key |
    | `attention_c2` | the heads of the value divide G |
    | `attention_c3` | landmarks are an attribute or two operands, not both |
    | `attention_c4` | landmark operands are [B,H,L,D] or [H,L,D], of one L; the heads of `key_landmarks` divide those of the query |
    | `attention_c5` | `interaction` stands only without landmarks, `key_less` and `query_less` only with |
    | `attention_c6` | with landmarks there is no `bias`, `keep`, `causal`, `window`, `query_offset` or `lse` |
    | `attention_c7` | pooled landmarks need N = M; a grid has N tokens and no `key_lengths` |
    | `attention_c8` | both interactions of landmark attention end in the same G |
    | `attention_c9` | `outs` has the result [B,G,N,E], f32 or the storage type, and at most one more |
    | `attention_c10` | the second of `outs` is [B,S,N], f32 (f64 where the others are) |
    | `attention_c11` | `schedule` is of the kind `general`, `stream` or `read_out`; with landmarks `general` |
    | `attention_c12` | `scratch` stands only on memrefs, where a fused schedule has more than one split: f32 [splits,B,G,N,E], and without an operand `lse` f32 [splits,B,S,N] too |
  }];
  let arguments = (ins
    Arg<Imhsa_Shaped, "[B,H,N,D]">:$query,
    Arg<Imhsa_Shaped, "[B,H',M,D]">:$key,
    Arg<Imhsa_Shaped, "[B,G',M,E]">:$value,
    Optional<Imhsa_Shaped>:$query_landmarks,
    Optional<Imhsa_Shaped>:$key_landmarks,
    Optional<Imhsa_Shaped>:$pre,
    Optional<Imhsa_Shaped>:$pre_bias,
    Optional<Imhsa_Shaped>:$post,
    Optional<Imhsa_Shaped>:$post_bias,
    Optional<Imhsa_Shaped>:$key_less_pre,
    Optional<Imhsa_Shaped>:$key_less_pre_bias,
    Optional<Imhsa_Shaped>:$key_less_post,
    Optional<Imhsa_Shaped>:$key_less_post_bias,
    Optional<Imhsa_Shaped>:$query_less_pre,
    Optional<Imhsa_Shaped>:$query_less_pre_bias,
    Optional<Imhsa_Shaped>:$query_less_post,
    Optional<Imhsa_Shaped>:$query_less_post_bias,
    Optional<Imhsa_Shaped>:$bias,
    Optional<Imhsa_Shaped>:$keep,
    Optional<Imhsa_Shaped>:$key_lengths,
    Optional<Index>:$query_offset,
    Optional<Imhsa_Shaped>:$lse,
    Variadic<Imhsa_Shaped>:$scratch,
    Variadic<Imhsa_Shaped>:$outs,
    OptionalAttr<Imhsa_PoolAttr>:$pool,
    UnitAttr:$causal,
    OptionalAttr<DenseI64ArrayAttr>:$window,
    OptionalAttr<F64Attr>:$scale,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$query_order,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$key_order,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$value_order,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$output_order,
    OptionalAttr<Imhsa_ScheduleAttr>:$schedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    `` custom<AttentionOrder>($query_order, $key_order, $value_order, $output_order)
    oilist(
        `landmarks` `(` custom<Landmarks>($pool, $query_landmarks, type($query_landmarks),
                                      $key_landmarks, type($key_landmarks)) `)`
      | `key_less` `(` custom<Interaction>($key_less_pre, type($key_less_pre), $key_less_pre_bias, type($key_less_pre_bias),
                                   $key_less_post, type($key_less_post), $key_less_post_bias, type($key_less_post_bias)) `)`
      | `query_less` `(` custom<Interaction>($query_less_pre, type($query_less_pre), $query_less_pre_bias, type($query_less_pre_bias),
                                       $query_less_post, type($query_less_post), $query_less_post_bias, type($query_less_post_bias)) `)`
      | `interaction` `(` custom<Interaction>($pre, type($pre), $pre_bias, type($pre_bias),
                                          $post, type($post), $post_bias, type($post_bias)) `)`
      | `bias` `(` $bias `:` type($bias) `)`
      | `keep` `(` $keep `:` type($keep) `)`
      | `key_lengths` `(` $key_lengths `:` type($key_lengths) `)`
      | `causal` $causal
      | `window` `(` custom<Window>($window) `)`
      | `query_offset` `(` $query_offset `)`
      | `lse` `(` $lse `:` type($lse) `)`
      | `scale` `(` $scale `)`
      | `schedule` `(` qualified($schedule) `)`
      | `scratch` `(` $scratch `:` type($scratch) `)`)
    `outs` `(` $outs `:` type($outs) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "const ::imhsa::Scores &":$scores, "::mlir::Value":$value,
                   "::imhsa::DimOrder":$valueOrder, "::mlir::ValueRange":$outs,
                   CArg<"::imhsa::DimOrder", "::imhsa::DimOrder::BHND">:$outputOrder)>,
    OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key, "::mlir::Value":$value,
                   "::imhsa::PoolAttr":$pool, "const ::imhsa::Interaction &":$keyLess,
                   "const ::imhsa::Interaction &":$queryLess, "::mlir::Value":$init)>
  ];
  let extraClassDeclaration = initDeclaration # scoresDeclaration # [{
    /// True if there are landmarks, pooled or given.
    bool hasLandmarks() { return getPoolAttr() || getQueryLandmarks() || getKeyLandmarks(); }
    /// The interactions of landmark attention and of exact attention.
    ::imhsa::Interaction getKeyLess();
    ::imhsa::Interaction getQueryLess();
    ::imhsa::Interaction getInteraction();
    /// The destination of the log-sum-exp, or null where it is not asked for.
    ::mlir::Value getLseInit() { return getOuts().size() > 1 ? getOuts()[1] : ::mlir::Value(); }
  }];
}

//===----------------------------------------------------------------------===//
// imhsa.weights
//===----------------------------------------------------------------------===//

def Imhsa_WeightsOp : Imhsa_ScoresOp<"weights", [
    DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let summary = "The attention matrices Z themselves, after the interaction";
  let description = [{
    Z of `imhsa.attention` as a value, `[B,G,N,M]` in f32 (f64 for f64 operands).
    `imhsa-decompose` makes A_Q and A_K of it; `imhsa-fuse` makes an attention of
    a Z that only multiplies a value, since Z itself is as large as N times M.

    ```mlir
    %z = imhsa.weights ins(%q, %k : tensor<2x6x?x64xbf16>, tensor<2x6x49x64xf32>)
           interaction(pre = %w0 : tensor<6x6xf32>)
           outs(%init : tensor<2x6x?x49xf32>) -> tensor<2x6x?x49xf32>
    ```

    Constraints: `scores_c1` to `scores_c13` of `imhsa.attention`, and

    | label | constraint |
    |---|---|
    | `weights_c1` | `outs` is one tensor [B,G,N,M], f32 (f64 where the operands are) |
  }];
  let arguments = (ins
    Arg<Imhsa_Shaped, "[B,H,N,D]">:$query,
    Arg<Imhsa_Shaped, "[B,H',M,D]">:$key,
    Optional<Imhsa_Shaped>:$pre,
    Optional<Imhsa_Shaped>:$pre_bias,
    Optional<Imhsa_Shaped>:$post,
    Optional<Imhsa_Shaped>:$post_bias,
    Optional<Imhsa_Shaped>:$bias,
    Optional<Imhsa_Shaped>:$keep,
    Optional<Imhsa_Shaped>:$key_lengths,
    Optional<Index>:$query_offset,
    Optional<Imhsa_Shaped>:$lse,
    Variadic<Imhsa_Shaped>:$outs,
    UnitAttr:$causal,
    OptionalAttr<DenseI64ArrayAttr>:$window,
    OptionalAttr<F64Attr>:$scale,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$query_order,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$key_order);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `:` type($query) `,` type($key) `)`
    `` custom<ScoresOrder>($query_order, $key_order)
    oilist(
        `interaction` `(` custom<Interaction>($pre, type($pre), $pre_bias, type($pre_bias),
                                          $post, type($post), $post_bias, type($post_bias)) `)`
      | `bias` `(` $bias `:` type($bias) `)`
      | `keep` `(` $keep `:` type($keep) `)`
      | `key_lengths` `(` $key_lengths `:` type($key_lengths) `)`
      | `causal` $causal
      | `window` `(` custom<Window>($window) `)`
      | `query_offset` `(` $query_offset `)`
      | `lse` `(` $lse `:` type($lse) `)`
      | `scale` `(` $scale `)`)
    `outs` `(` $outs `:` type($outs) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "const ::imhsa::Scores &":$scores, "::mlir::Value":$init)>
  ];
  let extraClassDeclaration = initDeclaration # scoresDeclaration;
}

//===----------------------------------------------------------------------===//
// imhsa.log_sum_exp
//===----------------------------------------------------------------------===//

def Imhsa_LogSumExpOp : Imhsa_ScoresOp<"log_sum_exp", [
    DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>,
    Imhsa_Tiling, Imhsa_PartialReduction]> {
  let summary = "The softmax normalisers of an attention";
  let description = [{
    The natural-log log-sum-exp over the kept keys of the logits Y of
    `imhsa.attention`, `[B,S,N]` in f32 (f64 for f64 operands); -inf where nothing is
    kept. It is the first of the two sweeps that an attention over many keys needs
    where heads are mixed after the softmax: given as `lse` operand, it makes the
    second sweep a plain sum over the keys.

    ```mlir
    %lse = imhsa.log_sum_exp ins(%q, %k : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf32>)
             interaction(pre = %w0 : tensor<6x6xf32>)
             outs(%init : tensor<2x6x49xf32>) -> tensor<2x6x49xf32>
    ```

    Constraints: `scores_c1` to `scores_c13` of `imhsa.attention`, and

    | label | constraint |
    |---|---|
    | `log_sum_exp_c1` | `outs` is one tensor [B,S,N], f32 (f64 where the operands are) |
    | `log_sum_exp_c2` | `schedule` is of the kind `general` or `normalisers` |
    | `log_sum_exp_c3` | `scratch` stands only on memrefs, where a fused schedule has more than one split: f32 [splits,B,S,N] |
  }];
  let arguments = (ins
    Arg<Imhsa_Shaped, "[B,H,N,D]">:$query,
    Arg<Imhsa_Shaped, "[B,H',M,D]">:$key,
    Optional<Imhsa_Shaped>:$pre,
    Optional<Imhsa_Shaped>:$pre_bias,
    Optional<Imhsa_Shaped>:$bias,
    Optional<Imhsa_Shaped>:$keep,
    Optional<Imhsa_Shaped>:$key_lengths,
    Optional<Index>:$query_offset,
    Variadic<Imhsa_Shaped>:$scratch,
    Variadic<Imhsa_Shaped>:$outs,
    UnitAttr:$causal,
    OptionalAttr<DenseI64ArrayAttr>:$window,
    OptionalAttr<F64Attr>:$scale,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$query_order,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$key_order,
    OptionalAttr<Imhsa_ScheduleAttr>:$schedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `:` type($query) `,` type($key) `)`
    `` custom<ScoresOrder>($query_order, $key_order)
    oilist(
        `interaction` `(` custom<PreInteraction>($pre, type($pre), $pre_bias, type($pre_bias)) `)`
      | `bias` `(` $bias `:` type($bias) `)`
      | `keep` `(` $keep `:` type($keep) `)`
      | `key_lengths` `(` $key_lengths `:` type($key_lengths) `)`
      | `causal` $causal
      | `window` `(` custom<Window>($window) `)`
      | `query_offset` `(` $query_offset `)`
      | `scale` `(` $scale `)`
      | `schedule` `(` qualified($schedule) `)`
      | `scratch` `(` $scratch `:` type($scratch) `)`)
    `outs` `(` $outs `:` type($outs) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "const ::imhsa::Scores &":$scores, "::mlir::Value":$init)>
  ];
  let extraClassDeclaration = initDeclaration # scoresDeclaration;
}

//===----------------------------------------------------------------------===//
// imhsa.pool
//===----------------------------------------------------------------------===//

def Imhsa_PoolOp : Imhsa_Op<"pool", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let summary = "Landmarks as segment means of tokens";
  let description = [{
    `[B,H,N,D]` to `[B,H,L,D]`: landmark `l` is the mean of the tokens of segment
    `l`, see `#imhsa.pool`. With `key_lengths` the segments divide the first `length`
    tokens of each batch element; those beyond are not read. Sums are in f32 (f64 for
    f64). The order of the input is `bhnd` or `bnhd`.

    ```mlir
    %kbar = imhsa.pool #imhsa.pool<49> ins(%k : tensor<2x6x?x64xbf16>)
              outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
    ```

    | label | constraint |
    |---|---|
    | `pool_c1` | the input is one operand of rank 4 and f32, f16, bf16 or f64 |
    | `pool_c2` | `outs` is one tensor [B,H,L,D], of the input's type or f32; f64 for f64 |
    | `pool_c3` | `key_lengths` is i32 or i64, [B], and not beside a grid |
    | `pool_c4` | a grid has as many tokens as the input |
    | `pool_c5` | operands are all tensors, with a result for each of `outs`, of its type; or all memrefs, without results |
    | `pool_c6` | `schedule` is of the kind `general` or `pool` |
  }];
  let arguments = (ins
    Arg<Imhsa_Shaped, "[B,H,N,D]">:$input,
    Optional<Imhsa_Shaped>:$key_lengths,
    Variadic<Imhsa_Shaped>:$outs,
    Imhsa_PoolAttr:$pool,
    DefaultValuedAttr<Imhsa_DimOrder, "::imhsa::DimOrder::BHND">:$input_order,
    OptionalAttr<Imhsa_ScheduleAttr>:$schedule);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    qualified($pool) `ins` `(` $input `:` type($input) `)`
    `` custom<PoolOrder>($input_order)
    oilist(
        `key_lengths` `(` $key_lengths `:` type($key_lengths) `)`
      | `schedule` `(` qualified($schedule) `)`)
    `outs` `(` $outs `:` type($outs) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::imhsa::PoolAttr":$pool, "::mlir::Value":$input, "::imhsa::DimOrder":$inputOrder,
                   "::mlir::Value":$keyLengths, "::mlir::Value":$init)>
  ];
  let extraClassDeclaration = initDeclaration;
}

#endif // IMHSA_OPS_TD
