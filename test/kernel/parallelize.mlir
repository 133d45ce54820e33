// RUN: imhsa-opt %s --imhsa-parallelize --canonicalize --cse | FileCheck %s

// Rows are cut, so many that b is worth reading; the zeros go along.

// CHECK-LABEL: func @matmul(
// CHECK-SAME: %[[A:.*]]: tensor<?x512xf32>, %[[B:.*]]: tensor<512x64xf32>)
// CHECK: scf.forall (%[[I:.*]]) = (0) to (%{{.*}}) step (64) shared_outs(%[[O:.*]] = %{{.*}}) -> (tensor<?x64xf32>) {
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %[[A]][%[[I]], 0] [%[[SIZE]], 512]
// CHECK: %[[TILE:.*]] = tensor.extract_slice %[[O]][%[[I]], 0] [%[[SIZE]], 64]
// CHECK: %[[ZEROS:.*]] = linalg.fill ins(%{{.*}}) outs(%[[TILE]] : tensor<?x64xf32>)
// CHECK: %[[PRODUCT:.*]] = linalg.matmul ins(%[[ROWS]], %[[B]] : {{.*}}) outs(%[[ZEROS]] : {{.*}})
// CHECK: tensor.parallel_insert_slice %[[PRODUCT]] into %[[O]][%[[I]], 0] [%[[SIZE]], 64]
func.func @matmul(%a: tensor<?x512xf32>, %b: tensor<512x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x512xf32>
  %e = tensor.empty(%m) : tensor<?x64xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %r = linalg.matmul ins(%a, %b : tensor<?x512xf32>, tensor<512x64xf32>) outs(%z : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}

// Both dimensions of a large product, batches one by one.

// CHECK-LABEL: func @batch_matmul(
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) = (0, 0, 0) to (3, 4096, 4096) step (1, 64, 256)
func.func @batch_matmul(%a: tensor<3x4096x4096xf32>, %b: tensor<3x4096x4096xf32>, %c: tensor<3x4096x4096xf32>) -> tensor<3x4096x4096xf32> {
  %r = linalg.batch_matmul ins(%a, %b : tensor<3x4096x4096xf32>, tensor<3x4096x4096xf32>)
                           outs(%c : tensor<3x4096x4096xf32>) -> tensor<3x4096x4096xf32>
  return %r : tensor<3x4096x4096xf32>
}

// CHECK-LABEL: func @elementwise(
// CHECK: scf.forall (%{{.*}}) = (0) to (%{{.*}}) step (16)
// CHECK: linalg.exp
func.func @elementwise(%a: tensor<?x4096xf32>, %o: tensor<?x4096xf32>) -> tensor<?x4096xf32> {
  %r = linalg.exp ins(%a : tensor<?x4096xf32>) outs(%o : tensor<?x4096xf32>) -> tensor<?x4096xf32>
  return %r : tensor<?x4096xf32>
}

// Small, without a parallel dimension, or in a parallel loop already.

// CHECK-LABEL: func @stays(
// CHECK-NOT: scf.forall
// CHECK: linalg.exp
// CHECK: linalg.reduce
// CHECK: scf.forall (%{{.*}}) in (2)
// CHECK-NOT: scf.forall (
// CHECK: return
func.func @stays(%a: tensor<16x16xf32>, %b: tensor<65536xf32>, %s: tensor<f32>, %c: tensor<2x?xf32>) -> (tensor<16x16xf32>, tensor<f32>, tensor<2x?xf32>) {
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<16x16xf32>
  %r0 = linalg.exp ins(%a : tensor<16x16xf32>) outs(%e : tensor<16x16xf32>) -> tensor<16x16xf32>
  %r1 = linalg.reduce { arith.maximumf } ins(%b : tensor<65536xf32>) outs(%s : tensor<f32>) dimensions = [0]
  %n = tensor.dim %c, %c1 : tensor<2x?xf32>
  %r2 = scf.forall (%i) in (2) shared_outs(%o = %c) -> tensor<2x?xf32> {
    %t = tensor.extract_slice %o[%i, 0] [1, %n] [1, 1] : tensor<2x?xf32> to tensor<?xf32>
    %x = linalg.exp ins(%t : tensor<?xf32>) outs(%t : tensor<?xf32>) -> tensor<?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %x into %o[%i, 0] [1, %n] [1, 1] : tensor<?xf32> into tensor<2x?xf32>
    }
  }
  return %r0, %r1, %r2 : tensor<16x16xf32>, tensor<f32>, tensor<2x?xf32>
}

// Nothing to do, nothing to cut.

// CHECK-LABEL: func @empty(
// CHECK-NOT: scf.forall
// CHECK: return
func.func @empty(%a: tensor<0x4096x4096xf32>, %c: tensor<0x4096x4096xf32>) -> tensor<0x4096x4096xf32> {
  %r = linalg.batch_matmul ins(%a, %a : tensor<0x4096x4096xf32>, tensor<0x4096x4096xf32>)
                           outs(%c : tensor<0x4096x4096xf32>) -> tensor<0x4096x4096xf32>
  return %r : tensor<0x4096x4096xf32>
}

// The first operand does not tell that there is nothing to do.

// CHECK-LABEL: func @empty_result(
// CHECK-NOT: scf.forall
// CHECK: return
func.func @empty_result(%a: tensor<4096x?x4096xf32>, %c: tensor<4096x0x4096xf32>) -> tensor<4096x0x4096xf32> {
  %r = linalg.exp ins(%a : tensor<4096x?x4096xf32>) outs(%c : tensor<4096x0x4096xf32>) -> tensor<4096x0x4096xf32>
  return %r : tensor<4096x0x4096xf32>
}
