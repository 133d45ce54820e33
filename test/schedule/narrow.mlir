// RUN: imhsa-opt %s --imhsa-schedule=chip=sm_80 --split-input-file | FileCheck %s

// Landmarks and context that fused kernels on bf16 read and nobody else are bf16; normalisers stay f32.

// CHECK-LABEL: func @landmarks(
// CHECK: %[[Q:.*]] = imhsa.pool {{.*}} -> tensor<2x6x49x64xbf16>
// CHECK: %[[K:.*]] = imhsa.pool {{.*}} -> tensor<2x6x49x64xbf16>
// CHECK: imhsa.log_sum_exp ins(%[[Q]], {{.*}} -> tensor<2x6x49xf32>
// CHECK: %[[CONTEXT:.*]] = imhsa.attention ins(%[[Q]], {{.*}} -> tensor<2x6x49x64xbf16>
// CHECK: imhsa.attention ins(%{{.*}}, %[[K]], %[[CONTEXT]] : {{.*}}read_out
func.func @landmarks(%q: tensor<2x6x?x64xbf16>, %k: tensor<2x6x?x64xbf16>, %w: tensor<6x6xf32>, %o: tensor<2x6x?x64xbf16>) -> tensor<2x6x?x64xbf16> {
  %init = tensor.empty() : tensor<2x6x49x64xf32>
  %0 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %1 = imhsa.pool #imhsa.pool<49> ins(%k : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %2 = imhsa.attention ins(%0, %k, %k : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         interaction(post = %w : tensor<6x6xf32>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %3 = imhsa.attention ins(%q, %1, %2 : tensor<2x6x?x64xbf16>, tensor<2x6x49x64xf32>, tensor<2x6x49x64xf32>)
         outs(%o : tensor<2x6x?x64xbf16>) -> tensor<2x6x?x64xbf16>
  return %3 : tensor<2x6x?x64xbf16>
}

// -----

// What is also a result, or is written into a tensor that somebody gives, stays f32.

// CHECK-LABEL: func @results(
// CHECK: imhsa.pool {{.*}} -> tensor<2x6x49x64xf32>
// CHECK: imhsa.pool {{.*}} -> tensor<2x6x49x64xf32>
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream
func.func @results(%q: tensor<2x6x?x64xbf16>, %given: tensor<2x6x49x64xf32>, %o: tensor<2x6x49x64xbf16>)
    -> (tensor<2x6x49x64xf32>, tensor<2x6x49x64xbf16>, tensor<2x6x49x64xbf16>) {
  %init = tensor.empty() : tensor<2x6x49x64xf32>
  %0 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %1 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%given : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %2 = imhsa.attention ins(%0, %q, %q : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         outs(%o : tensor<2x6x49x64xbf16>) -> tensor<2x6x49x64xbf16>
  %3 = imhsa.attention ins(%1, %q, %q : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         outs(%o : tensor<2x6x49x64xbf16>) -> tensor<2x6x49x64xbf16>
  return %0, %2, %3 : tensor<2x6x49x64xf32>, tensor<2x6x49x64xbf16>, tensor<2x6x49x64xbf16>
}

// -----

// So does what a kernel on another type reads: f32, f16 beside bf16, the general path.

// CHECK-LABEL: func @readers(
// CHECK-COUNT-3: imhsa.pool {{.*}} -> tensor<2x6x49x64xf32>
func.func @readers(%q: tensor<2x6x?x64xbf16>, %f: tensor<2x6x?x64xf32>, %h: tensor<2x6x?x64xf16>,
                   %a: tensor<2x6x49x64xf32>, %b: tensor<2x6x49x64xf16>, %c: tensor<2x6x49x64xf32>)
    -> (tensor<2x6x49x64xf32>, tensor<2x6x49x64xf16>, tensor<2x6x49x64xf32>) {
  %init = tensor.empty() : tensor<2x6x49x64xf32>
  %0 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %1 = imhsa.attention ins(%0, %f, %f : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf32>, tensor<2x6x?x64xf32>)
         outs(%a : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %2 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %3 = imhsa.attention ins(%2, %h, %h : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         outs(%b : tensor<2x6x49x64xf16>) -> tensor<2x6x49x64xf16>
  %4 = imhsa.pool #imhsa.pool<49> ins(%q : tensor<2x6x?x64xbf16>) outs(%init : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  %5 = imhsa.attention ins(%4, %q, %q : tensor<2x6x49x64xf32>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         schedule(#imhsa.schedule<general>) outs(%c : tensor<2x6x49x64xf32>) -> tensor<2x6x49x64xf32>
  return %1, %3, %5 : tensor<2x6x49x64xf32>, tensor<2x6x49x64xf16>, tensor<2x6x49x64xf32>
}
