// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// log_sum_exp_c1, and that the constraints scores_* hold here as in attention-invalid.mlir.

// log_sum_exp_c1: outs is one tensor [B,S,N], f32 (f64 where the operands are).

!q = tensor<2x6x5x64xf32>
func.func @no_outs(%q: !q) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs: expected 1, found 0}}
  "imhsa.log_sum_exp"(%q, %q) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,0>}> : (!q, !q) -> ()
  return
}

// -----

!q = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @two_outs(%q: !q, %o: !l) -> (!l, !l) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs: expected 1, found 2}}
  %0:2 = imhsa.log_sum_exp ins(%q, %q : !q, !q) outs(%o, %o : !l, !l) -> !l, !l
  return %0#0, %0#1 : !l, !l
}

// -----

!q = tensor<2x6x5x64xf32>
func.func @rank(%q: !q) -> !q {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs: expected rank 3, found rank 4 ('tensor<2x6x5x64xf32>')}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) outs(%q : !q) -> !q
  return %0 : !q
}

// -----

!q = tensor<2x6x5x64xf16>
!l = tensor<2x6x5xf16>
func.func @half(%q: !q, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs: expected elements of 'f32', found 'f16'}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

!q = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @heads(%q: !q, %b: tensor<6xf32>, %pre: tensor<4x6xf32>, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs dimension 1 (S): expected 4 as in pre dimension 0, found 6}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) interaction(pre = %pre : tensor<4x6xf32>) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

!q = tensor<2x5x6x64xf32>
!l = tensor<2x5x6xf32>
func.func @transposed(%q: !q, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c1] outs dimension 1 (S): expected 6 as in query dimension 2, found 5}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) order(query = bnhd, key = bnhd) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

// scores_*

!q = tensor<2x6x5x64xf32>
!k = tensor<2x6x5x64xi32>
!l = tensor<2x6x5xf32>
func.func @scores_c2(%q: !q, %k: !k, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c2] key: expected elements of f32, f16, bf16 or f64, found 'i32'}}
  %0 = imhsa.log_sum_exp ins(%q, %k : !q, !k) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

!q = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @scores_c7(%q: !q, %b: tensor<3x6x5x5xf32>, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c7] bias dimension 0 (B): expected 1 or 2 as in query dimension 0, found 3}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) bias(%b : tensor<3x6x5x5xf32>) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

!q = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @scores_c11(%q: !q, %i: index, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c11] query_offset: expected `causal` or `window` beside it, found neither}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) query_offset(%i) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

!m = memref<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @scores_c13(%q: !m, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c13] operands: expected all tensors or all memrefs, found 'memref<2x6x5x64xf32>' and 'tensor<2x6x5xf32>'}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !m, !m) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

// log_sum_exp_c2: schedule is of the kind general or normalisers.

!q = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @schedule_kind(%q: !q, %o: !l) -> !l {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c2] schedule: expected the kind 'general' or 'normalisers', found 'stream'}}
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) schedule(#imhsa.schedule<stream>) outs(%o : !l) -> !l
  return %0 : !l
}

// -----

// log_sum_exp_c3: scratch stands only on memrefs, where a fused schedule has more than one split.

!q = memref<2x6x5x64xf32>
!l = memref<2x6x5xf32>
!s = memref<4x2x6x7xf32>
func.func @scratch_rows(%q: !q, %s: !s, %o: !l) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c3] scratch 0 dimension 3 (N): expected 5 as in query dimension 2, found 7}}
  imhsa.log_sum_exp ins(%q, %q : !q, !q) schedule(#imhsa.schedule<normalisers, splits = 4>) scratch(%s : !s)
    outs(%o : !l)
  return
}

// -----

!q = memref<2x6x5x64xf32>
!l = memref<2x6x5xf32>
!s = memref<4x2x6x5xf32>
func.func @scratch_without_schedule(%q: !q, %s: !s, %o: !l) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [log_sum_exp_c3] scratch: expected 0 buffers for 1 splits, found 1}}
  imhsa.log_sum_exp ins(%q, %q : !q, !q) scratch(%s : !s) outs(%o : !l)
  return
}
