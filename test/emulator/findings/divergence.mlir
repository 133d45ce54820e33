// RUN: not imhsa-emulate %s --kernel=barriers --block=64 2>&1 | FileCheck %s --check-prefix=BARRIER
// RUN: not imhsa-emulate %s --kernel=collectives --block=32 --arg=out:%t.npy:i32:32 2>&1 | FileCheck %s --check-prefix=COLLECTIVE
// RUN: not imhsa-emulate %s --kernel=deadlock --block=32 2>&1 | FileCheck %s --check-prefix=DEADLOCK

gpu.module @kernels {
  // The warps wait at different barriers.
  llvm.func @barriers() attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %all = llvm.mlir.constant(64 : i32) : i32
    %half = llvm.mlir.constant(32 : i32) : i32
    %isFirst = llvm.icmp "ult" %lane, %half : i32
    llvm.cond_br %isFirst, ^one, ^two
  ^one:
    // BARRIER: error: divergent-barrier: {{.*}}; kernel barriers, block (0, 0, 0), thread
    nvvm.barrier id = %one number_of_threads = %all
    llvm.return
  ^two:
    nvvm.barrier id = %two number_of_threads = %all
    llvm.return
  }

  // Half of a warp shuffles, half votes, and both ask for the whole warp.
  llvm.func @collectives(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %all = llvm.mlir.constant(-1 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %clamp = llvm.mlir.constant(31 : i32) : i32
    %half = llvm.mlir.constant(16 : i32) : i32
    %isLow = llvm.icmp "ult" %lane, %half : i32
    llvm.cond_br %isLow, ^shuffle, ^vote
  ^shuffle:
    // COLLECTIVE: error: divergent-collective: {{.*}}; kernel collectives
    %a = nvvm.shfl.sync bfly %all, %lane, %one, %clamp : i32 -> i32
    llvm.br ^store(%a : i32)
  ^vote:
    %b = nvvm.vote.sync ballot %all, %isLow -> i32
    llvm.br ^store(%b : i32)
  ^store(%value: i32):
    %to = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %value, %to : i32, !llvm.ptr<1>
    llvm.return
  }

  // Nobody arrives at what all wait for.
  llvm.mlir.global internal @barrier() {addr_space = 3 : i32, alignment = 8 : i64} : i64
  llvm.func @deadlock() attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %barrier = llvm.mlir.addressof @barrier : !llvm.ptr<3>
    %isFirst = llvm.icmp "eq" %lane, %none : i32
    llvm.cond_br %isFirst, ^init, ^meet
  ^init:
    nvvm.mbarrier.init %barrier, %one : !llvm.ptr<3>, i32
    llvm.br ^meet
  ^meet:
    nvvm.barrier0
    llvm.br ^try
  ^try:
    // DEADLOCK: error: deadlock: {{.*}}; kernel deadlock
    %done = nvvm.mbarrier.test.wait %barrier, %none : !llvm.ptr<3>, i32 -> i1
    llvm.cond_br %done, ^end, ^try
  ^end:
    llvm.return
  }
}
