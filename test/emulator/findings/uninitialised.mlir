// RUN: imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:64 --arg=i32:64
// RUN: not imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:64 --arg=i32:40 2>&1 | FileCheck %s

// Only the first 40 lanes write what all 64 read.
// CHECK: uninitialised.mlir:[[#@LINE+14]]:{{[0-9]+}}: error: uninitialised: read of 4 bytes at shared memory + {{[0-9]+}}, which nobody in the block wrote; kernel copy, block (0, 0, 0), thread ({{4[0-9]|5[0-9]|6[0-3]}}, 0, 0), and 23 more like it
// CHECK-NEXT: load i32
// CHECK-NEXT: kernel copy: 1 finding, 24 with repetitions

gpu.module @kernels {
  gpu.func @copy(%out: memref<64xi32>, %count: i32)
      workgroup(%tile: memref<64xi32, #gpu.address_space<workgroup>>) kernel {
    %lane = gpu.thread_id x
    %end = arith.index_cast %count : i32 to index
    %writes = arith.cmpi ult, %lane, %end : index
    scf.if %writes {
      memref.store %count, %tile[%lane] : memref<64xi32, #gpu.address_space<workgroup>>
    }
    gpu.barrier
    %value = memref.load %tile[%lane] : memref<64xi32, #gpu.address_space<workgroup>>
    memref.store %value, %out[%lane] : memref<64xi32>
    gpu.return
  }
}
