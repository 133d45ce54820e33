// RUN: imhsa-opt %s --split-input-file --imhsa-fuse | FileCheck %s

// O = Z V: a contraction in the dimension order of attention.

// CHECK-LABEL: func @contract
// CHECK-SAME: %[[Q:.*]]: tensor<1x6x?x64xf32>, %[[K:.*]]: tensor<1x6x49x64xf32>, %[[V:.*]]: tensor<1x6x49x32xf32>, %[[W:.*]]: tensor<6x6xf32>, %{{.*}}: tensor<1x6x?x49xf32>, %[[O:.*]]: tensor<1x6x?x32xf32>
// CHECK-NEXT: %[[R:.*]] = imhsa.attention ins(%[[Q]], %[[K]], %[[V]] : {{.*}}) interaction(pre = %[[W]] : tensor<6x6xf32>) scale(2.000000e+00) outs(%[[O]] : tensor<1x6x?x32xf32>)
// CHECK-NEXT: return %[[R]]
func.func @contract(%q: tensor<1x6x?x64xf32>, %k: tensor<1x6x49x64xf32>, %v: tensor<1x6x49x32xf32>, %w: tensor<6x6xf32>,
                    %zi: tensor<1x6x?x49xf32>, %o: tensor<1x6x?x32xf32>) -> tensor<1x6x?x32xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>)
         interaction(pre = %w : tensor<6x6xf32>) scale(2.0) outs(%zi : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x6x?x32xf32>) -> tensor<1x6x?x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x?x49xf32>, tensor<1x6x49x32xf32>) outs(%0 : tensor<1x6x?x32xf32>) -> tensor<1x6x?x32xf32>
  return %r : tensor<1x6x?x32xf32>
}

// -----

// The weights may be the right operand, and value and result may have the order b, token, head, width.

// CHECK-LABEL: func @orders
// CHECK: imhsa.attention {{.*}} order(query = bnhd, value = bnhd, output = bnhd) key_lengths({{.*}}) outs(%{{.*}} : tensor<1x?x6x32xf32>)
// CHECK-NEXT: return
func.func @orders(%q: tensor<1x?x6x64xf32>, %k: tensor<1x2x49x64xf32>, %v: tensor<1x49x6x32xf32>, %l: tensor<1xi32>,
                  %zi: tensor<1x6x?x49xf32>, %o: tensor<1x?x6x32xf32>) -> tensor<1x?x6x32xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<1x?x6x64xf32>, tensor<1x2x49x64xf32>) order(query = bnhd)
         key_lengths(%l : tensor<1xi32>) outs(%zi : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x?x6x32xf32>) -> tensor<1x?x6x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, m, g, e)>, affine_map<(b, g, n, e, m) -> (b, g, n, m)>,
                          affine_map<(b, g, n, e, m) -> (b, n, g, e)>]
         ins(%v, %z : tensor<1x49x6x32xf32>, tensor<1x6x?x49xf32>) outs(%0 : tensor<1x?x6x32xf32>) -> tensor<1x?x6x32xf32>
  return %r : tensor<1x?x6x32xf32>
}

// -----

// Any other order is reached by transposing the value and the result.

// CHECK-LABEL: func @permuted
// CHECK: %[[V:.*]] = linalg.transpose ins(%{{.*}} : tensor<32x1x6x49xf32>) outs(%{{.*}} : tensor<1x6x49x32xf32>) permutation = [1, 2, 3, 0]
// CHECK: %[[R:.*]] = imhsa.attention ins(%{{.*}}, %{{.*}}, %[[V]] : {{.*}}) outs(%{{.*}} : tensor<1x6x?x32xf32>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[R]] : tensor<1x6x?x32xf32>) {{.*}} permutation = [3, 2, 0, 1]
// CHECK: return %[[T]]
func.func @permuted(%q: tensor<1x6x?x64xf32>, %k: tensor<1x6x49x64xf32>, %v: tensor<32x1x6x49xf32>,
                    %zi: tensor<1x6x?x49xf32>, %o: tensor<32x?x1x6xf32>) -> tensor<32x?x1x6xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>) outs(%zi : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<32x?x1x6xf32>) -> tensor<32x?x1x6xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (e, b, g, m)>,
                          affine_map<(b, g, n, e, m) -> (e, n, b, g)>]
         ins(%z, %v : tensor<1x6x?x49xf32>, tensor<32x1x6x49xf32>) outs(%0 : tensor<32x?x1x6xf32>) -> tensor<32x?x1x6xf32>
  return %r : tensor<32x?x1x6xf32>
}

// -----

// Grouped values: heads split in (value head, member).

// CHECK-LABEL: func @grouped
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<1x2x49x32xf32>
// CHECK: %[[R:.*]] = imhsa.attention ins(%{{.*}}, %{{.*}}, %[[V]] : {{.*}}) outs(%{{.*}} : tensor<1x6x?x32xf32>)
// CHECK: tensor.expand_shape %[[R]] {{\[\[}}0], [1, 2], [3], [4]]
func.func @grouped(%v: tensor<1x2x49x32xf32>, %q: tensor<1x6x?x64xf32>, %k: tensor<1x6x49x64xf32>, %n: index,
                   %zi: tensor<1x6x?x49xf32>, %o: tensor<1x2x3x?x32xf32>) -> tensor<1x2x3x?x32xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>) outs(%zi : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
  %s = tensor.expand_shape %z [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, %n, 49] : tensor<1x6x?x49xf32> into tensor<1x2x3x?x49xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<1x2x3x?x32xf32>) -> tensor<1x2x3x?x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, r, n, e, m) -> (b, g, r, n, m)>, affine_map<(b, g, r, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, r, n, e, m) -> (b, g, r, n, e)>]
         ins(%s, %v : tensor<1x2x3x?x49xf32>, tensor<1x2x49x32xf32>) outs(%0 : tensor<1x2x3x?x32xf32>) -> tensor<1x2x3x?x32xf32>
  return %r : tensor<1x2x3x?x32xf32>
}

// -----

// A named batch matmul of batch and heads in one dimension, weights and result converted.

// CHECK-LABEL: func @batch_matmul
// CHECK: %[[V:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2], [3]] {{.*}} tensor<12x49x32xf32> into tensor<2x6x49x32xf32>
// CHECK: %[[R:.*]] = imhsa.attention ins(%{{.*}}, %{{.*}}, %[[V]]
// CHECK: tensor.collapse_shape %[[R]] {{\[\[}}0, 1], [2], [3]]
func.func @batch_matmul(%q: tensor<2x6x7x64xf32>, %k: tensor<2x6x49x64xf32>, %v: tensor<12x49x32xf32>,
                        %zi: tensor<2x6x7x49xf32>) -> tensor<12x7x32xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<2x6x7x64xf32>, tensor<2x6x49x64xf32>) outs(%zi : tensor<2x6x7x49xf32>) -> tensor<2x6x7x49xf32>
  %s = tensor.collapse_shape %z [[0, 1], [2], [3]] : tensor<2x6x7x49xf32> into tensor<12x7x49xf32>
  %e = tensor.empty() : tensor<12x7x32xf32>
  %0 = linalg.fill ins(%c : f32) outs(%e : tensor<12x7x32xf32>) -> tensor<12x7x32xf32>
  %r = linalg.batch_matmul ins(%s, %v : tensor<12x7x49xf32>, tensor<12x49x32xf32>) outs(%0 : tensor<12x7x32xf32>) -> tensor<12x7x32xf32>
  return %r : tensor<12x7x32xf32>
}

// -----

// attention(q, k, extend(v)) -> attention(q, k, v), truncate(attention : f32) -> attention : bf16

#id = affine_map<(a, b, c, d) -> (a, b, c, d)>
// CHECK-LABEL: func @conversions
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x6x7x64xbf16>, %[[K:[a-z0-9]+]]: tensor<1x6x49x64xf32>, %[[V:[a-z0-9]+]]: tensor<1x6x49x32xbf16>
// CHECK-NOT: linalg.generic
// CHECK: imhsa.attention ins(%[[Q]], %[[K]], %[[V]] : {{.*}}) outs(%{{.*}} : tensor<1x6x7x32xbf16>)
// CHECK-NEXT: return
func.func @conversions(%q: tensor<1x6x7x64xbf16>, %k: tensor<1x6x49x64xf32>, %v: tensor<1x6x49x32xbf16>,
                       %zi: tensor<1x6x7x49xf32>, %vi: tensor<1x6x49x32xf32>, %ri: tensor<1x6x7x32xf32>,
                       %o: tensor<1x6x7x32xbf16>) -> tensor<1x6x7x32xbf16> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<1x6x7x64xbf16>, tensor<1x6x49x64xf32>) outs(%zi : tensor<1x6x7x49xf32>) -> tensor<1x6x7x49xf32>
  %v32 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
           ins(%v : tensor<1x6x49x32xbf16>) outs(%vi : tensor<1x6x49x32xf32>) {
  ^bb0(%a: bf16, %b: f32):
    %x = arith.extf %a : bf16 to f32
    linalg.yield %x : f32
  } -> tensor<1x6x49x32xf32>
  %0 = linalg.fill ins(%c : f32) outs(%ri : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v32 : tensor<1x6x7x49xf32>, tensor<1x6x49x32xf32>) outs(%0 : tensor<1x6x7x32xf32>) -> tensor<1x6x7x32xf32>
  %r16 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
           ins(%r : tensor<1x6x7x32xf32>) outs(%o : tensor<1x6x7x32xbf16>) {
  ^bb0(%a: f32, %b: bf16):
    %x = arith.truncf %a : f32 to bf16
    linalg.yield %x : bf16
  } -> tensor<1x6x7x32xbf16>
  return %r16 : tensor<1x6x7x32xbf16>
}

// -----

// Asking for a size of the weights is no use of them: it is answered from the queries.

// CHECK-LABEL: func @sizes
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x6x?x64xf32>
// CHECK-NOT: imhsa.weights
// CHECK: imhsa.attention
// CHECK: return %{{.*}}, %{{.*}} : tensor<1x6x?x32xf32>, index
func.func @sizes(%q: tensor<1x6x?x64xf32>, %k: tensor<1x6x49x64xf32>, %v: tensor<1x6x49x32xf32>,
                 %zi: tensor<1x6x?x49xf32>) -> (tensor<1x6x?x32xf32>, index) {
  %c = arith.constant 0.0 : f32
  %c2 = arith.constant 2 : index
  %z = imhsa.weights ins(%q, %k : tensor<1x6x?x64xf32>, tensor<1x6x49x64xf32>) outs(%zi : tensor<1x6x?x49xf32>) -> tensor<1x6x?x49xf32>
  %n = tensor.dim %z, %c2 : tensor<1x6x?x49xf32>
  %e = tensor.empty(%n) : tensor<1x6x?x32xf32>
  %0 = linalg.fill ins(%c : f32) outs(%e : tensor<1x6x?x32xf32>) -> tensor<1x6x?x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %v : tensor<1x6x?x49xf32>, tensor<1x6x49x32xf32>) outs(%0 : tensor<1x6x?x32xf32>) -> tensor<1x6x?x32xf32>
  return %r, %n : tensor<1x6x?x32xf32>, index
}

// -----

// attention(q, k, mask(v, lengths); lengths) -> attention(q, k, v; lengths).

// CHECK-LABEL: func @masked_value
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<2x6x?x32xf32>
// CHECK-NOT: arith.select
// CHECK: imhsa.attention ins(%{{.*}}, %{{.*}}, %[[V]] : {{.*}}) key_lengths
func.func @masked_value(%v: tensor<2x6x?x32xf32>, %q: tensor<2x6x49x64xf32>, %k: tensor<2x6x?x64xf32>, %l: tensor<2xi32>,
                        %zi: tensor<2x6x49x?xf32>, %e: tensor<2x6x?x32xf32>, %o: tensor<2x6x49x32xf32>) -> tensor<2x6x49x32xf32> {
  %c = arith.constant 0.0 : f32
  %z = imhsa.weights ins(%q, %k : tensor<2x6x49x64xf32>, tensor<2x6x?x64xf32>) key_lengths(%l : tensor<2xi32>)
         outs(%zi : tensor<2x6x49x?xf32>) -> tensor<2x6x49x?xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a)>,
                                        affine_map<(a, b, c, d) -> (a, b, c, d)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
         ins(%v, %l : tensor<2x6x?x32xf32>, tensor<2xi32>) outs(%e : tensor<2x6x?x32xf32>) {
  ^bb0(%a: f32, %b: i32, %x: f32):
    %t = linalg.index 2 : index
    %n = arith.index_cast %b : i32 to index
    %y = arith.cmpi slt, %t, %n : index
    %s = arith.select %y, %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<2x6x?x32xf32>
  %0 = linalg.fill ins(%c : f32) outs(%o : tensor<2x6x49x32xf32>) -> tensor<2x6x49x32xf32>
  %r = linalg.contract
         indexing_maps = [affine_map<(b, g, n, e, m) -> (b, g, n, m)>, affine_map<(b, g, n, e, m) -> (b, g, m, e)>,
                          affine_map<(b, g, n, e, m) -> (b, g, n, e)>]
         ins(%z, %m : tensor<2x6x49x?xf32>, tensor<2x6x?x32xf32>) outs(%0 : tensor<2x6x49x32xf32>) -> tensor<2x6x49x32xf32>
  return %r : tensor<2x6x49x32xf32>
}
