// RUN: imhsa-opt %s --imhsa-schedule=chip=sm_80 --split-input-file | FileCheck %s

// Segment means of all heads.

// CHECK-LABEL: func @pool(
// CHECK: imhsa.pool #imhsa.pool<49> {{.*}} schedule(#imhsa.schedule<pool{{.*}}>)
func.func @pool(%x: tensor<?x6x?x64xbf16>, %o: tensor<?x6x49x64xf32>) -> tensor<?x6x49x64xf32> {
  %0 = imhsa.pool #imhsa.pool<49> ins(%x : tensor<?x6x?x64xbf16>) outs(%o : tensor<?x6x49x64xf32>) -> tensor<?x6x49x64xf32>
  return %0 : tensor<?x6x49x64xf32>
}

// -----

// Long queries and keys, heads mixed before the softmax alone: one sweep, and queries give enough blocks.

// CHECK-LABEL: func @exact(
// CHECK-NOT: imhsa.log_sum_exp
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream{{[^>]*}}>)
func.func @exact(%q: tensor<?x6x?x64xbf16>, %w: tensor<6x6xf32>, %o: tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16> {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>)
         interaction(pre = %w : tensor<6x6xf32>) outs(%o : tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16>
  return %0 : tensor<?x6x?x64xbf16>
}

// -----

// Few queries over many keys: keys are split. Heads mixed after the softmax: normalisers first.

// CHECK-LABEL: func @summarise(
// CHECK: %[[LSE:.*]] = imhsa.log_sum_exp
// CHECK: imhsa.attention {{.*}} lse(%[[LSE]] : tensor<2x6x49xf32>) schedule(#imhsa.schedule<stream, {{.*}}splits = {{[1-9]}}
func.func @summarise(%q: tensor<2x6x49x64xf32>, %k: tensor<2x6x?x64xbf16>, %w: tensor<6x6xf32>, %o: tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>) outs(%o : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  return %0 : tensor<2x6x49x64xf32>
}

// -----

// Few keys too: a range of them for each of several multiprocessors, down to a tile.

// CHECK-LABEL: func @short(
// CHECK: imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers, {{.*}}splits = {{8|16}}
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, {{.*}}splits = {{8|16}}
func.func @short(%q: tensor<1x6x49x64xf32>, %k: tensor<1x6x256x64xbf16>, %w: tensor<6x6xf32>, %o: tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x6x49x64xf32>, tensor<1x6x256x64xbf16>, tensor<1x6x256x64xbf16>)
         interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>) outs(%o : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  return %0 : tensor<1x6x49x64xf32>
}

// -----

// What somebody has set stays.

// CHECK-LABEL: func @given(
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, queries = 32, keys = 16>)
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<general, queries = 7>)
func.func @given(%q: tensor<2x6x?x64xf16>, %o: tensor<2x6x?x64xf16>) -> (tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>) {
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<stream, queries = 32, keys = 16>) outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  %1 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<general, queries = 7>) outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  return %0, %1 : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>
}
