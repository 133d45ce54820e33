// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-reorder-contractions=allow-reassociation

// Chains of matrices with known optima, in multiplications; a multiplication and an
// addition are two FLOPs.

// Cormen et al., Introduction to Algorithms, 15.2: 15125 multiplications.
func.func @textbook(%a: tensor<30x35xf32>, %b: tensor<35x15xf32>, %c: tensor<15x5xf32>, %d: tensor<5x10xf32>, %e: tensor<10x20xf32>, %f: tensor<20x25xf32>) -> tensor<30x25xf32> {
  %z0 = arith.constant dense<0.0> : tensor<30x15xf32>
  %z1 = arith.constant dense<0.0> : tensor<30x5xf32>
  %z2 = arith.constant dense<0.0> : tensor<30x10xf32>
  %z3 = arith.constant dense<0.0> : tensor<30x20xf32>
  %z4 = arith.constant dense<0.0> : tensor<30x25xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<30x35xf32>, tensor<35x15xf32>) outs(%z0 : tensor<30x15xf32>) -> tensor<30x15xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<30x15xf32>, tensor<15x5xf32>) outs(%z1 : tensor<30x5xf32>) -> tensor<30x5xf32>
  %2 = linalg.matmul ins(%1, %d : tensor<30x5xf32>, tensor<5x10xf32>) outs(%z2 : tensor<30x10xf32>) -> tensor<30x10xf32>
  %3 = linalg.matmul ins(%2, %e : tensor<30x10xf32>, tensor<10x20xf32>) outs(%z3 : tensor<30x20xf32>) -> tensor<30x20xf32>
  // expected-remark @below {{product of 6 factors reordered from (((((0 1) 2) 3) 4) 5) to ((0 (1 2)) ((3 4) 5)): 81000 to 30250 FLOPs, 6000 to 2200 bytes stored between products}}
  %4 = linalg.matmul ins(%3, %f : tensor<30x20xf32>, tensor<20x25xf32>) outs(%z4 : tensor<30x25xf32>) -> tensor<30x25xf32>
  return %4 : tensor<30x25xf32>
}

// -----

// Cormen et al., exercise 15.2-1: 2010 multiplications; written from the right.
func.func @exercise(%a: tensor<5x10xf32>, %b: tensor<10x3xf32>, %c: tensor<3x12xf32>, %d: tensor<12x5xf32>, %e: tensor<5x50xf32>, %f: tensor<50x6xf32>) -> tensor<5x6xf32> {
  %z0 = arith.constant dense<0.0> : tensor<5x6xf32>
  %z1 = arith.constant dense<0.0> : tensor<12x6xf32>
  %z2 = arith.constant dense<0.0> : tensor<3x6xf32>
  %z3 = arith.constant dense<0.0> : tensor<10x6xf32>
  %0 = linalg.matmul ins(%e, %f : tensor<5x50xf32>, tensor<50x6xf32>) outs(%z0 : tensor<5x6xf32>) -> tensor<5x6xf32>
  %1 = linalg.matmul ins(%d, %0 : tensor<12x5xf32>, tensor<5x6xf32>) outs(%z1 : tensor<12x6xf32>) -> tensor<12x6xf32>
  %2 = linalg.matmul ins(%c, %1 : tensor<3x12xf32>, tensor<12x6xf32>) outs(%z2 : tensor<3x6xf32>) -> tensor<3x6xf32>
  %3 = linalg.matmul ins(%b, %2 : tensor<10x3xf32>, tensor<3x6xf32>) outs(%z3 : tensor<10x6xf32>) -> tensor<10x6xf32>
  // expected-remark @below {{from (0 (1 (2 (3 (4 5))))) to ((0 1) ((2 3) (4 5))): 5112 to 4020 FLOPs}}
  %4 = linalg.matmul ins(%a, %3 : tensor<5x10xf32>, tensor<10x6xf32>) outs(%z0 : tensor<5x6xf32>) -> tensor<5x6xf32>
  return %4 : tensor<5x6xf32>
}

// -----

// 10x100, 100x5, 5x50: 7500 against 75000 multiplications.
func.func @three(%a: tensor<10x100xf32>, %b: tensor<100x5xf32>, %c: tensor<5x50xf32>) -> tensor<10x50xf32> {
  %z0 = arith.constant dense<0.0> : tensor<100x50xf32>
  %z1 = arith.constant dense<0.0> : tensor<10x50xf32>
  %0 = linalg.matmul ins(%b, %c : tensor<100x5xf32>, tensor<5x50xf32>) outs(%z0 : tensor<100x50xf32>) -> tensor<100x50xf32>
  // expected-remark @below {{from (0 (1 2)) to ((0 1) 2): 150000 to 15000 FLOPs, 20000 to 200 bytes}}
  %1 = linalg.matmul ins(%a, %0 : tensor<10x100xf32>, tensor<100x50xf32>) outs(%z1 : tensor<10x50xf32>) -> tensor<10x50xf32>
  return %1 : tensor<10x50xf32>
}

// -----

// 40x20, 20x30, 30x10, 10x30: 26000 multiplications, transposed throughout:
// the product of the transposes in the other order.
#lhs = affine_map<(i, j, k) -> (k, i)>
#rhs = affine_map<(i, j, k) -> (j, k)>
#out = affine_map<(i, j, k) -> (j, i)>
func.func @transposed(%a: tensor<20x40xf32>, %b: tensor<30x20xf32>, %c: tensor<10x30xf32>, %d: tensor<30x10xf32>) -> tensor<30x40xf32> {
  %z0 = arith.constant dense<0.0> : tensor<30x40xf32>
  %z1 = arith.constant dense<0.0> : tensor<10x40xf32>
  %z2 = arith.constant dense<0.0> : tensor<30x40xf32>
  %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%a, %b : tensor<20x40xf32>, tensor<30x20xf32>) outs(%z0 : tensor<30x40xf32>) -> tensor<30x40xf32>
  %1 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%0, %c : tensor<30x40xf32>, tensor<10x30xf32>) outs(%z1 : tensor<10x40xf32>) -> tensor<10x40xf32>
  // expected-remark @below {{from (((0 1) 2) 3) to ((0 (1 2)) 3): 96000 to 52000 FLOPs}}
  %2 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%1, %d : tensor<10x40xf32>, tensor<30x10xf32>) outs(%z2 : tensor<30x40xf32>) -> tensor<30x40xf32>
  return %2 : tensor<30x40xf32>
}

// -----

// 10x20, 20x30, 30x40, 40x30: 30000 multiplications, already the order in which it
// is written, so nothing is said and nothing is done.
func.func @already_best(%a: tensor<10x20xf32>, %b: tensor<20x30xf32>, %c: tensor<30x40xf32>, %d: tensor<40x30xf32>) -> tensor<10x30xf32> {
  %z0 = arith.constant dense<0.0> : tensor<10x30xf32>
  %z1 = arith.constant dense<0.0> : tensor<10x40xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<10x20xf32>, tensor<20x30xf32>) outs(%z0 : tensor<10x30xf32>) -> tensor<10x30xf32>
  %1 = linalg.matmul ins(%0, %c : tensor<10x30xf32>, tensor<30x40xf32>) outs(%z1 : tensor<10x40xf32>) -> tensor<10x40xf32>
  %2 = linalg.matmul ins(%1, %d : tensor<10x40xf32>, tensor<40x30xf32>) outs(%z0 : tensor<10x30xf32>) -> tensor<10x30xf32>
  return %2 : tensor<10x30xf32>
}
