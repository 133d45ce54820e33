// RUN: imhsa-opt %s --inline | FileCheck %s

func.func private @weights(%q: tensor<1x2x4x8xf32>, %o: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = imhsa.weights ins(%q, %q : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) outs(%o : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func @caller
func.func @caller(%q: tensor<1x2x4x8xf32>, %o: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  // CHECK-NOT: call
  // CHECK: %[[W:.*]] = imhsa.weights
  // CHECK: return %[[W]]
  %0 = call @weights(%q, %o) : (tensor<1x2x4x8xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}
