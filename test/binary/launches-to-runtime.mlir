// RUN: imhsa-opt %s --imhsa-launches-to-runtime --canonicalize | FileCheck %s

// Kernels are counted in the order of their first launches.
// CHECK: module attributes {gpu.container_module, imhsa.kernels = ["second", "first", "early"]}
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @first(%n: index, %a: i1, %x: memref<f16>) kernel { gpu.return }
    gpu.func @second(%x: memref<4x?xf32, strided<[?, 1], offset: ?>>) kernel { gpu.return }
    llvm.func @early() attributes {gpu.kernel, nvvm.kernel} {
      nvvm.griddepcontrol wait
      llvm.return
    }
  }

  // CHECK-LABEL: func.func @f(
  // CHECK-SAME:    %[[X:.*]]: memref<4x?xf32, strided<[?, 1], offset: ?>>, %[[N:.*]]: index, %{{.*}}: memref<?xi8>, %[[LAUNCHER:.*]]: !llvm.ptr)
  func.func @f(%x: memref<4x?xf32, strided<[?, 1], offset: ?>>, %n: index, %workspace: memref<?xi8>)
      attributes {llvm.emit_c_interface} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c7 = arith.constant 7 : index
    %c256 = arith.constant 256 : index
    %shared = arith.constant 49152 : i32
    // CHECK-DAG:  %[[NO:.*]] = llvm.mlir.constant(0 : i64)
    // Room for arguments and sizes once, not in each iteration.
    // CHECK-DAG:  %[[DIMS:.*]] = llvm.alloca %{{.*}} x !llvm.array<8 x i64>
    // CHECK-DAG:  %[[ADDRESSES:.*]] = llvm.alloca %{{.*}} x !llvm.array<7 x ptr>
    // CHECK-DAG:  %[[VALUES:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, ptr, i64, i64, i64, i64, i64)>
    // CHECK:      scf.for
    scf.for %i = %c0 to %n step %c1 {
      // CHECK-NOT:  llvm.alloca
      // CHECK:      %[[ADDRESS:.*]] = memref.extract_aligned_pointer_as_index %[[X]]
      // CHECK:      %[[I:.*]] = arith.index_cast %[[ADDRESS]] : index to i64
      // CHECK:      %[[POINTER:.*]] = llvm.inttoptr %[[I]] : i64 to !llvm.ptr
      // CHECK:      %{{.*}}, %[[OFFSET:.*]], %[[SIZES:.*]]:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[X]]
      // CHECK-DAG:  %[[SIZE:.*]] = arith.index_cast %[[SIZES]]#1 : index to i64
      // CHECK-DAG:  %[[STRIDE:.*]] = arith.index_cast %[[STRIDES]]#0 : index to i64
      // CHECK-DAG:  %[[BLOCKS:.*]] = arith.index_cast %[[N]] : index to i64
      // CHECK:      %[[FIRST:.*]] = llvm.getelementptr %[[VALUES]][0, 0]
      // CHECK:      llvm.store %[[POINTER]], %[[FIRST]] : !llvm.ptr, !llvm.ptr
      // CHECK:      %[[FIRST_PLACE:.*]] = llvm.getelementptr %[[ADDRESSES]][0, 0]
      // CHECK:      llvm.store %[[FIRST]], %[[FIRST_PLACE]] : !llvm.ptr, !llvm.ptr
      // CHECK:      %[[FIELD:.*]] = llvm.getelementptr %[[VALUES]][0, 4]
      // CHECK:      llvm.store %[[SIZE]], %[[FIELD]] : i64
      // CHECK:      %[[PLACE:.*]] = llvm.getelementptr %[[ADDRESSES]][0, 4]
      // CHECK:      llvm.store %[[FIELD]], %[[PLACE]] : !llvm.ptr
      // CHECK:      llvm.store %[[STRIDE]], %{{.*}} : i64
      // CHECK:      %[[X_DIM:.*]] = llvm.getelementptr %[[DIMS]][0, 0]
      // CHECK:      llvm.store %[[BLOCKS]], %[[X_DIM]] : i64
      // CHECK:      %[[LAST:.*]] = llvm.getelementptr %[[DIMS]][0, 6]
      // CHECK:      llvm.store %{{.*}}, %[[LAST]] : i64
      // CHECK:      %[[EARLY:.*]] = llvm.getelementptr %[[DIMS]][0, 7]
      // CHECK:      llvm.store %[[NO]], %[[EARLY]] : i64
      // CHECK:      %[[LAUNCH:.*]] = llvm.load %[[LAUNCHER]] : !llvm.ptr -> !llvm.ptr
      // CHECK:      llvm.call %[[LAUNCH]](%[[LAUNCHER]], %{{.*}}, %[[DIMS]], %[[ADDRESSES]]) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr) -> ()
      gpu.launch_func @kernels::@second blocks in (%n, %c1, %c7) threads in (%c256, %c1, %c1)
          dynamic_shared_memory_size %shared args(%x : memref<4x?xf32, strided<[?, 1], offset: ?>>)
    }
    return
  }

  // CHECK-LABEL: func.func @g(
  // CHECK-SAME:    %[[LAUNCHER:[a-z0-9]*]]: !llvm.ptr)
  func.func @g(%y: memref<f16>, %n: index, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    %true = arith.constant true
    // CHECK: llvm.store %{{.*}}, %{{.*}} : i1, !llvm.ptr
    // CHECK: llvm.load %[[LAUNCHER]]
    // CHECK: llvm.call %{{.*}}(%[[LAUNCHER]]
    gpu.launch_func @kernels::@first blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1)
        args(%n : index, %true : i1, %y : memref<f16>)
    // CHECK: llvm.call %{{.*}}(%[[LAUNCHER]]
    gpu.launch_func @kernels::@first blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1)
        args(%n : index, %true : i1, %y : memref<f16>)
    return
  }

  // Whether the kernel waits by itself for what is before it.
  // CHECK-LABEL: func.func @h(
  // CHECK:         %[[YES:.*]] = llvm.mlir.constant(1 : i64)
  // CHECK:         %[[EARLY:.*]] = llvm.getelementptr %{{.*}}[0, 7]
  // CHECK-NEXT:    llvm.store %[[YES]], %[[EARLY]] : i64
  func.func @h(%n: index, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
    gpu.launch_func @kernels::@early blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }

  // It computes on the host.
  // CHECK-LABEL: func.func @f_sizes(
  // CHECK-NOT:     !llvm.ptr
  // CHECK:         return
  func.func @f_sizes(%x: memref<4x?xf32>, %sizes: memref<?xindex>) attributes {llvm.emit_c_interface} {
    %c0 = arith.constant 0 : index
    memref.store %c0, %sizes[%c0] : memref<?xindex>
    return
  }
}
