// RUN: imhsa-emulate %s --kernel=fill --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0
// RUN: not imhsa-emulate %s --kernel=fill --block=64 --arg=out:%t.2.npy:i32:64 --arg=i32:1 2>&1 \
// RUN:   | FileCheck %s --check-prefix=GLOBAL
// RUN: not imhsa-emulate %s --kernel=fill --block=64 --arg=out:%t.2.npy:i32:64 --arg=i32:-3 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BEFORE
// RUN: not imhsa-emulate %s --kernel=fill --block=64 --arg=in:%t.npy --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=READONLY
// RUN: imhsa-emulate %s --kernel=tile --block=64 --arg=i32:0
// RUN: not imhsa-emulate %s --kernel=tile --block=64 --arg=i32:2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SHARED

// GLOBAL: out-of-bounds.mlir:[[#@LINE+15]]:{{[0-9]+}}: error: out-of-bounds: write of 4 bytes at byte 256 of argument 0, which has 256 bytes; kernel fill, block (0, 0, 0), thread (63, 0, 0)
// GLOBAL-NEXT: store i32
// GLOBAL-NEXT: kernel fill: 1 finding, 1 with repetitions

// BEFORE: error: out-of-bounds: write of 4 bytes {{4|8|12}} bytes before argument 0 (256 bytes); kernel fill, block (0, 0, 0), thread ({{[012]}}, 0, 0)

// READONLY: error: read-only: write of 4 bytes at argument 0 + {{[0-9]+}}, which may only be read

// SHARED: error: out-of-bounds: write of 4 bytes at byte {{256|260}} of shared memory, which has 256 bytes; kernel tile, block (0, 0, 0), thread ({{62|63}}, 0, 0)

gpu.module @kernels {
  gpu.func @fill(%out: memref<64xi32>, %shift: i32) kernel {
    %lane = gpu.thread_id x
    %by = arith.index_cast %shift : i32 to index
    %to = arith.addi %lane, %by : index
    memref.store %shift, %out[%to] : memref<64xi32>
    gpu.return
  }
  gpu.func @tile(%shift: i32)
      workgroup(%tile: memref<64xi32, #gpu.address_space<workgroup>>) kernel {
    %lane = gpu.thread_id x
    %by = arith.index_cast %shift : i32 to index
    %to = arith.addi %lane, %by : index
    memref.store %shift, %tile[%to] : memref<64xi32, #gpu.address_space<workgroup>>
    gpu.return
  }
}
