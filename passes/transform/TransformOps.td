//===- TransformOps.td - imhsa in the transform dialect --*- tablegen -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The stages of this compiler as steps of a schedule that is written in IR.

#ifndef IMHSA_TRANSFORM_OPS_TD
#define IMHSA_TRANSFORM_OPS_TD

include "dialect/ImhsaAttrs.td"
include "mlir/Dialect/Transform/IR/TransformDialect.td"
include "mlir/Dialect/Transform/Interfaces/MatchInterfaces.td"
include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Imhsa_TransformOp<string mnemonic, list<Trait> traits = []> :
    Op<Transform_Dialect, "imhsa." # mnemonic, traits> {
  let cppNamespace = "::imhsa";
}

// Is applied to one payload operation after the other.
class Imhsa_TransformEachOp<string mnemonic, list<Trait> traits = []> :
    Imhsa_TransformOp<mnemonic, traits # [
      TransformOpInterface, TransformEachOpTrait, ReportTrackingListenerFailuresOpTrait]> {
  string applyDeclaration = [{
    /// Applies the step to one payload operation.
    ::mlir::DiagnosedSilenceableFailure applyToOne(
        ::mlir::transform::TransformRewriter &rewriter, ::mlir::Operation *target,
        ::mlir::transform::ApplyToEachResultList &results,
        ::mlir::transform::TransformState &state);
  }];
}

def Imhsa_TransformMatchAttentionOp : Imhsa_TransformOp<"match.attention", [
    SingleOpMatcher, MatchOpInterface, MemoryEffectsOpInterface]> {
  let summary = "Matches an attention";
  let description = [{
    Succeeds if the one payload operation of `operand_handle` is an `imhsa.attention`:
    with `landmarks` only one that has landmarks, with `exact` only one that has none.
    A silenceable failure otherwise, as `transform.collect_matching` and
    `transform.foreach_match` want it:

    ```mlir
    transform.named_sequence @with_landmarks(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
      transform.imhsa.match.attention %op landmarks : !transform.any_op
      transform.yield %op : !transform.any_op
    }
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$operand_handle, UnitAttr:$landmarks, UnitAttr:$exact);
  let assemblyFormat = "$operand_handle (`landmarks` $landmarks^)? (`exact` $exact^)? attr-dict `:` type($operand_handle)";
  let extraClassDeclaration = SingleOpMatcher.extraDeclaration;
  let hasVerifier = 1;
}

def Imhsa_TransformDecomposeOp : Imhsa_TransformOp<"decompose", [
    DeclareOpInterfaceMethods<TransformOpInterface>, FunctionalStyleTransformOpTrait,
    MemoryEffectsOpInterface, ReportTrackingListenerFailuresOpTrait]> {
  let summary = "Landmark attention as pooling, weights and two products";
  let description = [{
    What `imhsa-decompose` does, for each `imhsa.attention` with landmarks in `target`,
    which is consumed. `weights` are its two `imhsa.weights`, A_Q first, `products` its two
    `linalg.contract`, A_Q A_K first.

    ```mlir
    %weights, %products = transform.imhsa.decompose %attention
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    ```

    A silenceable failure for anything else; what `imhsa-decompose` cannot decompose fails
    definitely, with its error.
  }];
  let arguments = (ins TransformHandleTypeInterface:$target);
  let results = (outs TransformHandleTypeInterface:$weights, TransformHandleTypeInterface:$products);
  let assemblyFormat = "$target attr-dict `:` functional-type($target, results)";
}

def Imhsa_TransformReorderContractionsOp : Imhsa_TransformEachOp<"reorder_contractions", [
    FunctionalStyleTransformOpTrait, MemoryEffectsOpInterface]> {
  let summary = "Multiply tensors in the cheapest order";
  let description = [{
    Runs `imhsa-reorder-contractions` on each operation of `target`, functions or modules,
    with `allow_reassociation` for all products in it, else for those marked
    `imhsa.reassociate`. Handles to what is in them end; `result` is the same operations.

    ```mlir
    %f = transform.imhsa.reorder_contractions %function allow_reassociation
      : (!transform.any_op) -> !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$target, UnitAttr:$allow_reassociation);
  let results = (outs TransformHandleTypeInterface:$result);
  let assemblyFormat = "$target (`allow_reassociation` $allow_reassociation^)? attr-dict `:` functional-type($target, results)";
  let extraClassDeclaration = applyDeclaration;
}

def Imhsa_TransformFuseOp : Imhsa_TransformEachOp<"fuse", [
    FunctionalStyleTransformOpTrait, MemoryEffectsOpInterface]> {
  let summary = "Weights and the values that they multiply as attentions";
  let description = [{
    Runs `imhsa-fuse` on each operation of `target`, functions or modules. Handles to what is
    in them end; `result` is the same operations.

    ```mlir
    %f = transform.imhsa.fuse %function : (!transform.any_op) -> !transform.any_op
    ```
  }];
  let arguments = (ins TransformHandleTypeInterface:$target);
  let results = (outs TransformHandleTypeInterface:$result);
  let assemblyFormat = "$target attr-dict `:` functional-type($target, results)";
  let extraClassDeclaration = applyDeclaration;
}

def Imhsa_TransformSetScheduleOp : Imhsa_TransformEachOp<"set_schedule", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Say by which kernel an operation is computed, and in which tiles";
  let description = [{
    Puts `schedule` on each operation of `target` in the place of any that it has: exact
    attentions, log-sum-exps and poolings. `imhsa-schedule` leaves it as it is, and
    `imhsa-tile` and the kernels follow it.

    ```mlir
    transform.imhsa.set_schedule %attention schedule(#imhsa.schedule<general, queries = 32, keys = 256>) : !transform.any_op
    ```

    A definite failure, with the verifier's error, for an operation that has no such schedule.
  }];
  let arguments = (ins TransformHandleTypeInterface:$target, Imhsa_ScheduleAttr:$schedule);
  let assemblyFormat = "$target `schedule` `(` qualified($schedule) `)` attr-dict `:` type($target)";
  let extraClassDeclaration = applyDeclaration;
}

def Imhsa_TransformTileAttentionOp : Imhsa_TransformOp<"tile_attention", [
    DeclareOpInterfaceMethods<TransformOpInterface>, FunctionalStyleTransformOpTrait,
    MemoryEffectsOpInterface, ReportTrackingListenerFailuresOpTrait]> {
  let summary = "An exact attention in loops over tiles";
  let description = [{
    What `imhsa-tile` does, for each exact `imhsa.attention` and `imhsa.log_sum_exp` in
    `target`: tiles of `batch`, `queries` and `keys`, and `splits` ranges of keys, 0 to let
    the compiler choose; a schedule on the operation comes first. `sequential` makes
    `scf.for` of all loops, otherwise all but the sweep over keys are `scf.forall`.
    `tiles` are the operations on tiles that are left: one, or where heads are mixed after
    the softmax and keys are cut, the normalisers and the sum.

    ```mlir
    %tiles = transform.imhsa.tile_attention %attention queries = 32 keys = 128
      : (!transform.any_op) -> !transform.any_op
    ```

    A silenceable failure for other operations, for landmarks and for memrefs.
  }];
  let arguments = (ins TransformHandleTypeInterface:$target,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$batch,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$queries,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$keys,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$splits,
    UnitAttr:$sequential);
  let results = (outs TransformHandleTypeInterface:$tiles);
  let assemblyFormat = [{
    $target oilist(`batch` `=` $batch | `queries` `=` $queries | `keys` `=` $keys | `splits` `=` $splits
                   | `sequential` $sequential)
    attr-dict `:` functional-type($target, results)
  }];
}

#endif // IMHSA_TRANSFORM_OPS_TD
