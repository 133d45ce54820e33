// RUN: imhsa-opt %s --split-input-file --imhsa-reorder-contractions="allow-reassociation byte-weight=16" | FileCheck %s
// The second time there is nothing left to do.
// RUN: imhsa-opt %s --split-input-file --imhsa-reorder-contractions="allow-reassociation byte-weight=16" --canonicalize --cse > %t.once
// RUN: imhsa-opt %s --split-input-file --imhsa-reorder-contractions="allow-reassociation byte-weight=16" --canonicalize --cse --imhsa-reorder-contractions="allow-reassociation byte-weight=16" > %t.twice
// RUN: diff %t.once %t.twice

// The pass description's example: what replaces what, dead products erased.

// CHECK-DAG: #[[$LHS:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$RHS:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func @tall_and_thin
// CHECK-SAME: %[[A:.*]]: tensor<1000x20xf32>, %[[B:.*]]: tensor<20x1000xf32>, %[[C:.*]]: tensor<1000x20xf32>, %[[O:.*]]: tensor<1000x20xf32>
// CHECK-NOT: 1000x1000
// CHECK: %[[ZERO1:.*]] = linalg.fill {{.*}} outs(%[[O]] : tensor<1000x20xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<20x20xf32>
// CHECK: %[[ZERO2:.*]] = linalg.fill {{.*}} outs(%[[E]] : tensor<20x20xf32>)
// CHECK: %[[BC:.*]] = linalg.contract indexing_maps = [#[[$LHS]], #[[$RHS]], #[[$OUT]]] ins(%[[B]], %[[C]] : {{.*}}) outs(%[[ZERO2]] : tensor<20x20xf32>)
// CHECK: %[[ABC:.*]] = linalg.contract indexing_maps = [#[[$LHS]], #[[$RHS]], #[[$OUT]]] ins(%[[A]], %[[BC]] : {{.*}}) outs(%[[ZERO1]] : tensor<1000x20xf32>)
// CHECK-NEXT: return %[[ABC]]
// CHECK-NOT: 1000x1000
func.func @tall_and_thin(%a: tensor<1000x20xf32>, %b: tensor<20x1000xf32>, %c: tensor<1000x20xf32>, %o: tensor<1000x20xf32>) -> tensor<1000x20xf32> {
  %cst = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1000x1000xf32>
  %zero0 = linalg.fill ins(%cst : f32) outs(%e : tensor<1000x1000xf32>) -> tensor<1000x1000xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<1000x20xf32>, tensor<20x1000xf32>) outs(%zero0 : tensor<1000x1000xf32>) -> tensor<1000x1000xf32>
  %zero1 = linalg.fill ins(%cst : f32) outs(%o : tensor<1000x20xf32>) -> tensor<1000x20xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<1000x1000xf32>, tensor<1000x20xf32>) outs(%zero1 : tensor<1000x20xf32>) -> tensor<1000x20xf32>
  return %1 : tensor<1000x20xf32>
}

// -----

// Linear attention (phi(Q) phi(K)^T) V, written with a transposed batch_matmul and a contract,
// B and N dynamic: the 4096 x 4096 matrix vanishes. Sizes come from the factors.

// CHECK-DAG: #[[$KV0:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1)>
// CHECK-DAG: #[[$KV1:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG: #[[$OUT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$LHS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-LABEL: func @linear_attention
// CHECK-SAME: %[[Q:.*]]: tensor<?x?x64xf32>, %[[K:.*]]: tensor<?x?x64xf32>, %[[V:.*]]: tensor<?x?x32xf32>, %[[ZERO:.*]]: tensor<?x?x32xf32>
// CHECK-NOT: linalg.batch_matmul
// CHECK: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[B:.*]] = tensor.dim %[[Q]], %[[C0]] : tensor<?x?x64xf32>
// CHECK: %[[E:.*]] = tensor.empty(%[[B]]) : tensor<?x64x32xf32>
// CHECK: %[[ZERO2:.*]] = linalg.fill {{.*}} outs(%[[E]] : tensor<?x64x32xf32>)
// CHECK: %[[KV:.*]] = linalg.contract indexing_maps = [#[[$KV0]], #[[$KV1]], #[[$OUT]]] ins(%[[K]], %[[V]] : {{.*}}) outs(%[[ZERO2]] : tensor<?x64x32xf32>)
// CHECK: linalg.contract indexing_maps = [#[[$LHS]], #[[$KV1]], #[[$OUT]]] ins(%[[Q]], %[[KV]] : {{.*}}) outs(%[[ZERO]] : tensor<?x?x32xf32>)
// CHECK-NEXT: return
func.func @linear_attention(%q: tensor<?x?x64xf32>, %k: tensor<?x?x64xf32>, %v: tensor<?x?x32xf32>, %zero: tensor<?x?x32xf32>) -> tensor<?x?x32xf32> {
  %cst = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x64xf32>
  %n = tensor.dim %q, %c1 : tensor<?x?x64xf32>
  %m = tensor.dim %k, %c1 : tensor<?x?x64xf32>
  %e = tensor.empty(%b, %n, %m) : tensor<?x?x?xf32>
  %zero0 = linalg.fill ins(%cst : f32) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s = linalg.batch_matmul indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
         ins(%q, %k : tensor<?x?x64xf32>, tensor<?x?x64xf32>) outs(%zero0 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
         ins(%s, %v : tensor<?x?x?xf32>, tensor<?x?x32xf32>) outs(%zero : tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  return %o : tensor<?x?x32xf32>
}

// -----

// The root may accumulate on any init, here an argument; a size that somebody
// asks of an intermediate comes from its init.

// CHECK-LABEL: func @accumulate
// CHECK-SAME: %[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4x?xf32>, %[[X:.*]]: tensor<?xf32>, %[[Y:.*]]: tensor<?xf32>
// CHECK: %[[E:.*]] = tensor.empty({{.*}}) : tensor<?x?xf32>
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} outs(%[[E]]
// CHECK: %[[DIM:.*]] = tensor.dim %[[Z]], %{{.*}}
// CHECK: %[[BX:.*]] = linalg.contract {{.*}} ins(%[[B]], %[[X]] : tensor<4x?xf32>, tensor<?xf32>) outs(%{{.*}} : tensor<4xf32>)
// CHECK: %[[R:.*]] = linalg.contract {{.*}} ins(%[[A]], %[[BX]] : tensor<?x4xf32>, tensor<4xf32>) outs(%[[Y]] : tensor<?xf32>)
// CHECK: return %[[R]], %[[DIM]]
func.func @accumulate(%a: tensor<?x4xf32>, %b: tensor<4x?xf32>, %x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, index) {
  %cst = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %a, %c0 : tensor<?x4xf32>
  %m = tensor.dim %b, %c1 : tensor<4x?xf32>
  %e = tensor.empty(%n, %m) : tensor<?x?xf32>
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %ab = linalg.matmul ins(%a, %b : tensor<?x4xf32>, tensor<4x?xf32>) outs(%zero : tensor<?x?xf32>) -> tensor<?x?xf32>
  %dim = tensor.dim %ab, %c1 : tensor<?x?xf32>
  %r = linalg.matvec ins(%ab, %x : tensor<?x?xf32>, tensor<?xf32>) outs(%y : tensor<?xf32>) -> tensor<?xf32>
  return %r, %dim : tensor<?xf32>, index
}

// -----

// 16-bit factors: intermediates are f32, also where they were not, and the result is
// rounded once, into the tensor that was filled. Extensions between products vanish.

// CHECK-LABEL: func @bf16
// CHECK-SAME: %[[A:.*]]: tensor<64x4xbf16>, %[[B:.*]]: tensor<4x64xbf16>, %[[C:.*]]: tensor<64x4xbf16>, %[[O:.*]]: tensor<64x4xbf16>
// CHECK-NOT: tensor<64x64x
// CHECK-NOT: linalg.matmul
// CHECK: %[[BC:.*]] = linalg.contract {{.*}} ins(%[[B]], %[[C]] : tensor<4x64xbf16>, tensor<64x4xbf16>) outs(%{{.*}} : tensor<4x4xf32>)
// CHECK: %[[ABC:.*]] = linalg.contract {{.*}} ins(%[[A]], %[[BC]] : tensor<64x4xbf16>, tensor<4x4xf32>) outs(%{{.*}} : tensor<64x4xf32>)
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[ABC]] : tensor<64x4xf32>) outs(%[[O]] : tensor<64x4xbf16>)
// CHECK: arith.truncf
// CHECK: return %[[R]]
func.func @bf16(%a: tensor<64x4xbf16>, %b: tensor<4x64xbf16>, %c: tensor<64x4xbf16>, %o: tensor<64x4xbf16>) -> tensor<64x4xbf16> {
  %cst = arith.constant 0.0 : bf16
  %zero0 = arith.constant dense<0.0> : tensor<64x64xbf16>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xbf16>, tensor<4x64xbf16>) outs(%zero0 : tensor<64x64xbf16>) -> tensor<64x64xbf16>
  %zero1 = linalg.fill ins(%cst : bf16) outs(%o : tensor<64x4xbf16>) -> tensor<64x4xbf16>
  %1 = linalg.matmul ins(%0, %c : tensor<64x64xbf16>, tensor<64x4xbf16>) outs(%zero1 : tensor<64x4xbf16>) -> tensor<64x4xbf16>
  return %1 : tensor<64x4xbf16>
}

// CHECK-LABEL: func @extensions
// CHECK-SAME: %[[A:.*]]: tensor<64x4xf16>, %[[B:.*]]: tensor<4x64xf16>, %[[C:.*]]: tensor<64x4xf64>, %[[D:.*]]: tensor<4x2xf64>
// CHECK-NOT: arith.extf
// CHECK-NOT: linalg.generic
// CHECK: linalg.contract {{.*}} outs(%{{.*}} : tensor<4x4xf64>)
// CHECK: linalg.contract {{.*}} outs(%{{.*}} : tensor<4x2xf64>)
// CHECK: linalg.contract {{.*}} ins(%[[A]], %{{.*}} : tensor<64x4xf16>, tensor<4x2xf64>) outs(%{{.*}} : tensor<64x2xf64>)
// CHECK-NEXT: return
func.func @extensions(%a: tensor<64x4xf16>, %b: tensor<4x64xf16>, %c: tensor<64x4xf64>, %d: tensor<4x2xf64>) -> tensor<64x2xf64> {
  %zero0 = arith.constant dense<0.0> : tensor<64x64xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf16>, tensor<4x64xf16>) outs(%zero0 : tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = arith.extf %0 : tensor<64x64xf32> to tensor<64x64xf64>
  %zero1 = arith.constant dense<0.0> : tensor<64x4xf64>
  %2 = linalg.matmul ins(%1, %c : tensor<64x64xf64>, tensor<64x4xf64>) outs(%zero1 : tensor<64x4xf64>) -> tensor<64x4xf64>
  %zero2 = arith.constant dense<0.0> : tensor<64x2xf64>
  %3 = linalg.matmul ins(%2, %d : tensor<64x4xf64>, tensor<4x2xf64>) outs(%zero2 : tensor<64x2xf64>) -> tensor<64x2xf64>
  return %3 : tensor<64x2xf64>
}

// CHECK-LABEL: func @extension_as_generic
// CHECK-NOT: arith.extf
// CHECK: linalg.contract {{.*}} outs(%{{.*}} : tensor<4x4xf32>)
// CHECK: linalg.contract {{.*}} outs(%{{.*}} : tensor<64x4xf32>)
// CHECK-NEXT: return
func.func @extension_as_generic(%a: tensor<64x4xf16>, %b: tensor<4x64xf16>, %c: tensor<64x4xf32>, %o: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<64x64xf16>
  %0 = linalg.matmul ins(%a, %b : tensor<64x4xf16>, tensor<4x64xf16>) outs(%zero0 : tensor<64x64xf16>) -> tensor<64x64xf16>
  %e = tensor.empty() : tensor<64x64xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
         ins(%0 : tensor<64x64xf16>) outs(%e : tensor<64x64xf32>) { ^bb0(%x: f16, %y: f32): %w = arith.extf %x : f16 to f32 linalg.yield %w : f32 } -> tensor<64x64xf32>
  %2 = linalg.matmul ins(%1, %c : tensor<64x64xf32>, tensor<64x4xf32>) outs(%o : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %2 : tensor<64x4xf32>
}

// -----

// Named matmuls of all kinds, a factor without the batch dimension, one tensor as
// two factors: x^T (W W^T) for each of a batch, from the vector on.

// CHECK-LABEL: func @named
// CHECK-SAME: %[[X:.*]]: tensor<8x32xf32>, %[[W:.*]]: tensor<32x16xf32>
// CHECK: %[[XW:.*]] = linalg.contract {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: %[[XWW:.*]] = linalg.contract {{.*}} ins(%[[XW]], %[[W]] : {{.*}}) outs(%{{.*}} : tensor<8x32xf32>)
// CHECK: return %[[XWW]]
func.func @named(%x: tensor<8x32xf32>, %w: tensor<32x16xf32>, %zero1: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %cst = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<32x32xf32>
  %zero0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
             outs(%e : tensor<32x32xf32>) { ^bb0(%y: f32): linalg.yield %cst : f32 } -> tensor<32x32xf32>
  %ww = linalg.matmul indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>]
          ins(%w, %w : tensor<32x16xf32>, tensor<32x16xf32>) outs(%zero0 : tensor<32x32xf32>) -> tensor<32x32xf32>
  %r = linalg.contract indexing_maps = [affine_map<(b, j, i) -> (b, i)>, affine_map<(b, j, i) -> (i, j)>, affine_map<(b, j, i) -> (b, j)>]
         ins(%x, %ww : tensor<8x32xf32>, tensor<32x32xf32>) outs(%zero1 : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}

// CHECK-LABEL: func @batched_vectors
// CHECK-SAME: %[[A:.*]]: tensor<2x16x4xf32>, %[[B:.*]]: tensor<2x4x16xf32>, %[[X:.*]]: tensor<2x16xf32>, %[[C:.*]]: tensor<2x16x30xf32>
// CHECK: %[[BX:.*]] = linalg.contract {{.*}} ins(%[[B]], %[[X]] : {{.*}}) outs(%{{.*}} : tensor<2x4xf32>)
// CHECK: %[[ABX:.*]] = linalg.contract {{.*}} ins(%[[A]], %[[BX]] : {{.*}}) outs(%{{.*}} : tensor<2x16xf32>)
// CHECK: linalg.contract {{.*}} ins(%[[ABX]], %[[C]] : {{.*}}) outs(%{{.*}} : tensor<2x30xf32>)
func.func @batched_vectors(%a: tensor<2x16x4xf32>, %b: tensor<2x4x16xf32>, %x: tensor<2x16xf32>, %c: tensor<2x16x30xf32>) -> tensor<2x30xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<2x16x16xf32>
  %zero1 = arith.constant dense<0.0> : tensor<2x16xf32>
  %zero2 = arith.constant dense<0.0> : tensor<2x30xf32>
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x16x4xf32>, tensor<2x4x16xf32>) outs(%zero0 : tensor<2x16x16xf32>) -> tensor<2x16x16xf32>
  %1 = linalg.batch_matvec ins(%0, %x : tensor<2x16x16xf32>, tensor<2x16xf32>) outs(%zero1 : tensor<2x16xf32>) -> tensor<2x16xf32>
  %2 = linalg.batch_vecmat ins(%1, %c : tensor<2x16xf32>, tensor<2x16x30xf32>) outs(%zero2 : tensor<2x30xf32>) -> tensor<2x30xf32>
  return %2 : tensor<2x30xf32>
}

// -----

// What linalg.contract cannot say, an outer product here, is a generic with the same body.

// CHECK-LABEL: func @outer_product
// CHECK-SAME: %[[U:.*]]: tensor<2xf32>, %[[T:.*]]: tensor<2x3x100xf16>, %[[V:.*]]: tensor<3xf32>
// CHECK: %[[VU:.*]] = linalg.generic {{{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[V]], %[[U]] : tensor<3xf32>, tensor<2xf32>) outs(%{{.*}} : tensor<3x2xf32>)
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: linalg.contract {{.*}} ins(%[[VU]], %[[T]] : tensor<3x2xf32>, tensor<2x3x100xf16>) outs(%{{.*}} : tensor<100xf32>)
func.func @outer_product(%u: tensor<2xf32>, %t: tensor<2x3x100xf16>, %v: tensor<3xf32>) -> tensor<100xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<3x100xf32>
  %zero1 = arith.constant dense<0.0> : tensor<100xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i)>, affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (j, k)>]
         ins(%u, %t : tensor<2xf32>, tensor<2x3x100xf16>) outs(%zero0 : tensor<3x100xf32>) -> tensor<3x100xf32>
  %1 = linalg.vecmat ins(%v, %0 : tensor<3xf32>, tensor<3x100xf32>) outs(%zero1 : tensor<100xf32>) -> tensor<100xf32>
  return %1 : tensor<100xf32>
}

// A sum over an index that only one factor has comes with its first product.

// CHECK-LABEL: func @sum_of_one_operand
// CHECK-SAME: %[[A:.*]]: tensor<9x5xf32>, %[[X:.*]]: tensor<5xf32>, %[[C:.*]]: tensor<7xf32>
// CHECK: %[[XC:.*]] = linalg.generic {{{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[X]], %[[C]] : tensor<5xf32>, tensor<7xf32>) outs(%{{.*}} : tensor<5xf32>)
// CHECK: linalg.contract {{.*}} ins(%[[A]], %[[XC]] : {{.*}}) outs(%{{.*}} : tensor<9xf32>)
func.func @sum_of_one_operand(%a: tensor<9x5xf32>, %x: tensor<5xf32>, %c: tensor<7xf32>) -> tensor<9xf32> {
  %zero = arith.constant dense<0.0> : tensor<9xf32>
  %0 = linalg.matvec ins(%a, %x : tensor<9x5xf32>, tensor<5xf32>) outs(%zero : tensor<9xf32>) -> tensor<9xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>], iterator_types = ["parallel", "reduction"]}
         ins(%0, %c : tensor<9xf32>, tensor<7xf32>) outs(%zero : tensor<9xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %m = arith.mulf %q, %p : f32
      %t = arith.addf %m, %s : f32
      linalg.yield %t : f32
  } -> tensor<9xf32>
  return %1 : tensor<9xf32>
}

// A number as an intermediate: x (y z^T) is (x . y) z.

// CHECK-LABEL: func @rank_0
// CHECK-SAME: %[[X:.*]]: tensor<5xf32>, %[[Y:.*]]: tensor<5xf32>, %[[Z:.*]]: tensor<9xf32>
// CHECK: %[[XY:.*]] = linalg.contract {{.*}} ins(%[[X]], %[[Y]] : {{.*}}) outs(%{{.*}} : tensor<f32>)
// CHECK: linalg.generic {{.*}} ins(%[[XY]], %[[Z]] : tensor<f32>, tensor<9xf32>) outs(%{{.*}} : tensor<9xf32>)
func.func @rank_0(%x: tensor<5xf32>, %y: tensor<5xf32>, %z: tensor<9xf32>) -> tensor<9xf32> {
  %zero0 = arith.constant dense<0.0> : tensor<5x9xf32>
  %zero1 = arith.constant dense<0.0> : tensor<9xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
         ins(%y, %z : tensor<5xf32>, tensor<9xf32>) outs(%zero0 : tensor<5x9xf32>) {
    ^bb0(%p: f32, %q: f32, %s: f32):
      %m = arith.mulf %p, %q : f32
      %t = arith.addf %s, %m : f32
      linalg.yield %t : f32
  } -> tensor<5x9xf32>
  %1 = linalg.vecmat ins(%x, %0 : tensor<5xf32>, tensor<5x9xf32>) outs(%zero1 : tensor<9xf32>) -> tensor<9xf32>
  return %1 : tensor<9xf32>
}
