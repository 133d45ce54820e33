// The order in which lanes run comes from the seed: the same for the same seed, whatever the number of threads, and
// another for another. Lanes that wait for each other are fibres (@meets), the others run in a loop (@loops).

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/arrays.py save %t/counters.npy i4 3
// DEFINE: %{kernel} = loops
// DEFINE: %{seed} = 1
// DEFINE: %{out} = a
// DEFINE: %{threads} = 1
// DEFINE: %{emulate} = imhsa-emulate %s --kernel=%{kernel} --grid=3 --block=96 --seed=%{seed} --threads=%{threads} --arg=out:%t/%{out}.npy:i32:288 --arg=inout:%t/counters.npy:%t/counted.npy

// RUN: %{emulate}
// REDEFINE: %{out} = again
// REDEFINE: %{threads} = 2
// RUN: %{emulate}
// RUN: cmp %t/a.npy %t/again.npy
// REDEFINE: %{out} = other
// REDEFINE: %{seed} = 2
// RUN: %{emulate}
// RUN: not cmp %t/a.npy %t/other.npy

// REDEFINE: %{kernel} = meets
// RUN: %{emulate}
// REDEFINE: %{out} = again
// REDEFINE: %{threads} = 1
// RUN: %{emulate}
// RUN: cmp %t/again.npy %t/other.npy
// REDEFINE: %{out} = a
// REDEFINE: %{seed} = 1
// RUN: %{emulate}
// RUN: not cmp %t/a.npy %t/other.npy

gpu.module @m {
  llvm.mlir.global internal @count() {addr_space = 3 : i32, alignment = 4 : i64} : i32

  // How many lanes of the block came before; counters start anywhere.
  llvm.func @loops(%out: !llvm.ptr<1>, %counters: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %i = llvm.call @index() : () -> i32
    %ctaid = nvvm.read.ptx.sreg.ctaid.x : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %c = llvm.getelementptr %counters[%ctaid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %before = llvm.atomicrmw add %c, %one monotonic : !llvm.ptr<1>, i32
    %p = llvm.getelementptr %out[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %before, %p : i32, !llvm.ptr<1>
    llvm.return
  }
  llvm.func @meets(%out: !llvm.ptr<1>, %counters: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %i = llvm.call @index() : () -> i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %zero = llvm.mlir.constant(0 : i32) : i32
    %s = llvm.mlir.addressof @count : !llvm.ptr<3>
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %first = llvm.icmp "eq" %tid, %zero : i32
    llvm.cond_br %first, ^set, ^wait
  ^set:
    llvm.store %zero, %s : i32, !llvm.ptr<3>
    llvm.br ^wait
  ^wait:
    nvvm.barrier0
    %before = llvm.atomicrmw add %s, %one monotonic : !llvm.ptr<3>, i32
    %p = llvm.getelementptr %out[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %before, %p : i32, !llvm.ptr<1>
    llvm.return
  }
  llvm.func internal @index() -> i32 {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %ntid = nvvm.read.ptx.sreg.ntid.x : i32
    %ctaid = nvvm.read.ptx.sreg.ctaid.x : i32
    %first = llvm.mul %ctaid, %ntid : i32
    %i = llvm.add %first, %tid : i32
    llvm.return %i : i32
  }
}
