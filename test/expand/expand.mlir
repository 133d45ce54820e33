// RUN: imhsa-opt %s --split-input-file --imhsa-expand --canonicalize --cse | FileCheck %s

// What the expansion computes is checked by execution (test/execution); here, its shape.

// Plain attention: scaled query, transposed key, logits, maximum, exponentials, sum, quotient, product.

// CHECK-LABEL: func @plain
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x2x?x8xf32>, %[[K:[a-z0-9]+]]: tensor<1x2x?x8xf32>, %[[V:[a-z0-9]+]]: tensor<1x2x?x4xf32>, %[[O:[a-z0-9]+]]: tensor<1x2x?x4xf32>
// CHECK: %[[QS:.*]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<1x2x?x8xf32>)
// CHECK: arith.mulf
// CHECK: %[[KT:.*]] = linalg.generic {{.*}} ins(%[[K]] : tensor<1x2x?x8xf32>) outs(%{{.*}} : tensor<1x2x8x?xf32>)
// CHECK: %[[X:.*]] = linalg.generic {{.*}} ins(%[[QS]], %[[KT]] : {{.*}}) outs(%{{.*}} : tensor<1x2x?x?xf32>)
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<1x2x?x?xf32>)
// CHECK: arith.maximumf
// CHECK: %[[E:.*]] = linalg.generic {{.*}} ins(%[[MAX]] : {{.*}}) outs(%[[X]] : tensor<1x2x?x?xf32>)
// CHECK: math.exp
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[E]] : tensor<1x2x?x?xf32>)
// CHECK: arith.addf {{.*}} fastmath<reassoc>
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : {{.*}}) outs(%[[E]] : tensor<1x2x?x?xf32>)
// CHECK: arith.divf
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[O]] : tensor<1x2x?x4xf32>)
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[P]], %[[V]] : {{.*}}) outs(%[[ZERO]] : tensor<1x2x?x4xf32>)
// CHECK: return %[[R]]
// CHECK-NOT: imhsa.
func.func @plain(%q: tensor<1x2x?x8xf32>, %k: tensor<1x2x?x8xf32>, %v: tensor<1x2x?x4xf32>, %o: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x4xf32>)
         outs(%o : tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %0 : tensor<1x2x?x4xf32>
}

// -----

// Masks: one i1 tensor of what is kept; -inf before the softmax; the bias after it reaches
// only what is kept; values that nothing keeps are replaced by 0.

// CHECK-LABEL: func @masked
// CHECK: %[[KEPT:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x4x5xi1>)
// CHECK: arith.cmpi slt
// CHECK: arith.cmpi sge
// CHECK: linalg.generic {{.*}} ins(%[[KEPT]] : tensor<1x4x5xi1>)
// CHECK: arith.select
// CHECK: linalg.generic {{.*}} ins(%[[KEPT]] : tensor<1x4x5xi1>)
// CHECK: arith.select
// CHECK: %[[READ:.*]] = linalg.generic {{.*}} ins(%[[KEPT]] : tensor<1x4x5xi1>)
// CHECK: arith.ori
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[READ]] : tensor<1x2x5x8xf32>, tensor<1x5xi1>)
func.func @masked(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x5x8xf32>, %l: tensor<1xi64>, %c: tensor<2xf32>, %o: tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x2x4x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>)
         interaction(post_bias = %c : tensor<2xf32>) key_lengths(%l : tensor<1xi64>) causal
         outs(%o : tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return %0 : tensor<1x2x4x8xf32>
}

// -----

// A given log-sum-exp takes the place of maximum and sum.

// CHECK-LABEL: func @with_lse
// CHECK-NOT: arith.maximumf
// CHECK: math.exp
// CHECK-NOT: arith.divf
func.func @with_lse(%q: tensor<1x2x4x8xf32>, %lse: tensor<1x2x4xf32>, %o: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = imhsa.weights ins(%q, %q : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) lse(%lse : tensor<1x2x4xf32>)
         outs(%o : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// -----

// Landmark attention is split before it is expanded: no matrix of queries times keys.

// CHECK-LABEL: func @landmarks
// CHECK-NOT: tensor<1x2x?x?xf32>
// CHECK-NOT: imhsa.
// CHECK: return
func.func @landmarks(%q: tensor<1x2x?x8xf16>, %o: tensor<1x2x?x8xf16>) -> tensor<1x2x?x8xf16> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>)
         landmarks(#imhsa.pool<5>) outs(%o : tensor<1x2x?x8xf16>) -> tensor<1x2x?x8xf16>
  return %0 : tensor<1x2x?x8xf16>
}

// -----

// What has a kernel of its own stays.

// CHECK-LABEL: func @scheduled
// CHECK: imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers>)
// CHECK-NOT: imhsa.
// CHECK: return
func.func @scheduled(%q: tensor<1x2x4x8xf32>, %o: tensor<1x2x4xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x4xf32>) {
  %0 = imhsa.log_sum_exp ins(%q, %q : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
         schedule(#imhsa.schedule<normalisers>) outs(%o : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %1 = imhsa.log_sum_exp ins(%q, %q : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
         schedule(#imhsa.schedule<general>) outs(%o : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %0, %1 : tensor<1x2x4xf32>, tensor<1x2x4xf32>
}
