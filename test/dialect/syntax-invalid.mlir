// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// What the parsers of the operations and attributes refuse.

// Each clause stands at most once.

!t = tensor<2x6x5x64xf32>
func.func @landmarks_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `landmarks` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) landmarks(#imhsa.pool<3>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @key_less_twice(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `key_less` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_less(pre = %w : tensor<6x6xf32>) key_less(pre = %w : tensor<6x6xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @query_less_twice(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `query_less` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) query_less(pre = %w : tensor<6x6xf32>) query_less(pre = %w : tensor<6x6xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @interaction_twice(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `interaction` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %w : tensor<6x6xf32>) interaction(pre = %w : tensor<6x6xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @bias_twice(%t: !t, %b: tensor<1x1x1x5xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `bias` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) bias(%b : tensor<1x1x1x5xf32>) bias(%b : tensor<1x1x1x5xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @keep_twice(%t: !t, %keep: tensor<1x1x5xi1>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `keep` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) keep(%keep : tensor<1x1x5xi1>) keep(%keep : tensor<1x1x5xi1>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @key_lengths_twice(%t: !t, %n: tensor<2xi32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `key_lengths` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) key_lengths(%n : tensor<2xi32>) key_lengths(%n : tensor<2xi32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @causal_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `causal` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) causal causal outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @window_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `window` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(1, 1) window(1, 1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @query_offset_twice(%t: !t, %i: index) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `query_offset` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) query_offset(%i) query_offset(%i) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @lse_twice(%t: !t, %lse: tensor<2x6x5xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `lse` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) lse(%lse : tensor<2x6x5xf32>) lse(%lse : tensor<2x6x5xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @scale_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `scale` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) scale(1.0) scale(1.0) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @schedule_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' `schedule` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.schedule<general>) schedule(#imhsa.schedule<general>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @weights_scale_twice(%t: !t, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.weights' `scale` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.weights ins(%t, %t : !t, !t) scale(1.0) causal scale(1.0) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5xf32>
func.func @log_sum_exp_causal_twice(%t: !t, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.log_sum_exp' `causal` clause can appear at most once in the expansion of the oilist directive}}
  %0 = imhsa.log_sum_exp ins(%t, %t : !t, !t) causal scale(1.0) causal outs(%o : !z) -> !z
  return %0 : !z
}

// -----

// interaction(...)

!t = tensor<2x6x5x64xf32>
func.func @pre_twice(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' interaction: 'pre' is given twice}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %w : tensor<6x6xf32>, pre = %w : tensor<6x6xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @unknown_mixing(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' interaction: expected one of 'pre', 'pre_bias', 'post', 'post_bias', found 'mix'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(mix = %w : tensor<6x6xf32>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @empty_interaction(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' expected valid keyword}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction() outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @mixing_without_type(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{expected ':'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) interaction(pre = %w) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @unknown_key_less(%t: !t, %w: tensor<6x6xf32>) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' interaction: expected one of 'pre', 'pre_bias', 'post', 'post_bias', found 'bias'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(#imhsa.pool<3>) key_less(bias = %w : tensor<6x6xf32>)
         outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5xf32>
func.func @log_sum_exp_post(%t: !t, %w: tensor<6x6xf32>, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.log_sum_exp' interaction: expected one of 'pre', 'pre_bias', found 'post'}}
  %0 = imhsa.log_sum_exp ins(%t, %t : !t, !t) interaction(post = %w : tensor<6x6xf32>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5xf32>
func.func @log_sum_exp_lse(%t: !t, %lse: tensor<2x6x5xf32>, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.log_sum_exp' expected 'outs'}}
  %0 = imhsa.log_sum_exp ins(%t, %t : !t, !t) lse(%lse : tensor<2x6x5xf32>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @weights_schedule(%t: !t, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.weights' expected 'outs'}}
  %0 = imhsa.weights ins(%t, %t : !t, !t) schedule(#imhsa.schedule<general>) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

// order(...)

!t = tensor<2x6x5x64xf32>
func.func @unknown_tensor(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' order: expected one of 'query', 'key', 'value', 'output', found 'bias'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) order(bias = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @unknown_order(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' order: expected 'bhnd' or 'bnhd' for 'query', found 'bhdn'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) order(query = bhdn) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @order_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' order: 'query' is given twice}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) order(query = bhnd, query = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @order_clause_twice(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' expected 'outs'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) order(query = bhnd) order(key = bhnd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
!z = tensor<2x6x5x5xf32>
func.func @value_of_weights(%t: !t, %o: !z) -> !z {
  // expected-error @+1 {{custom op 'imhsa.weights' order: expected one of 'query', 'key', found 'value'}}
  %0 = imhsa.weights ins(%t, %t : !t, !t) order(value = bnhd) outs(%o : !z) -> !z
  return %0 : !z
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @query_of_pool(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.pool' order: expected one of 'input', found 'query'}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%t : !t) order(query = bnhd) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// landmarks(...)

!t = tensor<2x6x5x64xf32>
func.func @other_attribute(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' landmarks: expected #imhsa.pool<...> or two operands, found 3 : i64}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(3 : i64) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @one_landmark(%t: !t) -> !t {
  // expected-error @+1 {{expected ','}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%t : !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @one_landmark_type(%t: !t) -> !t {
  // expected-error @+1 {{expected ','}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks(%t, %t : !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @no_landmarks(%t: !t) -> !t {
  // expected-error @+1 {{expected attribute value}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) landmarks() outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// window(left, right), scale(number), query_offset(%index), schedule(attribute)

!t = tensor<2x6x5x64xf32>
func.func @one_sided_window(%t: !t) -> !t {
  // expected-error @+1 {{expected ','}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(3) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @three_sided_window(%t: !t) -> !t {
  // expected-error @+1 {{expected ')'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(3, 2, 1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @fractional_window(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' expected integer value}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(3.5, 1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @huge_window(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' integer value too large}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) window(9223372036854775808, 1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @integer_scale(%t: !t) -> !t {
  // expected-error @+2 {{unexpected decimal integer literal for a floating point value}}
  // expected-note @+1 {{add a trailing dot to make the literal a float}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) scale(1) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @scale_of_other_type(%t: !t) -> !t {
  // expected-error @+1 {{expected ')'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) scale(1.0 : f32) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
// expected-note @+1 {{prior use here}}
func.func @offset_type(%t: !t, %i: i64) -> !t {
  // expected-error @+1 {{use of value '%i' expects different type than prior uses: 'index' vs 'i64'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) causal query_offset(%i) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @schedule_is_pool(%t: !t) -> !t {
  // expected-error @+1 {{'imhsa.attention' op attribute 'schedule' failed to satisfy constraint: The kernel that computes an operation, and how it is cut into tiles}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) schedule(#imhsa.pool<3>) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @unknown_clause(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' expected 'outs'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) softmax outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// ins, outs

!t = tensor<2x6x5x64xf32>
func.func @two_of_three(%t: !t) -> !t {
  // expected-error @+1 {{expected ','}}
  %0 = imhsa.attention ins(%t, %t : !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @missing_type(%t: !t) -> !t {
  // expected-error @+1 {{expected ','}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
// expected-note @+1 {{prior use here}}
func.func @type_of_query(%t: !t, %u: tensor<2x6x4x64xf32>) -> !t {
  // expected-error @+1 {{use of value '%u' expects different type than prior uses: 'tensor<2x6x5x64xf32>' vs 'tensor<2x6x4x64xf32>'}}
  %0 = imhsa.attention ins(%u, %t, %t : !t, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @no_outs(%t: !t) -> !t {
  // expected-error @+1 {{custom op 'imhsa.attention' expected 'outs'}}
  %0 = imhsa.attention ins(%t, %t, %t : !t, !t, !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @vectors(%t: !t, %v: vector<2x6x5x64xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op operand #0 must be ranked tensor or memref, but got 'vector<2x6x5x64xf32>'}}
  %0 = imhsa.attention ins(%v, %t, %t : vector<2x6x5x64xf32>, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

!t = tensor<2x6x5x64xf32>
func.func @unranked(%t: !t, %u: tensor<*xf32>) -> !t {
  // expected-error @+1 {{'imhsa.attention' op operand #0 must be ranked tensor or memref, but got 'tensor<*xf32>'}}
  %0 = imhsa.attention ins(%u, %t, %t : tensor<*xf32>, !t, !t) outs(%t : !t) -> !t
  return %0 : !t
}

// -----

// Attributes

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 0 dimensions and 0 numbers of landmarks}}
#a = #imhsa.pool<>

// -----

// expected-error @+1 {{expected static shape}}
#a = #imhsa.pool<?>

// -----

// expected-error @+1 {{expected '>'}}
#a = #imhsa.pool<-3>

// -----

// expected-error @+1 {{[pool_attr_c2] expected one number of landmarks, or a grid of 2 dimensions with 2 numbers of landmarks; found a grid of 1 dimensions and 0 numbers of landmarks}}
#a = #imhsa.pool<7 to>

// -----

// expected-error @+1 {{invalid dimension}}
#a = #imhsa.pool<7x>

// -----

// expected-error @+1 {{expected '>'}}
#a = #imhsa.pool<56x56 to 7x7 to 1x1>

// -----

// expected-error @+1 {{invalid dimension}}
#a = #imhsa.pool<99999999999999999999>

// -----

// expected-error @+1 {{expected '<'}}
#a = #imhsa.pool

// -----

// expected-error @+1 {{unknown attribute `pools` in dialect `imhsa`}}
#a = #imhsa.pools<3>

// -----

// expected-error @+1 {{schedule: expected a kind of kernel (general, pool, normalisers, stream, read_out), found 'fast'}}
#a = #imhsa.schedule<fast>

// -----

// expected-error @+1 {{schedule: expected one of queries, keys, warps, stages, splits, heads, columns, math; found 'rows'}}
#a = #imhsa.schedule<general, rows = 3>

// -----

// expected-error @+1 {{schedule: 'keys' is given twice}}
#a = #imhsa.schedule<general, keys = 3, keys = 4>

// -----

// expected-error @+1 {{schedule: expected 'exact' or 'tf32' for 'math', found 'fp8'}}
#a = #imhsa.schedule<stream, math = fp8>

// -----

// expected-error @+1 {{expected integer value}}
#a = #imhsa.schedule<stream, keys = math>
