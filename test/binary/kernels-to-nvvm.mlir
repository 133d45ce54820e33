// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm,canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm))' --split-input-file --verify-diagnostics -o /dev/null

// CHECK-LABEL: llvm.func @k(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %[[BASE:.*]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: i64)
// CHECK-SAME:    nvvm.kernel, nvvm.maxntid = array<i32: 256, 1, 1>
// CHECK:         %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK:         %[[I:.*]] = llvm.sext %[[TID]] : i32 to i64
// CHECK:         %[[P:.*]] = llvm.getelementptr inbounds|nuw %[[BASE]][%[[I]]]
// CHECK:         %[[A:.*]] = llvm.load %[[P]] : !llvm.ptr -> f32
// CHECK:         %[[R:.*]] = llvm.intr.sqrt(%[[A]])
// CHECK:         llvm.store %[[R]], %[[P]]
// CHECK:         llvm.return
gpu.module @documented {
  gpu.func @k(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %r = math.sqrt %a : f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

// NaN goes through maximumf; fma, absf and rounding are intrinsics; exp and log are arithmetic; nothing is called.
// CHECK-LABEL: llvm.func @functions(
// CHECK-NOT:     llvm.call
// CHECK:         llvm.intr.maximum
// CHECK-NOT:     llvm.call
// CHECK:         llvm.intr.maxnum
// CHECK:         llvm.intr.fabs
// CHECK-NOT:     llvm.intr.exp
// CHECK-NOT:     llvm.intr.log
// CHECK:         llvm.return
// CHECK-NOT:   llvm.func
gpu.module @arithmetic {
  gpu.func @functions(%x: memref<?xf32>, %h: memref<?xbf16>) kernel {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %h[%i] : memref<?xbf16>
    %0 = arith.maximumf %a, %a : f32
    %c = arith.extf %b : bf16 to f32
    %1 = arith.maximumf %0, %c : f32
    %2 = arith.maxnumf %1, %c : f32
    %3 = math.absf %2 : f32
    %4 = math.exp %3 : f32
    %5 = math.log %4 : f32
    %6 = math.fma %4, %5, %3 : f32
    %7 = math.exp %b : bf16
    memref.store %6, %x[%i] : memref<?xf32>
    memref.store %7, %h[%i] : memref<?xbf16>
    gpu.return
  }
}

// -----

// Loops, affine maps, division that rounds down, constants of the module and views of them.
// CHECK-LABEL: gpu.module @control_flow
// CHECK:         llvm.mlir.global private constant @table
// CHECK:         llvm.func @rest(
// CHECK:           llvm.mlir.addressof @table
// CHECK:           llvm.cond_br
gpu.module @control_flow {
  memref.global "private" constant @table : memref<2x3xf32> = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]>
  gpu.func @rest(%x: memref<?xf32, strided<[?], offset: ?>>, %n: index) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %i = gpu.thread_id x
    %t = memref.get_global @table : memref<2x3xf32>
    %row = memref.subview %t[1, 0] [1, 3] [1, 1] : memref<2x3xf32> to memref<3xf32, strided<[1], offset: 3>>
    scf.for %j = %c0 to %n step %c1 {
      %k = affine.apply affine_map<(d0, d1) -> (d0 mod 3 + d1 floordiv 7)>(%i, %j)
      %l = arith.floordivsi %k, %n : index
      %v = memref.load %row[%l] : memref<3xf32, strided<[1], offset: 3>>
      memref.store %v, %x[%k] : memref<?xf32, strided<[?], offset: ?>>
    }
    gpu.return
  }
}
