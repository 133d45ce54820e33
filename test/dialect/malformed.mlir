// RUN: imhsa-opt %s -split-input-file -verify-diagnostics
// Generic forms that no parser of ours would make: each is an error, none a crash.

// Segments: the sizes of the groups of operands.

func.func @segment_sum(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.attention' op operand count (4) does not match with the total size (5) specified in attribute 'operandSegmentSizes'}}
  %0 = "imhsa.attention"(%t, %t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @segment_count(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{invalid properties {operandSegmentSizes = array<i32: 1, 1, 1, 1>} for op imhsa.attention: size mismatch in attribute conversion: 4 vs 24}}
  %0 = "imhsa.attention"(%t, %t, %t, %t) <{operandSegmentSizes = array<i32: 1,1,1,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @negative_segment(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.pool' op 'operandSegmentSizes' attribute cannot have negative elements}}
  "imhsa.pool"(%t, %t, %t) <{operandSegmentSizes = array<i32: 2,-1,2>, pool = #imhsa.pool<5>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> ()
  return
}

// -----

func.func @overflowing_segments(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.pool' op operand count (1) does not match with the total size (4294967297) specified in attribute 'operandSegmentSizes'}}
  "imhsa.pool"(%t) <{operandSegmentSizes = array<i32: 2147483647,2147483647,3>, pool = #imhsa.pool<5>}>
    : (tensor<2x6x5x64xf32>) -> ()
  return
}

// -----

func.func @two_queries(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5x5xf32>) {
  // expected-error @+1 {{'imhsa.weights' op [scores_c1] query: expected one operand, found 2}}
  %0 = "imhsa.weights"(%t, %t, %t, %o) <{operandSegmentSizes = array<i32: 2,1,0,0,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x5xf32>) -> tensor<2x6x5x5xf32>
  return
}

// -----

func.func @no_key(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5x5xf32>) {
  // expected-error @+1 {{'imhsa.weights' op [scores_c1] key: expected one operand, found 0}}
  %0 = "imhsa.weights"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,0,0,1,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x5xf32>) -> tensor<2x6x5x5xf32>
  return
}

// -----

func.func @no_value(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c1] value: expected one operand, found 0}}
  %0 = "imhsa.attention"(%t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @two_inputs(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c1] input: expected one operand, found 2}}
  %0 = "imhsa.pool"(%t, %t, %t) <{operandSegmentSizes = array<i32: 2,0,1>, pool = #imhsa.pool<5>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @two_biases(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op operand group starting at #2 requires 0 or 1 element, but found 2}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,2,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @no_operands() {
  // expected-error @+1 {{'imhsa.log_sum_exp' op expected 2 or more operands, but found 0}}
  "imhsa.log_sum_exp"() <{operandSegmentSizes = array<i32: 0,0,0,0,0,0,0,0,0,0>}> : () -> ()
  return
}

// -----

// Without properties.

func.func @no_properties(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.attention' op operand count (4) does not match with the total size (0) specified in attribute 'operandSegmentSizes'}}
  %0 = "imhsa.attention"(%t, %t, %t, %t)
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @no_segments(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.pool' op operand count (1) does not match with the total size (0) specified in attribute 'operandSegmentSizes'}}
  "imhsa.pool"(%t) <{pool = #imhsa.pool<5>}> : (tensor<2x6x5x64xf32>) -> ()
  return
}

// -----

func.func @no_pool(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{'imhsa.pool' op requires attribute 'pool'}}
  "imhsa.pool"(%t, %t) <{operandSegmentSizes = array<i32: 1,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

// Properties of wrong types and values.

func.func @pool_is_schedule(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{invalid properties {operandSegmentSizes = array<i32: 1, 0, 1>, pool = #imhsa.schedule<general>} for op imhsa.pool: Invalid attribute `pool` in property conversion: #imhsa.schedule<general>}}
  "imhsa.pool"(%t, %t) <{operandSegmentSizes = array<i32: 1,0,1>, pool = #imhsa.schedule<general>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @order_value(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{invalid properties {input_order = 2 : i32, operandSegmentSizes = array<i32: 1, 0, 1>, pool = #imhsa.pool<5>} for op imhsa.pool: Invalid attribute `input_order` in property conversion: 2 : i32}}
  "imhsa.pool"(%t, %t) <{operandSegmentSizes = array<i32: 1,0,1>, pool = #imhsa.pool<5>, input_order = 2 : i32}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @order_type(%t: tensor<2x6x5x64xf32>) {
  // expected-error @+1 {{invalid properties {input_order = "bnhd", operandSegmentSizes = array<i32: 1, 0, 1>, pool = #imhsa.pool<5>} for op imhsa.pool: Invalid attribute `input_order` in property conversion: "bnhd"}}
  "imhsa.pool"(%t, %t) <{operandSegmentSizes = array<i32: 1,0,1>, pool = #imhsa.pool<5>, input_order = "bnhd"}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

func.func @scale_type(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op attribute 'scale' failed to satisfy constraint: 64-bit float attribute}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>, scale = 1.0 : f32}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @scale_nan(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c5] scale: expected a value that is finite in 'f32', found nan}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>, scale = 0x7FF8000000000000 : f64}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @window_type(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{invalid properties {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 1>, window = array<i32: 1, 2>} for op imhsa.log_sum_exp: Invalid attribute `window` in property conversion: array<i32: 1, 2>}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>, window = array<i32: 1, 2>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @empty_window(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c10] window: expected 2 numbers (left, right), found 0}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>, window = array<i64>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @causal_type(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{invalid properties {causal = true, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 1>} for op imhsa.log_sum_exp: Invalid attribute `causal` in property conversion: true}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>, causal = true}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

// Types that are not ranked tensors or memrefs, and ranks that are far from what is expected.

func.func @scalar(%f: f32, %t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op operand #0 must be ranked tensor or memref, but got 'f32'}}
  %0 = "imhsa.log_sum_exp"(%f, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (f32, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @unranked_outs(%t: tensor<2x6x5x64xf32>, %o: tensor<*xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op operand #2 must be variadic of ranked tensor or memref, but got 'tensor<*xf32>'}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @unranked_memref(%t: memref<2x6x5x64xf32>, %o: memref<*xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op operand #2 must be variadic of ranked tensor or memref, but got 'memref<*xf32>'}}
  "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (memref<2x6x5x64xf32>, memref<2x6x5x64xf32>, memref<*xf32>) -> ()
  return
}

// -----

func.func @unranked_result(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op result #0 must be variadic of ranked tensor of any type values, but got 'tensor<*xf32>'}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @offset_type(%t: tensor<2x6x5x64xf32>, %i: i64, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op operand #2 must be index, but got 'i64'}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %i, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,1,0,1>, causal}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, i64, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @rank_0(%t: tensor<f32>) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c9] outs: expected 1 or 2, found 3}}
  %0 = "imhsa.attention"(%t, %t, %t, %t, %t, %t, %t, %t, %t, %t, %t, %t, %t, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,0,0,1,1,1,1,0,0,0,0,0,0,0,0,1,1,1,0,1,0,3>}>
    : (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>,
       tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @rank_0_outs(%t: tensor<2x6x5x64xf32>, %o: tensor<f32>) {
  // expected-error @+1 {{'imhsa.pool' op [pool_c2] outs: expected rank 4, found rank 0 ('tensor<f32>')}}
  %0 = "imhsa.pool"(%t, %o) <{operandSegmentSizes = array<i32: 1,0,1>, pool = #imhsa.pool<5>}>
    : (tensor<2x6x5x64xf32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @rank_0_landmarks(%t: tensor<2x6x5x64xf32>, %l: tensor<f32>) {
  // expected-error @+1 {{'imhsa.attention' op [attention_c4] query_landmarks: expected rank 3 or 4, found rank 0 ('tensor<f32>')}}
  %0 = "imhsa.attention"(%t, %t, %t, %l, %l, %t) <{
    operandSegmentSizes = array<i32: 1,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<f32>, tensor<f32>, tensor<2x6x5x64xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

// Tensors and memrefs together.

func.func @memref_mask(%t: tensor<2x6x5x64xf32>, %k: memref<2x5x5xi1>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c13] operands: expected all tensors or all memrefs, found 'tensor<2x6x5x64xf32>' and 'memref<2x5x5xi1>'}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %k, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,1,0,0,0,1>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, memref<2x5x5xi1>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @memref_result(%t: memref<2x6x5x64xf32>, %o: memref<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op result #0 must be variadic of ranked tensor of any type values, but got 'memref<2x6x5xf32>'}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (memref<2x6x5x64xf32>, memref<2x6x5x64xf32>, memref<2x6x5xf32>) -> memref<2x6x5xf32>
  return
}

// -----

func.func @tensor_result_of_memrefs(%t: memref<2x6x5x64xf32>, %o: memref<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op [scores_c13] results: expected 0, found 1}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}>
    : (memref<2x6x5x64xf32>, memref<2x6x5x64xf32>, memref<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}

// -----

func.func @one_result_of_two(%t: tensor<2x6x5x64xf32>, %l: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.attention' op [scores_c13] results: expected 2, found 1}}
  %0 = "imhsa.attention"(%t, %t, %t, %t, %l) <{
    operandSegmentSizes = array<i32: 1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2>}>
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5x64xf32>
  return
}

// -----

// No regions, no successors.

func.func @region(%t: tensor<2x6x5x64xf32>, %o: tensor<2x6x5xf32>) {
  // expected-error @+1 {{'imhsa.log_sum_exp' op requires zero regions}}
  %0 = "imhsa.log_sum_exp"(%t, %t, %o) <{operandSegmentSizes = array<i32: 1,1,0,0,0,0,0,0,0,1>}> ({})
    : (tensor<2x6x5x64xf32>, tensor<2x6x5x64xf32>, tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  return
}
