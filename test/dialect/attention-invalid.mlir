// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// Every constraint of `imhsa.attention` under its label: first scores_*, shared with
// `imhsa.weights` and `imhsa.log_sum_exp`, then attention_*.

// scores_c1: query and key have rank 4.

!t = tensor<2x6x5x64xf32>
func.func @query_rank(%q: tensor<6x5x64xf32>, %t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c1] query: expected rank 4, found rank 3 ('tensor<6x5x64xf32>')}}
  %0 = imhsa.attention ins(%q, %t, %t : tensor<6x5x64xf32>, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @key_rank(%k: tensor<f32>, %t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c1] key: expected rank 4, found rank 0 ('tensor<f32>')}}
  %0 = imhsa.attention ins(%t, %k, %t : !t, tensor<f32>, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c2: one storage type; f32 may stand beside a 16-bit one.

!t = tensor<2x6x5x64xi8>
func.func @integers(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] query: expected elements of f32, f16, bf16 or f64, found 'i8'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xbf16>
!h = tensor<2x6x5x64xf16>
func.func @two_half_types(%t: !t, %h: !h) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] key: expected 'bf16' (as query) or f32, found 'f16'}}
  %0 = imhsa.attention ins(%t, %h, %t : !t, !h, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf64>
func.func @f32_beside_f64(%t: !t, %pre: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] pre: expected f64 beside query of 'f64', found 'f32'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %pre : tensor<6x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!b = tensor<1x1x1x5xf64>
func.func @f64_beside_f32(%t: !t, %bias: !b) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] bias: expected f32, f16 or bf16 beside query of 'f32', found 'f64'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) bias(%bias : !b) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @value_type(%t: !t, %v: tensor<2x6x5x64xindex>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] value: expected elements of f32, f16, bf16 or f64, found 'index'}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, tensor<2x6x5x64xindex>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf16>
func.func @landmark_type(%t: !t, %l: tensor<6x3x64xf32>, %lb: tensor<6x3x64xbf16>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c2] key_landmarks: expected 'f16' (as query) or f32, found 'bf16'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         landmarks(%l, %lb : tensor<6x3x64xf32>, tensor<6x3x64xbf16>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c3: B and D of query and key agree.

!t = tensor<2x6x5x64xf32>
!k = tensor<3x6x5x64xf32>
func.func @batch(%t: !t, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c3] key dimension 0 (B): expected 2 as in query dimension 0, found 3}}
  %0 = imhsa.attention ins(%t, %k, %t : !t, !k, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!q = tensor<2x5x6x64xf32>
!t = tensor<2x6x5x32xf32>
func.func @head_size(%q: !q, %t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c3] key dimension 3 (D): expected 64 as in query dimension 3, found 32}}
  %0 = imhsa.attention ins(%q, %t, %t : !q, !t, !t) order(query = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c4: heads are at least 1, and the key's divide the query's.

!t = tensor<2x0x5x64xf32>
func.func @no_heads(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c4] query dimension 1 (H): expected at least 1, found 0}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!k = tensor<2x4x5x64xf32>
func.func @key_heads(%t: !t, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c4] key dimension 1 (heads): expected a divisor of 6 (H), found 4}}
  %0 = imhsa.attention ins(%t, %k, %t : !t, !k, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!k = tensor<2x5x0x64xf32>
func.func @no_key_heads(%t: !t, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c4] key dimension 2 (heads): expected at least 1, found 0}}
  %0 = imhsa.attention ins(%t, %k, %t : !t, !k, !t) order(key = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c5: scale is given where D is dynamic or 0, and is finite in the type of the sums.

!t = tensor<2x6x5x?xf32>
func.func @unknown_scale(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c5] scale: expected a value, since D is not known; found none}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x0xf32>
func.func @scale_of_empty_heads(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c5] scale: expected a value, since D is 0; found none}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @infinite_scale(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c5] scale: expected a value that is finite in 'f32', found INF}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) scale(0x7FF0000000000000) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @scale_too_large_for_f32(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c5] scale: expected a value that is finite in 'f32', found 1.000000e+39}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) scale(1.0e+39) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c6: pre is [S,H], pre_bias [S], post [G,S], post_bias [G].

!t = tensor<2x6x5x64xf32>
func.func @pre_rank(%t: !t, %pre: tensor<6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] pre: expected rank 2, found rank 1 ('tensor<6xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %pre : tensor<6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @pre_columns(%t: !t, %pre: tensor<6x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] pre dimension 1 (H): expected 6 as in query dimension 1, found 5}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %pre : tensor<6x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @no_score_heads(%t: !t, %pre: tensor<0x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] pre dimension 0 (S): expected at least 1, found 0}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %pre : tensor<0x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @pre_bias_rank(%t: !t, %b: tensor<1x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] pre_bias: expected rank 1, found rank 2 ('tensor<1x6xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre_bias = %b : tensor<1x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @pre_bias_size(%t: !t, %pre: tensor<4x6xf32>, %b: tensor<6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] pre_bias dimension 0 (S): expected 4 as in pre dimension 0, found 6}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         interaction(pre = %pre : tensor<4x6xf32>, pre_bias = %b : tensor<6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @post_columns(%t: !t, %pre: tensor<4x6xf32>, %post: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] post dimension 1 (S): expected 4 as in pre dimension 0, found 6}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         interaction(pre = %pre : tensor<4x6xf32>, post = %post : tensor<6x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @post_bias_size(%t: !t, %post: tensor<3x6xf32>, %b: tensor<6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] post_bias dimension 0 (G): expected 3 as in post dimension 0, found 6}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         interaction(post = %post : tensor<3x6xf32>, post_bias = %b : tensor<6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @key_less_pre(%t: !t, %pre: tensor<6x7xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] key_less pre dimension 1 (H): expected 6 as in query dimension 1, found 7}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         key_less(pre = %pre : tensor<6x7xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @query_less_post(%t: !t, %post: tensor<6x7xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c6] query_less post dimension 1 (S of query_less): expected 6 as in query dimension 1, found 7}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         query_less(post = %post : tensor<6x7xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c7: bias is [B|1, H|1, N|1, M].

!t = tensor<2x6x5x64xf32>
func.func @bias_rank(%t: !t, %b: tensor<5x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c7] bias: expected rank 4, found rank 2 ('tensor<5x5xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) bias(%b : tensor<5x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!b = tensor<1x3x5x5xf32>
func.func @bias_heads(%t: !t, %b: !b) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c7] bias dimension 1 (H): expected 1 or 6 as in query dimension 1, found 3}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) bias(%b : !b) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!b = tensor<1x1x1x1xf32>
func.func @bias_keys(%t: !t, %b: !b) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c7] bias dimension 3 (M): expected 5 as in key dimension 2, found 1}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) bias(%b : !b) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c8: keep is i1 [B|1, N|1, M].

!t = tensor<2x6x5x64xf32>
func.func @keep_rank(%t: !t, %keep: tensor<2x6x5x5xi1>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c8] keep: expected rank 3, found rank 4 ('tensor<2x6x5x5xi1>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) keep(%keep : tensor<2x6x5x5xi1>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @keep_type(%t: !t, %keep: tensor<2x5x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c8] keep: expected elements of i1, found 'f32'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) keep(%keep : tensor<2x5x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @keep_queries(%t: !t, %keep: tensor<2x4x5xi1>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c8] keep dimension 1 (N): expected 1 or 5 as in query dimension 2, found 4}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) keep(%keep : tensor<2x4x5xi1>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @keep_keys(%t: !t, %keep: tensor<2x5x4xi1>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c8] keep dimension 2 (M): expected 5 as in key dimension 2, found 4}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) keep(%keep : tensor<2x5x4xi1>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c9: key_lengths is i32 or i64, [B].

!t = tensor<2x6x5x64xf32>
func.func @lengths_rank(%t: !t, %n: tensor<i32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c9] key_lengths: expected rank 1, found rank 0 ('tensor<i32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_lengths(%n : tensor<i32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @lengths_type(%t: !t, %n: tensor<2xindex>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c9] key_lengths: expected elements of i32 or i64, found 'index'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_lengths(%n : tensor<2xindex>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @lengths_size(%t: !t, %n: tensor<1xi64>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c9] key_lengths dimension 0 (B): expected 2 as in query dimension 0, found 1}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_lengths(%n : tensor<1xi64>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c10: window is two non-negative numbers.

!t = tensor<2x6x5x64xf32>
func.func @negative_window(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c10] window: expected non-negative numbers, found -1}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(3, -1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @long_window(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c10] window: expected 2 numbers (left, right), found 3}}
  %0 = "imhsa.attention"(%t, %t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1>,
    window = array<i64: 1, 2, 3>}> : (!t, !t, !t, !t) -> !t
  return %0 : !t
}

// -----

// scores_c11: query_offset stands only beside causal or window.

!t = tensor<2x6x5x64xf32>
func.func @useless_offset(%t: !t, %i: index) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c11] query_offset: expected `causal` or `window` beside it, found neither}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) query_offset(%i) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c12: lse is [B,S,N], f32 (f64 where the others are).

!t = tensor<2x6x5x64xf32>
!l = tensor<2x6x5x1xf32>
func.func @lse_rank(%t: !t, %lse: !l) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c12] lse: expected rank 3, found rank 4 ('tensor<2x6x5x1xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) lse(%lse : !l) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xbf16>
func.func @lse_type(%t: !t, %lse: tensor<2x6x5xbf16>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c12] lse: expected elements of 'f32', found 'bf16'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) lse(%lse : tensor<2x6x5xbf16>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf64>
func.func @lse_type_of_f64(%t: !t, %lse: tensor<2x6x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c12] lse: expected elements of 'f64', found 'f32'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) lse(%lse : tensor<2x6x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @lse_heads(%t: !t, %pre: tensor<3x6xf32>, %post: tensor<6x3xf32>, %lse: tensor<2x6x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c12] lse dimension 1 (S): expected 3 as in pre dimension 0, found 6}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         interaction(pre = %pre : tensor<3x6xf32>, post = %post : tensor<6x3xf32>)
         lse(%lse : tensor<2x6x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// scores_c13: all tensors, with a result for each of outs, of its type; or all memrefs, without results.

!t = tensor<2x6x5x64xf32>
!m = memref<2x6x5x64xf32>
func.func @mixture(%t: !t, %m: !m) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [scores_c13] operands: expected all tensors or all memrefs, found 'tensor<2x6x5x64xf32>' and 'memref<2x6x5x64xf32>'}}
  %0 = imhsa.attention ins(%t, %m, %t : !t, !m, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!m = memref<2x6x5x64xf32>
func.func @memref_result(%m: !m) -> tensor<2x6x5x64xf32> {
  // expected-error @+1 {{'imhsa.attention' op [scores_c13] results: expected 0, found 1}}
  %0 = imhsa.attention ins(%m, %m, %m : !m, !m, !m) outs(%m : !m) -> tensor<2x6x5x64xf32>
  return %0 : tensor<2x6x5x64xf32>
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @no_result(%t: !t) {
  // expected-error @+1 {{'imhsa.attention' op [scores_c13] results: expected 1, found 0}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t)
  return
}

// -----

!t = tensor<2x6x5x64xf32>
!r = tensor<2x6x?x64xf32>
// DestinationStyleOpInterface looks at this first.
func.func @result_type(%t: !t) -> !r {
  // expected-error @+1 {{'imhsa.attention' op expected type of operand #3 ('tensor<2x6x5x64xf32>') to match type of corresponding result ('tensor<2x6x?x64xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t : !t) -> !r
  return %0 : !r
}

// -----

// attention_c1: value has rank 4; its B and M are those of query and key.

!t = tensor<2x6x5x64xf32>
!v = tensor<2x5x64xf32>
func.func @value_rank(%t: !t, %v: !v) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c1] value: expected rank 4, found rank 3 ('tensor<2x5x64xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, !v) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!v = tensor<1x6x5x64xf32>
func.func @value_batch(%t: !t, %v: !v) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c1] value dimension 0 (B): expected 2 as in query dimension 0, found 1}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, !v) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!v = tensor<2x4x6x64xf32>
func.func @value_tokens(%t: !t, %v: !v) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c1] value dimension 1 (M): expected 5 as in key dimension 2, found 4}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, !v) order(value = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c2: the heads of the value divide G.

!t = tensor<2x6x5x64xf32>
!v = tensor<2x4x5x64xf32>
func.func @value_heads(%t: !t, %v: !v) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c2] value dimension 1 (heads): expected a divisor of 6 (G), found 4}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, !v) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!v = tensor<2x0x5x64xf32>
func.func @no_value_heads(%t: !t, %v: !v) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c2] value dimension 1 (heads): expected at least 1, found 0}}
  %0 = imhsa.attention ins(%t, %t, %v : !t, !t, !v) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c3: landmarks are an attribute or two operands, not both.

!t = tensor<2x6x5x64xf32>
func.func @landmarks_twice(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c3] landmarks: expected a #imhsa.pool attribute or two operands, found an attribute and two operands}}
  %0 = "imhsa.attention"(%t, %t, %t, %t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1>,
    pool = #imhsa.pool<5>}> : (!t, !t, !t, !t, !t, !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @half_of_landmarks(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c3] landmarks: expected a #imhsa.pool attribute or two operands, found only one operand}}
  %0 = "imhsa.attention"(%t, %t, %t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1>
    }> : (!t, !t, !t, !t, !t) -> !t
  return %0 : !t
}

// -----

// attention_c4: landmark operands are [B,H,L,D] or [H,L,D], of one L; key heads divide H.

!t = tensor<2x6x5x64xf32>
func.func @landmark_rank(%t: !t, %l: tensor<3x64xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] query_landmarks: expected rank 3 or 4, found rank 2 ('tensor<3x64xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t)
         landmarks(%l, %l : tensor<3x64xf32>, tensor<3x64xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<1x6x3x64xf32>
func.func @landmark_batch(%t: !t, %l: !l) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] query_landmarks dimension 0 (B): expected 2 as in query dimension 0, found 1}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%l, %l : !l, !l) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<3x3x64xf32>
func.func @query_landmark_heads(%t: !t, %l: !l) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] query_landmarks dimension 0 (H): expected 6 as in query dimension 1, found 3}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%l, %l : !l, !l) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<6x3x64xf32>
!k = tensor<4x3x64xf32>
func.func @key_landmark_heads(%t: !t, %l: !l, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] key_landmarks dimension 0 (heads): expected a divisor of 6 (H), found 4}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%l, %k : !l, !k) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<6x3x64xf32>
!k = tensor<2x6x4x64xf32>
func.func @landmark_counts(%t: !t, %l: !l, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] key_landmarks dimension 2 (L): expected 3 as in query_landmarks dimension 1, found 4}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%l, %k : !l, !k) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<6x3x32xf32>
func.func @landmark_head_size(%t: !t, %l: !l) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] query_landmarks dimension 2 (D): expected 64 as in query dimension 3, found 32}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%l, %l : !l, !l) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c5: interaction stands only without landmarks, key_less and query_less only with.

!t = tensor<2x6x5x64xf32>
func.func @interaction_with_landmarks(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c5] interaction: expected `key_less` and `query_less` where there are landmarks, found `interaction`}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         interaction(post = %w : tensor<6x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @key_less_without_landmarks(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c5] key_less: expected `interaction`, since there are no landmarks}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_less(pre = %w : tensor<6x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @query_less_without_landmarks(%t: !t, %w: tensor<6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c5] query_less: expected `interaction`, since there are no landmarks}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) query_less(post_bias = %w : tensor<6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c6: with landmarks there is no bias, keep, causal, window, query_offset or lse.

!t = tensor<2x6x5x64xf32>
!b = tensor<1x1x5x5xf32>
func.func @bias_with_landmarks(%t: !t, %b: !b) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] bias: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) bias(%b : !b) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @keep_with_landmarks(%t: !t, %keep: tensor<1x1x5xi1>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] keep: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         keep(%keep : tensor<1x1x5xi1>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @causal_with_landmarks(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] causal: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) causal outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @window_with_landmarks(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] window: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) window(1, 1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @offset_with_landmarks(%t: !t, %i: index) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] query_offset: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) query_offset(%i) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @lse_with_landmarks(%t: !t, %lse: tensor<2x6x5xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] lse: expected none, since it has no meaning for landmarks, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         lse(%lse : tensor<2x6x5xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<2x6x5xf32>
func.func @lse_result_with_landmarks(%t: !t, %lse: !l) -> (!t, !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c6] lse: expected none, since it has no meaning for landmarks, found one}}
  %0:2 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) outs(%t, %lse : !t, !l) -> !t, !l
  return %0#0, %0#1 : !t, !l
}

// -----

// attention_c7: pooled landmarks need N = M; a grid has N tokens and no key_lengths.

!t = tensor<2x6x5x64xf32>
!k = tensor<2x6x4x64xf32>
func.func @pooled_cross_attention(%t: !t, %k: !k) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c7] query dimension 2 (M): expected 4 as in key dimension 2, found 5}}
  %0 = imhsa.attention ins(%t, %k, %k : !t, !k, !k) landmarks(#imhsa.pool<3>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x35x64xf32>
func.func @grid_tokens(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c7] query dimension 2 (N): expected 36 as in #imhsa.pool<6x6 to 2x2>, found 35}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<6x6 to 2x2>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!q = tensor<2x6x?x64xf32>
!t = tensor<2x6x36x64xf32>
func.func @grid_keys(%q: !q, %t: !t) -> !q {
  // expected-error @+1 {{'imhsa.attention' op [attention_c7] key dimension 2 (N): expected 35 as in #imhsa.pool<7x5 to 2x2>, found 36}}
  %0 = imhsa.attention ins(%q, %t, %t : !q, !t, !t) landmarks(#imhsa.pool<7x5 to 2x2>) outs(%q : !q) -> !q
  return %0 : !q
}

// -----

!t = tensor<2x6x36x64xf32>
func.func @grid_lengths(%t: !t, %n: tensor<2xi32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c7] key_lengths: expected none beside landmarks pooled on a grid, found one}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<6x6 to 2x2>)
         key_lengths(%n : tensor<2xi32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c8: both interactions of landmark attention end in the same G.

!t = tensor<2x6x5x64xf32>
func.func @two_result_heads(%t: !t, %w: tensor<3x6xf32>, %u: tensor<2x6xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c8] query_less: expected to end in 3 heads (G) as key_less does, found 2}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>)
         key_less(post = %w : tensor<3x6xf32>) query_less(pre = %u : tensor<2x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c9: outs has the result [B,G,N,E], f32 or the storage type, and at most one more.

!t = tensor<2x6x5x64xf32>
func.func @no_outs(%t: !t) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs: expected 1 or 2, found 0}}
  "imhsa.attention"(%t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0>
    }> : (!t, !t, !t) -> ()
  return
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @three_outs(%t: !t) -> (!t, !t, !t) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs: expected 1 or 2, found 3}}
  %0:3 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t, %t, %t : !t, !t, !t) -> !t, !t, !t
  return %0#0, %0#1, %0#2 : !t, !t, !t
}

// -----

!t = tensor<2x6x5x64xf32>
!o = tensor<2x6x5xf32>
func.func @outs_rank(%t: !t, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs: expected rank 4, found rank 3 ('tensor<2x6x5xf32>')}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!t = tensor<2x6x5x64xbf16>
!o = tensor<2x6x5x64xf16>
func.func @outs_type(%t: !t, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs: expected 'bf16' (as query) or f32, found 'f16'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!t = tensor<2x6x5x64xf32>
!o = tensor<2x6x5x64xf32>
func.func @outs_heads(%t: !t, %o: !o, %post: tensor<3x6xf32>) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs dimension 1 (G): expected 3 as in post dimension 0, found 6}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(post = %post : tensor<3x6xf32>) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!t = tensor<2x6x5x64xf32>
!o = tensor<2x6x4x64xf32>
func.func @outs_queries(%t: !t, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs dimension 2 (N): expected 5 as in query dimension 2, found 4}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!t = tensor<2x6x5x64xf32>
!o = tensor<2x5x6x32xf32>
func.func @outs_width(%t: !t, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs dimension 3 (E): expected 64 as in value dimension 3, found 32}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) order(output = bnhd) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

!t = tensor<2x?x5x64xf32>
!o = tensor<2x0x5x64xf32>
func.func @no_result_heads(%t: !t, %o: !o) -> !o {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs dimension 1 (G): expected at least 1, found 0}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// attention_c10: the second of outs is [B,S,N], f32 (f64 where the others are).

!t = tensor<2x6x5x64xf32>
!l = tensor<2x5xf32>
func.func @lse_result_rank(%t: !t, %lse: !l) -> (!t, !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c10] second of outs: expected rank 3, found rank 2 ('tensor<2x5xf32>')}}
  %0:2 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t, %lse : !t, !l) -> !t, !l
  return %0#0, %0#1 : !t, !l
}

// -----

!t = tensor<2x6x5x64xf32>
!l = tensor<2x5x6xf32>
func.func @lse_result_heads(%t: !t, %lse: !l) -> (!t, !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c10] second of outs dimension 1 (S): expected 6 as in query dimension 1, found 5}}
  %0:2 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t, %lse : !t, !l) -> !t, !l
  return %0#0, %0#1 : !t, !l
}

// -----

!t = tensor<2x6x5x64xf16>
!l = tensor<2x6x5xf16>
func.func @lse_result_type(%t: !t, %lse: !l) -> (!t, !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c10] second of outs: expected elements of 'f32', found 'f16'}}
  %0:2 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) outs(%t, %lse : !t, !l) -> !t, !l
  return %0#0, %0#1 : !t, !l
}

// -----

// attention_c11: schedule is of the kind general, stream or read_out; with landmarks general.

!t = tensor<2x6x5x64xf32>
func.func @schedule_kind(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c11] schedule: expected the kind 'general' or 'stream' or 'read_out', found 'normalisers'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<normalisers>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @schedule_landmarks(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c11] schedule: expected the kind 'general', found 'stream'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) schedule(#imhsa.schedule<stream>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// attention_c12: scratch stands only on memrefs, where a fused schedule has more than one split.

!t = tensor<2x6x5x64xf32>
!s = tensor<2x2x6x5x64xf32>
func.func @scratch_tensor(%t: !t, %s: !s) -> !t {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch: expected none on tensors, found 1}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s : !s)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = memref<2x6x5x64xf32>
!s = memref<2x2x6x5x64xf32>
func.func @scratch_general(%t: !t, %s: !s) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch: expected 0 buffers for 1 splits, found 1}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<general, splits = 2>) scratch(%s : !s)
    outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf32>
!s = memref<2x2x6x5x64xf32>
func.func @scratch_count(%t: !t, %s: !s) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch: expected 2 buffers for 2 splits, found 1}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s : !s)
    outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf32>
!l = memref<2x6x5xf32>
!s = memref<2x2x6x5x64xf32>
func.func @scratch_count_lse(%t: !t, %l: !l, %s: !s) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch: expected 1 buffers for 2 splits, found 2}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) lse(%l : !l) schedule(#imhsa.schedule<stream, splits = 2>)
    scratch(%s, %s : !s, !s) outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf32>
!s = memref<2x2x6x5x64xf32>
!l = memref<2x2x6x5x1xf32>
func.func @scratch_rank(%t: !t, %s: !s, %l: !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch 1: expected rank 4, found rank 5}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s, %l : !s, !l)
    outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf16>
!s = memref<2x2x6x5x64xf16>
!l = memref<2x2x6x5xf32>
func.func @scratch_type(%t: !t, %s: !s, %l: !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch 0: expected elements of 'f32', found 'f16'}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s, %l : !s, !l)
    outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf32>
!s = memref<3x2x6x5x64xf32>
!l = memref<2x2x6x5xf32>
func.func @scratch_splits(%t: !t, %s: !s, %l: !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch 0 dimension 0 (splits): expected 2, found 3}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s, %l : !s, !l)
    outs(%t : !t)
  return
}

// -----

!t = memref<2x6x5x64xf32>
!s = memref<2x2x6x5x32xf32>
!l = memref<2x2x6x5xf32>
func.func @scratch_columns(%t: !t, %s: !s, %l: !l) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c12] scratch 0 dimension 4 (E): expected 64 as in value dimension 3, found 32}}
  imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<stream, splits = 2>) scratch(%s, %l : !s, !l)
    outs(%t : !t)
  return
}
