// RUN: imhsa-opt %s --split-input-file --imhsa-decompose --canonicalize | FileCheck %s

// (A_Q A_K) V: pooled landmarks, both weights, two products in the paper's order.

// CHECK-DAG: #[[$QK:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$KV:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-DAG: #[[$O:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func @pooled
// CHECK-SAME: %[[Q:.*]]: tensor<2x6x?x64xf32>, %[[K:.*]]: tensor<2x6x?x64xf32>, %[[V:.*]]: tensor<2x6x?x32xf32>, %[[W0:.*]]: tensor<6x6xf32>, %[[W1:.*]]: tensor<6x6xf32>, %[[LEN:.*]]: tensor<2xi32>, %[[OUT:.*]]: tensor<2x6x?x32xf32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.0
// CHECK: %[[QL:.*]] = imhsa.pool #imhsa.pool<49> ins(%[[Q]] : tensor<2x6x?x64xf32>) key_lengths(%[[LEN]] : tensor<2xi32>) {{.*}} -> tensor<2x6x49x64xf32>
// CHECK: %[[KL:.*]] = imhsa.pool #imhsa.pool<49> ins(%[[K]] : tensor<2x6x?x64xf32>) key_lengths(%[[LEN]] : tensor<2xi32>) {{.*}} -> tensor<2x6x49x64xf32>
// CHECK: %[[AQ:.*]] = imhsa.weights ins(%[[Q]], %[[KL]] : {{.*}}) interaction(pre = %[[W0]] : tensor<6x6xf32>) scale(2.000000e+00) {{.*}} -> tensor<2x6x?x49xf32>
// CHECK: %[[AK:.*]] = imhsa.weights ins(%[[QL]], %[[K]] : {{.*}}) interaction(post = %[[W1]] : tensor<6x6xf32>) key_lengths(%[[LEN]] : tensor<2xi32>) scale(2.000000e+00) {{.*}} -> tensor<2x6x49x?xf32>
// CHECK: %[[F0:.*]] = linalg.fill ins(%[[ZERO]] : f32) {{.*}} -> tensor<2x6x?x?xf32>
// CHECK: %[[P:.*]] = linalg.contract indexing_maps = [#[[$QK]], #[[$KV]], #[[$O]]] ins(%[[AQ]], %[[AK]] : {{.*}}) outs(%[[F0]] : tensor<2x6x?x?xf32>)
// Values beyond a length may be NaN; they must not meet the zeros of the weights.
// CHECK: %[[MASKED:.*]] = linalg.generic {{.*}} ins(%[[V]], %[[LEN]] : tensor<2x6x?x32xf32>, tensor<2xi32>)
// CHECK: %[[READ:.*]] = arith.cmpi slt
// CHECK: arith.select %[[READ]], %{{.*}}, %[[ZERO]]
// CHECK: %[[F1:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%[[OUT]] : tensor<2x6x?x32xf32>)
// CHECK: %[[R:.*]] = linalg.contract indexing_maps = [#[[$QK]], #[[$KV]], #[[$O]]] ins(%[[P]], %[[MASKED]] : {{.*}}) outs(%[[F1]] : tensor<2x6x?x32xf32>)
// CHECK: return %[[R]]
func.func @pooled(%q: tensor<2x6x?x64xf32>, %k: tensor<2x6x?x64xf32>, %v: tensor<2x6x?x32xf32>, %w0: tensor<6x6xf32>,
                  %w1: tensor<6x6xf32>, %l: tensor<2xi32>, %o: tensor<2x6x?x32xf32>) -> tensor<2x6x?x32xf32> {
  %0 = imhsa.attention ins(%q, %k, %v : tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>, tensor<2x6x?x32xf32>)
         landmarks(#imhsa.pool<49>) key_less(pre = %w0 : tensor<6x6xf32>) query_less(post = %w1 : tensor<6x6xf32>)
         key_lengths(%l : tensor<2xi32>) scale(2.0) outs(%o : tensor<2x6x?x32xf32>) -> tensor<2x6x?x32xf32>
  return %0 : tensor<2x6x?x32xf32>
}

// -----

// Landmarks that the batch shares are repeated; 16-bit results are truncated once, at the end.

// CHECK-LABEL: func @given
// CHECK-SAME: %{{.*}}: tensor<2x7x3x8xbf16>, %[[QL:.*]]: tensor<3x5x8xf32>, %[[KL:.*]]: tensor<2x1x5x8xbf16>, %[[OUT:.*]]: tensor<2x7x3x8xbf16>
// CHECK: %[[B:.*]] = linalg.broadcast ins(%[[QL]] : tensor<3x5x8xf32>) {{.*}} dimensions = [0]
// CHECK: imhsa.weights ins(%{{.*}}, %[[KL]] : {{.*}}) order(query = bnhd) {{.*}} -> tensor<2x3x7x5xf32>
// CHECK: imhsa.weights ins(%[[B]], %{{.*}} : {{.*}}) order(key = bnhd) {{.*}} -> tensor<2x3x5x7xf32>
// CHECK: linalg.contract {{.*}} -> tensor<2x3x7x7xf32>
// CHECK: %[[P:.*]] = linalg.contract {{.*}} -> tensor<2x7x3x8xf32>
// CHECK: linalg.generic {{.*}} ins(%[[P]] : tensor<2x7x3x8xf32>) outs(%[[OUT]] : tensor<2x7x3x8xbf16>)
// CHECK: arith.truncf
func.func @given(%q: tensor<2x7x3x8xbf16>, %ql: tensor<3x5x8xf32>, %kl: tensor<2x1x5x8xbf16>, %o: tensor<2x7x3x8xbf16>) -> tensor<2x7x3x8xbf16> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x7x3x8xbf16>, tensor<2x7x3x8xbf16>, tensor<2x7x3x8xbf16>)
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
         landmarks(%ql, %kl : tensor<3x5x8xf32>, tensor<2x1x5x8xbf16>)
         outs(%o : tensor<2x7x3x8xbf16>) -> tensor<2x7x3x8xbf16>
  return %0 : tensor<2x7x3x8xbf16>
}

// -----

// Grouped values: heads are split in (value head, member), so that the products stay contractions.

// CHECK-LABEL: func @grouped
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<1x2x3x?x5xf32>
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<1x2x3x5x?xf32>
// CHECK: linalg.contract {{.*}} -> tensor<1x2x3x?x?xf32>
// CHECK: linalg.contract {{.*}} -> tensor<1x2x3x?x8xf32>
// CHECK: tensor.collapse_shape
func.func @grouped(%q: tensor<1x6x?x8xf32>, %v: tensor<1x2x?x8xf32>, %o: tensor<1x6x?x8xf32>) -> tensor<1x6x?x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %v : tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32>, tensor<1x2x?x8xf32>)
         landmarks(#imhsa.pool<5>) outs(%o : tensor<1x6x?x8xf32>) -> tensor<1x6x?x8xf32>
  return %0 : tensor<1x6x?x8xf32>
}

// -----

// Exact attention is left alone.

// CHECK-LABEL: func @exact
// CHECK-NEXT: imhsa.attention
// CHECK-NEXT: return
func.func @exact(%q: tensor<1x6x?x8xf32>, %o: tensor<1x6x?x8xf32>) -> tensor<1x6x?x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32>, tensor<1x6x?x8xf32>)
         outs(%o : tensor<1x6x?x8xf32>) -> tensor<1x6x?x8xf32>
  return %0 : tensor<1x6x?x8xf32>
}
