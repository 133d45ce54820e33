// RUN: imhsa-emulate %s --kernel=sum --grid=3 --block=32 --arg=out:%t.npy:i32:32 --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=sum --grid=3 --block=32 --arg=out:%t.npy:i32:32 --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SUM
// RUN: %python -c "import numpy, sys; numpy.save(sys.argv[1], numpy.zeros(4, numpy.int32))" %t.zero.npy
// RUN: imhsa-emulate %s --kernel=last --grid=3 --block=1 --arg=inout:%t.zero.npy:%t.npy --arg=i32:1
// One thread, so that the last block is the same in each run: its own word is no race.
// RUN: not imhsa-emulate %s --kernel=last --grid=3 --block=1 --threads=1 --arg=inout:%t.zero.npy:%t.npy --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LAST
// RUN: imhsa-emulate %s --kernel=flag --grid=2 --block=1 --threads=2 --arg=inout:%t.zero.npy:%t.npy --arg=i32:1
// RUN: not imhsa-emulate %s --kernel=flag --grid=2 --block=1 --threads=2 --arg=inout:%t.zero.npy:%t.npy --arg=i32:0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FLAG

gpu.module @kernels {
  // Every block adds to the same words: atomically or not.
  llvm.func @sum(%out: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %to = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %isAtomic = llvm.icmp "ne" %repaired, %none : i32
    llvm.cond_br %isAtomic, ^atomic, ^plain
  ^atomic:
    %old = llvm.atomicrmw add %to, %lane monotonic : !llvm.ptr<1>, i32
    llvm.return
  ^plain:
    %before = llvm.load %to : !llvm.ptr<1> -> i32
    %after = llvm.add %before, %lane : i32
    // SUM: race-between-blocks.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: write of 4 bytes at argument 0 + {{[0-9]+}} and a {{read|write}} by another lane, which nothing orders; kernel sum, block ({{[012]}}, 0, 0), thread ({{[0-9]+}}, 0, 0)
    llvm.store %after, %to : i32, !llvm.ptr<1>
    llvm.return
  }

  // Each block writes a word and counts itself in word 3; the last one sums all words. Fences
  // beside the counting make what others wrote visible.
  llvm.func @last(%out: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %block = nvvm.read.ptx.sreg.ctaid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %two = llvm.mlir.constant(2 : i32) : i32
    %to = llvm.getelementptr %out[%block] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %second = llvm.getelementptr %out[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %third = llvm.getelementptr %out[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %counter = llvm.getelementptr %out[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %block, %to : i32, !llvm.ptr<1>
    %fences = llvm.icmp "ne" %repaired, %none : i32
    llvm.cond_br %fences, ^fence, ^count
  ^fence:
    llvm.fence syncscope("device") acq_rel
    llvm.br ^count
  ^count:
    %old = llvm.atomicrmw add %counter, %one syncscope("device") monotonic : !llvm.ptr<1>, i32
    %isLast = llvm.icmp "eq" %old, %two : i32
    llvm.cond_br %isLast, ^sum, ^done
  ^sum:
    llvm.fence syncscope("device") acq_rel
    // LAST: race-between-blocks.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: read of 4 bytes at argument 0 + {{[0-9]+}} and a write by another lane
    %a = llvm.load %out : !llvm.ptr<1> -> i32
    %b = llvm.load %second : !llvm.ptr<1> -> i32
    %c = llvm.load %third : !llvm.ptr<1> -> i32
    %ab = llvm.add %a, %b : i32
    %abc = llvm.add %ab, %c : i32
    %zeroed = llvm.atomicrmw xchg %counter, %abc monotonic : !llvm.ptr<1>, i32
    llvm.return
  ^done:
    llvm.return
  }

  // Block 0 writes and sets a flag, block 1 waits for the flag and reads.
  llvm.func @flag(%out: !llvm.ptr<1>, %repaired: i32) attributes {nvvm.kernel} {
    %block = nvvm.read.ptx.sreg.ctaid.x : i32
    %none = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %flag = llvm.getelementptr %out[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %result = llvm.getelementptr %out[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %isFirst = llvm.icmp "eq" %block, %none : i32
    %releases = llvm.icmp "ne" %repaired, %none : i32
    llvm.cond_br %isFirst, ^write, ^wait
  ^write:
    // FLAG-DAG: race-between-blocks.mlir:[[#@LINE+1]]:{{[0-9]+}}: note: the other is block (0, 0, 0)
    llvm.store %one, %out : i32, !llvm.ptr<1>
    llvm.cond_br %releases, ^release, ^relaxed
  ^release:
    llvm.store %one, %flag atomic syncscope("device") release {alignment = 4 : i64} : i32, !llvm.ptr<1>
    llvm.return
  ^relaxed:
    llvm.store volatile %one, %flag : i32, !llvm.ptr<1>
    llvm.return
  ^wait:
    %seen = llvm.load %flag atomic syncscope("device") acquire {alignment = 4 : i64} : !llvm.ptr<1> -> i32
    %isSet = llvm.icmp "ne" %seen, %none : i32
    llvm.cond_br %isSet, ^read, ^wait
  ^read:
    // FLAG-DAG: race-between-blocks.mlir:[[#@LINE+1]]:{{[0-9]+}}: error: race: read of 4 bytes at argument 0 + 0 and a write by another lane, which nothing orders; kernel flag, block (1, 0, 0)
    %value = llvm.load %out : !llvm.ptr<1> -> i32
    llvm.store %value, %result : i32, !llvm.ptr<1>
    llvm.return
  }
}
