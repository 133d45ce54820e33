// RUN: imhsa-opt %s -split-input-file --canonicalize -allow-unregistered-dialect | FileCheck %s
// The headings are those of dialect/Canonicalize.cpp. Of each pair of functions the second shows
// where the formula does not hold.

// I X = X, I P = P

!q = tensor<2x2x5x8xf32>
!m = tensor<2x2xf32>
// CHECK-LABEL: func @identity_mixing
func.func @identity_mixing(%q: !q, %o: !q) -> !q {
  %i = arith.constant dense<[[1.0, 0.0], [-0.0, 1.0]]> : !m
  // CHECK: imhsa.attention ins(%{{[^)]*}}) outs(
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre = %i : !m, post = %i : !m) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @identity_mixing_of_landmarks
func.func @identity_mixing_of_landmarks(%q: !q, %w: !m, %o: !q) -> !q {
  %i = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : !m
  // CHECK: key_less(post = %{{[a-z0-9]+}} : tensor<2x2xf32>) query_less(pre = %{{[a-z0-9]+}} : tensor<2x2xf32>) outs
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) landmarks(#imhsa.pool<3>)
         key_less(pre = %i : !m, post = %w : !m) query_less(pre = %w : !m, post = %i : !m) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @other_mixing
func.func @other_mixing(%q: !q, %o: !q) -> !q {
  %p = arith.constant dense<[[0.0, 1.0], [1.0, 0.0]]> : !m
  %n = arith.constant dense<[[1.0, 0.0], [0.0, 0x7FC00000]]> : !m
  // CHECK: interaction(pre = %{{.*}} : tensor<2x2xf32>, post = %{{.*}} : tensor<2x2xf32>)
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre = %p : !m, post = %n : !m) outs(%o : !q) -> !q
  return %0 : !q
}

// -----

!q = tensor<2x1x5x8xbf16>
!o = tensor<2x1x5x5xf32>
!m = tensor<1x1xbf16>
// CHECK-LABEL: func @one_head
func.func @one_head(%q: !q, %o: !o) -> !o {
  %i = arith.constant dense<1.0> : !m
  // CHECK: imhsa.weights ins(%{{[^)]*}}) outs(
  %0 = imhsa.weights ins(%q, %q : !q, !q) interaction(pre = %i : !m, post = %i : !m) outs(%o : !o) -> !o
  return %0 : !o
}

!oo = tensor<2x2x5x5xf32>
!mm = tensor<2x1xf16>
// CHECK-LABEL: func @two_heads_of_one
func.func @two_heads_of_one(%q: tensor<2x1x5x8xf16>, %o: !oo) -> !oo {
  %i = arith.constant dense<1.0> : !mm
  // CHECK: interaction(pre = %{{.*}} : tensor<2x1xf16>)
  %0 = imhsa.weights ins(%q, %q : tensor<2x1x5x8xf16>, tensor<2x1x5x8xf16>) interaction(pre = %i : !mm) outs(%o : !oo) -> !oo
  return %0 : !oo
}

// -----

!q = tensor<2x2x5x8xf64>
!u = tensor<2x?x5x8xf64>
!o = tensor<2x2x5xf64>
!m = tensor<2x2xf64>
// CHECK-LABEL: func @f64
func.func @f64(%q: !q, %o: !o) -> !o {
  %i = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : !m
  // CHECK: imhsa.log_sum_exp ins(%{{[^)]*}}) outs(
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) interaction(pre = %i : !m) outs(%o : !o) -> !o
  return %0 : !o
}

// Only the matrix says how many heads there are.
// CHECK-LABEL: func @unknown_heads
func.func @unknown_heads(%q: !u, %o: !o) -> !o {
  %i = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : !m
  // CHECK: interaction(pre = %{{.*}} : tensor<2x2xf64>)
  %0 = imhsa.log_sum_exp ins(%q, %q : !u, !u) interaction(pre = %i : !m) outs(%o : !o) -> !o
  return %0 : !o
}

// -----

// X + 0 = X, Y + 0 = Y, Z + 0 = Z

!q = tensor<2x2x5x8xf32>
!b = tensor<1x2x1x5xf32>
!v = tensor<2xf32>
!w = tensor<2x2xf32>
!o = tensor<2x2x5xf32>
// CHECK-LABEL: func @zero_biases
func.func @zero_biases(%q: !q, %w: !w, %o: !q) -> !q {
  %b = arith.constant dense<0.0> : !b
  %v = arith.constant dense<[0.0, -0.0]> : !v
  // CHECK: interaction(pre = %{{[a-z0-9]+}} : tensor<2x2xf32>, post = %{{[a-z0-9]+}} : tensor<2x2xf32>) outs
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q)
         interaction(pre = %w : !w, pre_bias = %v : !v, post = %w : !w, post_bias = %v : !v)
         bias(%b : !b) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @zero_filled_pre_bias
func.func @zero_filled_pre_bias(%q: !q, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : !v
  %v = linalg.fill ins(%zero : f32) outs(%e : !v) -> !v
  // CHECK: imhsa.log_sum_exp ins(%{{[^)]*}}) outs(
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) interaction(pre_bias = %v : !v) outs(%o : !o) -> !o
  return %0 : !o
}

// CHECK-LABEL: func @other_biases
func.func @other_biases(%q: !q, %b: !b, %o: !q) -> !q {
  %v = arith.constant dense<[0.0, 1.0]> : !v
  // CHECK: interaction(post_bias = %{{.*}} : tensor<2xf32>) bias(%{{.*}} : tensor<1x2x1x5xf32>)
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(post_bias = %v : !v) bias(%b : !b) outs(%o : !q) -> !q
  return %0 : !q
}

// -----

// softmax(Y + c) = softmax(Y)

!q = tensor<2x2x5x8xf32>
!u = tensor<2x?x5x8xf32>
!v = tensor<2xf32>
!o = tensor<2x2x5xf32>
// CHECK-LABEL: func @pre_bias
func.func @pre_bias(%q: !q, %v: !v, %o: !q) -> (!q, !q) {
  // CHECK: imhsa.attention ins(%{{[^)]*}}) outs(
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre_bias = %v : !v) outs(%o : !q) -> !q
  // CHECK: imhsa.attention ins(%{{[^)]*}}) landmarks(#imhsa.pool<3>) outs(
  %1 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) landmarks(#imhsa.pool<3>)
         key_less(pre_bias = %v : !v) query_less(pre_bias = %v : !v) outs(%o : !q) -> !q
  return %0, %1 : !q, !q
}

// CHECK-LABEL: func @pre_bias_in_lse
func.func @pre_bias_in_lse(%q: !q, %u: !u, %v: !v, %o: !q, %l: !o) -> (!q, !o, !q, !o, !q, !u) {
  // CHECK: interaction(pre_bias
  %0:2 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre_bias = %v : !v) outs(%o, %l : !q, !o) -> !q, !o
  // CHECK: interaction(pre_bias
  %1 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre_bias = %v : !v) lse(%l : !o) outs(%o : !q) -> !q
  // CHECK: interaction(pre_bias
  %2 = imhsa.log_sum_exp ins(%q, %q : !q, !q) interaction(pre_bias = %v : !v) outs(%l : !o) -> !o
  // Not finite: all weights are NaN.
  %inf = arith.constant dense<0x7F800000> : !v
  // CHECK: interaction(pre_bias
  %3 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre_bias = %inf : !v) outs(%o : !q) -> !q
  // Only the bias says how many heads there are.
  // CHECK: interaction(pre_bias
  %4 = imhsa.attention ins(%u, %u, %u : !u, !u, !u) interaction(pre_bias = %v : !v) outs(%u : !u) -> !u
  return %0#0, %0#1, %1, %2, %3, %4 : !q, !o, !q, !o, !q, !u
}

// -----

// kept & true = kept

!q = tensor<2x2x5x8xf32>
!k = tensor<1x5x5xi1>
// CHECK-LABEL: func @true_keep
func.func @true_keep(%q: !q, %o: !q) -> !q {
  %keep = arith.constant dense<true> : !k
  // CHECK: imhsa.attention ins(%{{[^)]*}}) causal outs(
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) keep(%keep : !k) causal outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @other_keep
func.func @other_keep(%q: !q, %o: !q) -> (!q, !q) {
  // CHECK: keep(%
  %keep = arith.constant dense<[[[true, true, true, true, false]]]> : tensor<1x1x5xi1>
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) keep(%keep : tensor<1x1x5xi1>) outs(%o : !q) -> !q
  // CHECK: keep(%
  %none = arith.constant dense<false> : !k
  %1 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) keep(%none : !k) outs(%o : !q) -> !q
  return %0, %1 : !q, !q
}

// -----

// min(length, M) = M

!q = tensor<2x2x5x8xf32>
!p = tensor<2x2x3x8xf32>
// CHECK-LABEL: func @full_lengths
func.func @full_lengths(%q: !q, %o: !q, %p: !p) -> (!q, !q, !p) {
  %n = arith.constant dense<[5, 7]> : tensor<2xi32>
  // CHECK: imhsa.attention ins(%{{[^)]*}}) outs(
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) key_lengths(%n : tensor<2xi32>) outs(%o : !q) -> !q
  // CHECK: imhsa.attention ins(%{{[^)]*}}) landmarks(#imhsa.pool<3>) outs(
  %1 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) landmarks(#imhsa.pool<3>) key_lengths(%n : tensor<2xi32>) outs(%o : !q) -> !q
  // CHECK: imhsa.pool #imhsa.pool<3> ins(%{{[^)]*}}) outs(
  %2 = imhsa.pool #imhsa.pool<3> ins(%q : !q) key_lengths(%n : tensor<2xi32>) outs(%p : !p) -> !p
  return %0, %1, %2 : !q, !q, !p
}

// CHECK-LABEL: func @short_lengths
func.func @short_lengths(%q: !q, %o: !q, %u: tensor<2x2x?x8xf32>, %p: !p) -> (!q, !p) {
  // CHECK: key_lengths
  %n = arith.constant dense<[5, 4]> : tensor<2xi64>
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) key_lengths(%n : tensor<2xi64>) outs(%o : !q) -> !q
  // CHECK: key_lengths
  %m = arith.constant dense<5> : tensor<2xi64>
  %1 = imhsa.pool #imhsa.pool<3> ins(%u : tensor<2x2x?x8xf32>) key_lengths(%m : tensor<2xi64>) outs(%p : !p) -> !p
  return %0, %1 : !q, !p
}

// -----

// m <= 0 + M - N = M - 1

!q = tensor<2x2x1x8xf32>
!k = tensor<2x2x?x8xf32>
// CHECK-LABEL: func @causal_of_one_query
func.func @causal_of_one_query(%q: !q, %k: !k, %o: !q) -> !q {
  // CHECK: imhsa.attention ins(%{{[^)]*}}) window(2, 0) outs(
  %0 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) causal window(2, 0) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @causal_of_more
func.func @causal_of_more(%q: !q, %k: !k, %o: !q, %i: index) -> (!q, !k) {
  // CHECK: causal query_offset
  %0 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) causal query_offset(%i) outs(%o : !q) -> !q
  // CHECK: causal
  %1 = imhsa.attention ins(%k, %q, %q : !k, !q, !q) causal outs(%k : !k) -> !k
  return %0, %1 : !q, !k
}

// -----

// n + M - N - left <= m <= n + M - N + right

!q = tensor<2x2x3x8xf32>
!k = tensor<2x2x5x8xf32>
// CHECK-LABEL: func @wide_window
func.func @wide_window(%q: !q, %k: !k, %o: !q) -> (!q, !q) {
  // CHECK: imhsa.attention ins(%{{[^)]*}}) outs(
  %0 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) window(4, 2) outs(%o : !q) -> !q
  // CHECK: imhsa.attention ins(%{{[^)]*}}) causal outs(
  %1 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) causal window(4, 0) outs(%o : !q) -> !q
  return %0, %1 : !q, !q
}

// CHECK-LABEL: func @narrow_window
func.func @narrow_window(%q: !q, %k: !k, %o: !q, %i: index) -> (!q, !q, !q) {
  // CHECK: window(3, 2)
  %0 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) window(3, 2) outs(%o : !q) -> !q
  // CHECK: window(4, 1)
  %1 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) window(4, 1) outs(%o : !q) -> !q
  // CHECK: window(4, 2) query_offset
  %2 = imhsa.attention ins(%q, %k, %k : !q, !k, !k) window(4, 2) query_offset(%i) outs(%o : !q) -> !q
  return %0, %1, %2 : !q, !q, !q
}

// -----

// scale = D^-1/2, the default

!q = tensor<2x2x5x64xf32>
!u = tensor<2x2x5x?xf32>
!o = tensor<2x2x5xf32>
// CHECK-LABEL: func @default_scale
func.func @default_scale(%q: !q, %o: !o) -> !o {
  // CHECK: imhsa.log_sum_exp ins(%{{[^)]*}}) outs(
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) scale(0.125) outs(%o : !o) -> !o
  return %0 : !o
}

// CHECK-LABEL: func @other_scale
func.func @other_scale(%q: !q, %u: !u, %o: !o) -> (!o, !o) {
  // CHECK: scale(0.1250001)
  %0 = imhsa.log_sum_exp ins(%q, %q : !q, !q) scale(0.1250001) outs(%o : !o) -> !o
  // CHECK: scale(1.250000e-01)
  %1 = imhsa.log_sum_exp ins(%u, %u : !u, !u) scale(0.125) outs(%o : !o) -> !o
  return %0, %1 : !o, !o
}

// -----

// f(transpose(X), order) = f(X, other order)

!h = tensor<2x6x?x8xf16>
!n = tensor<2x?x6x8xf16>
!o = tensor<2x6x?x8xf16>
!p = tensor<2x6x3x8xf16>
// CHECK-LABEL: func @input_transposes
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<2x?x6x8xf16>, %[[H:[a-z0-9]*]]: tensor<2x6x?x8xf16>, %[[P:[a-z0-9]*]]: tensor<2x6x3x8xf16>)
func.func @input_transposes(%q: !n, %h: !h, %p: !p) -> (!o, !p) {
  %t = linalg.transpose ins(%q : !n) outs(%h : !h) permutation = [0, 2, 1, 3]
  // CHECK: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) order(query = bnhd, key = bnhd, value = bnhd) outs(
  %0 = imhsa.attention ins(%t, %t, %t : !h, !h, !h) outs(%h : !h) -> !h
  // CHECK: imhsa.pool #imhsa.pool<3> ins(%[[Q]] : {{.*}}) order(input = bnhd) outs(
  %1 = imhsa.pool #imhsa.pool<3> ins(%t : !h) outs(%p : !p) -> !p
  return %0, %1 : !h, !p
}

// CHECK-LABEL: func @back_and_forth
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<2x6x?x8xf16>, %[[K:[a-z0-9]*]]: tensor<2x6x?x8xf16>
func.func @back_and_forth(%q: !h, %k: !h, %n: !n, %o: tensor<2x6x?x?xf32>, %l: tensor<2x6x?xf32>) -> (tensor<2x6x?x?xf32>, tensor<2x6x?xf32>) {
  %t = linalg.transpose ins(%q : !h) outs(%n : !n) permutation = [0, 2, 1, 3]
  // CHECK: imhsa.weights ins(%[[Q]], %[[K]] : {{[^)]*}}) outs(
  %0 = imhsa.weights ins(%t, %k : !n, !h) order(query = bnhd) outs(%o : tensor<2x6x?x?xf32>) -> tensor<2x6x?x?xf32>
  // CHECK: imhsa.log_sum_exp ins(%[[K]], %[[Q]] : {{[^)]*}}) outs(
  %1 = imhsa.log_sum_exp ins(%k, %t : !h, !n) order(key = bnhd) outs(%l : tensor<2x6x?xf32>) -> tensor<2x6x?xf32>
  return %0, %1 : tensor<2x6x?x?xf32>, tensor<2x6x?xf32>
}

// CHECK-LABEL: func @other_transpose
func.func @other_transpose(%q: tensor<6x2x5x8xf16>, %o: tensor<2x6x5x8xf16>) -> tensor<2x6x5x8xf16> {
  // CHECK: linalg.transpose
  %t = linalg.transpose ins(%q : tensor<6x2x5x8xf16>) outs(%o : tensor<2x6x5x8xf16>) permutation = [1, 0, 2, 3]
  %0 = imhsa.attention ins(%t, %t, %t : tensor<2x6x5x8xf16>, tensor<2x6x5x8xf16>, tensor<2x6x5x8xf16>)
         outs(%o : tensor<2x6x5x8xf16>) -> tensor<2x6x5x8xf16>
  return %0 : tensor<2x6x5x8xf16>
}

// -----

// transpose(attention(order)) = attention(other order)

!h = tensor<2x6x5x8xf32>
!n = tensor<2x5x6x8xf32>
!l = tensor<2x6x5xf32>
// CHECK-LABEL: func @output_transpose
func.func @output_transpose(%q: !h) -> !n {
  // CHECK: %[[O:.*]] = tensor.empty() : tensor<2x5x6x8xf32>
  // CHECK: %[[R:.*]] = imhsa.attention ins({{[^)]*}}) order(output = bnhd) outs(%[[O]] : {{.*}}) {tag} -> tensor<2x5x6x8xf32>
  // CHECK: return %[[R]]
  %e = tensor.empty() : !h
  %0 = imhsa.attention ins(%q, %q, %q : !h, !h, !h) outs(%e : !h) {tag} -> !h
  %o = tensor.empty() : !n
  %t = linalg.transpose ins(%0 : !h) outs(%o : !n) permutation = [0, 2, 1, 3]
  return %t : !n
}

// CHECK-LABEL: func @output_transpose_with_lse
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<2x6x5x8xf32>, %[[L:[a-z0-9]*]]: tensor<2x6x5xf32>, %[[O:[a-z0-9]*]]: tensor<2x6x5x8xf32>
func.func @output_transpose_with_lse(%q: !h, %l: !l, %o: !h, %n: !n) -> (!h, !l) {
  // CHECK: %[[R:.*]]:2 = imhsa.attention ins({{[^)]*}}) outs(%[[O]], %[[L]] : {{.*}}) ->
  // CHECK: return %[[R]]#0, %[[R]]#1
  %0:2 = imhsa.attention ins(%q, %q, %q : !h, !h, !h) order(output = bnhd) outs(%n, %l : !n, !l) -> !n, !l
  %t = linalg.transpose ins(%0#0 : !n) outs(%o : !h) permutation = [0, 2, 1, 3]
  return %t, %0#1 : !h, !l
}

// CHECK-LABEL: func @output_used_twice
func.func @output_used_twice(%q: !h, %n: !n) -> (!h, !n) {
  // CHECK: linalg.transpose
  %0 = imhsa.attention ins(%q, %q, %q : !h, !h, !h) outs(%q : !h) -> !h
  %t = linalg.transpose ins(%0 : !h) outs(%n : !n) permutation = [0, 2, 1, 3]
  return %0, %t : !h, !n
}

// CHECK-LABEL: func @lse_used_before
func.func @lse_used_before(%q: !h, %l: !l) -> !n {
  // CHECK: linalg.transpose
  %0:2 = imhsa.attention ins(%q, %q, %q : !h, !h, !h) outs(%q, %l : !h, !l) -> !h, !l
  %c0 = arith.constant 0 : index
  %x = tensor.extract %0#1[%c0, %c0, %c0] : !l
  %n = tensor.splat %x : !n
  %t = linalg.transpose ins(%0#0 : !h) outs(%n : !n) permutation = [0, 2, 1, 3]
  return %t : !n
}

// CHECK-LABEL: func @transposed_in_a_loop
func.func @transposed_in_a_loop(%q: !h, %n: !n, %m: index) -> !n {
  // CHECK: imhsa.attention
  // CHECK: scf.for
  // CHECK: linalg.transpose
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = imhsa.attention ins(%q, %q, %q : !h, !h, !h) outs(%q : !h) -> !h
  %r = scf.for %i = %c0 to %m step %c1 iter_args(%acc = %n) -> !n {
    %t = linalg.transpose ins(%0 : !h) outs(%acc : !n) permutation = [0, 2, 1, 3]
    %u = "test.use"(%t) : (!n) -> !n
    scf.yield %u : !n
  }
  return %r : !n
}

// -----

// (O, unused lse) = attention(outs O, lse) -> O = attention(outs O)

!q = tensor<2x2x5x8xf32>
!l = tensor<2x2x5xf32>
!v = tensor<2xf32>
// CHECK-LABEL: func @unused_lse
func.func @unused_lse(%q: !q, %l: !l, %v: !v) -> !q {
  // CHECK: %[[R:.*]] = imhsa.attention ins(%{{[^)]*}}) outs(%{{[a-z0-9]+}} : tensor<2x2x5x8xf32>) {tag} -> tensor<2x2x5x8xf32>
  // CHECK: return %[[R]]
  %0:2 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) interaction(pre_bias = %v : !v) outs(%q, %l : !q, !l) {tag} -> !q, !l
  return %0#0 : !q
}

// CHECK-LABEL: func @unused_output
func.func @unused_output(%q: !q, %l: !l) -> !l {
  // CHECK: imhsa.attention {{.*}} -> tensor<2x2x5x8xf32>, tensor<2x2x5xf32>
  %0:2 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) outs(%q, %l : !q, !l) -> !q, !l
  return %0#1 : !l
}

// -----

// f(outs(fill(x, D))) = f(outs(D))

!q = tensor<2x2x5x8xf32>
// CHECK-LABEL: func @filled_destination
func.func @filled_destination(%q: !q) -> !q {
  // CHECK-NOT: linalg.fill
  // CHECK: %[[E:.*]] = tensor.empty
  // CHECK: outs(%[[E]] :
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : !q
  %f = linalg.fill ins(%zero : f32) outs(%e : !q) -> !q
  %0 = imhsa.attention ins(%q, %q, %q : !q, !q, !q) outs(%f : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @filled_operand
func.func @filled_operand(%q: !q) -> !q {
  // CHECK: linalg.fill
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : !q
  %f = linalg.fill ins(%one : f32) outs(%e : !q) -> !q
  %0 = imhsa.attention ins(%f, %q, %q : !q, !q, !q) outs(%q : !q) -> !q
  return %0 : !q
}

// -----

// pool<N>(X) = X

!q = tensor<2x6x5x8xf32>
!n = tensor<2x5x6x8xf32>
// CHECK-LABEL: func @pool_to_all
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<2x6x5x8xf32>
func.func @pool_to_all(%q: !q, %o: !q) -> !q {
  // CHECK-NEXT: return %[[Q]]
  %0 = imhsa.pool #imhsa.pool<5> ins(%q : !q) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @pool_to_all_bnhd
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<2x5x6x8xf32>, %[[O:[a-z0-9]*]]: tensor<2x6x5x8xf32>
func.func @pool_to_all_bnhd(%q: !n, %o: !q) -> !q {
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[Q]] : {{.*}}) outs(%[[O]] : {{.*}}) permutation = [0, 2, 1, 3]
  // CHECK: return %[[T]]
  %0 = imhsa.pool #imhsa.pool<5> ins(%q : !n) order(input = bnhd) outs(%o : !q) -> !q
  return %0 : !q
}

// CHECK-LABEL: func @pool_to_fewer
func.func @pool_to_fewer(%q: !q, %o: !q, %n: tensor<2xi32>, %u: tensor<2x6x?x8xf32>, %g: tensor<2x6x35x8xf32>) -> (!q, !q, tensor<2x6x35x8xf32>) {
  // CHECK: imhsa.pool #imhsa.pool<5>
  %0 = imhsa.pool #imhsa.pool<5> ins(%u : tensor<2x6x?x8xf32>) outs(%o : !q) -> !q
  // CHECK: imhsa.pool #imhsa.pool<5>
  %1 = imhsa.pool #imhsa.pool<5> ins(%q : !q) key_lengths(%n : tensor<2xi32>) outs(%o : !q) -> !q
  // CHECK: imhsa.pool #imhsa.pool<7x5 to 5x7>
  %2 = imhsa.pool #imhsa.pool<7x5 to 5x7> ins(%g : tensor<2x6x35x8xf32>) outs(%g : tensor<2x6x35x8xf32>) -> tensor<2x6x35x8xf32>
  return %0, %1, %2 : !q, !q, tensor<2x6x35x8xf32>
}

// -----

// CHECK: #[[$READ:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>
// CHECK-LABEL: func @pool_to_all_of_a_grid
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: tensor<?x?x6x8xbf16>, %[[O:[a-z0-9]*]]: tensor<2x6x35x8xf32>
func.func @pool_to_all_of_a_grid(%q: tensor<?x?x6x8xbf16>, %o: tensor<2x6x35x8xf32>) -> tensor<2x6x35x8xf32> {
  // CHECK: %[[C:.*]] = tensor.cast %[[Q]] : tensor<?x?x6x8xbf16> to tensor<2x35x6x8xbf16>
  // CHECK: linalg.generic {indexing_maps = [#[[$READ]], #{{.*}}], {{.*}} ins(%[[C]] : tensor<2x35x6x8xbf16>) outs(%[[O]] : tensor<2x6x35x8xf32>)
  // CHECK: arith.extf
  %0 = imhsa.pool #imhsa.pool<7x5 to 7x5> ins(%q : tensor<?x?x6x8xbf16>) order(input = bnhd)
         outs(%o : tensor<2x6x35x8xf32>) -> tensor<2x6x35x8xf32>
  return %0 : tensor<2x6x35x8xf32>
}

// -----

// Casts that only lose static sizes (upstream, for every operation in destination-passing style)

!s = tensor<2x6x5x8xf32>
!d = tensor<?x6x?x8xf32>
// CHECK-LABEL: func @casts
// CHECK-SAME: (%[[S:[a-z0-9]*]]: tensor<2x6x5x8xf32>, %[[M:.*]]: memref
func.func @casts(%s: !s, %m: memref<2x6x5x8xf32>) -> (!d, tensor<?x6x3x8xf32>, !d) {
  %d = tensor.cast %s : !s to !d
  // CHECK: %[[A:.*]] = imhsa.attention ins(%[[S]], %[[S]], %[[S]] : {{.*}}) outs(%[[S]] : {{.*}}) -> tensor<2x6x5x8xf32>
  // CHECK: tensor.cast %[[A]] : tensor<2x6x5x8xf32> to tensor<?x6x?x8xf32>
  %0 = imhsa.attention ins(%d, %d, %d : !d, !d, !d) outs(%d : !d) -> !d
  // CHECK: imhsa.pool #imhsa.pool<3> ins(%[[S]] : tensor<2x6x5x8xf32>) outs(%{{.*}} : tensor<2x6x3x8xf32>)
  %p = tensor.empty() : tensor<2x6x3x8xf32>
  %c = tensor.cast %p : tensor<2x6x3x8xf32> to tensor<?x6x3x8xf32>
  %1 = imhsa.pool #imhsa.pool<3> ins(%d : !d) outs(%c : tensor<?x6x3x8xf32>) -> tensor<?x6x3x8xf32>
  // CHECK: imhsa.weights ins(%[[S]], %{{[a-z0-9]+}} : tensor<2x6x5x8xf32>, tensor<2x6x8x8xf32>) outs(
  %k = tensor.empty() : tensor<2x6x8x8xf32>
  %e = tensor.cast %k : tensor<2x6x8x8xf32> to tensor<?x6x?x8xf32>
  %z = "test.destination"() : () -> !d
  %2 = imhsa.weights ins(%d, %e : !d, !d) outs(%z : !d) -> !d
  return %0, %1, %2 : !d, tensor<?x6x3x8xf32>, !d
}

// -----

// Memrefs: operands that have no influence go, everything else stays.

!m = memref<2x6x1x8xf32>
// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: !m, %v: memref<6xf32>) {
  // CHECK: imhsa.attention ins(%{{[^)]*}}) outs(%{{.*}} : memref<2x6x1x8xf32>)
  imhsa.attention ins(%q, %q, %q : !m, !m, !m) interaction(pre_bias = %v : memref<6xf32>) causal window(0, 0) outs(%q : !m)
  // CHECK: imhsa.pool
  imhsa.pool #imhsa.pool<1> ins(%q : !m) outs(%q : !m)
  return
}
