// RUN: imhsa-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse --canonicalize | FileCheck %s
// One-shot bufferization by itself: no copy that is not needed, `outs` written in place, inputs never.

// CHECK-LABEL: func @all_in_place
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x5x8xf32>, %[[W:[a-z0-9]*]]: memref<6x6xf32>, %[[O:[a-z0-9]*]]: memref<2x6x5x8xf32>, %[[L:[a-z0-9]*]]: memref<2x6x5xf32>, %[[Z:[a-z0-9]*]]: memref<2x6x5x5xf32>, %[[P:[a-z0-9]*]]: memref<2x6x3x8xf32>)
func.func @all_in_place(%q: tensor<2x6x5x8xf32>, %w: tensor<6x6xf32>, %o: tensor<2x6x5x8xf32>, %l: tensor<2x6x5xf32>,
    %z: tensor<2x6x5x5xf32>, %p: tensor<2x6x3x8xf32>)
    -> (tensor<2x6x5x8xf32>, tensor<2x6x5xf32>, tensor<2x6x5x5xf32>, tensor<2x6x3x8xf32>) {
  // CHECK-NOT: alloc
  // CHECK-NOT: copy
  // CHECK: imhsa.log_sum_exp ins(%[[Q]], %[[Q]] : memref<2x6x5x8xf32>, memref<2x6x5x8xf32>) interaction(pre = %[[W]] : memref<6x6xf32>) outs(%[[L]] : memref<2x6x5xf32>){{$}}
  %0 = imhsa.log_sum_exp ins(%q, %q : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>) interaction(pre = %w : tensor<6x6xf32>)
         outs(%l : tensor<2x6x5xf32>) -> tensor<2x6x5xf32>
  // CHECK-NEXT: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) interaction(pre = %[[W]] : {{.*}}) lse(%[[L]] : {{.*}}) outs(%[[O]] : memref<2x6x5x8xf32>) {tag}{{$}}
  %1 = imhsa.attention ins(%q, %q, %q : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>)
         interaction(pre = %w : tensor<6x6xf32>) lse(%0 : tensor<2x6x5xf32>) outs(%o : tensor<2x6x5x8xf32>) {tag} -> tensor<2x6x5x8xf32>
  // CHECK-NEXT: imhsa.weights ins(%[[Q]], %[[Q]] : {{.*}}) causal outs(%[[Z]] : memref<2x6x5x5xf32>){{$}}
  %2 = imhsa.weights ins(%q, %q : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>) causal outs(%z : tensor<2x6x5x5xf32>) -> tensor<2x6x5x5xf32>
  // CHECK-NEXT: imhsa.pool #imhsa.pool<3> ins(%[[O]] : {{.*}}) outs(%[[P]] : memref<2x6x3x8xf32>){{$}}
  %3 = imhsa.pool #imhsa.pool<3> ins(%1 : tensor<2x6x5x8xf32>) outs(%p : tensor<2x6x3x8xf32>) -> tensor<2x6x3x8xf32>
  // CHECK-NEXT: return
  return %1, %0, %2, %3 : tensor<2x6x5x8xf32>, tensor<2x6x5xf32>, tensor<2x6x5x5xf32>, tensor<2x6x3x8xf32>
}

// CHECK-LABEL: func @two_results
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x?x8xf32>, %[[O:[a-z0-9]*]]: memref<2x6x?x8xf32>, %[[L:[a-z0-9]*]]: memref<2x6x?xf32>)
func.func @two_results(%q: tensor<2x6x?x8xf32>, %o: tensor<2x6x?x8xf32>, %l: tensor<2x6x?xf32>) -> (tensor<2x6x?x8xf32>, tensor<2x6x?xf32>) {
  // CHECK-NEXT: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) outs(%[[O]], %[[L]] : memref<2x6x?x8xf32>, memref<2x6x?xf32>)
  // CHECK-NEXT: return %[[O]], %[[L]]
  %0:2 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x8xf32>, tensor<2x6x?x8xf32>, tensor<2x6x?x8xf32>)
           outs(%o, %l : tensor<2x6x?x8xf32>, tensor<2x6x?xf32>) -> tensor<2x6x?x8xf32>, tensor<2x6x?xf32>
  return %0#0, %0#1 : tensor<2x6x?x8xf32>, tensor<2x6x?xf32>
}

// The destination is not read: a fresh one is not initialised.
// CHECK-LABEL: func @fresh_destination
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x5x8xf32>)
func.func @fresh_destination(%q: tensor<2x6x5x8xf32>) -> tensor<2x6x5x8xf32> {
  // CHECK-NEXT: %[[O:.*]] = memref.alloc() {{.*}} : memref<2x6x5x8xf32>
  // CHECK-NEXT: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) landmarks(#imhsa.pool<3>) outs(%[[O]] : memref<2x6x5x8xf32>)
  // CHECK-NEXT: return %[[O]]
  %e = tensor.empty() : tensor<2x6x5x8xf32>
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%e : tensor<2x6x5x8xf32>) -> tensor<2x6x5x8xf32>
  return %0 : tensor<2x6x5x8xf32>
}

// An input as destination: reading it while it is written would be wrong, so the result lies
// elsewhere. Nothing is copied into it, as what it holds is not read.
// CHECK-LABEL: func @input_as_destination
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x5x8xf32>)
func.func @input_as_destination(%q: tensor<2x6x5x8xf32>) -> tensor<2x6x5x8xf32> {
  // CHECK-NEXT: %[[O:.*]] = memref.alloc() {{.*}} : memref<2x6x5x8xf32>
  // CHECK-NEXT: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) outs(%[[O]] : memref<2x6x5x8xf32>)
  // CHECK-NEXT: return %[[O]]
  %0 = imhsa.attention ins(%q, %q, %q : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>)
         outs(%q : tensor<2x6x5x8xf32>) -> tensor<2x6x5x8xf32>
  return %0 : tensor<2x6x5x8xf32>
}

// A destination that is read later as it was: the result lies elsewhere.
// CHECK-LABEL: func @destination_read_later
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x5x8xf32>, %[[O:[a-z0-9]*]]: memref<2x6x5x8xf32>)
func.func @destination_read_later(%q: tensor<2x6x5x8xf32>, %o: tensor<2x6x5x8xf32>) -> (tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>) {
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() {{.*}} : memref<2x6x5x8xf32>
  // CHECK-NEXT: imhsa.pool #imhsa.pool<5> ins(%[[Q]] : {{.*}}) outs(%[[R]] : memref<2x6x5x8xf32>)
  // CHECK-NEXT: return %[[R]], %[[O]]
  %0 = imhsa.pool #imhsa.pool<5> ins(%q : tensor<2x6x5x8xf32>) outs(%o : tensor<2x6x5x8xf32>) -> tensor<2x6x5x8xf32>
  return %0, %o : tensor<2x6x5x8xf32>, tensor<2x6x5x8xf32>
}

// Slices of a larger tensor, as tiling makes them.
// CHECK-LABEL: func @slices
// CHECK-SAME: (%[[Q:[a-z0-9]*]]: memref<2x6x8x8xf32>, %[[O:[a-z0-9]*]]: memref<2x6x8x8xf32>)
func.func @slices(%q: tensor<2x6x8x8xf32>, %o: tensor<2x6x8x8xf32>) -> tensor<2x6x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  // CHECK-NOT: alloc
  // CHECK: scf.for
  // CHECK-DAG: %[[QS:.*]] = memref.subview %[[Q]]
  // CHECK-DAG: %[[OS:.*]] = memref.subview %[[O]]
  // CHECK: imhsa.attention ins(%[[QS]], %[[Q]], %[[Q]] : {{.*}}) outs(%[[OS]] : memref<2x6x4x8xf32, strided<[384, 64, 8, 1], offset: ?>>)
  // CHECK-NEXT: }
  %r = scf.for %i = %c0 to %c8 step %c4 iter_args(%acc = %o) -> tensor<2x6x8x8xf32> {
    %qs = tensor.extract_slice %q[0, 0, %i, 0] [2, 6, 4, 8] [1, 1, 1, 1] : tensor<2x6x8x8xf32> to tensor<2x6x4x8xf32>
    %os = tensor.extract_slice %acc[0, 0, %i, 0] [2, 6, 4, 8] [1, 1, 1, 1] : tensor<2x6x8x8xf32> to tensor<2x6x4x8xf32>
    %s = imhsa.attention ins(%qs, %q, %q : tensor<2x6x4x8xf32>, tensor<2x6x8x8xf32>, tensor<2x6x8x8xf32>)
           outs(%os : tensor<2x6x4x8xf32>) -> tensor<2x6x4x8xf32>
    %n = tensor.insert_slice %s into %acc[0, 0, %i, 0] [2, 6, 4, 8] [1, 1, 1, 1] : tensor<2x6x4x8xf32> into tensor<2x6x8x8xf32>
    scf.yield %n : tensor<2x6x8x8xf32>
  }
  return %r : tensor<2x6x8x8xf32>
}
