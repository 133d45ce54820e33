// RUN: imhsa-opt %s --imhsa-bufferize --split-input-file | FileCheck %s

// A chain in destination-passing style: the last product writes into the output,
// the first into the workspace.

// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[A:.*]]: memref<?x?xf32, strided<[?, 1], offset: ?>>, %[[B:.*]]: memref<?x?xf32, strided<[?, 1], offset: ?>>,
// CHECK-SAME: %[[C:.*]]: memref<?x8xf32, strided<[?, 1], offset: ?>>, %[[OUT:.*]]: memref<?x8xf32, strided<[?, 1], offset: ?>>,
// CHECK-SAME: %[[WORKSPACE:.*]]: memref<?xi8>) attributes {llvm.emit_c_interface}
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[M:.*]] = memref.dim %[[A]], %[[C0]]
// CHECK-DAG: %[[N:.*]] = memref.dim %[[B]], %[[C1]]
// CHECK: %[[AB:.*]] = memref.view %[[WORKSPACE]][%[[C0]]][%[[M]], %[[N]]] : memref<?xi8> to memref<?x?xf32>
// CHECK: linalg.matmul ins(%[[A]], %[[B]] : {{.*}}) outs(%[[AB]] : memref<?x?xf32>)
// CHECK: linalg.matmul ins(%[[AB]], %[[C]] : {{.*}}) outs(%[[OUT]] : {{.*}})
// CHECK-NEXT: return

// CHECK-LABEL: func.func @chain_sizes(
// CHECK-SAME: %[[A:.*]]: memref<?x?xf32, strided<[?, 1], offset: ?>>, %[[B:.*]]: memref<?x?xf32, strided<[?, 1], offset: ?>>,
// CHECK-SAME: %[[C:.*]]: memref<?x8xf32, strided<[?, 1], offset: ?>>, %[[SIZES:.*]]: memref<?xindex>) attributes {llvm.emit_c_interface}
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C63:.*]] = arith.constant 63 : index
// CHECK-DAG: %[[MASK:.*]] = arith.constant -64 : index
// CHECK: %[[M:.*]] = memref.dim %[[A]], %[[C0]]
// CHECK: memref.store %[[M]], %[[SIZES]][%[[C0]]]
// CHECK: memref.store %[[C8]], %[[SIZES]][%[[C1]]]
// CHECK: %[[ROWS:.*]] = arith.muli %[[M]], %[[C4]]
// CHECK: %[[N:.*]] = memref.dim %[[B]], %[[C1]]
// CHECK: %[[BYTES:.*]] = arith.muli %[[ROWS]], %[[N]]
// CHECK: %[[UP:.*]] = arith.addi %[[BYTES]], %[[C63]]
// CHECK: %[[ALIGNED:.*]] = arith.andi %[[UP]], %[[MASK]]
// CHECK: memref.store %[[ALIGNED]], %[[SIZES]][%[[C2]]]
// CHECK-NEXT: return

func.func @chain(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %e0 = tensor.empty(%m, %n) : tensor<?x?xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %ab = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%z0 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %e1 = tensor.empty(%m) : tensor<?x8xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %abc = linalg.matmul ins(%ab, %c : tensor<?x?xf32>, tensor<?x8xf32>) outs(%z1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %abc : tensor<?x8xf32>
}

// -----

// Arguments and constants that are results are copied, also twice.

// CHECK-LABEL: func.func @copies(
// CHECK-SAME: %[[X:.*]]: memref<f32, strided<[], offset: ?>>, %[[R0:.*]]: memref<f32, strided<[], offset: ?>>, %[[R1:.*]]: memref<3xi32, strided<[1], offset: ?>>, %[[R2:.*]]: memref<f32, strided<[], offset: ?>>, %{{.*}}: memref<?xi8>)
// CHECK: %[[K:.*]] = memref.get_global
// CHECK: linalg.copy ins(%[[X]] : {{.*}}) outs(%[[R0]] : {{.*}})
// CHECK: linalg.copy ins(%[[K]] : {{.*}}) outs(%[[R1]] : {{.*}})
// CHECK: linalg.copy ins(%[[X]] : {{.*}}) outs(%[[R2]] : {{.*}})
// CHECK-NEXT: return

// CHECK-LABEL: func.func @copies_sizes(
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: memref.store %[[C3]], %{{.*}}[%[[C0]]]
// CHECK: memref.store %[[C0]], %{{.*}}[%[[C1]]]
// CHECK-NEXT: return

func.func @copies(%x: tensor<f32>) -> (tensor<f32>, tensor<3xi32>, tensor<f32>) {
  %k = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  return %x, %k, %x : tensor<f32>, tensor<3xi32>, tensor<f32>
}

// -----

// No results, no temporaries, an empty tensor and odd element types.

// CHECK-LABEL: func.func @nothing(
// CHECK-SAME: %{{.*}}: memref<0x3xi1, strided<[?, 1], offset: ?>>, %{{.*}}: memref<?xindex, strided<[1], offset: ?>>, %{{.*}}: memref<?xi8>)
// CHECK-NEXT: return
// CHECK-LABEL: func.func @nothing_sizes(
// CHECK-NEXT: %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT: memref.store %[[C0]], %{{.*}}[%[[C0]]]
// CHECK-NEXT: return
func.func @nothing(%x: tensor<0x3xi1>, %y: tensor<?xindex>) {
  return
}

// -----

// What a loop carries stays in one buffer; the temporary of all iterations is one
// buffer too.

// CHECK-LABEL: func.func @power(
// CHECK-SAME: %[[A:.*]]: memref<4x4xf32, strided<[?, 1], offset: ?>>, %[[OUT:.*]]: memref<4x4xf32, strided<[?, 1], offset: ?>>, %[[WORKSPACE:.*]]: memref<?xi8>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK: %[[CARRIED:.*]] = memref.view %[[WORKSPACE]][%[[C0]]][]
// CHECK: linalg.copy ins(%[[A]] : {{.*}}) outs(%[[CARRIED]] : {{.*}})
// CHECK: scf.for
// CHECK:   %[[NEXT:.*]] = memref.view %[[WORKSPACE]][%[[C64]]][]
// CHECK:   linalg.matmul ins(%[[CARRIED]], %[[CARRIED]] : {{.*}}) outs(%[[NEXT]] : {{.*}})
// CHECK:   linalg.copy ins(%[[NEXT]] : {{.*}}) outs(%[[CARRIED]] : {{.*}})
// CHECK: linalg.copy ins(%[[CARRIED]] : {{.*}}) outs(%[[OUT]] : {{.*}})
func.func @power(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a) -> tensor<4x4xf32> {
    %e = tensor.empty() : tensor<4x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
    %y = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
    scf.yield %y : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// -----

// Two carried tensors that change places: neither is overwritten before it is read.

// CHECK-LABEL: func.func @swap(
// CHECK: scf.for
// CHECK:   linalg.copy ins(%[[Y:.*]] : {{.*}}) outs(%[[OLD_Y:.*]] : {{.*}})
// CHECK:   linalg.copy ins(%[[X:.*]] : {{.*}}) outs(%[[OLD_X:.*]] : {{.*}})
// CHECK:   linalg.copy ins(%[[OLD_Y]] : {{.*}}) outs(%[[X]] : {{.*}})
// CHECK:   linalg.copy ins(%[[OLD_X]] : {{.*}}) outs(%[[Y]] : {{.*}})
// CHECK: }
func.func @swap(%a: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %r:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%x = %a, %y = %b) -> (tensor<8xf32>, tensor<8xf32>) {
    scf.yield %y, %x : tensor<8xf32>, tensor<8xf32>
  }
  return %r#0, %r#1 : tensor<8xf32>, tensor<8xf32>
}

// -----

// The size of the temporary depends on the tile: 64 of its columns are enough for all.

// CHECK-LABEL: func.func @tiles(
// CHECK: scf.for
// CHECK:   memref.view %{{.*}}[%{{.*}}][%{{.*}}, %{{.*}}] : memref<?xi8> to memref<?x?xf32>
// CHECK-LABEL: func.func @tiles_sizes(
// CHECK-DAG: %[[C256:.*]] = arith.constant 256 : index
// CHECK-DAG: %[[M:.*]] = memref.dim
// CHECK: arith.muli %[[M]], %[[C256]] : index
func.func @tiles(%a: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %a, %c1 : tensor<?x?xf32>
  %e0 = tensor.empty(%m) : tensor<?xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?xf32>) -> tensor<?xf32>
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%sum = %f0) -> tensor<?xf32> {
    %s = affine.min affine_map<(d0)[s0] -> (64, s0 - d0)>(%i)[%n]
    %t = tensor.extract_slice %a[0, %i] [%m, %s] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
    %e = tensor.empty(%m, %s) : tensor<?x?xf32>
    %x = linalg.exp ins(%t : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<?x?xf32>) outs(%sum : tensor<?xf32>) dimensions = [1]
    scf.yield %y : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// In a parallel loop the temporary of the inner loop is allocated once for each body.

// CHECK-LABEL: func.func @parallel(
// CHECK: scf.forall
// CHECK:   %[[BUFFER:.*]] = memref.alloc() {alignment = 64 : i64} : memref<1024xi8>
// CHECK:   scf.for
// CHECK-NOT: memref.alloc
// CHECK:     memref.view %[[BUFFER]]
// CHECK:   }
// CHECK:   memref.dealloc %[[BUFFER]]
// CHECK-NEXT: }
func.func @parallel(%a: tensor<?x16xf32>) -> tensor<16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x16xf32>
  %e0 = tensor.empty() : tensor<16xf32>
  %r = scf.forall (%j) in (16) shared_outs(%o = %e0) -> tensor<16xf32> {
    %os = tensor.extract_slice %o[%j] [1] [1] : tensor<16xf32> to tensor<1xf32>
    %f = linalg.fill ins(%zero : f32) outs(%os : tensor<1xf32>) -> tensor<1xf32>
    %l = scf.for %i = %c0 to %n step %c16 iter_args(%sum = %f) -> tensor<1xf32> {
      %s = affine.min affine_map<(d0)[s0] -> (16, s0 - d0)>(%i)[%n]
      %t = tensor.extract_slice %a[%i, 0] [%s, 16] [1, 1] : tensor<?x16xf32> to tensor<?x16xf32>
      %e = tensor.empty(%s) : tensor<?x16xf32>
      %x = linalg.exp ins(%t : tensor<?x16xf32>) outs(%e : tensor<?x16xf32>) -> tensor<?x16xf32>
      %y = linalg.generic {
          indexing_maps = [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0)>],
          iterator_types = ["parallel", "reduction", "reduction"]}
        ins(%x : tensor<?x16xf32>) outs(%sum : tensor<1xf32>) {
      ^bb0(%in: f32, %acc: f32):
        %v = arith.addf %acc, %in : f32
        linalg.yield %v : f32
      } -> tensor<1xf32>
      scf.yield %y : tensor<1xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %l into %o[%j] [1] [1] : tensor<1xf32> into tensor<16xf32>
    }
  }
  return %r : tensor<16xf32>
}

// -----

// Padding writes into the output; the size of a result of `scf.if` is that of both
// branches; private functions that nothing calls vanish.

// CHECK-NOT: @unused
func.func private @unused(tensor<4xf32>) -> tensor<4xf32>

// CHECK-LABEL: func.func @pad(
// CHECK-SAME: %[[A:.*]]: memref<?xbf16, strided<[1], offset: ?>>, %[[OUT:.*]]: memref<?xbf16, strided<[1], offset: ?>>, %{{.*}}: memref<?xi8>)
// CHECK: linalg.fill ins(%{{.*}}) outs(%[[OUT]] : {{.*}})
// CHECK: %[[MIDDLE:.*]] = memref.subview %[[OUT]][2] [%{{.*}}] [1]
// CHECK: linalg.copy ins(%[[A]] : {{.*}}) outs(%[[MIDDLE]] : {{.*}})
func.func @pad(%a: tensor<?xbf16>) -> tensor<?xbf16> {
  %zero = arith.constant 0.0 : bf16
  %p = tensor.pad %a low[2] high[3] {
  ^bb0(%i: index):
    tensor.yield %zero : bf16
  } : tensor<?xbf16> to tensor<?xbf16>
  return %p : tensor<?xbf16>
}

// CHECK-LABEL: func.func @choice_sizes(
// CHECK-SAME: %[[A:[^:]*]]: memref<?xf32, strided<[1], offset: ?>>
// CHECK: %[[N:.*]] = memref.dim %[[A]]
// CHECK: memref.store %[[N]]
func.func @choice(%a: tensor<?xf32>, %p: tensor<i1>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %c = tensor.extract %p[] : tensor<i1>
  %r = scf.if %c -> tensor<?xf32> {
    %e = tensor.empty(%n) : tensor<?xf32>
    %x = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %x : tensor<?xf32>
  } else {
    scf.yield %a : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// Operations of the dialect bufferize as they are.

// CHECK-LABEL: func.func @attention(
// CHECK-SAME: %[[Q:.*]]: memref<1x2x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>, %[[OUT:.*]]: memref<1x2x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>, %{{.*}}: memref<?xi8>)
// CHECK: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) outs(%[[OUT]] : {{.*}})
func.func @attention(%q: tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xf32>
  %e = tensor.empty(%n) : tensor<1x2x?x8xf32>
  %o = imhsa.attention ins(%q, %q, %q : tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
         outs(%e : tensor<1x2x?x8xf32>) -> tensor<1x2x?x8xf32>
  return %o : tensor<1x2x?x8xf32>
}

// -----

// Operations with kernels of their own: what several splits give has its place in the workspace.

// CHECK-LABEL: func.func @splits(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<2x6x?x64xbf16, {{.*}}, %[[O:[a-z0-9]+]]: memref<2x6x?x64xbf16, {{.*}}, %[[L:[a-z0-9]+]]: memref<2x6x?xf32, {{.*}}, %[[WORKSPACE:[a-z0-9]+]]: memref<?xi8>)
// CHECK: %[[PARTIAL:.*]] = memref.view %[[WORKSPACE]]{{.*}} to memref<4x2x6x?x64xf32>
// CHECK: %[[LSES:.*]] = memref.view %[[WORKSPACE]]{{.*}} to memref<4x2x6x?xf32>
// CHECK: imhsa.attention ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}}) schedule(#imhsa.schedule<stream, splits = 4>) scratch(%[[PARTIAL]], %[[LSES]] : memref<4x2x6x?x64xf32>, memref<4x2x6x?xf32>) outs(%[[O]] :
// CHECK: %[[SUMS:.*]] = memref.view %[[WORKSPACE]]{{.*}} to memref<2x2x6x?xf32>
// CHECK: imhsa.log_sum_exp ins(%[[Q]], %[[Q]] : {{.*}}) schedule(#imhsa.schedule<normalisers, splits = 2>) scratch(%[[SUMS]] : memref<2x2x6x?xf32>) outs(%[[L]] :
// CHECK-NOT: memref.alloc
// CHECK-LABEL: func.func @splits_sizes(
func.func @splits(%q: tensor<2x6x?x64xbf16>) -> (tensor<2x6x?x64xbf16>, tensor<2x6x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<2x6x?x64xbf16>
  %empty = tensor.empty(%n) : tensor<2x6x?x64xbf16>
  %o = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         schedule(#imhsa.schedule<stream, splits = 4>) outs(%empty : tensor<2x6x?x64xbf16>) -> tensor<2x6x?x64xbf16>
  %rows = tensor.empty(%n) : tensor<2x6x?xf32>
  %l = imhsa.log_sum_exp ins(%q, %q : tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         schedule(#imhsa.schedule<normalisers, splits = 2>) outs(%rows : tensor<2x6x?xf32>) -> tensor<2x6x?xf32>
  return %o, %l : tensor<2x6x?x64xbf16>, tensor<2x6x?xf32>
}

// -----

// A plain sum over keys has no normalisers of its own, and one split no scratch.

// CHECK-LABEL: func.func @plain_sum(
// CHECK: imhsa.attention {{.*}} lse({{.*}}) schedule(#imhsa.schedule<stream, splits = 3>) scratch(%{{.*}} : memref<3x2x6x49x32xf32>) outs(
// CHECK: imhsa.pool {{.*}} schedule(#imhsa.schedule<pool>) outs(
// CHECK-LABEL: func.func @plain_sum_sizes(
func.func @plain_sum(%q: tensor<2x49x6x64xbf16>, %k: tensor<2x6x?x64xbf16>, %v: tensor<2x6x?x32xbf16>, %lse: tensor<2x6x49xf32>)
    -> (tensor<2x49x6x32xf32>, tensor<2x6x7x64xf32>) {
  %empty = tensor.empty() : tensor<2x49x6x32xf32>
  %o = imhsa.attention ins(%q, %k, %v : tensor<2x49x6x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x32xbf16>)
         order(query = bnhd, output = bnhd) lse(%lse : tensor<2x6x49xf32>)
         schedule(#imhsa.schedule<stream, splits = 3>) outs(%empty : tensor<2x49x6x32xf32>) -> tensor<2x49x6x32xf32>
  %means = tensor.empty() : tensor<2x6x7x64xf32>
  %p = imhsa.pool #imhsa.pool<7> ins(%k : tensor<2x6x?x64xbf16>) schedule(#imhsa.schedule<pool>)
         outs(%means : tensor<2x6x7x64xf32>) -> tensor<2x6x7x64xf32>
  return %o, %p : tensor<2x49x6x32xf32>, tensor<2x6x7x64xf32>
}

// -----

// Hints of sizes are for the passes before.

// CHECK-LABEL: func.func @hinted
// CHECK-NOT: imhsa.size_hint
func.func @hinted(%x: tensor<?xf32> {imhsa.size_hint = array<i64: 49>}) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// The value's type tells how wide a partial result is.

// CHECK-LABEL: func.func @unknown_width(
// CHECK: imhsa.attention {{.*}} scratch(%{{.*}}, %{{.*}} : memref<4x2x6x?x64xf32>, memref<4x2x6x?xf32>) outs(%{{.*}} : memref<2x6x?x?xbf16
func.func @unknown_width(%q: tensor<2x6x?x64xbf16>, %d: tensor<2x6x?x?xbf16>) -> tensor<2x6x?x?xbf16> {
  %o = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>, tensor<2x6x?x64xbf16>)
         schedule(#imhsa.schedule<stream, splits = 4>) outs(%d : tensor<2x6x?x?xbf16>) -> tensor<2x6x?x?xbf16>
  return %o : tensor<2x6x?x?xbf16>
}

// -----

// Kernels of their own read and write rows without gaps: other rows are copied.

// CHECK-LABEL: func.func @rows_with_gaps(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<2x6x?x16xf32, {{.*}}, %[[OUT:[a-z0-9]+]]: memref<2x6x?x16xf32, {{.*}}, %[[WORKSPACE:[a-z0-9]+]]: memref<?xi8>)
// CHECK: %[[SLICE:.*]] = memref.subview %[[X]][0, 0, 0, 0] [2, 6, %{{.*}}, 8] [1, 1, 1, 2]
// CHECK: linalg.copy ins(%[[SLICE]] : {{.*}}) outs(%[[PACKED:.*]] : memref<2x6x?x8xf32>)
// CHECK: imhsa.attention ins(%[[PACKED]], %[[PACKED]], %[[PACKED]] : {{.*}}) schedule(#imhsa.schedule<stream>) outs(%[[RESULT:.*]] : memref<2x6x?x8xf32>)
// CHECK: linalg.copy ins(%[[RESULT]] : memref<2x6x?x8xf32>) outs(%{{.*}} : memref<2x6x?x8xf32, strided<[?, ?, 16, 2]>>)
// CHECK-NOT: memref.alloc
// CHECK-LABEL: func.func @rows_with_gaps_sizes(
func.func @rows_with_gaps(%x: tensor<2x6x?x16xf32>) -> tensor<2x6x?x16xf32> {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c2 : tensor<2x6x?x16xf32>
  %slice = tensor.extract_slice %x[0, 0, 0, 0] [2, 6, %n, 8] [1, 1, 1, 2] : tensor<2x6x?x16xf32> to tensor<2x6x?x8xf32>
  %empty = tensor.empty(%n) : tensor<2x6x?x8xf32>
  %o = imhsa.attention ins(%slice, %slice, %slice : tensor<2x6x?x8xf32>, tensor<2x6x?x8xf32>, tensor<2x6x?x8xf32>)
         schedule(#imhsa.schedule<stream>) outs(%empty : tensor<2x6x?x8xf32>) -> tensor<2x6x?x8xf32>
  %large = tensor.insert_slice %o into %x[0, 0, 0, 0] [2, 6, %n, 8] [1, 1, 1, 2] : tensor<2x6x?x8xf32> into tensor<2x6x?x16xf32>
  return %large : tensor<2x6x?x16xf32>
}
