// Variables of a lane: right within them, found beyond them, and limited.

// RUN: split-file %s %t
// RUN: %python %S/Inputs/arrays.py save %t/x.npy i4 8
// DEFINE: %{emulate} = imhsa-emulate %t/reverse.mlir --block=2 --arg=in:%t/x.npy --arg=out:%t/y.npy:i32:8
// RUN: %{emulate} --arg=i32:4
// RUN: %python %S/Inputs/arrays.py equal %t/y.npy %t/x.npy "x.reshape(2, 4)[:, ::-1].ravel()"
// RUN: not %{emulate} --arg=i32:5 2>&1 | FileCheck %s --check-prefix=BEYOND
// BEYOND: reverse.mlir:17:5: error: out-of-bounds: access to 4 bytes at byte 16 of a local variable, which has 16 bytes; kernel reverse, block (0, 0, 0), thread

//--- reverse.mlir
gpu.module @m {
 llvm.func @reverse(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %n: i32) attributes {nvvm.kernel} {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c3 = llvm.mlir.constant(3 : i32) : i32
    %c4 = llvm.mlir.constant(4 : i32) : i32
    %a = llvm.alloca %c4 x i32 : (i32) -> !llvm.ptr
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %first = llvm.mul %tid, %c4 : i32
    llvm.br ^fill(%c0 : i32)
 ^fill(%i: i32):
    %in = llvm.and %i, %c3 : i32
    %ix = llvm.add %first, %in : i32
    %px = llvm.getelementptr %x[%ix] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %v = llvm.load %px : !llvm.ptr<1> -> i32
    %pa = llvm.getelementptr %a[%i] : (!llvm.ptr, i32) -> !llvm.ptr, i32
    llvm.store %v, %pa : i32, !llvm.ptr
    %i1 = llvm.add %i, %c1 : i32
    %more = llvm.icmp "slt" %i1, %n : i32
    llvm.cond_br %more, ^fill(%i1 : i32), ^copy(%c0 : i32)
 ^copy(%j: i32):
    %back = llvm.sub %c3, %j : i32
    %qa = llvm.getelementptr %a[%back] : (!llvm.ptr, i32) -> !llvm.ptr, i32
    %w = llvm.load %qa : !llvm.ptr -> i32
    %jy = llvm.add %first, %j : i32
    %py = llvm.getelementptr %y[%jy] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %w, %py : i32, !llvm.ptr<1>
    %j1 = llvm.add %j, %c1 : i32
    %again = llvm.icmp "slt" %j1, %c4 : i32
    llvm.cond_br %again, ^copy(%j1 : i32), ^end
 ^end:
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/large.mlir 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: error: function 'large' has 400000 bytes of local variables: the emulator takes at most 262144

//--- large.mlir
gpu.module @m {
 llvm.func @large() attributes {nvvm.kernel} {
    %n = llvm.mlir.constant(100000 : i32) : i32
    %a = llvm.alloca %n x i32 : (i32) -> !llvm.ptr
    llvm.store volatile %n, %a : i32, !llvm.ptr
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/dynamic.mlir --arg=i32:4 2>&1 | FileCheck %s --check-prefix=DYNAMIC
// DYNAMIC: dynamic.mlir:3:10: the emulator does not have local variables of dynamic size

//--- dynamic.mlir
gpu.module @m {
 llvm.func @dynamic(%n: i32) attributes {nvvm.kernel} {
    %a = llvm.alloca %n x i32 : (i32) -> !llvm.ptr
    llvm.store volatile %n, %a : i32, !llvm.ptr
    llvm.return
 }
}
