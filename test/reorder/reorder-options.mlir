// RUN: not imhsa-opt %s --imhsa-reorder-contractions=byte-weight=-1 2>&1 | FileCheck %s --check-prefix=WEIGHT
// RUN: not imhsa-opt %s --imhsa-reorder-contractions=dynamic-size=-2 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not imhsa-opt %s --imhsa-reorder-contractions=threshold=-0.5 2>&1 | FileCheck %s --check-prefix=THRESHOLD
// RUN: imhsa-opt %s --imhsa-reorder-contractions="allow-reassociation dynamic-size=10" 2>&1 | FileCheck %s --check-prefix=TEN

// WEIGHT: error: imhsa-reorder-contractions: option 'byte-weight': expected at least 0, found -1
// SIZE: error: imhsa-reorder-contractions: option 'dynamic-size': expected at least 0, found -2
// THRESHOLD: error: imhsa-reorder-contractions: option 'threshold': expected at least 0, found -5.0

// The same program is cheaper in another order or not, as its dynamic sizes are assumed.
// RUN: imhsa-opt %s --imhsa-reorder-contractions="allow-reassociation dynamic-size=2" 2>&1 | FileCheck %s --check-prefix=TWO

// TEN: remark: product of 3 factors reordered from ((0 1) 2) to (0 (1 2)): 1600 to 640 FLOPs, 400 to 64 bytes stored between products, with 10 assumed for 2 dynamic dimension(s)
// TWO-NOT: remark
// TWO: linalg.matmul
// TWO: linalg.matmul
func.func @product(%a: tensor<?x4xf32>, %b: tensor<4x?xf32>, %c: tensor<?x4xf32>, %zero0: tensor<?x?xf32>, %zero1: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %cst = arith.constant 0.0 : f32
  %zero = linalg.fill ins(%cst : f32) outs(%zero0 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<?x4xf32>, tensor<4x?xf32>) outs(%zero : tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<?x?xf32>, tensor<?x4xf32>) outs(%zero1 : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
