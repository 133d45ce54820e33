// RUN: imhsa-opt %s --transform-interpreter --split-input-file --verify-diagnostics

// What cannot be cut is left whole, with a remark that says why; the error after it is upstream's.

func.func @keys(%q: tensor<2x4x32x8xf32>, %o: tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32> {
  // expected-remark @below {{not tiled: keys are a reduction: expected a tile of all of them, or tiling as a partial reduction}}
  // expected-error @below {{faild to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  return %0 : tensor<2x4x32x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @columns(%q: tensor<2x4x32x8xf32>, %o: tensor<2x4x32x8xf32>, %l: tensor<2x4x32xf32>) -> (tensor<2x4x32x8xf32>, tensor<2x4x32xf32>) {
  // expected-remark @below {{not tiled: the log-sum-exp has no value columns, so each tile of columns would write it again}}
  // expected-error @below {{faild to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %0:2 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         outs(%o, %l : tensor<2x4x32x8xf32>, tensor<2x4x32xf32>) -> tensor<2x4x32x8xf32>, tensor<2x4x32xf32>
  return %0#0, %0#1 : tensor<2x4x32x8xf32>, tensor<2x4x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @landmark_queries(%q: tensor<2x4x32x8xf32>, %o: tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32> {
  // expected-remark @below {{not tiled: with landmarks, only batch and value columns can be cut, found a tile of queries; run imhsa-decompose first}}
  // expected-error @below {{faild to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  return %0 : tensor<2x4x32x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @memrefs(%q: memref<2x4x32x8xf32>, %l: memref<2x4x32xf32>) {
  // expected-remark @below {{not tiled: expected tensors, found memrefs}}
  // expected-error @below {{faild to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  imhsa.log_sum_exp ins(%q, %q : memref<2x4x32x8xf32>, memref<2x4x32x8xf32>) outs(%l : memref<2x4x32xf32>)
  return
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.log_sum_exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A consumer's tile of some heads does not pull in the attention, which is left as it is.

func.func @heads(%q: tensor<2x4x32x8xf32>, %o: tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32> {
  // expected-remark @below {{not tiled: heads interact: expected a tile of all heads of result 0, found a part of dimension 1}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  %1 = linalg.exp ins(%0 : tensor<2x4x32x8xf32>) outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  return %1 : tensor<2x4x32x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.exp"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.fuse %op tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @mixed_after(%q: tensor<2x4x32x8xf32>, %w: tensor<4x4xf32>, %o: tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32> {
  // expected-remark @below {{not tiled: heads are mixed after the softmax, and a row's normaliser is known only after all keys: compute imhsa.log_sum_exp first and give it as `lse`}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         interaction(post = %w : tensor<4x4xf32>) outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  return %0 : tensor<2x4x32x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{failed to tile}}
    %fill, %tile, %merge, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @landmark_keys(%q: tensor<2x4x32x8xf32>, %o: tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32> {
  // expected-remark @below {{not tiled: with landmarks, keys cannot be cut; run imhsa-decompose first}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>, tensor<2x4x32x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%o : tensor<2x4x32x8xf32>) -> tensor<2x4x32x8xf32>
  return %0 : tensor<2x4x32x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @below {{failed to tile}}
    %fill, %tile, %merge, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 0, 8]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

func.func @empty(%q: tensor<2x4x0x8xf32>, %o: tensor<2x4x0x8xf32>) -> tensor<2x4x0x8xf32> {
  // expected-remark @below {{not tiled: there is nothing to cut: an operand has no elements}}
  // expected-error @below {{faild to tile operation}}
  // expected-error @below {{failed to generate tiling loops}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x0x8xf32>, tensor<2x4x0x8xf32>, tensor<2x4x0x8xf32>)
         outs(%o : tensor<2x4x0x8xf32>) -> tensor<2x4x0x8xf32>
  return %0 : tensor<2x4x0x8xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tile, %loop = transform.structured.tile_using_for %op tile_sizes [1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
