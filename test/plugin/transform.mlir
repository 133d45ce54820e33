// A stock mlir-opt follows a schedule with steps of imhsa.
// UNSUPPORTED: sanitized
// RUN: mlir-opt %s --load-dialect-plugin=%lib/ImhsaPlugin.so --load-pass-plugin=%lib/ImhsaPlugin.so \
// RUN:   --pass-pipeline='builtin.module(transform-interpreter,cse)' | FileCheck %s

// CHECK-LABEL:   func.func @f(
// CHECK-COUNT-2: imhsa.pool
// CHECK-COUNT-2: imhsa.weights
// CHECK:         scf.forall
// CHECK:           linalg.contract
func.func @f(%q: tensor<1x2x50x8xf32>, %init: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%init : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.imhsa.match.attention %attention landmarks : !transform.any_op
    %weights, %products = transform.imhsa.decompose %attention
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %inner, %outer = transform.split_handle %products : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %tiled, %loop = transform.structured.tile_using_forall %outer tile_sizes [0, 1, 10]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
