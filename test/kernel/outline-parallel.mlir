// RUN: imhsa-opt %s --imhsa-outline-parallel --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: llvm.func @imhsa_parallel_for(i64, !llvm.ptr, !llvm.ptr)

// The caller: all dimensions are one; what the body uses is in a struct.

// CHECK-LABEL: func.func @fill(
// CHECK-SAME: %[[X:.*]]: memref<?x8xf32>, %[[VALUE:.*]]: f32)
// CHECK-DAG: %[[CALLBACK:.*]] = llvm.mlir.addressof @fill_parallel
// CHECK-DAG: %[[CONTEXT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(f32, ptr, i64)>
// CHECK-DAG: %[[N:.*]] = memref.dim %[[X]]
// CHECK-DAG: %[[ROWS:.*]] = arith.maxsi %[[N]], %{{.*}}
// CHECK-DAG: %[[COUNT:.*]] = arith.muli %[[ROWS]], %{{.*}}
// CHECK-DAG: %[[DESCRIPTOR:.*]] = builtin.unrealized_conversion_cast %[[X]]
// CHECK-DAG: %[[POINTER:.*]] = llvm.extractvalue %[[DESCRIPTOR]][1]
// CHECK-DAG: %[[SIZE:.*]] = llvm.extractvalue %[[DESCRIPTOR]][3, 0]
// CHECK: %[[FIELD0:.*]] = llvm.getelementptr %[[CONTEXT]][0, 0]
// CHECK: llvm.store %[[VALUE]], %[[FIELD0]]
// CHECK: %[[FIELD1:.*]] = llvm.getelementptr %[[CONTEXT]][0, 1]
// CHECK: llvm.store %[[POINTER]], %[[FIELD1]]
// CHECK: %[[FIELD2:.*]] = llvm.getelementptr %[[CONTEXT]][0, 2]
// CHECK: llvm.store %[[SIZE]], %[[FIELD2]]
// CHECK: %[[NUMBER:.*]] = arith.index_cast %[[COUNT]] : index to i64
// CHECK: llvm.call @imhsa_parallel_for(%[[NUMBER]], %[[CALLBACK]], %[[CONTEXT]])
// CHECK-NEXT: return

// The body: the memref is put together again, with the sizes that its type tells.

// CHECK-LABEL: func.func private @fill_parallel_body(
// CHECK-SAME: %[[INDEX:.*]]: i64, %[[VALUE:.*]]: f32, %[[POINTER:.*]]: !llvm.ptr, %[[SIZE:.*]]: i64)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// CHECK-SAME: passthrough = ["stackrealign"]
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: llvm.insertvalue %[[POINTER]], %{{.*}}[1]
// CHECK-DAG: llvm.insertvalue %[[SIZE]], %{{.*}}[3, 0]
// CHECK-DAG: %[[X:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x8xf32>
// CHECK-DAG: %[[LINEAR:.*]] = arith.index_cast %[[INDEX]]
// CHECK-DAG: %[[J:.*]] = arith.remsi %[[LINEAR]], %[[C8]]
// CHECK-DAG: %[[I:.*]] = arith.divsi %[[LINEAR]], %[[C8]]
// CHECK: memref.store %[[VALUE]], %[[X]][%[[I]], %[[J]]]
// CHECK-NEXT: return

// CHECK-LABEL: llvm.func internal @fill_parallel(
// CHECK-SAME: %[[INDEX:.*]]: i64, %[[CONTEXT:.*]]: !llvm.ptr) attributes {passthrough = ["stackrealign"]}
// CHECK: %[[VALUE:.*]] = llvm.load %{{.*}} -> f32
// CHECK: %[[POINTER:.*]] = llvm.load %{{.*}} -> !llvm.ptr
// CHECK: %[[SIZE:.*]] = llvm.load %{{.*}} -> i64
// CHECK: call @fill_parallel_body(%[[INDEX]], %[[VALUE]], %[[POINTER]], %[[SIZE]])
// CHECK-NEXT: llvm.return

func.func @fill(%x: memref<?x8xf32>, %value: f32) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32>
  scf.forall (%i, %j) in (%n, 8) {
    memref.store %value, %x[%i, %j] : memref<?x8xf32>
  }
  return
}

// -----

// In a function with the interface of imhsa-bufferize buffers are distinct: the input,
// also where it is reached twice, and temporaries in the workspace; not the two parts
// of one output that is written.

// CHECK-LABEL: func.func private @buffers_parallel_body(
// CHECK-SAME: %{{[a-z0-9]+}}: i64,
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr {llvm.noalias}, %{{[a-z0-9]+}}: i64,
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr {llvm.noalias}, %{{[a-z0-9]+}}: i64,
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr {llvm.noalias},
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: i64,
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr, %{{[a-z0-9]+}}: i64,
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr {llvm.noalias})
func.func @buffers(%in: memref<8xf32, strided<[1], offset: ?>>, %out: memref<8xf32, strided<[1], offset: ?>>,
                   %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %t0 = memref.view %workspace[%c0][] : memref<?xi8> to memref<4xf32>
  %t1 = memref.view %workspace[%c64][] : memref<?xi8> to memref<4xf32>
  %part = memref.subview %in[4] [4] [1] : memref<8xf32, strided<[1], offset: ?>> to memref<4xf32, strided<[1], offset: ?>>
  %low = memref.subview %out[0] [4] [1] : memref<8xf32, strided<[1], offset: ?>> to memref<4xf32, strided<[1], offset: ?>>
  %high = memref.subview %out[4] [4] [1] : memref<8xf32, strided<[1], offset: ?>> to memref<4xf32, strided<[1], offset: ?>>
  scf.forall (%i) in (4) {
    %a = memref.load %in[%i] : memref<8xf32, strided<[1], offset: ?>>
    %b = memref.load %part[%i] : memref<4xf32, strided<[1], offset: ?>>
    %c = memref.load %t0[%i] : memref<4xf32>
    memref.store %a, %low[%i] : memref<4xf32, strided<[1], offset: ?>>
    memref.store %b, %high[%i] : memref<4xf32, strided<[1], offset: ?>>
    memref.store %c, %t1[%i] : memref<4xf32>
  }
  return
}

// -----

// Arguments of any other function may be one memref, and so may what a branch gives.

// CHECK-LABEL: func.func private @unknown_parallel_body(
// CHECK-NOT: llvm.noalias
// CHECK-LABEL: func.func private @branch_parallel_body(
// CHECK-NOT: llvm.noalias
func.func @unknown(%in: memref<8xf32>, %out: memref<8xf32>) {
  scf.forall (%i) in (8) {
    %a = memref.load %in[%i] : memref<8xf32>
    memref.store %a, %out[%i] : memref<8xf32>
  }
  return
}
func.func @branch(%x: memref<8xf32>, %y: memref<8xf32>, %c: i1) attributes {llvm.emit_c_interface} {
  %z = scf.if %c -> memref<8xf32> {
    scf.yield %x : memref<8xf32>
  } else {
    scf.yield %y : memref<8xf32>
  }
  scf.forall (%i) in (8) {
    %a = memref.load %x[%i] : memref<8xf32>
    memref.store %a, %z[%i] : memref<8xf32>
  }
  return
}

// -----

// A loop around the call does not grow the stack; a parallel loop inside stays, with
// the bounds and step that it has.

// CHECK-LABEL: func.func @nested(
// CHECK-SAME: %[[X:.*]]: memref<?x4xf32>)
// CHECK-DAG: llvm.alloca
// CHECK-DAG: %[[N:.*]] = memref.dim %[[X]]
// CHECK: scf.for
// CHECK-NOT: llvm.alloca
// CHECK: %[[LENGTH:.*]] = arith.subi %[[N]], %{{.*}}
// CHECK: arith.ceildivsi %[[LENGTH]], %{{.*}}
// CHECK: llvm.call @imhsa_parallel_for
// CHECK-LABEL: func.func private @nested_parallel_body(
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: %[[SCALED:.*]] = arith.muli %{{.*}}, %[[C3]]
// CHECK: %[[I:.*]] = arith.addi %[[SCALED]], %[[C1]]
// CHECK: scf.parallel (%[[J:.*]]) =
// CHECK: memref.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
func.func @nested(%x: memref<?x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1.0 : f32
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  scf.for %k = %c0 to %c3 step %c1 {
    scf.parallel (%i) = (%c1) to (%n) step (%c3) {
      scf.forall (%j) in (4) {
        memref.store %one, %x[%i, %j] : memref<?x4xf32>
      }
    }
  }
  return
}

// -----

// CHECK-LABEL: func.func @reduces(
// CHECK: scf.parallel
func.func @reduces(%x: memref<8xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %s = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%zero) -> f32 {
    %v = memref.load %x[%i] : memref<8xf32>
    scf.reduce(%v : f32) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      scf.reduce.return %c : f32
    }
  }
  return %s : f32
}

// -----

func.func @tensors(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{'scf.forall' op expected a loop on memrefs}}
  %r = scf.forall (%i) in (8) shared_outs(%o = %x) -> tensor<8xf32> {
    %s = tensor.extract_slice %o[%i] [1] [1] : tensor<8xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    }
  }
  return %r : tensor<8xf32>
}

// -----

// expected-error @below {{used in a parallel loop: expected a scalar or a ranked memref, found 'memref<*xf32>'}}
func.func @unranked(%x: memref<*xf32>, %y: memref<8xindex>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (8) {
    %n = memref.dim %x, %c0 : memref<*xf32>
    memref.store %n, %y[%i] : memref<8xindex>
  }
  return
}
