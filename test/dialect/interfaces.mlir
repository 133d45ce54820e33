// RUN: imhsa-opt %s --resolve-ranked-shaped-type-result-dims --cse --canonicalize | FileCheck %s --check-prefix=SHAPE
// RUN: imhsa-opt %s --cse --canonicalize | FileCheck %s --check-prefix=CSE
// RUN: imhsa-opt %s --loop-invariant-code-motion | FileCheck %s --check-prefix=LICM
// Shapes of results, effects and speculation: what upstream's passes ask the operations.

!t = tensor<?x6x?x8xf32>
!l = tensor<?x6x?xf32>
!z = tensor<?x6x?x?xf32>

// SHAPE-LABEL: func @shapes
// SHAPE-SAME: (%[[Q:[a-z0-9]*]]: tensor<?x6x?x8xf32>, %[[O:[a-z0-9]*]]: tensor<?x6x?x8xf32>, %[[L:[a-z0-9]*]]: tensor<?x6x?xf32>, %[[Z:[a-z0-9]*]]: tensor<?x6x?x?xf32>)
func.func @shapes(%q: !t, %o: !t, %l: !l, %z: !z) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  // SHAPE-NOT: imhsa
  // SHAPE-DAG: %[[C2:.*]] = arith.constant 2
  // SHAPE-DAG: %[[C3:.*]] = arith.constant 3
  // SHAPE-DAG: %[[C6:.*]] = arith.constant 6
  // SHAPE-DAG: %[[D0:.*]] = tensor.dim %[[O]], %[[C2]]
  // SHAPE-DAG: %[[D1:.*]] = tensor.dim %[[L]], %[[C2]]
  // SHAPE-DAG: %[[D2:.*]] = tensor.dim %[[Z]], %[[C3]]
  // SHAPE-DAG: %[[D3:.*]] = tensor.dim %[[Z]], %[[C2]]
  // SHAPE: return %[[D0]], %[[D1]], %[[C6]], %[[D2]], %[[D1]], %[[D3]]
  %0:2 = imhsa.attention ins(%q, %q, %q : !t, !t, !t) outs(%o, %l : !t, !l) -> !t, !l
  %d0 = tensor.dim %0#0, %c2 : !t
  %d1 = tensor.dim %0#1, %c2 : !l
  %d2 = tensor.dim %0#0, %c1 : !t
  %1 = imhsa.weights ins(%q, %q : !t, !t) outs(%z : !z) -> !z
  %d3 = tensor.dim %1, %c3 : !z
  %2 = imhsa.log_sum_exp ins(%q, %q : !t, !t) outs(%l : !l) -> !l
  %d4 = tensor.dim %2, %c2 : !l
  %3 = imhsa.pool #imhsa.pool<49> ins(%q : !t) outs(%z : !z) -> !z
  %d5 = tensor.dim %3, %c2 : !z
  return %d0, %d1, %d2, %d3, %d4, %d5 : index, index, index, index, index, index
}

// CSE-LABEL: func @common(
func.func @common(%q: !t, %o: !t, %l: !l, %z: !z) -> (!t, !t, !t, !t) {
  // CSE-NEXT: %[[A:.*]] = imhsa.attention
  // CSE-NEXT: %[[B:.*]] = imhsa.attention {{.*}} causal
  // CSE-NEXT: %[[C:.*]] = imhsa.attention {{.*}} order(query = bnhd)
  // CSE-NEXT: return %[[A]], %[[A]], %[[B]], %[[C]]
  %0 = imhsa.attention ins(%q, %q, %q : !t, !t, !t) outs(%o : !t) -> !t
  %1 = imhsa.attention ins(%q, %q, %q : !t, !t, !t) outs(%o : !t) -> !t
  %2 = imhsa.attention ins(%q, %q, %q : !t, !t, !t) causal outs(%o : !t) -> !t
  %3 = imhsa.attention ins(%z, %q, %q : !z, !t, !t) order(query = bnhd) outs(%o : !t) -> !t
  %4 = imhsa.weights ins(%q, %q : !t, !t) outs(%z : !z) -> !z
  %5 = imhsa.log_sum_exp ins(%q, %q : !t, !t) outs(%l : !l) -> !l
  %6 = imhsa.pool #imhsa.pool<7> ins(%q : !t) outs(%z : !z) -> !z
  return %0, %1, %2, %3 : !t, !t, !t, !t
}

// CSE-LABEL: func @memrefs_stay(
func.func @memrefs_stay(%q: memref<2x6x5x8xf32>, %o: memref<2x6x5x8xf32>, %l: memref<2x6x5xf32>) {
  // CSE-NEXT: imhsa.pool #imhsa.pool<5> ins
  // CSE-NEXT: imhsa.pool #imhsa.pool<5> ins
  // CSE-NEXT: imhsa.log_sum_exp
  // CSE-NEXT: return
  imhsa.pool #imhsa.pool<5> ins(%q : memref<2x6x5x8xf32>) outs(%o : memref<2x6x5x8xf32>)
  imhsa.pool #imhsa.pool<5> ins(%q : memref<2x6x5x8xf32>) outs(%o : memref<2x6x5x8xf32>)
  imhsa.log_sum_exp ins(%q, %q : memref<2x6x5x8xf32>, memref<2x6x5x8xf32>) outs(%l : memref<2x6x5xf32>)
  return
}

// LICM-LABEL: func @invariant
func.func @invariant(%q: !t, %o: !t, %m: memref<2x6x5x8xf32>, %n: index) -> !t {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // LICM: imhsa.attention
  // LICM: scf.for
  // LICM-NEXT: imhsa.pool #imhsa.pool<5> ins(%{{.*}} : memref
  // LICM-NEXT: imhsa.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : {{.*}}) outs
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %o) -> !t {
    imhsa.pool #imhsa.pool<5> ins(%m : memref<2x6x5x8xf32>) outs(%m : memref<2x6x5x8xf32>)
    %0 = imhsa.attention ins(%q, %q, %q : !t, !t, !t) outs(%o : !t) -> !t
    %1 = imhsa.attention ins(%acc, %0, %0 : !t, !t, !t) outs(%o : !t) -> !t
    scf.yield %1 : !t
  }
  return %r : !t
}
