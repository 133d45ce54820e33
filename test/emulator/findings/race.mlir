// RUN: imhsa-emulate %s --kernel=neighbours --block=64 --arg=out:%t.npy:i32:64 --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=neighbours --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NEIGHBOURS
// RUN: imhsa-emulate %s --kernel=reuse --block=64 --arg=out:%t.npy:i32:64 --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=reuse --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REUSE
// RUN: imhsa-emulate %s --kernel=warp --block=32 --arg=out:%t.npy:i32:32 --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=warp --block=32 --arg=out:%t.npy:i32:32 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WARP

// In whatever order lanes run: the seed chooses it.
// RUN: not imhsa-emulate %s --kernel=reuse --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0 --seed=1 2>&1 | FileCheck %s --check-prefix=REUSE
// RUN: not imhsa-emulate %s --kernel=reuse --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0 --seed=2 2>&1 | FileCheck %s --check-prefix=REUSE

!tile = memref<64xi32, #gpu.address_space<workgroup>>

gpu.module @kernels {
  // Each lane writes a word and reads that of its neighbour.
  gpu.func @neighbours(%out: memref<64xi32>, %repaired: i32) workgroup(%tile: !tile) kernel {
    %lane = gpu.thread_id x
    %one = arith.constant 1 : index
    %last = arith.constant 63 : index
    %none = arith.constant 0 : i32
    %syncs = arith.cmpi ne, %repaired, %none : i32
    // NEIGHBOURS-DAG: race.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: write of 4 bytes at shared memory + {{[0-9]+}} and a read by another lane, which nothing orders; kernel neighbours, block (0, 0, 0), thread ({{[0-9]+}}, 0, 0)
    memref.store %repaired, %tile[%lane] : !tile
    scf.if %syncs {
      gpu.barrier
    }
    %next = arith.addi %lane, %one : index
    %wrapped = arith.andi %next, %last : index
    // NEIGHBOURS-DAG: race.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: read of 4 bytes at shared memory + {{[0-9]+}} and a write by another lane
    %value = memref.load %tile[%wrapped] : !tile
    memref.store %value, %out[%lane] : memref<64xi32>
    gpu.return
  }

  // All lanes read what lane 63 then overwrites.
  gpu.func @reuse(%out: memref<64xi32>, %repaired: i32) workgroup(%tile: !tile) kernel {
    %lane = gpu.thread_id x
    %first = arith.constant 0 : index
    %last = arith.constant 63 : index
    %none = arith.constant 0 : i32
    %syncs = arith.cmpi ne, %repaired, %none : i32
    %isFirst = arith.cmpi eq, %lane, %first : index
    scf.if %isFirst {
      memref.store %repaired, %tile[%first] : !tile
    }
    gpu.barrier
    %value = memref.load %tile[%first] : !tile
    memref.store %value, %out[%lane] : memref<64xi32>
    scf.if %syncs {
      gpu.barrier
    }
    %isLast = arith.cmpi eq, %lane, %last : index
    scf.if %isLast {
      // REUSE: error: race: {{write of 4 bytes at shared memory \+ 0 and a read|read of 4 bytes at shared memory \+ 0 and a write}} by another lane, which nothing orders; kernel reuse
      memref.store %none, %tile[%first] : !tile
    }
    gpu.return
  }

  // Lanes of a warp, which a shuffle does not order.
  gpu.func @warp(%out: memref<32xi32>, %repaired: i32) workgroup(%tile: !tile) kernel {
    %lane = gpu.thread_id x
    %all = arith.constant -1 : i32
    %one = arith.constant 1 : i32
    %clamp = arith.constant 31 : i32
    %none = arith.constant 0 : i32
    %flip = arith.constant 1 : index
    %syncs = arith.cmpi ne, %repaired, %none : i32
    memref.store %repaired, %tile[%lane] : !tile
    %shuffled = nvvm.shfl.sync bfly %all, %repaired, %one, %clamp : i32 -> i32
    scf.if %syncs {
      nvvm.bar.warp.sync %all : i32
    }
    %other = arith.xori %lane, %flip : index
    // WARP: race.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: read of 4 bytes at shared memory + {{[0-9]+}} and a write by another lane, which nothing orders; kernel warp
    %value = memref.load %tile[%other] : !tile
    %sum = arith.addi %value, %shuffled : i32
    memref.store %sum, %out[%lane] : memref<32xi32>
    gpu.return
  }
}
