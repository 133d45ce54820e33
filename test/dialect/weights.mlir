// RUN: imhsa-opt %s | imhsa-opt | FileCheck %s
// RUN: imhsa-opt --mlir-print-op-generic %s | imhsa-opt | FileCheck %s

// CHECK-LABEL: func @plain
func.func @plain(%q: tensor<2x6x?x64xbf16>, %k: tensor<2x6x49x64xf32>, %o: tensor<2x6x?x49xf32>) -> tensor<2x6x?x49xf32> {
  // CHECK: imhsa.weights ins(%{{.*}}, %{{.*}} : tensor<2x6x?x64xbf16>, tensor<2x6x49x64xf32>) outs(%{{.*}} : tensor<2x6x?x49xf32>) -> tensor<2x6x?x49xf32>
  %0 = imhsa.weights ins(%q, %k : tensor<2x6x?x64xbf16>, tensor<2x6x49x64xf32>)
         outs(%o : tensor<2x6x?x49xf32>) -> tensor<2x6x?x49xf32>
  return %0 : tensor<2x6x?x49xf32>
}

// Clauses are printed in one order, whatever the order they are given in.
// CHECK-LABEL: func @everything
func.func @everything(%q: tensor<?x?x6x?xf16>, %k: tensor<?x?x2x?xf16>, %pre: tensor<4x6xf16>, %b: tensor<4xf32>,
    %post: tensor<8x4xf32>, %c: tensor<8xf16>, %bias: tensor<?x1x?x?xf16>, %keep: tensor<1x?x?xi1>,
    %n: tensor<?xi64>, %i: index, %lse: tensor<?x4x?xf32>, %o: tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32> {
  // CHECK: imhsa.weights ins({{.*}}) order(query = bnhd, key = bnhd)
  // CHECK-SAME: interaction(pre = %{{[a-z0-9]+}} : tensor<4x6xf16>, pre_bias = %{{[a-z0-9]+}} : tensor<4xf32>, post = %{{[a-z0-9]+}} : tensor<8x4xf32>, post_bias = %{{[a-z0-9]+}} : tensor<8xf16>)
  // CHECK-SAME: bias(%{{.*}} : tensor<?x1x?x?xf16>) keep(%{{.*}} : tensor<1x?x?xi1>) key_lengths(%{{.*}} : tensor<?xi64>)
  // CHECK-SAME: causal window(9223372036854775807, 0) query_offset(%{{.*}}) lse(%{{.*}} : tensor<?x4x?xf32>) scale(-2.500000e-01)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x8x?x?xf32>) {kind = "test"} -> tensor<?x8x?x?xf32>
  %0 = imhsa.weights ins(%q, %k : tensor<?x?x6x?xf16>, tensor<?x?x2x?xf16>) order(key = bnhd, query = bnhd)
         scale(-0.25) lse(%lse : tensor<?x4x?xf32>) query_offset(%i) window(9223372036854775807, 0) causal
         key_lengths(%n : tensor<?xi64>) keep(%keep : tensor<1x?x?xi1>) bias(%bias : tensor<?x1x?x?xf16>)
         interaction(post_bias = %c : tensor<8xf16>, post = %post : tensor<8x4xf32>,
                     pre_bias = %b : tensor<4xf32>, pre = %pre : tensor<4x6xf16>)
         outs(%o : tensor<?x8x?x?xf32>) {kind = "test"} -> tensor<?x8x?x?xf32>
  return %0 : tensor<?x8x?x?xf32>
}

// CHECK-LABEL: func @f64
func.func @f64(%q: tensor<1x1x3x1xf64>, %k: tensor<1x1x0x1xf64>, %o: tensor<1x1x3x0xf64>) -> tensor<1x1x3x0xf64> {
  // CHECK: imhsa.weights {{.*}} outs(%{{.*}} : tensor<1x1x3x0xf64>)
  %0 = imhsa.weights ins(%q, %k : tensor<1x1x3x1xf64>, tensor<1x1x0x1xf64>)
         outs(%o : tensor<1x1x3x0xf64>) -> tensor<1x1x3x0xf64>
  return %0 : tensor<1x1x3x0xf64>
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: memref<2x6x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>, %o: memref<2x6x?x?xf32, 3>) {
  // CHECK: imhsa.weights ins({{.*}}) outs(%{{.*}} : memref<2x6x?x?xf32, 3>){{$}}
  imhsa.weights ins(%q, %q : memref<2x6x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>, memref<2x6x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>)
    outs(%o : memref<2x6x?x?xf32, 3>)
  return
}
