// RUN: imhsa-opt %s | imhsa-opt | FileCheck %s
// RUN: imhsa-opt --mlir-print-op-generic %s | imhsa-opt | FileCheck %s

// CHECK-LABEL: func @exact
func.func @exact(%q: tensor<2x6x?x64xf32>, %k: tensor<2x3x?x64xf32>, %v: tensor<2x6x?x32xf32>, %w: tensor<6x6xf32>,
                 %bias: tensor<1x6x1x?xf32>, %keep: tensor<1x?x?xi1>, %lengths: tensor<2xi32>,
                 %o: tensor<2x6x?x32xf32>) -> tensor<2x6x?x32xf32> {
  // CHECK: imhsa.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x6x?x64xf32>, tensor<2x3x?x64xf32>, tensor<2x6x?x32xf32>)
  // CHECK-SAME: interaction(pre = %{{[a-z0-9]+}} : tensor<6x6xf32>, post = %{{[a-z0-9]+}} : tensor<6x6xf32>)
  // CHECK-SAME: bias(%{{.*}} : tensor<1x6x1x?xf32>) keep(%{{.*}} : tensor<1x?x?xi1>) key_lengths(%{{.*}} : tensor<2xi32>) causal window(3, 0) scale(1.250000e-01)
  // CHECK-SAME: outs(%{{.*}} : tensor<2x6x?x32xf32>) -> tensor<2x6x?x32xf32>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<2x6x?x64xf32>, tensor<2x3x?x64xf32>, tensor<2x6x?x32xf32>)
         causal window(3, 0) scale(0.125)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         bias(%bias : tensor<1x6x1x?xf32>) keep(%keep : tensor<1x?x?xi1>) key_lengths(%lengths : tensor<2xi32>)
         outs(%o : tensor<2x6x?x32xf32>) -> tensor<2x6x?x32xf32>
  return %0 : tensor<2x6x?x32xf32>
}

// CHECK-LABEL: func @pooled
func.func @pooled(%q: tensor<2x?x6x64xbf16>, %k: tensor<2x6x?x64xbf16>, %w: tensor<6x6xf32>, %o: tensor<2x6x?x64xf32>) -> tensor<2x6x?x64xf32> {
  // CHECK: imhsa.attention ins({{.*}}) order(query = bnhd) landmarks(#imhsa.pool<56x56 to 7x7>)
  // CHECK-SAME: key_less(pre = %{{[a-z0-9]+}} : tensor<6x6xf32>, post = %{{[a-z0-9]+}} : tensor<6x6xf32>)
  // CHECK-SAME: query_less(pre = %{{[a-z0-9]+}} : tensor<6x6xf32>)
  %0 = imhsa.attention ins(%q, %k, %k : tensor<2x?x6x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         order(query = bnhd) landmarks(#imhsa.pool<56x56 to 7x7>)
         key_less(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
         query_less(pre = %w : tensor<6x6xf32>)
         outs(%o : tensor<2x6x?x64xf32>) -> tensor<2x6x?x64xf32>
  return %0 : tensor<2x6x?x64xf32>
}

// CHECK-LABEL: func @two_results
func.func @two_results(%q: tensor<1x2x?x8xf16>, %ql: tensor<2x5x8xf32>, %o: tensor<1x2x?x8xf16>, %lse: tensor<1x2x?xf32>)
    -> (tensor<1x2x?x8xf16>, tensor<1x2x?xf32>, tensor<1x2x?x8xf16>) {
  // CHECK: %{{.*}}:2 = imhsa.attention {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x2x?x8xf16>, tensor<1x2x?xf32>) -> tensor<1x2x?x8xf16>, tensor<1x2x?xf32>
  %0:2 = imhsa.attention ins(%q, %q, %q : tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>)
           schedule(#imhsa.schedule<general, queries = 32, keys = 128, splits = 2>)
           outs(%o, %lse : tensor<1x2x?x8xf16>, tensor<1x2x?xf32>) -> tensor<1x2x?x8xf16>, tensor<1x2x?xf32>
  // CHECK: landmarks(%{{.*}}, %{{.*}} : tensor<2x5x8xf32>, tensor<2x5x8xf32>)
  %1 = imhsa.attention ins(%q, %q, %q : tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>, tensor<1x2x?x8xf16>)
         landmarks(%ql, %ql : tensor<2x5x8xf32>, tensor<2x5x8xf32>)
         outs(%o : tensor<1x2x?x8xf16>) -> tensor<1x2x?x8xf16>
  return %0#0, %0#1, %1 : tensor<1x2x?x8xf16>, tensor<1x2x?xf32>, tensor<1x2x?x8xf16>
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: memref<1x2x4x8xf32>, %o: memref<1x2x4x8xf32, strided<[64, 8, 16, 1]>>) {
  // CHECK: imhsa.attention ins({{.*}}) outs(%{{.*}} : memref<1x2x4x8xf32, strided<[64, 8, 16, 1]>>)
  imhsa.attention ins(%q, %q, %q : memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>)
    outs(%o : memref<1x2x4x8xf32, strided<[64, 8, 16, 1]>>)
  return
}
