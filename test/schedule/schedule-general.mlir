// RUN: imhsa-opt %s --imhsa-schedule --split-input-file --verify-diagnostics 2>&1 | FileCheck %s

// What no fused kernel serves is general, and a remark says why.

// CHECK-LABEL: func @f64
// CHECK: schedule(#imhsa.schedule<general>)
func.func @f64(%q: tensor<2x6x?x64xf64>, %o: tensor<2x6x?x64xf64>) -> tensor<2x6x?x64xf64> {
  // expected-remark @+1 {{no fused kernel: elements of f64 have no matrix instructions here}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf64>, tensor<2x6x?x64xf64>, tensor<2x6x?x64xf64>)
         outs(%o : tensor<2x6x?x64xf64>) -> tensor<2x6x?x64xf64>
  return %0 : tensor<2x6x?x64xf64>
}

// -----

func.func @heads(%q: tensor<2x?x?x64xf16>, %l: tensor<2x?x?xf32>) -> tensor<2x?x?xf32> {
  // expected-remark @+1 {{no fused kernel: the types do not tell H}}
  %0 = imhsa.log_sum_exp ins(%q, %q : tensor<2x?x?x64xf16>, tensor<2x?x?x64xf16>) outs(%l : tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  return %0 : tensor<2x?x?xf32>
}

// -----

func.func @many_heads(%q: tensor<2x40x?x16xf16>, %o: tensor<2x40x?x16xf16>) -> tensor<2x40x?x16xf16> {
  // expected-remark @+1 {{no fused kernel: H is 40, more than 32}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x40x?x16xf16>, tensor<2x40x?x16xf16>, tensor<2x40x?x16xf16>)
         outs(%o : tensor<2x40x?x16xf16>) -> tensor<2x40x?x16xf16>
  return %0 : tensor<2x40x?x16xf16>
}

// -----

func.func @wide(%q: tensor<2x1x?x16xf16>, %v: tensor<2x1x?x264xf16>, %o: tensor<2x1x?x264xf16>) -> tensor<2x1x?x264xf16> {
  // expected-remark @+1 {{no fused kernel: E is 264, more than 256}}
  %0 = imhsa.attention ins(%q, %q, %v : tensor<2x1x?x16xf16>, tensor<2x1x?x16xf16>, tensor<2x1x?x264xf16>)
         outs(%o : tensor<2x1x?x264xf16>) -> tensor<2x1x?x264xf16>
  return %0 : tensor<2x1x?x264xf16>
}

// -----

func.func @empty(%q: tensor<2x1x0x16xf16>, %o: tensor<2x1x7x16xf32>) -> tensor<2x1x7x16xf32> {
  // expected-remark @+1 {{no fused kernel: an operand is empty}}
  %0 = imhsa.pool #imhsa.pool<7> ins(%q : tensor<2x1x0x16xf16>) outs(%o : tensor<2x1x7x16xf32>) -> tensor<2x1x7x16xf32>
  return %0 : tensor<2x1x7x16xf32>
}

// -----

func.func @weights(%q: tensor<2x1x7x16xf16>, %o: tensor<2x1x7x7xf32>) -> tensor<2x1x7x7xf32> {
  // expected-remark @+1 {{no fused kernel: the matrix of weights is wanted itself}}
  %0 = imhsa.weights ins(%q, %q : tensor<2x1x7x16xf16>, tensor<2x1x7x16xf16>) outs(%o : tensor<2x1x7x7xf32>) -> tensor<2x1x7x7xf32>
  return %0 : tensor<2x1x7x7xf32>
}

// -----

// read_out keeps all keys, so it must know how many there are.

func.func @dynamic_keys(%q: tensor<2x6x?x64xf16>, %o: tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16> {
  // expected-error @+1 {{'imhsa.attention' op schedule #imhsa.schedule<read_out>: expected at most 256 keys, of a number that the types tell}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<read_out>) outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  return %0 : tensor<2x6x?x64xf16>
}

// -----

func.func @tf32(%q: tensor<2x6x?x64xf16>, %o: tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16> {
  // expected-error @+1 {{'imhsa.attention' op schedule #imhsa.schedule<stream, math = tf32>: expected operands of f32 for tf32}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<stream, math = tf32>) outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  return %0 : tensor<2x6x?x64xf16>
}
