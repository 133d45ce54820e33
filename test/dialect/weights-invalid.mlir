// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// weights_c1, and that the constraints scores_* hold here as in attention-invalid.mlir.

// weights_c1: outs is one tensor [B,G,N,M], f32 (f64 where the operands are).

!q = tensor<2x6x5x64xf32>
func.func @no_outs(%q: !q) {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs: expected 1, found 0}}
  "imhsa.weights"(%q, %q) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,0,0,0>}> : (!q, !q) -> ()
  return
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @two_outs(%q: !q, %o: !z) -> (!z, !z) {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs: expected 1, found 2}}
  %0:2 = imhsa.weights ins(%q, %q : !q, !q) outs(%o, %o : !z, !z) -> !z, !z
  return %0#0, %0#1 : !z, !z
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<6x5x5xf32>
func.func @rank(%q: !q, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs: expected rank 4, found rank 3 ('tensor<6x5x5xf32>')}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xbf16>
!z = tensor<2x6x5x5xbf16>
func.func @half(%q: !q, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs: expected elements of 'f32', found 'bf16'}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf64>
!z = tensor<2x6x5x5xf32>
func.func @f32_of_f64(%q: !q, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs: expected elements of 'f64', found 'f32'}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @heads(%q: !q, %pre: tensor<3x6xf32>, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs dimension 1 (G): expected 3 as in pre dimension 0, found 6}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) interaction(pre = %pre : tensor<3x6xf32>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x5x6x64xf32>
!k = tensor<2x6x7x64xf32>
!z = tensor<2x6x7x5xf32>
func.func @transposed(%q: !q, %k: !k, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [weights_c1] outs dimension 2 (N): expected 5 as in query dimension 1, found 7}}
  %0 = imhsa.weights ins(%q, %k : !q, !k) order(query = bnhd) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

// scores_*

!q = tensor<2x6x5x64xf32>
!k = tensor<2x6x5xf32>
!z = tensor<2x6x5x5xf32>
func.func @scores_c1(%q: !q, %k: !k, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [scores_c1] key: expected rank 4, found rank 3 ('tensor<2x6x5xf32>')}}
  %0 = imhsa.weights ins(%q, %k : !q, !k) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x?xf32>
!z = tensor<2x6x5x5xf32>
func.func @scores_c5(%q: !q, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [scores_c5] scale: expected a value, since D is not known; found none}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @scores_c6(%q: !q, %post: tensor<6x6x1xf32>, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [scores_c6] post: expected rank 2, found rank 3 ('tensor<6x6x1xf32>')}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) interaction(post = %post : tensor<6x6x1xf32>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @scores_c10(%q: !q, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [scores_c10] window: expected non-negative numbers, found -3}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) window(-3, 1) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @scores_c12(%q: !q, %lse: tensor<2x5x5xf32>, %o: !z) -> !z {
  // expected-error @+1 {{'imhsa.weights' op [scores_c12] lse dimension 1 (S): expected 6 as in query dimension 1, found 5}}
  %0 = imhsa.weights ins(%q, %q : !q, !q) lse(%lse : tensor<2x5x5xf32>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!q = tensor<2x6x5x64xf32>
!m = memref<2x6x5x5xf32>
func.func @scores_c13(%q: !q, %o: !m) {
  // expected-error @+1 {{'imhsa.weights' op [scores_c13] operands: expected all tensors or all memrefs, found 'tensor<2x6x5x64xf32>' and 'memref<2x6x5x5xf32>'}}
  imhsa.weights ins(%q, %q : !q, !q) outs(%o : !m)
  return
}
