// Kernels and variables may have names of the host's functions.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/arrays.py save %t/x.npy i4 8
// RUN: imhsa-emulate %s --kernel=memset --block=8 --arg=in:%t/x.npy --arg=out:%t/y.npy:i32:8
// RUN: %python %S/Inputs/arrays.py equal %t/y.npy %t/x.npy "x + np.int32(40)"

gpu.module @m {
  llvm.mlir.global external constant @stdout(40 : i32) {addr_space = 1 : i32} : i32
  llvm.func @memset(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %px = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %v = llvm.load %px : !llvm.ptr<1> -> i32
    %w = llvm.call @malloc(%v) : (i32) -> i32
    %py = llvm.getelementptr %y[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %w, %py : i32, !llvm.ptr<1>
    llvm.return
  }
  llvm.func @malloc(%x: i32) -> i32 {
    %p = llvm.mlir.addressof @stdout : !llvm.ptr<1>
    %forty = llvm.load %p : !llvm.ptr<1> -> i32
    %r = llvm.add %x, %forty : i32
    llvm.return %r : i32
  }
}
