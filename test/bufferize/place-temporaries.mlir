// RUN: imhsa-opt %s --imhsa-bufferize=place=false --imhsa-place-temporaries | FileCheck %s
// RUN: imhsa-opt %s --imhsa-bufferize=place=false --imhsa-place-temporaries | imhsa-opt --canonicalize --cse > %t.apart
// RUN: imhsa-opt %s --imhsa-bufferize | imhsa-opt --canonicalize --cse | diff %t.apart -
// RUN: imhsa-opt %s --imhsa-bufferize=place=false | FileCheck %s --check-prefix=WITHOUT
// RUN: not imhsa-opt %s --imhsa-place-temporaries=workspace-alignment=3 2>&1 | FileCheck %s --check-prefix=ALIGNMENT
// ALIGNMENT: error: imhsa-place-temporaries: workspace-alignment: expected a power of two, found 3

// In two passes as in one.
// CHECK-LABEL: func.func @f(
// CHECK-NOT:     memref.alloc(
// CHECK:         memref.view
// CHECK-LABEL: func.func @f_sizes(
// CHECK-COUNT-3: memref.store

// WITHOUT-LABEL: func.func @f(
// WITHOUT-NOT:     memref.view
// WITHOUT:         memref.alloc(
// WITHOUT-LABEL: func.func @f_sizes(
// WITHOUT-COUNT-2: memref.store
// WITHOUT-NOT:     memref.store
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %t = linalg.exp ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = linalg.transpose ins(%t : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) permutation = [0, 1]
  %s = linalg.add ins(%t, %r : tensor<?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}
