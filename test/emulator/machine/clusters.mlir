// Clusters of blocks and their barrier: what blocks wrote before it, the others see behind it.
// How far the kernel waits: 2 arrives and waits, 1 arrives only relaxed, 0 not at all.
// RUN: %python -c "import numpy, sys; numpy.save(sys.argv[1], numpy.zeros(256, dtype=numpy.int32))" %t.zeros.npy
// RUN: imhsa-emulate %s --chip=sm_90 --kernel=neighbours --grid=4 --block=64 --arg=inout:%t.zeros.npy:%t.mid.npy --arg=out:%t.npy:i32:256 --arg=i32:2
// RUN: %python -c "import numpy, sys; x = numpy.arange(256).reshape(2, 2, 64); assert (numpy.load(sys.argv[1]).reshape(2, 2, 64) == x[:, ::-1]).all()" %t.npy
// RUN: imhsa-emulate %s --chip=sm_90 --kernel=neighbours --grid=4 --block=64 --seed=5 --threads=1 --arg=inout:%t.zeros.npy:%t.mid.npy --arg=out:%t.1.npy:i32:256 --arg=i32:2
// RUN: cmp %t.npy %t.1.npy
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=neighbours --grid=4 --block=64 --arg=inout:%t.zeros.npy:%t.mid.npy --arg=out:%t.npy:i32:256 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=neighbours --grid=4 --block=64 --arg=inout:%t.zeros.npy:%t.mid.npy --arg=out:%t.npy:i32:256 --arg=i32:0 2>&1 | FileCheck %s --check-prefix=RACE
// RACE: race

// The second block of a cluster never comes: it waits for itself.
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=alone --grid=2 --block=64 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: barrier {{[01]}} expects 64 threads, of which 32 have arrived
// Nobody waits for blocks that have ended.
// RUN: imhsa-emulate %s --chip=sm_90 --kernel=ended --grid=6 --block=64
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=twice --grid=2 --block=32 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: arrives at the barrier of the cluster again, before it has waited there
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=never --grid=2 --block=32 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: waits at the barrier of the cluster, where it has not arrived
// RUN: not imhsa-emulate %s --chip=sm_90 --kernel=never --grid=3 --block=32 2>&1 | FileCheck %s --check-prefix=GRID
// GRID: a grid of 3x1x1: expected whole clusters, of 2 blocks along x

gpu.module @kernels {
  llvm.func @neighbours(%mid: !llvm.ptr<1>, %out: !llvm.ptr<1>, %waits: i32)
      attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %block = nvvm.read.ptx.sreg.ctaid.x : i32
    %cluster = nvvm.read.ptx.sreg.clusterid.x : i32
    %rank = nvvm.read.ptx.sreg.cluster.ctarank : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %threads = llvm.mlir.constant(64 : i32) : i32
    %first = llvm.mul %block, %threads : i32
    %own = llvm.add %first, %lane : i32
    %to = llvm.getelementptr %mid[%own] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %own, %to : i32, !llvm.ptr<1>
    %any = llvm.icmp "sge" %waits, %one : i32
    llvm.cond_br %any, ^arrive, ^read
  ^arrive:
    %all = llvm.icmp "sge" %waits, %two : i32
    llvm.cond_br %all, ^release, ^relaxed
  ^release:
    nvvm.cluster.arrive {aligned}
    llvm.br ^wait
  ^relaxed:
    nvvm.cluster.arrive.relaxed
    llvm.br ^wait
  ^wait:
    nvvm.cluster.wait {aligned}
    llvm.br ^read
  ^read:
    %pair = llvm.mul %cluster, %two : i32
    %other = llvm.sub %one, %rank : i32
    %otherBlock = llvm.add %pair, %other : i32
    %otherFirst = llvm.mul %otherBlock, %threads : i32
    %theirs = llvm.add %otherFirst, %lane : i32
    %from = llvm.getelementptr %mid[%theirs] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %read = llvm.load %from : !llvm.ptr<1> -> i32
    %result = llvm.getelementptr %out[%own] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %read, %result : i32, !llvm.ptr<1>
    llvm.return
  }

  // The second block waits at a barrier of its own that nobody completes.
  llvm.func @alone() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
    %rank = nvvm.read.ptx.sreg.cluster.ctarank : i32
    %warp = nvvm.read.ptx.sreg.warpid : i32
    %zero = llvm.mlir.constant(0 : i32) : i32
    %threads = llvm.mlir.constant(64 : i32) : i32
    %isFirst = llvm.icmp "eq" %rank, %zero : i32
    llvm.cond_br %isFirst, ^wait, ^elsewhere
  ^wait:
    nvvm.cluster.arrive
    nvvm.cluster.wait
    llvm.br ^end
  ^elsewhere:
    %barrier = llvm.add %warp, %zero : i32
    nvvm.barrier id = %barrier number_of_threads = %threads
    llvm.br ^end
  ^end:
    llvm.return
  }

  llvm.func @ended() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
    %rank = nvvm.read.ptx.sreg.cluster.ctarank : i32
    %zero = llvm.mlir.constant(0 : i32) : i32
    %isFirst = llvm.icmp "eq" %rank, %zero : i32
    llvm.cond_br %isFirst, ^wait, ^end
  ^wait:
    nvvm.cluster.arrive
    nvvm.cluster.wait
    llvm.br ^end
  ^end:
    llvm.return
  }

  llvm.func @twice() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
    nvvm.cluster.arrive
    nvvm.cluster.arrive
    llvm.return
  }

  llvm.func @never() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
    nvvm.cluster.wait
    llvm.return
  }
}
