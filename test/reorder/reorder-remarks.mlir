// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-reorder-contractions=allow-reassociation -o %t
// RUN: FileCheck %s --input-file=%t

// Why a contraction is not part of the product that uses it. All of these would be
// cheaper in another order, and stay as they are.

// CHECK-LABEL: func @used_twice
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<64x4xf32>
func.func @used_twice(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> (tensor<64x4xf32>, tensor<64x64xf32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{not reordered with the contraction that uses it: its result is used more than once}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1, %0 : tensor<64x4xf32>, tensor<64x64xf32>
}

// CHECK-LABEL: func @twice_in_one_product
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
func.func @twice_in_one_product(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %z: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{its result is used more than once}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %0 : tensor<64x64xf32>, tensor<64x64xf32>) outs(%z : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %1 : tensor<64x64xf32>
}

// CHECK-LABEL: func @extension_used_twice
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf16>
func.func @extension_used_twice(%a: tensor<64x4xf16>, %b: tensor<4x64xf16>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> (tensor<64x4xf32>, tensor<64x64xf32>) {
  %zero = arith.constant dense<0.0> : tensor<64x64xf16>
  // expected-remark @below {{its result is used more than once}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf16>, tensor<4x64xf16>) outs(%zero : tensor<64x64xf16>) -> tensor<64x64xf16>
  %1 = arith.extf %0 : tensor<64x64xf16> to tensor<64x64xf32>
  %2 = linalg.matmul ins(%1, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %2, %1 : tensor<64x4xf32>, tensor<64x64xf32>
}

// CHECK-LABEL: func @rounded
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
func.func @rounded(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xbf16>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{its result is rounded to a narrower type}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = arith.truncf %0 : tensor<64x64xf32> to tensor<64x64xbf16>
  %2 = linalg.matmul ins(%1, %c : tensor<64x64xbf16>, tensor<64x4xbf16>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %2 : tensor<64x4xf32>
}

// CHECK-LABEL: func @in_a_loop
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
// CHECK: scf.for
func.func @in_a_loop(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>, %n: index) -> tensor<64x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{it does not come before its user in one block}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %z) -> tensor<64x4xf32> {
    %2 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%x : tensor<64x4xf32>) -> tensor<64x4xf32>
    scf.yield %2 : tensor<64x4xf32>
  }
  return %1 : tensor<64x4xf32>
}

// CHECK-LABEL: func @not_from_zero
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf32>
func.func @not_from_zero(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %ones = arith.constant dense<1.0> : tensor<64x64xf32>
  // expected-remark @below {{it does not start from zero}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%ones : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// CHECK-LABEL: func @narrow_and_not_from_zero
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xf16>
func.func @narrow_and_not_from_zero(%a: tensor<64x4xf16>, %b: tensor<4x64xf16>, %c: tensor<64x4xf16>, %z: tensor<64x4xf16>) -> tensor<64x4xf16> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf16>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf16>, tensor<4x64xf16>) outs(%zero : tensor<64x64xf16>) -> tensor<64x64xf16>
  // expected-remark @below {{not reordered with the contractions that it uses: it does not start from zero and its type is narrower than f32}}
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf16>, tensor<64x4xf16>) outs(%z : tensor<64x4xf16>) -> tensor<64x4xf16>
  return %1 : tensor<64x4xf16>
}

// CHECK-LABEL: func @unsigned
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xi32>
func.func @unsigned(%a: tensor<64x4xi8>, %b: tensor<4x64xi8>, %c: tensor<64x4xi32>, %z: tensor<64x4xi32>) -> tensor<64x4xi32> {
  %zero = arith.constant dense<0> : tensor<64x64xi32>
  // expected-remark @below {{an operand is converted by 'arith.extui'}}
  %0 = linalg.matmul {cast = #linalg.type_fn<cast_unsigned>} ins(%a, %b : tensor<64x4xi8>, tensor<4x64xi8>) outs(%zero : tensor<64x64xi32>) -> tensor<64x64xi32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xi32>, tensor<64x4xi32>) outs(%z : tensor<64x4xi32>) -> tensor<64x4xi32>
  return %1 : tensor<64x4xi32>
}

// CHECK-LABEL: func @narrow_integer_sums
// CHECK: linalg.matmul {{.*}} -> tensor<64x64xi16>
func.func @narrow_integer_sums(%a: tensor<64x4xi16>, %b: tensor<4x64xi16>, %c: tensor<64x4xi16>, %z: tensor<64x4xi32>) -> tensor<64x4xi32> {
  %zero = arith.constant dense<0> : tensor<64x64xi16>
  // expected-remark @below {{its sums are of another width than those of its user}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xi16>, tensor<4x64xi16>) outs(%zero : tensor<64x64xi16>) -> tensor<64x64xi16>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xi16>, tensor<64x4xi16>) outs(%z : tensor<64x4xi32>) -> tensor<64x4xi32>
  return %1 : tensor<64x4xi32>
}

// -----

#matmul = {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
           iterator_types = ["parallel", "parallel", "reduction"]}

// CHECK-LABEL: func @one_bit
// CHECK: linalg.generic
func.func @one_bit(%a: tensor<64x4xi1>, %b: tensor<4x64xi1>, %c: tensor<64x4xi1>, %z: tensor<64x4xi1>) -> tensor<64x4xi1> {
  %zero = arith.constant dense<false> : tensor<64x64xi1>
  %0 = linalg.generic #matmul ins(%a, %b : tensor<64x4xi1>, tensor<4x64xi1>) outs(%zero : tensor<64x64xi1>) {
    ^bb0(%x: i1, %y: i1, %s: i1):
      %m = arith.muli %x, %y : i1
      %t = arith.addi %s, %m : i1
      linalg.yield %t : i1
  } -> tensor<64x64xi1>
  // expected-remark @below {{sums of type i1 are not supported}}
  %1 = linalg.generic #matmul ins(%0, %c : tensor<64x64xi1>, tensor<64x4xi1>) outs(%z : tensor<64x4xi1>) {
    ^bb0(%x: i1, %y: i1, %s: i1):
      %m = arith.muli %x, %y : i1
      %t = arith.addi %s, %m : i1
      linalg.yield %t : i1
  } -> tensor<64x4xi1>
  return %1 : tensor<64x4xi1>
}

// CHECK-LABEL: func @diagonal
// CHECK: linalg.generic
func.func @diagonal(%a: tensor<64x64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{the dimensions of an operand are not distinct loops}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
         ins(%a, %b : tensor<64x64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %m = arith.mulf %x, %y : f32
      %t = arith.addf %s, %m : f32
      linalg.yield %t : f32
  } -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// CHECK-LABEL: func @scalar
// CHECK: linalg.generic
func.func @scalar(%a: tensor<64x64xf32>, %b: f32, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{an operand is no tensor but of type f32}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
         ins(%a, %b : tensor<64x64xf32>, f32) outs(%zero : tensor<64x64xf32>) {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %m = arith.mulf %x, %y : f32
      %t = arith.addf %s, %m : f32
      linalg.yield %t : f32
  } -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// CHECK-LABEL: func @last_of_several
// CHECK: linalg.generic
func.func @last_of_several(%a: tensor<64x4xf32>, %b: tensor<64x4xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{loop 2 is neither kept nor summed}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "parallel"]}
         ins(%a, %b : tensor<64x4xf32>, tensor<64x4xf32>) outs(%zero : tensor<64x64xf32>) {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %m = arith.mulf %x, %y : f32
      %t = arith.addf %s, %m : f32
      linalg.yield %t : f32
  } -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// -----

// CHECK-LABEL: func @broadcast_result
// CHECK: linalg.matmul
func.func @broadcast_result(%a: tensor<4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{loop 0 indexes no operand}}
  %0 = linalg.matmul indexing_maps = [affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
         ins(%a, %b : tensor<4xf32>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (i, j) -> (i : dense, j : compressed)}>
// CHECK-LABEL: func @sparse
// CHECK: linalg.matmul
func.func @sparse(%a: tensor<64x4xf32, #csr>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %z: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{an operand has the encoding #sparse_tensor.encoding<}}
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32, #csr>, tensor<4x64xf32>) outs(%zero : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%z : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %1 : tensor<64x4xf32>
}

// -----

// The dynamic type between hides that 64 rows are used as 65: undefined, but no crash.

// CHECK-LABEL: func @contradiction
// CHECK: linalg.matmul {{.*}} -> tensor<?x64xf32>
func.func @contradiction(%a: tensor<64x4xf32>, %b: tensor<4x64xf32>, %c: tensor<64x4xf32>, %e: tensor<?x64xf32>, %z: tensor<65x4xf32>) -> tensor<65x4xf32> {
  %cst = arith.constant 0.0 : f32
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf32>, tensor<4x64xf32>) outs(%zero : tensor<?x64xf32>) -> tensor<?x64xf32>
  // expected-remark @below {{product of 3 factors not reordered: the sizes of its dimensions contradict each other}}
  %1 = linalg.matmul ins(%0, %c : tensor<?x64xf32>, tensor<64x4xf32>) outs(%z : tensor<65x4xf32>) -> tensor<65x4xf32>
  return %1 : tensor<65x4xf32>
}

// -----

// Cycles, which the top of a module may have, end.

// CHECK-LABEL: module
%cst = arith.constant 0.0 : f32
%size = arith.constant 8 : index
// CHECK: linalg.matmul
// expected-remark @below {{its result is used more than once}}
%p = linalg.matmul ins(%p, %p : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
%f = linalg.fill ins(%cst : f32) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
// expected-remark @below {{it does not come before its user in one block}}
%q = linalg.matmul ins(%q, %f : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
// expected-remark @below {{its result is rounded to a narrower type}}
%r = linalg.matmul ins(%wide, %f : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
%narrow = arith.truncf %r : tensor<?x?xf32> to tensor<?x?xf16>
%wide = arith.extf %narrow : tensor<?x?xf16> to tensor<?x?xf32>
%up = arith.extf %down : tensor<?x?xf16> to tensor<?x?xf32>
%down = arith.truncf %up : tensor<?x?xf32> to tensor<?x?xf16>
%s = linalg.matmul ins(%up, %f : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
