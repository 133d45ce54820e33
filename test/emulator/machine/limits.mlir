// What a chip does not allow of a launch is an error that names limit and value.

// RUN: not imhsa-emulate %s --kernel=empty --block=0 2>&1 | FileCheck %s --check-prefix=ZERO
// ZERO: error: kernel 'empty': a block of 0x1x1: expected a size from 1 to 1024 along x, found 0
// RUN: not imhsa-emulate %s --kernel=empty --block=1,1,65 2>&1 | FileCheck %s --check-prefix=DEEP
// DEEP: error: kernel 'empty': a block of 1x1x65: expected a size from 1 to 64 along z, found 65
// RUN: not imhsa-emulate %s --kernel=empty --block=64,17 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: kernel 'empty': a block of 64x17x1: expected at most 1024 threads, found 1088
// RUN: not imhsa-emulate %s --kernel=empty --grid=1,65536 2>&1 | FileCheck %s --check-prefix=GRID
// GRID: error: kernel 'empty': a grid of 1x65536x1: expected a size from 1 to 65535 along y, found 65536

// Shared memory: 163 KB on sm_80, 99 on sm_86 and sm_89, 227 on sm_90; static and dynamic together.
// RUN: imhsa-emulate %s --kernel=empty --shared=166912
// RUN: not imhsa-emulate %s --kernel=empty --shared=166913 2>&1 | FileCheck %s --check-prefix=SM80
// SM80: error: kernel 'empty': shared memory: sm_80 has 166912 bytes a block, found 0 static and 166913 dynamic
// RUN: imhsa-emulate %s --kernel=empty --shared=101376 --chip=sm_86
// RUN: not imhsa-emulate %s --kernel=empty --shared=101377 --chip=sm_89 2>&1 | FileCheck %s --check-prefix=SM89
// SM89: sm_89 has 101376 bytes a block
// RUN: imhsa-emulate %s --kernel=empty --shared=232448 --chip=sm_90a
// RUN: not imhsa-emulate %s --kernel=empty --shared=232449 --chip=sm_90 2>&1 | FileCheck %s --check-prefix=SM90
// SM90: sm_90 has 232448 bytes a block
// RUN: imhsa-emulate %s --kernel=both --shared=142336
// RUN: not imhsa-emulate %s --kernel=both --shared=142337 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: error: kernel 'both': shared memory: sm_80 has 166912 bytes a block, found 24576 static and 142337 dynamic
// RUN: not imhsa-emulate %s --kernel=static 2>&1 | FileCheck %s --check-prefix=STATIC
// STATIC: error: kernel 'static': static shared memory: expected at most 49152 bytes a block, found 73728

// What the kernel says of its blocks.
// RUN: imhsa-emulate %s --kernel=most --block=64
// RUN: not imhsa-emulate %s --kernel=most --block=65 2>&1 | FileCheck %s --check-prefix=MOST
// MOST: error: kernel 'most': a block of 65x1x1: the kernel is for at most 64 threads (nvvm.maxntid), found 65
// RUN: not imhsa-emulate %s --kernel=exactly --block=16,8 2>&1 | FileCheck %s --check-prefix=EXACTLY
// EXACTLY: error: kernel 'exactly': a block of 16x8x1: the kernel requires 8x16x1 (nvvm.reqntid)

// RUN: not imhsa-emulate %s --kernel=empty --chip=sm_70 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: chip 'sm_70': the emulator knows the limits of sm_80, sm_86

gpu.module @kernels {
  llvm.mlir.global internal @a() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<6144 x f32>
  llvm.mlir.global internal @b() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<12288 x f32>
  llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>

  llvm.func @empty() attributes {nvvm.kernel} {
    llvm.return
  }
  llvm.func @both() attributes {nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    %d = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
    %x = llvm.mlir.constant(1 : i32) : i32
    llvm.store %x, %a : i32, !llvm.ptr<3>
    llvm.store %x, %d : i32, !llvm.ptr<3>
    llvm.return
  }
  llvm.func @static() attributes {nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    %b = llvm.mlir.addressof @b : !llvm.ptr<3>
    %x = llvm.mlir.constant(1 : i32) : i32
    llvm.store %x, %a : i32, !llvm.ptr<3>
    llvm.store %x, %b : i32, !llvm.ptr<3>
    llvm.return
  }
  llvm.func @most() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 64, 1, 1>} {
    llvm.return
  }
  llvm.func @exactly() attributes {nvvm.kernel, nvvm.reqntid = array<i32: 8, 16, 1>} {
    llvm.return
  }
}
