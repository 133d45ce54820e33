// RUN: imhsa-opt %s --split-input-file --transform-interpreter --canonicalize --cse | FileCheck %s
// RUN: imhsa-opt %s --split-input-file | imhsa-opt --split-input-file | FileCheck %s --check-prefix=SYNTAX

// The pipeline up to fusion, step by step, written as a schedule: only the attention with landmarks is taken apart.

// CHECK-LABEL: func @stages(
// CHECK:       imhsa.attention ins({{.*}} causal
// CHECK-COUNT-2: imhsa.pool #imhsa.pool<7>
// CHECK:       %[[C:.*]] = imhsa.attention ins({{.*}}) outs({{.*}} : tensor<1x2x7x8xf32>)
// CHECK:       imhsa.attention ins(%{{.*}}, %{{.*}}, %[[C]] : {{.*}}) {{.*}}outs({{.*}} : tensor<1x2x50x8xf32>) {last}
// CHECK-NOT:   imhsa.weights
// CHECK-NOT:   linalg.contract
func.func @stages(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  %init = tensor.empty() : tensor<1x2x50x8xf32>
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         causal outs(%init : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  %1 = imhsa.attention ins(%0, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%init : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %1 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  // SYNTAX: transform.imhsa.match.attention %{{.*}} landmarks : !transform.any_op
  transform.named_sequence @with_landmarks(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.imhsa.match.attention %op landmarks : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.collect_matching @with_landmarks in %root : (!transform.any_op) -> !transform.any_op
    %function = transform.get_parent_op %attention {isolated_from_above} : (!transform.any_op) -> !transform.any_op
    // SYNTAX: transform.imhsa.decompose %{{.*}} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %weights, %products = transform.imhsa.decompose %attention
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %aq, %ak = transform.split_handle %weights : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %inner, %outer = transform.split_handle %products : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    // SYNTAX: transform.imhsa.reorder_contractions %{{.*}} allow_reassociation : (!transform.any_op) -> !transform.any_op
    %f0 = transform.apply_registered_pass "canonicalize" to %function : (!transform.any_op) -> !transform.any_op
    %f1 = transform.imhsa.reorder_contractions %f0 allow_reassociation : (!transform.any_op) -> !transform.any_op
    // SYNTAX: transform.imhsa.fuse %{{.*}} : (!transform.any_op) -> !transform.any_op
    %f2 = transform.imhsa.fuse %f1 : (!transform.any_op) -> !transform.any_op
    %cores = transform.structured.match ops{["imhsa.attention"]} in %f2 : (!transform.any_op) -> !transform.any_op
    %first, %second, %third = transform.split_handle %cores
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.annotate %third "last" : !transform.any_op
    transform.yield
  }
}

// -----

// Handles to what decompose makes: A_Q before A_K, their product before the product with the values.

// CHECK-LABEL: func @handles(
// CHECK:       imhsa.weights {{.*}} {query_side} -> tensor<1x2x50x7xf32>
// CHECK:       imhsa.weights {{.*}} {key_side} -> tensor<1x2x7x50xf32>
// CHECK:       linalg.contract {{.*}} {inner} ins({{.*}} -> tensor<1x2x50x50xf32>
// CHECK:       linalg.contract {{.*}} {outer} ins({{.*}} -> tensor<1x2x50x8xf32>
func.func @handles(%q: tensor<1x2x50x8xf32>, %init: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%init : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %weights, %products = transform.imhsa.decompose %attention : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %aq, %ak = transform.split_handle %weights : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.annotate %aq "query_side" : !transform.any_op
    transform.annotate %ak "key_side" : !transform.any_op
    %inner, %outer = transform.split_handle %products : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.annotate %inner "inner" : !transform.any_op
    transform.annotate %outer "outer" : !transform.any_op
    transform.yield
  }
}

// -----

// Tiles: in one sweep; with mixing after the softmax as normalisers and a sum; in sequential loops; as a schedule says.

// CHECK-LABEL: func @tiled(
// CHECK:       scf.forall
// CHECK:         scf.for {{.*}} step %c16
// CHECK:           imhsa.attention ins({{.*}} : tensor<1x2x25x8xf32>, tensor<1x2x16x8xf32>, {{.*}} {tile}
// CHECK:       scf.for
// CHECK-NOT:     scf.forall
// CHECK:         scf.for
// CHECK:           imhsa.log_sum_exp {{.*}} {mixed}
// CHECK:         scf.for
// CHECK:           imhsa.attention {{.*}} {mixed}
// CHECK:       scf.forall
// CHECK:         scf.for {{.*}} step %c32
// CHECK:           imhsa.attention ins({{.*}} : tensor<1x2x10x8xf32>, {{.*}} {tile}
!t = tensor<2x2x50x8xf32>
!k = tensor<2x2x64x8xf32>
func.func @tiled(%q: !t, %k: !k, %post: tensor<2x2xf32>, %init: !t) -> !t {
  %0 = imhsa.attention ins(%q, %k, %k : !t, !k, !k) outs(%init : !t) -> !t
  %1 = imhsa.attention ins(%0, %k, %k : !t, !k, !k) interaction(post = %post : tensor<2x2xf32>) outs(%init : !t) -> !t
  %2 = imhsa.attention ins(%1, %k, %k : !t, !k, !k) outs(%init : !t) -> !t
  return %2 : !t
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %all = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %0, %1, %2 = transform.split_handle %all : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    // SYNTAX: transform.imhsa.tile_attention %{{.*}} queries = 25 keys = 16 : (!transform.any_op) -> !transform.any_op
    %t0 = transform.imhsa.tile_attention %0 queries = 25 keys = 16 : (!transform.any_op) -> !transform.any_op
    transform.annotate %t0 "tile" : !transform.any_op
    // SYNTAX: transform.imhsa.tile_attention %{{.*}} keys = 32 sequential : (!transform.any_op) -> !transform.any_op
    %t1 = transform.imhsa.tile_attention %1 keys = 32 sequential : (!transform.any_op) -> !transform.any_op
    transform.annotate %t1 "mixed" : !transform.any_op
    // SYNTAX: transform.imhsa.set_schedule %{{.*}} schedule(#imhsa.schedule<general, queries = 10, keys = 32>) : !transform.any_op
    transform.imhsa.set_schedule %2 schedule(#imhsa.schedule<general, queries = 10, keys = 32>) : !transform.any_op
    %t2 = transform.imhsa.tile_attention %2 : (!transform.any_op) -> !transform.any_op
    transform.annotate %t2 "tile" : !transform.any_op
    transform.yield
  }
}
