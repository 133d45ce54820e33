// Upstream's transformations around operations of the dialect, as other compilers use them.
// RUN: rm -rf %t && split-file %s %t
// RUN: imhsa-opt %t/fuse.mlir --transform-preload-library=transform-library-paths=%t/schedule.mlir --transform-interpreter \
// RUN:   --canonicalize --cse -o %t/fused.mlir
// RUN: FileCheck %t/fuse.mlir --input-file=%t/fused.mlir
// RUN: imhsa-opt %t/fused.mlir --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse --canonicalize \
// RUN:   | FileCheck %t/fuse.mlir --check-prefix=BUFFERS --implicit-check-not=memref.alloc --implicit-check-not=memref.copy --implicit-check-not=linalg.copy
// RUN: imhsa-opt %t/around.mlir --linalg-generalize-named-ops | FileCheck %t/around.mlir --check-prefix=GENERAL --implicit-check-not=linalg.mul --implicit-check-not=linalg.add
// RUN: imhsa-opt %t/around.mlir --inline --linalg-generalize-named-ops --cse --linalg-fuse-elementwise-ops | FileCheck %t/around.mlir --check-prefix=ELEMENTS
// RUN: imhsa-opt %t/around.mlir --inline --symbol-dce --canonicalize --cse --remove-dead-values | FileCheck %t/around.mlir --check-prefix=CLEAN --implicit-check-not=@half --implicit-check-not=linalg.add

//--- fuse.mlir
// An elementwise consumer is tiled; the attention and the elementwise producer of its queries come into the loop with it,
// a tile of each, and nothing of them stays outside.

// CHECK-LABEL: func @residual(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x6x100x64xf32>, %[[K:[a-z0-9]+]]: tensor<2x6x77x64xf32>, %[[V:[a-z0-9]+]]: tensor<2x6x77x64xf32>
// CHECK-NOT:  imhsa.attention
// CHECK-NOT:  linalg
// CHECK:      scf.for
// CHECK:        scf.for
// CHECK:          %[[QT:.*]] = tensor.extract_slice %[[Q]]
// CHECK:          %[[SCALED:.*]] = linalg.mul ins(%[[QT]], %[[QT]] : tensor<1x6x20x64xf32>
// CHECK:          %[[A:.*]] = imhsa.attention ins(%[[SCALED]], %{{.*}}, %{{.*}} : tensor<1x6x20x64xf32>, tensor<1x6x77x64xf32>, tensor<1x6x77x64xf32>)
// CHECK:          linalg.add ins(%[[A]], %[[QT]] : tensor<1x6x20x64xf32>
// CHECK-NOT:  imhsa.attention
// CHECK-NOT:  linalg

// Bufferized, the tiles of the three destinations are views of their arguments: nothing is allocated or copied.
// BUFFERS-LABEL: func @residual(
// BUFFERS:      scf.for
// BUFFERS:        linalg.mul
// BUFFERS:        imhsa.attention
// BUFFERS:        linalg.add
!t = tensor<2x6x100x64xf32>
!k = tensor<2x6x77x64xf32>
func.func @residual(%q: !t, %k: !k, %v: !k, %square: !t, %attended: !t, %out: !t) -> !t {
  %0 = linalg.mul ins(%q, %q : !t, !t) outs(%square : !t) -> !t
  %1 = imhsa.attention ins(%0, %k, %v : !t, !k, !k) outs(%attended : !t) -> !t
  %2 = linalg.add ins(%1, %q : !t, !t) outs(%out : !t) -> !t
  return %2 : !t
}

//--- schedule.mlir
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %add = transform.structured.match ops{["linalg.add"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.fuse %add tile_sizes [1, 0, 20]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

//--- around.mlir
// Named operations become generic ones and are fused, calls inlined, and what is dead goes; an attention between them stays
// what it is.

!t = tensor<2x6x100x64xf32>
func.func private @half(%x: !t, %factor: !t, %init: !t) -> !t {
  %0 = linalg.mul ins(%x, %factor : !t, !t) outs(%init : !t) -> !t
  return %0 : !t
}

// GENERAL:       linalg.generic
// GENERAL:         arith.mulf
// GENERAL-LABEL: func @caller(
// GENERAL:         imhsa.attention ins(

// Fusion of elementwise operations does not go through an attention.
// ELEMENTS-LABEL: func @caller(
// ELEMENTS-COUNT-1: linalg.generic
// ELEMENTS:         imhsa.attention ins(
// ELEMENTS-COUNT-1: linalg.generic
// ELEMENTS-NOT:     linalg.generic

// CLEAN-LABEL: func @caller(
// CLEAN:         linalg.mul
// CLEAN:         %[[A:.*]] = imhsa.attention ins(
// CLEAN-NOT:     imhsa.attention
// CLEAN:         %[[R:.*]] = linalg.mul ins(%[[A]]
// CLEAN-NEXT:    return %[[R]]
func.func @caller(%q: !t, %factor: !t, %init: !t, %unused: index) -> !t {
  %0 = func.call @half(%q, %factor, %init) : (!t, !t, !t) -> !t
  %1 = imhsa.attention ins(%0, %q, %q : !t, !t, !t) outs(%init : !t) -> !t
  %dead = imhsa.attention ins(%0, %q, %q : !t, !t, !t) causal outs(%init : !t) -> !t
  %same = imhsa.attention ins(%0, %q, %q : !t, !t, !t) outs(%init : !t) -> !t
  %2 = linalg.add ins(%dead, %q : !t, !t) outs(%init : !t) -> !t
  %3 = func.call @half(%same, %factor, %init) : (!t, !t, !t) -> !t
  return %3 : !t
}
