// RUN: imhsa-opt %s --split-input-file --imhsa-fuse -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @two_uses
// CHECK: imhsa.weights
// CHECK: linalg.contract
func.func @two_uses(%q: tensor<1x6x7x64xf32>, %v: tensor<1x6x7x32xf32>, %zi: tensor<1x6x7x7xf32>,
                    %o: tensor<1x6x7x32xf32>) -> (tensor<1x6x7x32xf32>, tensor<1x6x7x7xf32>) {
  %c = arith.constant 0.0 : f32
  // expected-remark @below {{not fused, the weights are stored: it has none or more than one use}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x7x7xf32>, tensor<1x6x7x32xf32>) outs(%0 : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  return %r, %z : tensor<1x6x7x32xf32>, tensor<1x6x7x7xf32>
}

// -----

func.func @no_product(%q: tensor<1x6x7x64xf32>, %zi: tensor<1x6x7x7xf32>) -> tensor<6x7x7xf32> {
  // expected-remark @below {{not fused, the weights are stored: it is reshaped otherwise than by splitting or merging heads}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %0 = tensor.collapse_shape %z [[0], [1, 2], [3]] : tensor<1x6x7x7xf32> into tensor<1x42x7xf32>
  %1 = tensor.collapse_shape %0 [[0, 1], [2]] : tensor<1x42x7xf32> into tensor<42x7xf32>
  %2 = tensor.expand_shape %1 [[0, 1], [2]] output_shape [6, 7, 7] : tensor<42x7xf32> into tensor<6x7x7xf32>
  return %2 : tensor<6x7x7xf32>
}

// -----

func.func @not_a_contraction(%q: tensor<1x6x7x64xf32>, %zi: tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32> {
  // expected-remark @below {{not fused, the weights are stored: its use is not a contraction}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  return %z : tensor<1x6x7x7xf32>
}

// -----

func.func @not_from_zeros(%q: tensor<1x6x7x64xf32>, %v: tensor<1x6x7x32xf32>, %zi: tensor<1x6x7x7xf32>,
                          %o: tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32> {
  // expected-remark @below {{not fused, the weights are stored: its product does not start from zeros}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x7x7xf32>, tensor<1x6x7x32xf32>) outs(%o : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  return %r : tensor<1x6x7x32xf32>
}

// -----

// Z^T V sums over the queries.
func.func @over_queries(%q: tensor<1x6x7x64xf32>, %v: tensor<1x6x7x32xf32>, %zi: tensor<1x6x7x7xf32>,
                        %o: tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32> {
  %c = arith.constant 0.0 : f32
  // expected-remark @below {{not fused, the weights are stored: its product does not sum over the keys}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, m, n)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x7x7xf32>, tensor<1x6x7x32xf32>) outs(%0 : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  return %r : tensor<1x6x7x32xf32>
}

// -----

// Every query has values of its own.
func.func @values_of_queries(%q: tensor<1x6x7x64xf32>, %v: tensor<1x6x7x7x32xf32>, %zi: tensor<1x6x7x7xf32>,
                             %o: tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32> {
  %c = arith.constant 0.0 : f32
  // expected-remark @below {{not fused, the weights are stored: its product does not keep the queries}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, n, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x7x7xf32>, tensor<1x6x7x7x32xf32>) outs(%0 : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  return %r : tensor<1x6x7x32xf32>
}

// -----

// The value is the same for all heads: not one of attention's values.
func.func @shared_value(%q: tensor<1x6x7x64xf32>, %v: tensor<7x32xf32>, %zi: tensor<1x6x7x7xf32>,
                        %o: tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32> {
  %c = arith.constant 0.0 : f32
  // expected-remark @below {{not fused, the weights are stored: its product sums over batch or heads, or the value lacks them}}
  %z = imhsa.weights ins(%q, %q : tensor<1x6x7x64xf32>, tensor<1x6x7x64xf32>) outs(%zi : tensor<1x6x7x7xf32>) -> tensor<1x6x7x7xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x7x7xf32>, tensor<7x32xf32>) outs(%0 : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  return %r : tensor<1x6x7x32xf32>
}
