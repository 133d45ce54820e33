// RUN: imhsa-opt %s | imhsa-opt | FileCheck %s
// RUN: imhsa-opt --mlir-print-op-generic %s | imhsa-opt | FileCheck %s

// CHECK-LABEL: func @plain
func.func @plain(%q: tensor<2x6x49x64xf32>, %k: tensor<2x6x?x64xf32>, %o: tensor<2x6x49xf32>) -> tensor<2x6x49xf32> {
  // CHECK: imhsa.log_sum_exp ins(%{{.*}}, %{{.*}} : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf32>) outs(%{{.*}} : tensor<2x6x49xf32>) -> tensor<2x6x49xf32>
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf32>)
         outs(%o : tensor<2x6x49xf32>) -> tensor<2x6x49xf32>
  return %0 : tensor<2x6x49xf32>
}

// CHECK-LABEL: func @everything
func.func @everything(%q: tensor<2x5x6x64xbf16>, %k: tensor<2x7x3x64xbf16>, %pre: tensor<4x6xf32>, %b: tensor<4xf32>,
    %bias: tensor<1x6x5x7xbf16>, %keep: tensor<2x1x7xi1>, %n: tensor<2xi32>, %i: index, %o: tensor<2x4x5xf32>) -> tensor<2x4x5xf32> {
  // CHECK: imhsa.log_sum_exp ins({{.*}}) order(query = bnhd, key = bnhd)
  // CHECK-SAME: interaction(pre = %{{[a-z0-9]+}} : tensor<4x6xf32>, pre_bias = %{{[a-z0-9]+}} : tensor<4xf32>)
  // CHECK-SAME: bias(%{{.*}} : tensor<1x6x5x7xbf16>) keep(%{{.*}} : tensor<2x1x7xi1>) key_lengths(%{{.*}} : tensor<2xi32>)
  // CHECK-SAME: causal window(0, 0) query_offset(%{{.*}}) scale(0.000000e+00) outs(%{{.*}} : tensor<2x4x5xf32>)
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<2x5x6x64xbf16>, tensor<2x7x3x64xbf16>) order(query = bnhd, key = bnhd)
         query_offset(%i) causal scale(0.0) window(0, 0) keep(%keep : tensor<2x1x7xi1>) key_lengths(%n : tensor<2xi32>)
         bias(%bias : tensor<1x6x5x7xbf16>) interaction(pre_bias = %b : tensor<4xf32>, pre = %pre : tensor<4x6xf32>)
         outs(%o : tensor<2x4x5xf32>) -> tensor<2x4x5xf32>
  return %0 : tensor<2x4x5xf32>
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: memref<2x6x5x64xf32>, %b: memref<6xf32>, %o: memref<2x6x5xf32>) {
  // CHECK: imhsa.log_sum_exp ins({{.*}}) interaction(pre_bias = %{{[a-z0-9]+}} : memref<6xf32>) outs(%{{.*}} : memref<2x6x5xf32>){{$}}
  imhsa.log_sum_exp ins(%q, %q : memref<2x6x5x64xf32>, memref<2x6x5x64xf32>) interaction(pre_bias = %b : memref<6xf32>)
    outs(%o : memref<2x6x5xf32>)
  return
}

// CHECK-LABEL: func @schedule
func.func @schedule(%q: memref<2x6x5x64xbf16>, %o: memref<2x6x5xf32>, %s: memref<2x2x6x5xf32>) {
  // CHECK: imhsa.log_sum_exp ins({{.*}}) schedule(#imhsa.schedule<normalisers, splits = 2, heads = 3>) scratch(%{{.*}} : memref<2x2x6x5xf32>) outs(%{{.*}} : memref<2x6x5xf32>){{$}}
  imhsa.log_sum_exp ins(%q, %q : memref<2x6x5x64xbf16>, memref<2x6x5x64xbf16>)
    schedule(#imhsa.schedule<normalisers, heads = 3, splits = 2>) scratch(%s : memref<2x2x6x5xf32>)
    outs(%o : memref<2x6x5xf32>)
  return
}
