// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-reorder-contractions="threshold=0.5" | FileCheck %s

// Without the option allow-reassociation each contraction must allow it, and the new
// ones allow it again. The threshold here is half of the cost.

// CHECK-LABEL: func @allowed
// CHECK: linalg.contract {{.*}} {imhsa.reassociate} {{.*}} -> tensor<4x4xf32>
// CHECK: linalg.contract {{.*}} {imhsa.reassociate} {{.*}} -> tensor<64x4xf32>
func.func @allowed(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<64x64xf32>
  %zero1 = arith.constant dense<0.0> : tensor<64x4xf32>
  %0 = linalg.matmul {imhsa.reassociate} ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero0 : tensor<64x64xf32>) -> tensor<64x64xf32>
  // expected-remark @below {{product of 3 factors reordered from ((0 1) 2) to (0 (1 2)): 65536 to 4096 FLOPs}}
  %1 = linalg.matmul {imhsa.reassociate} ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%zero1 : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// -----

// CHECK-LABEL: func @one_does_not_allow_it
// CHECK: linalg.matmul {imhsa.reassociate} {{.*}} -> tensor<64x64xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<64x4xf32>
func.func @one_does_not_allow_it(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<64x64xf32>
  %zero1 = arith.constant dense<0.0> : tensor<64x4xf32>
  %0 = linalg.matmul {imhsa.reassociate} ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero0 : tensor<64x64xf32>) -> tensor<64x64xf32>
  // expected-remark @below {{product of 3 factors not reordered: neither the option allow-reassociation nor imhsa.reassociate on every contraction allows it; from ((0 1) 2) to (0 (1 2)): 65536 to 4096 FLOPs}}
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%zero1 : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// -----

// Integers need no permission: their sums are exact in every order, also where the
// factors are narrower.

// CHECK-LABEL: func @integers
// CHECK: linalg.contract {{.*}} : tensor<4x64xi8>, tensor<64x4xi32>) outs(%{{.*}} : tensor<4x4xi32>)
// CHECK: linalg.contract {{.*}} : tensor<64x4xi8>, tensor<4x4xi32>) outs(%{{.*}} : tensor<64x4xi32>)
// CHECK-NEXT: return
func.func @integers(%a: tensor<64x4xi8>, %b: tensor<4x64xi8>, %c: tensor<64x4xi32>) -> tensor<64x4xi32> {
  %zero0 = arith.constant dense<0> : tensor<64x64xi32>
  %zero1 = arith.constant dense<0> : tensor<64x4xi32>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xi8>, tensor<4x64xi8>) outs(%zero0 : tensor<64x64xi32>) -> tensor<64x64xi32>
  // expected-remark @below {{reordered from ((0 1) 2) to (0 (1 2))}}
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xi32>, tensor<64x4xi32>) outs(%zero1 : tensor<64x4xi32>) -> tensor<64x4xi32>
  return %1 : tensor<64x4xi32>
}

// -----

// CHECK-LABEL: func @little_gain
// CHECK: linalg.matmul
// CHECK: linalg.matmul
func.func @little_gain(%a: tensor<10x20xi32>, %b: tensor<20x12xi32>, %c: tensor<12x10xi32>) -> tensor<10x10xi32> {
  %zero0 = arith.constant dense<0> : tensor<20x10xi32>
  %zero1 = arith.constant dense<0> : tensor<10x10xi32>
  %0 = linalg.matmul ins(%b, %c : tensor<20x12xi32>, tensor<12x10xi32>) outs(%zero0 : tensor<20x10xi32>) -> tensor<20x10xi32>
  // expected-remark @below {{product of 3 factors not reordered: the gain is below the threshold; from (0 (1 2)) to ((0 1) 2): 8800 to 7200 FLOPs}}
  %1 = linalg.matmul ins(%a, %0 : tensor<10x20xi32>, tensor<20x10xi32>) outs(%zero1 : tensor<10x10xi32>) -> tensor<10x10xi32>
  return %1 : tensor<10x10xi32>
}
