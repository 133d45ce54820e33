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

// Clauses may come in any order and are printed in one; defaults are not printed.
// CHECK-LABEL: func @everything
func.func @everything(%q: tensor<?x?x6x?xf16>, %k: tensor<?x?x2x?xf16>, %v: tensor<?x?x4x32xf16>,
    %pre: tensor<4x6xf16>, %b: tensor<4xf32>, %post: tensor<8x4xf32>, %c: tensor<8xf16>, %bias: tensor<?x1x?x?xf16>,
    %keep: tensor<1x?x?xi1>, %n: tensor<?xi64>, %i: index, %lse: tensor<?x4x?xf32>,
    %o: tensor<?x?x8x32xf16>, %l: tensor<?x4x?xf32>) -> (tensor<?x?x8x32xf16>, tensor<?x4x?xf32>) {
  // CHECK: %{{.*}}:2 = imhsa.attention ins({{.*}}) order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
  // CHECK-SAME: interaction(pre = %{{[a-z0-9]+}} : tensor<4x6xf16>, pre_bias = %{{[a-z0-9]+}} : tensor<4xf32>, post = %{{[a-z0-9]+}} : tensor<8x4xf32>, post_bias = %{{[a-z0-9]+}} : tensor<8xf16>)
  // CHECK-SAME: bias(%{{.*}} : tensor<?x1x?x?xf16>) keep(%{{.*}} : tensor<1x?x?xi1>) key_lengths(%{{.*}} : tensor<?xi64>)
  // CHECK-SAME: causal window(7, 9) query_offset(%{{.*}}) lse(%{{.*}} : tensor<?x4x?xf32>) scale(1.000000e+00) schedule(#imhsa.schedule<general, keys = 64>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<?x?x8x32xf16>, tensor<?x4x?xf32>) {kind = "test"} -> tensor<?x?x8x32xf16>, tensor<?x4x?xf32>
  %0:2 = imhsa.attention ins(%q, %k, %v : tensor<?x?x6x?xf16>, tensor<?x?x2x?xf16>, tensor<?x?x4x32xf16>)
         order(output = bnhd, value = bnhd, key = bnhd, query = bnhd)
         schedule(#imhsa.schedule<general, splits = 0, keys = 64>) scale(1.0) lse(%lse : tensor<?x4x?xf32>)
         query_offset(%i) window(7, 9) causal key_lengths(%n : tensor<?xi64>) keep(%keep : tensor<1x?x?xi1>)
         bias(%bias : tensor<?x1x?x?xf16>)
         interaction(post = %post : tensor<8x4xf32>, pre_bias = %b : tensor<4xf32>,
                     pre = %pre : tensor<4x6xf16>, post_bias = %c : tensor<8xf16>)
         outs(%o, %l : tensor<?x?x8x32xf16>, tensor<?x4x?xf32>) {kind = "test"} -> tensor<?x?x8x32xf16>, tensor<?x4x?xf32>
  return %0#0, %0#1 : tensor<?x?x8x32xf16>, tensor<?x4x?xf32>
}

// CHECK-LABEL: func @landmark_clauses
func.func @landmark_clauses(%t: tensor<2x6x5x64xf32>, %w: tensor<4x6xf32>, %u: tensor<6x4xf32>, %n: tensor<2xi32>) -> tensor<2x6x5x64xf32> {
  // CHECK: imhsa.attention ins({{[^)]*}}) landmarks(#imhsa.pool<3>)
  // CHECK-SAME: key_less(pre = %{{[a-z0-9]+}} : tensor<4x6xf32>, post = %{{[a-z0-9]+}} : tensor<6x4xf32>)
  // CHECK-SAME: query_less(post_bias = %{{[a-z0-9]+}} : tensor<6xf32>) key_lengths(%{{.*}} : tensor<2xi32>) outs(
  %b = arith.constant dense<1.0> : tensor<6xf32>
  %0 = imhsa.attention ins(%t, %t, %t : tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>)
         order(query = bhnd) key_lengths(%n : tensor<2xi32>) query_less(post_bias = %b : tensor<6xf32>)
         key_less(post = %u : tensor<6x4xf32>, pre = %w : tensor<4x6xf32>) landmarks(#imhsa.pool<3>)
         outs(%t : tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return %0 : tensor<2x6x5x64xf32>
}

// CHECK-LABEL: func @schedules
func.func @schedules(%t: tensor<2x6x64x64xbf16>, %k: tensor<2x6x49x64xbf16>) -> tensor<2x6x64x64xbf16> {
  // CHECK: imhsa.attention ins({{.*}}) schedule(#imhsa.schedule<stream, keys = 32, warps = 8, splits = 4, columns = 32>) outs(
  %0 = imhsa.attention ins(%t, %t, %t : tensor<2x6x64x64xbf16>, tensor<2x6x64x64xbf16>, tensor<2x6x64x64xbf16>)
         schedule(#imhsa.schedule<stream, splits = 4, columns = 32, warps = 8, keys = 32, queries = 64>)
         outs(%t : tensor<2x6x64x64xbf16>) -> tensor<2x6x64x64xbf16>
  // CHECK: imhsa.attention ins({{.*}}) schedule(#imhsa.schedule<read_out, queries = 128, stages = 1, heads = 3, math = tf32>) outs(
  %1 = imhsa.attention ins(%0, %k, %k : tensor<2x6x64x64xbf16>, tensor<2x6x49x64xbf16>, tensor<2x6x49x64xbf16>)
         schedule(#imhsa.schedule<read_out, math = tf32, queries = 128, heads = 3, stages = 1>)
         outs(%t : tensor<2x6x64x64xbf16>) -> tensor<2x6x64x64xbf16>
  // CHECK: imhsa.attention ins({{.*}}) schedule(#imhsa.schedule<stream>) outs(
  %2 = imhsa.attention ins(%1, %t, %t : tensor<2x6x64x64xbf16>, tensor<2x6x64x64xbf16>, tensor<2x6x64x64xbf16>)
         schedule(#imhsa.schedule<stream, math = exact, stages = 2>)
         outs(%t : tensor<2x6x64x64xbf16>) -> tensor<2x6x64x64xbf16>
  return %2 : tensor<2x6x64x64xbf16>
}

// CHECK-LABEL: func @scratch
func.func @scratch(%q: memref<?x6x?x64xbf16>, %o: memref<?x6x?x64xbf16>, %s: memref<4x?x6x?x64xf32>, %l: memref<4x?x6x?xf32>) {
  // CHECK: imhsa.attention ins({{.*}}) schedule(#imhsa.schedule<stream, splits = 4>) scratch(%{{.*}}, %{{.*}} : memref<4x?x6x?x64xf32>, memref<4x?x6x?xf32>) outs(
  imhsa.attention ins(%q, %q, %q : memref<?x6x?x64xbf16>, memref<?x6x?x64xbf16>, memref<?x6x?x64xbf16>)
    scratch(%s, %l : memref<4x?x6x?x64xf32>, memref<4x?x6x?xf32>) schedule(#imhsa.schedule<stream, splits = 4>)
    outs(%o : memref<?x6x?x64xbf16>)
  return
}
