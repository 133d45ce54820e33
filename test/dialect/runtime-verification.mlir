// Constraints that dynamic dimensions leave open become assertions.
// RUN: imhsa-opt %s --generate-runtime-verification=verbose-level=0 --canonicalize --cse | FileCheck %s

// Each dimension is compared with one of its symbol, where possible with one that is known.
// CHECK-LABEL: func @attention(
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<?x6x?x64xf32>, %[[K:[a-z0-9]+]]: tensor<2x6x?x?xf32>, %[[V:[a-z0-9]+]]: tensor<2x3x?x32xf32>,
// CHECK-SAME:    %[[PRE:[a-z0-9]+]]: tensor<3x?xf32>, %[[BIAS:[a-z0-9]+]]: tensor<?x6x1x?xf32>, %[[O:[a-z0-9]+]]: tensor<2x3x?x32xf32>)
func.func @attention(%q: tensor<?x6x?x64xf32>, %k: tensor<2x6x?x?xf32>, %v: tensor<2x3x?x32xf32>, %pre: tensor<3x?xf32>,
                     %bias: tensor<?x6x1x?xf32>, %o: tensor<2x3x?x32xf32>) -> tensor<2x3x?x32xf32> {
  // CHECK-DAG:  %[[QB:.*]] = tensor.dim %[[Q]], %c0
  // CHECK-DAG:  %[[T:.*]] = arith.cmpi eq, %[[QB]], %c2
  // CHECK:      cf.assert %[[T]], "{{.*}}query dimension 0 (B): expected key dimension 0
  // CHECK:      cf.assert %{{.*}}, "{{.*}}key dimension 3 (D): expected query dimension 3
  // CHECK:      cf.assert %{{.*}}, "{{.*}}pre dimension 1 (H): expected query dimension 1
  // CHECK:      %[[BB:.*]] = tensor.dim %[[BIAS]], %c0
  // CHECK-NEXT: %[[TWO:.*]] = arith.cmpi eq, %[[BB]], %c2
  // CHECK-NEXT: %[[ONE:.*]] = arith.cmpi eq, %[[BB]], %c1
  // CHECK-NEXT: %[[EITHER:.*]] = arith.ori %[[TWO]], %[[ONE]]
  // CHECK-NEXT: cf.assert %[[EITHER]], "{{.*}}bias dimension 0 (B): expected 1 or key dimension 0
  // CHECK:      cf.assert %{{.*}}, "{{.*}}bias dimension 3 (M): expected key dimension 2
  // CHECK:      cf.assert %{{.*}}, "{{.*}}value dimension 2 (M): expected key dimension 2
  // CHECK:      cf.assert %{{.*}}, "{{.*}}outs dimension 2 (N): expected query dimension 2
  // CHECK-NOT:  cf.assert
  // CHECK:      imhsa.attention
  %0 = imhsa.attention ins(%q, %k, %v : tensor<?x6x?x64xf32>, tensor<2x6x?x?xf32>, tensor<2x3x?x32xf32>)
         interaction(pre = %pre : tensor<3x?xf32>) bias(%bias : tensor<?x6x1x?xf32>)
         outs(%o : tensor<2x3x?x32xf32>) -> tensor<2x3x?x32xf32>
  return %0 : tensor<2x3x?x32xf32>
}

// With pooled landmarks, N and M are one, and both interactions end in the same heads.
// CHECK-LABEL: func @landmarks
func.func @landmarks(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>, %post0: tensor<?x2xf32>, %post1: tensor<?x2xf32>,
                     %o: tensor<1x?x?x8xf32>) -> tensor<1x?x?x8xf32> {
  // CHECK:     cf.assert %[[SAME:.*]], "{{.*}}key dimension 2 (M): expected query dimension 2
  // CHECK:     cf.assert %{{.*}}, "{{.*}}query dimension 2 (N): expected 16
  // CHECK:     cf.assert %{{.*}}, "{{.*}}key dimension 2 (N): expected 16
  // CHECK:     cf.assert %{{.*}}, "{{.*}}query_less post dimension 0 (G of query_less): expected key_less post dimension 0
  // CHECK:     cf.assert %[[SAME]], "{{.*}}value dimension 2 (M): expected query dimension 2
  // CHECK:     cf.assert %{{.*}}, "{{.*}}outs dimension 1 (G): expected key_less post dimension 0
  // CHECK:     cf.assert %{{.*}}, "{{.*}}outs dimension 2 (N): expected query dimension 2
  // CHECK:     %[[R:.*]] = arith.remui %{{.*}}, %c2
  // CHECK:     %[[T:.*]] = arith.cmpi eq, %[[R]], %c0
  // CHECK:     cf.assert %[[T]], "{{.*}}value dimension 1 (G): expected a divisor of key_less post dimension 0
  // CHECK-NOT: cf.assert
  // CHECK:     imhsa.attention
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
         landmarks(#imhsa.pool<4x4 to 2x2>)
         key_less(post = %post0 : tensor<?x2xf32>) query_less(post = %post1 : tensor<?x2xf32>)
         outs(%o : tensor<1x?x?x8xf32>) -> tensor<1x?x?x8xf32>
  return %0 : tensor<1x?x?x8xf32>
}

// CHECK-LABEL: func @others
func.func @others(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>, %lengths: tensor<?xi32>, %z: tensor<1x2x?x?xf32>,
                  %lse: tensor<1x2x?xf32>, %pooled: tensor<1x2x?x8xf32>)
    -> (tensor<1x2x?x?xf32>, tensor<1x2x?xf32>, tensor<1x2x?x8xf32>) {
  // CHECK:      cf.assert %{{.*}}, "{{.*}}outs dimension 2 (N): expected query dimension 2
  // CHECK:      cf.assert %{{.*}}, "{{.*}}outs dimension 3 (M): expected key dimension 2
  // CHECK:      imhsa.weights
  %0 = imhsa.weights ins(%q, %k : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) outs(%z : tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // CHECK:      cf.assert %{{.*}}, "{{.*}}key_lengths dimension 0 (B): expected query dimension 0
  // CHECK:      cf.assert %{{.*}}, "{{.*}}outs dimension 2 (N): expected query dimension 2
  // CHECK:      imhsa.log_sum_exp
  %1 = imhsa.log_sum_exp ins(%q, %k : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) key_lengths(%lengths : tensor<?xi32>)
         outs(%lse : tensor<1x2x?xf32>) -> tensor<1x2x?xf32>
  // CHECK:      cf.assert %{{.*}}, "{{.*}}outs dimension 2 (L): expected 5
  // CHECK:      imhsa.pool
  %2 = imhsa.pool #imhsa.pool<5> ins(%q : tensor<1x2x?x8xf32>) outs(%pooled : tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %0, %1, %2 : tensor<1x2x?x?xf32>, tensor<1x2x?xf32>, tensor<1x2x?x8xf32>
}

// Where the types say it all, there is nothing to check.
// CHECK-LABEL: func @static
// CHECK-NOT: cf.assert
func.func @static(%q: tensor<1x2x4x8xf32>, %o: tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
         outs(%o : tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return %0 : tensor<1x2x4x8xf32>
}
