// RUN: imhsa-opt %s --imhsa-schedule=chip=sm_90a | FileCheck %s
// RUN: imhsa-opt %s --imhsa-schedule=chip=sm_90a,sm_80 | FileCheck %s --check-prefix=OLD

// A landmark attention of few tokens: a cluster of blocks for each batch element, all operations with as many warps.
// Chips without clusters get none.

// CHECK-LABEL: func.func @short(
// CHECK:         imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>) {{.*}} {imhsa.whole = 8 : i64}
// CHECK:         imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>) {{.*}} {imhsa.whole = 8 : i64}
// CHECK:         imhsa.log_sum_exp {{.*}} warps = 8{{.*}} splits = {{[248]}}{{.*}} {imhsa.whole = 8 : i64}
// CHECK:         imhsa.attention {{.*}} warps = 8{{.*}} splits = {{[248]}}{{.*}} {imhsa.whole = 8 : i64}
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<read_out, {{.*}}warps = 8{{.*}}>) {{.*}} {imhsa.whole = 8 : i64}
// OLD-NOT:     imhsa.whole = {{[248]}}
!x = tensor<1x6x196x64xbf16>
!l = tensor<1x6x49x64xf32>
func.func @short(%q: !x, %k: !x, %v: !x, %w: tensor<6x6xf32>, %init: !x) -> !x {
  %e0 = tensor.empty() : !l
  %qbar = imhsa.pool #imhsa.pool<49> ins(%q : !x) outs(%e0 : !l) -> !l
  %e1 = tensor.empty() : !l
  %kbar = imhsa.pool #imhsa.pool<49> ins(%k : !x) outs(%e1 : !l) -> !l
  %e2 = tensor.empty() : !l
  %context = imhsa.attention ins(%qbar, %k, %v : !l, !x, !x) interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
    outs(%e2 : !l) -> !l
  %o = imhsa.attention ins(%q, %kbar, %context : !x, !l, !l) interaction(pre = %w : tensor<6x6xf32>, post = %w : tensor<6x6xf32>)
    outs(%init : !x) -> !x
  return %o : !x
}

// More work than that, a number of tokens that nothing tells, a schedule that somebody set: launches of their own.

// CHECK-NOT:     imhsa.whole
func.func @long(%q: tensor<1x6x4096x64xbf16>, %k: tensor<1x6x4096x64xbf16>, %w: tensor<6x6xf32>) -> tensor<1x6x4096x64xbf16> {
  %init = tensor.empty() : tensor<1x6x4096x64xbf16>
  %o = imhsa.attention ins(%q, %k, %k : tensor<1x6x4096x64xbf16>, tensor<1x6x4096x64xbf16>, tensor<1x6x4096x64xbf16>)
         interaction(post = %w : tensor<6x6xf32>) outs(%init : tensor<1x6x4096x64xbf16>) -> tensor<1x6x4096x64xbf16>
  return %o : tensor<1x6x4096x64xbf16>
}

func.func @unknown(%q: tensor<1x6x?x64xbf16>, %k: tensor<1x6x?x64xbf16>, %w: tensor<6x6xf32>, %init: tensor<1x6x?x64xbf16>) -> tensor<1x6x?x64xbf16> {
  %o = imhsa.attention ins(%q, %k, %k : tensor<1x6x?x64xbf16>, tensor<1x6x?x64xbf16>, tensor<1x6x?x64xbf16>)
         interaction(post = %w : tensor<6x6xf32>) outs(%init : tensor<1x6x?x64xbf16>) -> tensor<1x6x?x64xbf16>
  return %o : tensor<1x6x?x64xbf16>
}

func.func @given(%q: tensor<1x6x49x64xbf16>, %k: tensor<1x6x49x64xbf16>, %w: tensor<6x6xf32>) -> tensor<1x6x49x64xbf16> {
  %init = tensor.empty() : tensor<1x6x49x64xbf16>
  %o = imhsa.attention ins(%q, %k, %k : tensor<1x6x49x64xbf16>, tensor<1x6x49x64xbf16>, tensor<1x6x49x64xbf16>)
         interaction(post = %w : tensor<6x6xf32>) schedule(#imhsa.schedule<stream, keys = 16, warps = 8>)
         outs(%init : tensor<1x6x49x64xbf16>) -> tensor<1x6x49x64xbf16>
  return %o : tensor<1x6x49x64xbf16>
}
