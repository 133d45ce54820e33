// How far the kernel is right: 2 clean, 1 no barrier after the wait, 0 no wait either.
// RUN: %python -c "import numpy, sys; numpy.save(sys.argv[1], numpy.arange(64, dtype=numpy.int32))" %t.in.npy
// RUN: imhsa-emulate %s --kernel=copy --block=16 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:2
// RUN: not imhsa-emulate %s --kernel=copy --block=16 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:1 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BARRIER
// RUN: not imhsa-emulate %s --kernel=copy --block=16 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WAIT
// RUN: imhsa-emulate %s --kernel=stages --block=16 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=stages --block=16 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STAGES
// RUN: imhsa-emulate %s --kernel=source --block=16 --arg=inout:%t.in.npy:%t.npy --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=source --block=16 --arg=inout:%t.in.npy:%t.npy --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SOURCE

gpu.module @kernels {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<128 x i32>

  // Each lane copies 16 bytes and reads those of another lane.
  llvm.func @copy(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %mine = llvm.mul %lane, %four : i32
    %from = llvm.getelementptr %in[%mine] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %to = llvm.getelementptr %tile[%mine] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    // WAIT-DAG: asynchronous-copies.mlir:[[#@LINE+2]]:{{[0-9]+}}: note: the other is block (0, 0, 0)
    // BARRIER-DAG: asynchronous-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: note: the other is block (0, 0, 0)
    nvvm.cp.async.shared.global %to, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    %waits = llvm.icmp "uge" %repaired, %one : i32
    llvm.cond_br %waits, ^wait, ^waited
  ^wait:
    nvvm.cp.async.wait.group 0
    llvm.br ^waited
  ^waited:
    %syncs = llvm.icmp "ugt" %repaired, %one : i32
    llvm.cond_br %syncs, ^sync, ^read
  ^sync:
    nvvm.barrier0
    llvm.br ^read
  ^read:
    %flipped = llvm.xor %mine, %four : i32
    %theirs = llvm.getelementptr %tile[%flipped] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    // WAIT-DAG: [[#@LINE+2]]:{{[0-9]+}}: error: copy-not-waited-for: read of 4 bytes at shared memory + {{[0-9]+}}, to which an asynchronous copy is still in flight; kernel copy
    // BARRIER-DAG: [[#@LINE+1]]:{{[0-9]+}}: error: copy-not-waited-for: read of 4 bytes at shared memory + {{[0-9]+}}, which an asynchronous copy wrote: nothing orders this after its wait; kernel copy
    %value = llvm.load %theirs : !llvm.ptr<3> -> i32
    %result = llvm.getelementptr %out[%mine] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %value, %result : i32, !llvm.ptr<1>
    llvm.return
  }

  // Two groups; the first one is read, and the wait leaves one or two of them in flight.
  llvm.func @stages(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %mine = llvm.mul %lane, %four : i32
    %from = llvm.getelementptr %in[%mine] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %first = llvm.getelementptr %tile[%mine] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    %second = llvm.getelementptr %first[64] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i32
    nvvm.cp.async.shared.global %first, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    nvvm.cp.async.shared.global %second, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    %waits = llvm.icmp "ne" %repaired, %none : i32
    llvm.cond_br %waits, ^one, ^two
  ^one:
    nvvm.cp.async.wait.group 1
    llvm.br ^read
  ^two:
    nvvm.cp.async.wait.group 2
    llvm.br ^read
  ^read:
    // STAGES: [[#@LINE+1]]:{{[0-9]+}}: error: copy-not-waited-for: read of 4 bytes {{.*}} still in flight; kernel stages
    %value = llvm.load %first : !llvm.ptr<3> -> i32
    %result = llvm.getelementptr %out[%mine] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %value, %result : i32, !llvm.ptr<1>
    nvvm.cp.async.wait.group 0
    llvm.return
  }

  // The lane overwrites what its copy still reads.
  llvm.func @source(%memory: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %mine = llvm.mul %lane, %four : i32
    %from = llvm.getelementptr %memory[%mine] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %to = llvm.getelementptr %tile[%mine] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    nvvm.cp.async.shared.global %to, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    %waits = llvm.icmp "ne" %repaired, %none : i32
    llvm.cond_br %waits, ^wait, ^write
  ^wait:
    nvvm.cp.async.wait.group 0
    llvm.br ^write
  ^write:
    // SOURCE: [[#@LINE+1]]:{{[0-9]+}}: error: copy-source-written: write of 4 bytes at argument 0 + {{[0-9]+}}, from which an asynchronous copy in flight still reads; kernel source
    llvm.store %lane, %from : i32, !llvm.ptr<1>
    nvvm.cp.async.wait.group 0
    llvm.return
  }
}
