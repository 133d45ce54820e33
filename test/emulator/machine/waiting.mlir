// Lanes that wait in vain: divergent barriers and collectives, deadlock, loops without end. Each is found for every
// seed, and with and without the checks of accesses.

// RUN: split-file %s %t
// DEFINE: %{seed} = 0
// DEFINE: %{check} = true
// DEFINE: %{emulate} = not imhsa-emulate --block=64 --seed=%{seed} --check=%{check}

//--- kernels.mlir
gpu.module @m {
 // Half of the first warp goes to one barrier, half to another.
 llvm.func @split() attributes {nvvm.kernel} {
   %tid = nvvm.read.ptx.sreg.tid.x : i32
   %c16 = llvm.mlir.constant(16 : i32) : i32
   %p = llvm.icmp "ult" %tid, %c16 : i32
   llvm.cond_br %p, ^a, ^b
 ^a:
   nvvm.barrier
   llvm.br ^c
 ^b:
   nvvm.barrier0
   llvm.br ^c
 ^c:
   llvm.return
 }
 // The second warp waits at another number.
 llvm.func @numbers() attributes {nvvm.kernel} {
   %warp = nvvm.read.ptx.sreg.warpid : i32
   %c64 = llvm.mlir.constant(64 : i32) : i32
   nvvm.barrier id = %warp number_of_threads = %c64
   llvm.return
 }
 // The second warp never comes.
 llvm.func @missing() attributes {nvvm.kernel} {
   %warp = nvvm.read.ptx.sreg.warpid : i32
   %c0 = llvm.mlir.constant(0 : i32) : i32
   %c64 = llvm.mlir.constant(64 : i32) : i32
   %p = llvm.icmp "eq" %warp, %c0 : i32
   llvm.cond_br %p, ^a, ^b
 ^a:
   nvvm.barrier id = %c0 number_of_threads = %c64
   llvm.br ^b
 ^b:
   llvm.return
 }
 // Lanes of a warp exchange in different ways.
 llvm.func @exchange() attributes {nvvm.kernel} {
   %lane = nvvm.read.ptx.sreg.laneid : i32
   %c1 = llvm.mlir.constant(1 : i32) : i32
   %c31 = llvm.mlir.constant(31 : i32) : i32
   %all = llvm.mlir.constant(-1 : i32) : i32
   %p = llvm.icmp "ult" %lane, %c1 : i32
   llvm.cond_br %p, ^a, ^b
 ^a:
   %0 = nvvm.shfl.sync bfly %all, %lane, %c1, %c31 : i32 -> i32
   llvm.br ^c
 ^b:
   %1 = nvvm.shfl.sync down %all, %lane, %c1, %c31 : i32 -> i32
   llvm.br ^c
 ^c:
   llvm.return
 }
 // One lane leaves the others at a barrier of the warp, and waits for the block.
 llvm.func @crossed() attributes {nvvm.kernel} {
   %lane = nvvm.read.ptx.sreg.laneid : i32
   %c0 = llvm.mlir.constant(0 : i32) : i32
   %all = llvm.mlir.constant(-1 : i32) : i32
   %p = llvm.icmp "eq" %lane, %c0 : i32
   llvm.cond_br %p, ^a, ^b
 ^a:
   nvvm.barrier0
   llvm.br ^c
 ^b:
   nvvm.bar.warp.sync %all : i32
   llvm.br ^c
 ^c:
   llvm.return
 }
 llvm.func @outside() attributes {nvvm.kernel} {
   %mask = llvm.mlir.constant(0xFFFFFFFE : i32) : i32
   nvvm.bar.warp.sync %mask : i32
   llvm.return
 }
 llvm.mlir.global internal @mbarrier() {addr_space = 3 : i32, alignment = 8 : i64} : i64
 // Two arrivals are expected, one comes.
 llvm.func @arrivals() attributes {nvvm.kernel} {
   %tid = nvvm.read.ptx.sreg.tid.x : i32
   %c0 = llvm.mlir.constant(0 : i32) : i32
   %c2 = llvm.mlir.constant(2 : i32) : i32
   %m = llvm.mlir.addressof @mbarrier : !llvm.ptr<3>
   %p = llvm.icmp "eq" %tid, %c0 : i32
   llvm.cond_br %p, ^a, ^b
 ^a:
   nvvm.mbarrier.init %m, %c2 : !llvm.ptr<3>, i32
   %s = nvvm.mbarrier.arrive %m : !llvm.ptr<3> -> i64
   llvm.br ^b
 ^b:
   nvvm.barrier0
   llvm.br ^wait
 ^wait:
   %done = nvvm.mbarrier.test.wait %m, %c0 : !llvm.ptr<3>, i32 -> i1
   llvm.cond_br %done, ^c, ^wait
 ^c:
   llvm.return
 }
 llvm.func @endless() attributes {nvvm.kernel} {
   %c0 = llvm.mlir.constant(0 : i32) : i32
   %c1 = llvm.mlir.constant(1 : i32) : i32
   llvm.br ^a(%c0 : i32)
 ^a(%i: i32):
   %j = llvm.add %i, %c1 : i32
   llvm.br ^a(%j : i32)
 }
}

// RUN: %{emulate} %t/kernels.mlir --kernel=split 2>&1 | FileCheck %s --check-prefix=SPLIT
// REDEFINE: %{seed} = 1
// RUN: %{emulate} %t/kernels.mlir --kernel=split 2>&1 | FileCheck %s --check-prefix=SPLIT
// REDEFINE: %{check} = false
// RUN: %{emulate} %t/kernels.mlir --kernel=split 2>&1 | FileCheck %s --check-prefix=SPLIT
// SPLIT: kernels.mlir:{{9|12}}:4: error: divergent-barrier: lane {{[0-9]+}} of the warp is at another barrier; kernel split, block (0, 0, 0), thread
// SPLIT-NEXT: barrier.cta.sync.aligned.all
// SPLIT-NEXT: kernels.mlir:{{9|12}}:4: note: the other is block (0, 0, 0), thread

// RUN: %{emulate} %t/kernels.mlir --kernel=numbers 2>&1 | FileCheck %s --check-prefix=NUMBERS
// REDEFINE: %{check} = true
// RUN: %{emulate} %t/kernels.mlir --kernel=numbers 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS: kernels.mlir:21:4: error: divergent-barrier: barrier {{[01]}} expects 64 threads, of which 32 have arrived; others wait elsewhere

// RUN: %{emulate} %t/kernels.mlir --kernel=missing 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: kernels.mlir:32:4: error: divergent-barrier: barrier 0 expects 64 threads, of which 32 have arrived; all others have ended

// RUN: %{emulate} %t/kernels.mlir --kernel=exchange 2>&1 | FileCheck %s --check-prefix=EXCHANGE
// EXCHANGE: kernels.mlir:{{46|49}}:9: error: divergent-collective: lane {{[0-9]+}} of the warp, which has to take part, is at another instruction

// RUN: %{emulate} %t/kernels.mlir --kernel=crossed 2>&1 | FileCheck %s --check-prefix=CROSSED
// CROSSED: kernels.mlir:{{62|65}}:4: error: divergent-{{barrier|collective}}: waits for lane {{[0-9]+}} of its warp, which waits elsewhere

// RUN: %{emulate} %t/kernels.mlir --kernel=outside 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// OUTSIDE: kernels.mlir:72:4: error: invalid-operand: the member mask 0xfffffffe is without the lane itself, 0 of its warp

// RUN: %{emulate} %t/kernels.mlir --kernel=arrivals 2>&1 | FileCheck %s --check-prefix=ARRIVALS
// ARRIVALS: error: deadlock: asks again and again for what does not happen, while no other lane can run

// RUN: %{emulate} %t/kernels.mlir --kernel=endless 2>&1 | FileCheck %s --check-prefix=ENDLESS
// ENDLESS: kernels.mlir:103:4: error: endless: a loop went round 268435456 times and does not seem to end; kernel endless
