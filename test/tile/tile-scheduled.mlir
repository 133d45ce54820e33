// RUN: imhsa-opt %s --imhsa-tile --canonicalize --cse | FileCheck %s

// What has a kernel of its own stays whole.

// CHECK-LABEL: func @kernels(
// CHECK-NOT: scf.
// CHECK: imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers>)
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, keys = 32>)
// CHECK: return
func.func @kernels(%q: tensor<2x6x49x64xf16>, %k: tensor<2x6x?x64xf16>, %w: tensor<6x6xf32>, %l: tensor<2x6x49xf32>,
                   %o: tensor<2x6x49x64xf16>) -> tensor<2x6x49x64xf16> {
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<2x6x49x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<normalisers>) outs(%l : tensor<2x6x49xf32>) -> tensor<2x6x49xf32>
  %1 = imhsa.attention ins(%q, %k, %k : tensor<2x6x49x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         interaction(post = %w : tensor<6x6xf32>) lse(%0 : tensor<2x6x49xf32>) schedule(#imhsa.schedule<stream, keys = 32>)
         outs(%o : tensor<2x6x49x64xf16>) -> tensor<2x6x49x64xf16>
  return %1 : tensor<2x6x49x64xf16>
}

// The schedule of a log-sum-exp says how large tiles are.

// CHECK-LABEL: func @log_sum_exp(
// CHECK: scf.forall (%{{.*}}) = (0) to (1024) step (512)
// CHECK: scf.for {{.*}} step %c128
// CHECK: imhsa.log_sum_exp ins(%{{.*}} : tensor<1x6x32x64xf32>, tensor<1x6x128x64xf32>) outs(
func.func @log_sum_exp(%q: tensor<1x6x32x64xf32>, %k: tensor<1x6x1024x64xf32>, %o: tensor<1x6x32xf32>) -> tensor<1x6x32xf32> {
  %0 = imhsa.log_sum_exp ins(%q, %k : tensor<1x6x32x64xf32>, tensor<1x6x1024x64xf32>)
         schedule(#imhsa.schedule<general, queries = 32, keys = 128, splits = 2>)
         outs(%o : tensor<1x6x32xf32>) -> tensor<1x6x32xf32>
  return %0 : tensor<1x6x32xf32>
}
