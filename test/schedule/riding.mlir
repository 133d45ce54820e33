// RUN: imhsa-opt %s --imhsa-schedule="schedules=normalisers,splits=8;stream,queries=32,keys=16,splits=8" | FileCheck %s

// The pool of the keys goes directly in front of the first sweep over them, here the normalisers.

func.func @mixed(%q: tensor<2x6x49x64xf32>, %k: tensor<2x6x?x64xbf16>, %v: tensor<2x6x?x64xbf16>, %w: tensor<6x6xf32>)
    -> (tensor<2x6x49x64xf32>, tensor<2x6x49x64xf32>) {
  %kbar_init = tensor.empty() : tensor<2x6x49x64xf32>
  %kbar = imhsa.pool #imhsa.pool<49> ins(%k : tensor<2x6x?x64xbf16>) outs(%kbar_init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %init = tensor.empty() : tensor<2x6x49x64xf32>
  %o = imhsa.attention ins(%q, %k, %v : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         interaction(post = %w : tensor<6x6xf32>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  return %o, %kbar : tensor<2x6x49x64xf32>, tensor<2x6x49x64xf32>
}
// CHECK-LABEL: func.func @mixed(
// CHECK:         imhsa.pool
// CHECK-NEXT:    imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers, splits = 8>)
// CHECK:         imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, queries = 32, keys = 16, splits = 8>)

// What is wanted of the landmarks in front of the sweep: they keep their place.

func.func @wanted_before(%k: tensor<2x6x?x64xbf16>, %v: tensor<2x6x?x64xbf16>) -> tensor<2x6x49x64xf32> {
  %kbar_init = tensor.empty() : tensor<2x6x49x64xf32>
  %kbar = imhsa.pool #imhsa.pool<49> ins(%k : tensor<2x6x?x64xbf16>) outs(%kbar_init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %init = tensor.empty() : tensor<2x6x49x64xf32>
  %o = imhsa.attention ins(%kbar, %k, %v : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  return %o : tensor<2x6x49x64xf32>
}
// CHECK-LABEL: func.func @wanted_before(
// CHECK:         imhsa.pool
// CHECK-NEXT:    tensor.empty
// CHECK-NEXT:    imhsa.attention
