// RUN: imhsa-opt %s --imhsa-verify-lowered --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @nothing_left
func.func @nothing_left(%x: memref<4xf32>) {
  return
}

// -----

func.func @left(%q: memref<1x2x4x8xf32>, %o: memref<1x2x4x8xf32>) {
  // expected-error @below {{'imhsa.attention' op is left after lowering: no pass before took it}}
  imhsa.attention ins(%q, %q, %q : memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>)
    outs(%o : memref<1x2x4x8xf32>)
  // expected-error @below {{'imhsa.pool' op is left after lowering: no pass before took it}}
  imhsa.pool #imhsa.pool<4> ins(%q : memref<1x2x4x8xf32>) outs(%o : memref<1x2x4x8xf32>)
  return
}
