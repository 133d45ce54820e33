// What is left out: 0 nothing, 1 the barrier after the init, 2 the wait, 3 the init.
// RUN: imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:32 --arg=i32:0
// RUN: not imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:32 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=BARRIER
// RUN: not imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:32 --arg=i32:2 2>&1 | FileCheck %s --check-prefix=WAIT
// RUN: not imhsa-emulate %s --block=64 --arg=out:%t.npy:i32:32 --arg=i32:3 2>&1 | FileCheck %s --check-prefix=INIT

gpu.module @kernels {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32} : !llvm.array<32 x i32>
  llvm.mlir.global internal @barrier() {addr_space = 3 : i32, alignment = 8 : i64} : i64

  // Warp 0 writes and arrives, warp 1 waits and reads.
  llvm.func @pass(%out: !llvm.ptr<1>, %without: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %three = llvm.mlir.constant(3 : i32) : i32
    %warpSize = llvm.mlir.constant(32 : i32) : i32
    %word = llvm.urem %lane, %warpSize : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %barrier = llvm.mlir.addressof @barrier : !llvm.ptr<3>
    %mine = llvm.getelementptr %tile[%word] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    %isFirst = llvm.icmp "eq" %lane, %none : i32
    %inits = llvm.icmp "ne" %without, %three : i32
    %isInit = llvm.and %isFirst, %inits : i1
    llvm.cond_br %isInit, ^init, ^meet
  ^init:
    nvvm.mbarrier.init %barrier, %warpSize : !llvm.ptr<3>, i32
    llvm.br ^meet
  ^meet:
    %syncs = llvm.icmp "ne" %without, %one : i32
    llvm.cond_br %syncs, ^sync, ^split
  ^sync:
    nvvm.barrier0
    llvm.br ^split
  ^split:
    %writes = llvm.icmp "ult" %lane, %warpSize : i32
    llvm.cond_br %writes, ^write, ^wait
  ^write:
    llvm.store %lane, %mine : i32, !llvm.ptr<3>
    // BARRIER: {{race: atomic access of 8 bytes at shared memory \+ [0-9]+ and a write by another lane|invalid-barrier: arrive on the mbarrier at shared memory|invalid-barrier: there is no initialised mbarrier|invalid-barrier: wait on the mbarrier}}
    // INIT: error: invalid-barrier: {{there is no initialised mbarrier|.* which is not initialised}}
    %state = nvvm.mbarrier.arrive %barrier : !llvm.ptr<3> -> i64
    llvm.return
  ^wait:
    %waits = llvm.icmp "ne" %without, %two : i32
    llvm.cond_br %waits, ^try, ^read
  ^try:
    %done = nvvm.mbarrier.test.wait %barrier, %none : !llvm.ptr<3>, i32 -> i1
    llvm.cond_br %done, ^read, ^try
  ^read:
    // WAIT: error: {{race: read of 4 bytes at shared memory \+ [0-9]+ and a write by another lane|uninitialised}}
    %value = llvm.load %mine : !llvm.ptr<3> -> i32
    %to = llvm.getelementptr %out[%word] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %value, %to : i32, !llvm.ptr<1>
    llvm.return
  }
}
