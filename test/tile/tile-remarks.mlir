// RUN: imhsa-opt %s --imhsa-tile --split-input-file --verify-diagnostics | FileCheck %s
// RUN: not imhsa-opt %s --imhsa-tile=keys=-1 --split-input-file 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not imhsa-opt %s --imhsa-tile=batch=0 --split-input-file 2>&1 | FileCheck %s --check-prefix=BATCH
// KEYS: error: imhsa-tile: option keys: expected at least 0, found -1
// BATCH: error: imhsa-tile: option batch: expected at least 1, found 0

// CHECK-LABEL: func @landmarks
func.func @landmarks(%q: tensor<2x4x?x8xf32>, %o: tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32> {
  // CHECK-NEXT: imhsa.attention
  // expected-remark @below {{not tiled: it has landmarks; run imhsa-decompose first}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%o : tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  return %0 : tensor<2x4x?x8xf32>
}

// -----

// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: memref<2x4x?x8xf32>, %o: memref<2x4x?x8xf32>, %l: memref<2x4x?xf32>) {
  // CHECK-NEXT: imhsa.attention
  // expected-remark @below {{not tiled: expected tensors, found memrefs}}
  imhsa.attention ins(%q, %q, %q : memref<2x4x?x8xf32>, memref<2x4x?x8xf32>, memref<2x4x?x8xf32>) outs(%o : memref<2x4x?x8xf32>)
  // CHECK-NEXT: imhsa.log_sum_exp
  // expected-remark @below {{not tiled: expected tensors, found memrefs}}
  imhsa.log_sum_exp ins(%q, %q : memref<2x4x?x8xf32>, memref<2x4x?x8xf32>) outs(%l : memref<2x4x?xf32>)
  return
}
