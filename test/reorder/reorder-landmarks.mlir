// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-decompose --imhsa-reorder-contractions="allow-reassociation byte-weight=16" | FileCheck %s
// RUN: imhsa-opt %s --split-input-file --imhsa-decompose --imhsa-reorder-contractions="allow-reassociation byte-weight=16" --imhsa-fuse 2>/dev/null | FileCheck %s --check-prefix=FUSED

// Landmark attention comes in the paper's order (A_Q A_K) V and becomes A_Q (A_K V),
// which imhsa-fuse makes of two exact attentions.

// N = M = L = 49, E = 64: by multiplications alone the paper's order is cheaper, 271313
// against 307328, but it stores A_K and A_Q A_K, where A_Q (A_K V) stores the context.

// CHECK-LABEL: func @as_many_landmarks_as_tokens
// CHECK-SAME: (%[[Q:.*]]: tensor<1x1x49x64xf32>, %[[K:.*]]: tensor<1x1x49x64xf32>, %[[V:.*]]: tensor<1x1x49x64xf32>, %[[L:.*]]: tensor<1x1x49x64xf32>, %{{.*}}: tensor<1x1x49x64xf32>) ->
// CHECK: %[[AQ:.*]] = imhsa.weights ins(%[[Q]], %[[L]]
// CHECK: %[[AK:.*]] = imhsa.weights ins(%[[L]], %[[K]]
// CHECK: %[[C:.*]] = linalg.contract {{.*}} ins(%[[AK]], %[[V]] : {{.*}} -> tensor<1x1x49x64xf32>
// CHECK: linalg.contract {{.*}} ins(%[[AQ]], %[[C]] : {{.*}} -> tensor<1x1x49x64xf32>
// FUSED-LABEL: func @as_many_landmarks_as_tokens
// FUSED: imhsa.attention
// FUSED: imhsa.attention
// FUSED-NOT: {{imhsa.weights|linalg.contract}}
func.func @as_many_landmarks_as_tokens(%q: tensor<1x1x49x64xf32>, %k: tensor<1x1x49x64xf32>, %v: tensor<1x1x49x64xf32>, %l: tensor<1x1x49x64xf32>, %o: tensor<1x1x49x64xf32>) -> tensor<1x1x49x64xf32> {
  // expected-remark @below {{from ((0 1) 2) to (0 (1 2)): 542626 to 614656 FLOPs, 19208 to 12544 bytes stored between products}}
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x1x49x64xf32>, tensor<1x1x49x64xf32>, tensor<1x1x49x64xf32>)
         landmarks(%l, %l : tensor<1x1x49x64xf32>, tensor<1x1x49x64xf32>) outs(%o : tensor<1x1x49x64xf32>) -> tensor<1x1x49x64xf32>
  return %0 : tensor<1x1x49x64xf32>
}

// -----

// Dynamic batch and tokens, a 16-bit result.

// CHECK-LABEL: func @dynamic
// CHECK-SAME: (%[[Q:.*]]: tensor<?x6x?x64xbf16>, %[[K:.*]]: tensor<?x6x?x64xbf16>, %[[V:.*]]: tensor<?x6x?x64xbf16>, %{{.*}}: tensor<?x6x?x64xbf16>) ->
// CHECK: %[[AQ:.*]] = imhsa.weights ins(%[[Q]]
// CHECK: %[[AK:.*]] = imhsa.weights ins({{.*}}, %[[K]]
// CHECK: %[[C:.*]] = linalg.contract {{.*}} ins(%[[AK]], %[[V]] : {{.*}} -> tensor<?x6x49x64xf32>
// CHECK: linalg.contract {{.*}} ins(%[[AQ]], %[[C]] : {{.*}} -> tensor<?x6x?x64xf32>
// FUSED-LABEL: func @dynamic
// FUSED: imhsa.attention
// FUSED: imhsa.attention
// FUSED-NOT: {{imhsa.weights|linalg.contract}}
func.func @dynamic(%q: tensor<?x6x?x64xbf16>, %k: tensor<?x6x?x64xbf16>, %v: tensor<?x6x?x64xbf16>, %o: tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16> {
  // expected-remark @below {{from ((0 1) 2) to (0 (1 2)): 93183610454016 to 1262720385024 FLOPs, 1668997447680 to 308281344 bytes stored between products, with 4096 assumed for 3 dynamic dimension(s)}}
  %0 = imhsa.attention ins(%q, %k, %v : tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>)
         landmarks(#imhsa.pool<49>) outs(%o : tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16>
  return %0 : tensor<?x6x?x64xbf16>
}

// -----

// Hints of sizes reach the weights through the operations between.

// CHECK-LABEL: func @hinted
// FUSED-LABEL: func @hinted
// CHECK: linalg.contract {{.*}} -> tensor<?x1x49x64xf32>
// CHECK: linalg.contract {{.*}} -> tensor<?x1x?x64xf32>
func.func @hinted(%q: tensor<?x1x?x64xf32> {imhsa.size_hint = array<i64: 1, 0, 49, 0>}, %k: tensor<?x1x?x64xf32>, %v: tensor<?x1x?x64xf32> {imhsa.size_hint = array<i64: 0, 0, 49, 0>},
                  %o: tensor<?x1x?x64xf32>) -> tensor<?x1x?x64xf32> {
  // expected-remark @below {{542626 to 614656 FLOPs, 19208 to 12544 bytes stored between products, with imhsa.size_hint for 3 dynamic dimension(s)}}
  %0 = imhsa.attention ins(%q, %k, %v : tensor<?x1x?x64xf32>, tensor<?x1x?x64xf32>, tensor<?x1x?x64xf32>)
         landmarks(#imhsa.pool<49>) outs(%o : tensor<?x1x?x64xf32>) -> tensor<?x1x?x64xf32>
  return %0 : tensor<?x1x?x64xf32>
}

// -----

// Grouped values: the heads of the weights are split, and fuse merges them again.

// CHECK-LABEL: func @grouped
// CHECK: %[[AQ:.*]] = tensor.expand_shape
// CHECK: %[[AK:.*]] = tensor.expand_shape
// CHECK: %[[C:.*]] = linalg.contract {{.*}} ins(%[[AK]], {{.*}} -> tensor<1x1x2x49x64xf32>
// CHECK: linalg.contract {{.*}} ins(%[[AQ]], %[[C]] : {{.*}} -> tensor<1x1x2x49x64xf32>
// FUSED-LABEL: func @grouped
// FUSED: imhsa.attention
// FUSED: imhsa.attention
// FUSED-NOT: {{imhsa.weights|linalg.contract}}
func.func @grouped(%q: tensor<1x2x49x64xf32>, %v: tensor<1x1x49x64xf32>, %o: tensor<1x2x49x64xf32>) -> tensor<1x2x49x64xf32> {
  // expected-remark @below {{from ((0 1) 2) to (0 (1 2)): 1085252 to 1229312 FLOPs, 38416 to 25088 bytes stored between products}}
  %0 = imhsa.attention ins(%q, %q, %v : tensor<1x2x49x64xf32>, tensor<1x2x49x64xf32>, tensor<1x1x49x64xf32>)
         landmarks(#imhsa.pool<49>) outs(%o : tensor<1x2x49x64xf32>) -> tensor<1x2x49x64xf32>
  return %0 : tensor<1x2x49x64xf32>
}

// -----

// Weights with heads merged into the batch are weights too.

// CHECK-LABEL: func @merged_heads
// CHECK: %[[C:.*]] = linalg.contract {{.*}} -> tensor<2x49x64xf32>
// CHECK: linalg.contract {{.*}} ins(%{{.*}}, %[[C]] : {{.*}} -> tensor<2x49x64xf32>
// FUSED-LABEL: func @merged_heads
// FUSED: imhsa.attention
// FUSED: imhsa.attention
// FUSED-NOT: {{imhsa.weights|linalg.batch_matmul|linalg.contract}}
func.func @merged_heads(%q: tensor<1x2x49x64xf32>, %v: tensor<2x49x64xf32>, %e2: tensor<2x49x64xf32>) -> tensor<2x49x64xf32> {
  %e = tensor.empty() : tensor<1x2x49x49xf32>
  %aq = imhsa.weights ins(%q, %q : tensor<1x2x49x64xf32>, tensor<1x2x49x64xf32>) outs(%e : tensor<1x2x49x49xf32>) -> tensor<1x2x49x49xf32>
  %ak = imhsa.weights ins(%q, %q : tensor<1x2x49x64xf32>, tensor<1x2x49x64xf32>) outs(%e : tensor<1x2x49x49xf32>) -> tensor<1x2x49x49xf32>
  %aq3 = tensor.collapse_shape %aq [[0, 1], [2], [3]] : tensor<1x2x49x49xf32> into tensor<2x49x49xf32>
  %ak3 = tensor.collapse_shape %ak [[0, 1], [2], [3]] : tensor<1x2x49x49xf32> into tensor<2x49x49xf32>
  %cst = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<2x49x49xf32>
  %zero1 = linalg.fill ins(%cst : f32) outs(%e1 : tensor<2x49x49xf32>) -> tensor<2x49x49xf32>
  %zero2 = linalg.fill ins(%cst : f32) outs(%e2 : tensor<2x49x64xf32>) -> tensor<2x49x64xf32>
  %a = linalg.batch_matmul ins(%aq3, %ak3 : tensor<2x49x49xf32>, tensor<2x49x49xf32>) outs(%zero1 : tensor<2x49x49xf32>) -> tensor<2x49x49xf32>
  // expected-remark @below {{1085252 to 1229312 FLOPs, 38416 to 25088 bytes stored between products}}
  %o = linalg.batch_matmul ins(%a, %v : tensor<2x49x49xf32>, tensor<2x49x64xf32>) outs(%zero2 : tensor<2x49x64xf32>) -> tensor<2x49x64xf32>
  return %o : tensor<2x49x64xf32>
}

// -----

// Weights that something else uses are stored in every order: the cheaper
// multiplications decide, and the order stays.

// CHECK-LABEL: func @weights_used_twice
// FUSED-LABEL: func @weights_used_twice
// CHECK: linalg.contract {{.*}} -> tensor<1x1x49x49xf32>
func.func @weights_used_twice(%q: tensor<1x1x49x64xf32>, %o: tensor<1x1x49x64xf32>) -> (tensor<1x1x49x64xf32>, tensor<1x1x49x49xf32>) {
  %e = tensor.empty() : tensor<1x1x49x49xf32>
  %aq = imhsa.weights ins(%q, %q : tensor<1x1x49x64xf32>, tensor<1x1x49x64xf32>) outs(%e : tensor<1x1x49x49xf32>) -> tensor<1x1x49x49xf32>
  %zero = arith.constant dense<0.0> : tensor<1x1x49x49xf32>
  %a = linalg.contract indexing_maps = [affine_map<(b, g, n, m, l) -> (b, g, n, l)>, affine_map<(b, g, n, m, l) -> (b, g, l, m)>, affine_map<(b, g, n, m, l) -> (b, g, n, m)>]
         ins(%aq, %aq : tensor<1x1x49x49xf32>, tensor<1x1x49x49xf32>) outs(%zero : tensor<1x1x49x49xf32>) -> tensor<1x1x49x49xf32>
  %r = linalg.contract indexing_maps = [affine_map<(b, g, n, m, l) -> (b, g, n, l)>, affine_map<(b, g, n, m, l) -> (b, g, l, m)>, affine_map<(b, g, n, m, l) -> (b, g, n, m)>]
         ins(%a, %q : tensor<1x1x49x49xf32>, tensor<1x1x49x64xf32>) outs(%o : tensor<1x1x49x64xf32>) -> tensor<1x1x49x64xf32>
  return %r, %aq : tensor<1x1x49x64xf32>, tensor<1x1x49x49xf32>
}
