// RUN: imhsa-opt %s --imhsa-linalg-to-loops --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s
// RUN: imhsa-opt %s --imhsa-linalg-to-loops=block-size=4 --canonicalize --cse --split-input-file --verify-diagnostics \
// RUN:   | FileCheck %s --check-prefix=BLOCKS

// Columns innermost, where rows of b and c are contiguous; five steps of the sum at
// a time; c is read and written once for them; a is not read in the innermost loop.

// CHECK-LABEL: func @matmul(
// CHECK-SAME: %[[A:.*]]: memref<?x10xf32>, %[[B:.*]]: memref<10x16xf32>, %[[C:.*]]: memref<?x16xf32>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C5:.*]] = arith.constant 5 : index
// CHECK-DAG: %[[C10:.*]] = arith.constant 10 : index
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
// CHECK: scf.for %[[I:.*]] = %[[C0]] to %{{.*}} step %[[C1]]
// CHECK-NEXT: scf.for %[[K:.*]] = %[[C0]] to %[[C10]] step %[[C5]]
// CHECK: %[[A0:.*]] = memref.load %[[A]][%[[I]], %[[K]]]
// CHECK: %[[K1:.*]] = affine.apply {{.*}}(%[[K]])
// CHECK: %[[A1:.*]] = memref.load %[[A]][%[[I]], %[[K1]]]
// CHECK-COUNT-3: memref.load %[[A]]
// CHECK: scf.for %[[J:.*]] = %[[C0]] to %[[C16]] step %[[C1]]
// CHECK: %[[B0:.*]] = memref.load %[[B]][%[[K]], %[[J]]]
// CHECK: %[[B1:.*]] = memref.load %[[B]][%[[K1]], %[[J]]]
// CHECK-COUNT-3: memref.load %[[B]]
// CHECK: %[[S:.*]] = memref.load %[[C]][%[[I]], %[[J]]]
// CHECK: %[[P0:.*]] = arith.mulf %[[A0]], %[[B0]] fastmath<contract>
// CHECK: %[[S0:.*]] = arith.addf %[[S]], %[[P0]] fastmath<contract>
// CHECK: %[[P1:.*]] = arith.mulf %[[A1]], %[[B1]] fastmath<contract>
// CHECK: %[[S1:.*]] = arith.addf %[[S0]], %[[P1]] fastmath<contract>
// CHECK-COUNT-3: arith.addf
// CHECK-NEXT: memref.store %{{.*}}, %[[C]][%[[I]], %[[J]]]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: return

// The matrix b is read for each row: blocks of it go around the rows. Of ten steps in
// blocks of four, two remain.

// BLOCKS-LABEL: func @matmul(
// BLOCKS-DAG: %[[C0:.*]] = arith.constant 0 : index
// BLOCKS-DAG: %[[C1:.*]] = arith.constant 1 : index
// BLOCKS-DAG: %[[C4:.*]] = arith.constant 4 : index
// BLOCKS-DAG: %[[C10:.*]] = arith.constant 10 : index
// BLOCKS-DAG: %[[C16:.*]] = arith.constant 16 : index
// BLOCKS: scf.for %[[JB:.*]] = %[[C0]] to %[[C16]] step %[[C4]]
// BLOCKS: %[[J_END:.*]] = affine.min {{.*}}(%[[JB]])
// BLOCKS: scf.for %[[KB:.*]] = %[[C0]] to %[[C10]] step %[[C4]]
// BLOCKS: %[[K_END:.*]] = affine.min {{.*}}(%[[KB]])
// BLOCKS: scf.for
// BLOCKS: %[[MIDDLE:.*]] = affine.apply {{.*}}(%[[KB]], %[[K_END]])
// BLOCKS: scf.for %{{.*}} = %[[KB]] to %[[MIDDLE]] step %[[C4]]
// BLOCKS: scf.for %{{.*}} = %[[JB]] to %[[J_END]] step %[[C1]]
// BLOCKS-COUNT-4: arith.addf
// BLOCKS: scf.for %{{.*}} = %[[MIDDLE]] to %[[K_END]] step %[[C1]]
// BLOCKS: scf.for %{{.*}} = %[[JB]] to %[[J_END]] step %[[C1]]
// BLOCKS: arith.addf
// BLOCKS-NOT: arith.addf
// BLOCKS: return

func.func @matmul(%a: memref<?x10xf32>, %b: memref<10x16xf32>, %c: memref<?x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x10xf32>, memref<10x16xf32>) outs(%c : memref<?x16xf32>)
  return
}

// -----

// A sum along the contiguous dimension stays in a register; its flags stay too.

// CHECK-LABEL: func @row_sum(
// CHECK-SAME: %[[A:.*]]: memref<?x?xf32>, %[[S:.*]]: memref<?xf32>)
// CHECK: scf.for %[[I:.*]] =
// CHECK-NEXT: %[[FIRST:.*]] = memref.load %[[S]][%[[I]]]
// CHECK-NEXT: %[[LAST:.*]] = scf.for %[[J:.*]] = {{.*}} iter_args(%[[SUM:.*]] = %[[FIRST]]) -> (f32) {
// CHECK-NEXT: %[[X:.*]] = memref.load %[[A]][%[[I]], %[[J]]]
// CHECK-NEXT: %[[NEXT:.*]] = arith.addf %[[SUM]], %[[X]] fastmath<reassoc,contract>
// CHECK-NEXT: scf.yield %[[NEXT]]
// CHECK-NEXT: }
// CHECK-NEXT: memref.store %[[LAST]], %[[S]][%[[I]]]
func.func @row_sum(%a: memref<?x?xf32>, %s: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<?x?xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%x: f32, %sum: f32):
    %r = arith.addf %sum, %x fastmath<reassoc> : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Along columns the output is contiguous: the sum is the outer loop, of unknown length,
// with eight steps in an iteration. A maximum is not relaxed.

// CHECK-LABEL: func @column_maximum(
// CHECK-SAME: %[[A:.*]]: memref<?x?xf32>, %[[S:.*]]: memref<?xf32>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[M:.*]] = memref.dim %[[A]], %[[C0]]
// CHECK-DAG: %[[MIDDLE:.*]] = affine.apply
// CHECK: scf.for %{{.*}} = %[[C0]] to %[[MIDDLE]] step %[[C8]]
// CHECK: scf.for
// CHECK-COUNT-8: arith.maximumf %{{[^ ]*}}, %{{[^ ]*}} : f32
// CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %[[M]] step %[[C1]]
// CHECK: scf.for
// CHECK: arith.maximumf
// CHECK-NOT: arith.maximumf
func.func @column_maximum(%a: memref<?x?xf32>, %s: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>],
                  iterator_types = ["reduction", "parallel"]}
      ins(%a : memref<?x?xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%x: f32, %most: f32):
    %r = arith.maximumf %most, %x : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// The output decides: contiguous writes, strided reads.

// CHECK-LABEL: func @transpose(
// CHECK-SAME: %[[A:.*]]: memref<4x?xf32>, %[[B:.*]]: memref<?x4xf32>)
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK: scf.for %[[J:.*]] =
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[C4]]
// CHECK: %[[X:.*]] = memref.load %[[A]][%[[I]], %[[J]]]
// CHECK: memref.store %[[X]], %[[B]][%[[J]], %[[I]]]
func.func @transpose(%a: memref<4x?xf32>, %b: memref<?x4xf32>) {
  linalg.transpose ins(%a : memref<4x?xf32>) outs(%b : memref<?x4xf32>) permutation = [1, 0]
  return
}

// -----

// Positions become indices of the loops; a scalar is read outside them; an output that
// is only written is not read.

// CHECK-LABEL: func @positions(
// CHECK-SAME: %[[X:.*]]: memref<index>, %[[A:.*]]: memref<3x?xindex>)
// CHECK: %[[FIRST:.*]] = memref.load %[[X]][]
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK-NEXT: %[[S:.*]] = arith.addi %[[I]], %[[J]]
// CHECK-NEXT: %[[T:.*]] = arith.addi %[[S]], %[[FIRST]]
// CHECK-NEXT: memref.store %[[T]], %[[A]][%[[I]], %[[J]]]
func.func @positions(%x: memref<index>, %a: memref<3x?xindex>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<index>) outs(%a : memref<3x?xindex>) {
  ^bb0(%in: index, %out: index):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %s = arith.addi %i, %j : index
    %t = arith.addi %s, %in : index
    linalg.yield %t : index
  }
  return
}

// -----

// No loops at all.

// CHECK-LABEL: func @scalar(
// CHECK-SAME: %[[X:.*]]: f32, %[[Y:.*]]: memref<f32>)
// CHECK-NEXT: memref.store %[[X]], %[[Y]][]
// CHECK-NEXT: return
func.func @scalar(%x: f32, %y: memref<f32>) {
  linalg.fill ins(%x : f32) outs(%y : memref<f32>)
  return
}

// -----

func.func @tensors(%x: f32, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'linalg.fill' op expected operands on memrefs}}
  %r = linalg.fill ins(%x : f32) outs(%y : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}
