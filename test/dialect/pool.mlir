// RUN: imhsa-opt %s | imhsa-opt | FileCheck %s
// RUN: imhsa-opt --mlir-print-op-generic %s | imhsa-opt | FileCheck %s

// CHECK-LABEL: func @sequence
func.func @sequence(%i: tensor<2x6x?x64xbf16>, %o: tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32> {
  // CHECK: imhsa.pool #imhsa.pool<49> ins(%{{.*}} : tensor<2x6x?x64xbf16>) outs(%{{.*}} : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %0 = imhsa.pool #imhsa.pool<49> ins(%i : tensor<2x6x?x64xbf16>)
         outs(%o : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  return %0 : tensor<2x6x49x64xf32>
}

// CHECK-LABEL: func @grid
func.func @grid(%i: tensor<?x3136x6x64xf16>, %o: tensor<?x6x?x64xf16>) -> tensor<?x6x?x64xf16> {
  // CHECK: imhsa.pool #imhsa.pool<56x56 to 7x7> ins(%{{.*}} : tensor<?x3136x6x64xf16>) order(input = bnhd) outs(
  %0 = imhsa.pool #imhsa.pool<56x56 to 7x7> ins(%i : tensor<?x3136x6x64xf16>) order(input = bnhd)
         outs(%o : tensor<?x6x?x64xf16>) -> tensor<?x6x?x64xf16>
  return %0 : tensor<?x6x?x64xf16>
}

// More landmarks than tokens, no tokens at all.
// CHECK-LABEL: func @lengths
func.func @lengths(%i: tensor<2x6x0x64xf64>, %n: tensor<2xi64>, %o: tensor<2x6x5x64xf64>) -> tensor<2x6x5x64xf64> {
  // CHECK: imhsa.pool #imhsa.pool<5> ins(%{{.*}} : tensor<2x6x0x64xf64>) key_lengths(%{{.*}} : tensor<2xi64>) outs(
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : tensor<2x6x0x64xf64>) order(input = bhnd) key_lengths(%n : tensor<2xi64>)
         outs(%o : tensor<2x6x5x64xf64>) -> tensor<2x6x5x64xf64>
  return %0 : tensor<2x6x5x64xf64>
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%i: memref<2x6x35x64xf32>, %o: memref<2x6x5x64xf32>) {
  // CHECK: imhsa.pool #imhsa.pool<5> ins(%{{.*}} : memref<2x6x35x64xf32>) outs(%{{.*}} : memref<2x6x5x64xf32>){{$}}
  imhsa.pool #imhsa.pool<5> ins(%i : memref<2x6x35x64xf32>) outs(%o : memref<2x6x5x64xf32>)
  return
}

// CHECK-LABEL: func @schedule
func.func @schedule(%i: tensor<2x6x35x64xf32>, %n: tensor<2xi32>, %o: tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32> {
  // CHECK: imhsa.pool #imhsa.pool<5> ins({{.*}}) key_lengths(%{{.*}} : tensor<2xi32>) schedule(#imhsa.schedule<pool, warps = 2>) outs(
  %0 = imhsa.pool #imhsa.pool<5> ins(%i : tensor<2x6x35x64xf32>)
         schedule(#imhsa.schedule<pool, warps = 2>) key_lengths(%n : tensor<2xi32>)
         outs(%o : tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return %0 : tensor<2x6x5x64xf32>
}
