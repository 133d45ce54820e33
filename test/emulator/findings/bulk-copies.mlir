// What is left out: 0 nothing, 1 the wait (of all lanes but one, or of the one), 2 the fence.
// RUN: %python -c "import numpy, sys; numpy.save(sys.argv[1], numpy.arange(64, dtype=numpy.int32))" %t.in.npy
// RUN: imhsa-emulate %s --chip=sm_90a --kernel=load --block=64 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:0
// RUN: not imhsa-emulate %s --chip=sm_90a --kernel=load --block=64 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:1 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LOAD
// RUN: not imhsa-emulate %s --chip=sm_90a --kernel=load --block=64 --arg=in:%t.in.npy --arg=out:%t.npy:i32:64 --arg=i32:2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=INIT
// INIT: error: missing-proxy-fence: a bulk copy that completes on an mbarrier, after its init without fence.mbarrier_init or fence.proxy.async between
// RUN: imhsa-emulate %s --chip=sm_90a --kernel=store --block=64 --arg=out:%t.npy:i32:64 --arg=i32:0
// RUN: not imhsa-emulate %s --chip=sm_90a --kernel=store --block=64 --arg=out:%t.npy:i32:64 --arg=i32:1 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LEFT
// RUN: not imhsa-emulate %s --chip=sm_90a --kernel=store --block=64 --arg=out:%t.npy:i32:64 --arg=i32:2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FENCE

gpu.module @kernels {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x i32>
  llvm.mlir.global internal @barrier() {addr_space = 3 : i32, alignment = 8 : i64} : i64

  // Lane 0 asks for a copy of 256 bytes, all lanes wait for it.
  llvm.func @load(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>, %without: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %bytes = llvm.mlir.constant(256 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %barrier = llvm.mlir.addressof @barrier : !llvm.ptr<3>
    %cluster = llvm.addrspacecast %tile : !llvm.ptr<3> to !llvm.ptr<7>
    %isFirst = llvm.icmp "eq" %lane, %none : i32
    llvm.cond_br %isFirst, ^init, ^meet
  ^init:
    // INIT: bulk-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: note: the other is block (0, 0, 0), thread (0, 0, 0)
    nvvm.mbarrier.init %barrier, %one : !llvm.ptr<3>, i32
    %fences = llvm.icmp "ne" %without, %two : i32
    llvm.cond_br %fences, ^fence, ^meet
  ^fence:
    nvvm.fence.mbarrier.init
    llvm.br ^meet
  ^meet:
    nvvm.barrier0
    llvm.cond_br %isFirst, ^copy, ^wait
  ^copy:
    nvvm.mbarrier.arrive.expect_tx %barrier, %bytes : !llvm.ptr<3>, i32
    // LOAD-DAG: bulk-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: note: the other is block (0, 0, 0), thread (0, 0, 0)
    nvvm.cp.async.bulk.shared.cluster.global %cluster, %in, %barrier, %bytes : !llvm.ptr<7>, !llvm.ptr<1>
    llvm.br ^wait
  ^wait:
    %waitsAll = llvm.icmp "ne" %without, %one : i32
    %waits = llvm.or %waitsAll, %isFirst : i1
    llvm.cond_br %waits, ^try, ^read
  ^try:
    %done = nvvm.mbarrier.test.wait %barrier, %none : !llvm.ptr<3>, i32 -> i1
    llvm.cond_br %done, ^read, ^try
  ^read:
    %mine = llvm.getelementptr %tile[%lane] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    // LOAD-DAG: bulk-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: copy-not-waited-for: read of 4 bytes at shared memory + {{[0-9]+}}, {{to which an asynchronous copy is still in flight|which an asynchronous copy wrote}}
    %value = llvm.load %mine : !llvm.ptr<3> -> i32
    %to = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %value, %to : i32, !llvm.ptr<1>
    llvm.return
  }

  // All lanes write, lane 0 copies what they wrote.
  llvm.func @store(%out: !llvm.ptr<1>, %without: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %bytes = llvm.mlir.constant(256 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %mine = llvm.getelementptr %tile[%lane] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    // FENCE-DAG: bulk-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: note: the other is
    llvm.store %lane, %mine : i32, !llvm.ptr<3>
    %fences = llvm.icmp "ne" %without, %two : i32
    llvm.cond_br %fences, ^fence, ^meet
  ^fence:
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    llvm.br ^meet
  ^meet:
    nvvm.barrier0
    %isFirst = llvm.icmp "eq" %lane, %none : i32
    llvm.cond_br %isFirst, ^copy, ^done
  ^copy:
    // FENCE-DAG: bulk-copies.mlir:[[#@LINE+2]]:{{[0-9]+}}: error: missing-proxy-fence: read of 256 bytes at shared memory + 0 by a bulk copy, after a write without fence.proxy.async between
    // LEFT: bulk-copies.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: copy-left-behind: the block ends while this copy may still read its shared memory: there is no wait_group for it
    nvvm.cp.async.bulk.global.shared.cta %out, %tile, %bytes : !llvm.ptr<1>, !llvm.ptr<3>
    nvvm.cp.async.bulk.commit.group
    %waits = llvm.icmp "ne" %without, %one : i32
    llvm.cond_br %waits, ^wait, ^done
  ^wait:
    nvvm.cp.async.bulk.wait_group 0
    llvm.br ^done
  ^done:
    llvm.return
  }
}
