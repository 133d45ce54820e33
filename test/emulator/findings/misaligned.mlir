// RUN: imhsa-emulate %s --kernel=vectors --block=8 --arg=out:%t.npy:i32:64 --arg=i32:0
// RUN: not imhsa-emulate %s --kernel=vectors --block=8 --arg=out:%t.npy:i32:64 --arg=i32:2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=VECTOR
// RUN: imhsa-emulate %s --kernel=rows --block=32 --arg=i32:0
// RUN: not imhsa-emulate %s --kernel=rows --block=32 --arg=i32:2 2>&1 | FileCheck %s --check-prefix=ROW
// RUN: imhsa-emulate %s --kernel=copies --block=4 --arg=out:%t.npy:i32:64 --arg=i32:0
// RUN: not imhsa-emulate %s --kernel=copies --block=4 --arg=out:%t.npy:i32:64 --arg=i32:2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=COPY

// Each address is moved by some words: 2 words are 8 bytes, and 16 are asked for.
// VECTOR: misaligned.mlir:[[#@LINE+14]]:{{[0-9]+}}: error: misaligned: write of 16 bytes at argument 0 + {{[0-9]+}}, an address that is no multiple of 16; kernel vectors, block (0, 0, 0), thread ({{[0-7]}}, 0, 0)
// ROW: error: misaligned: read of 16 bytes at shared memory + {{[0-9]+}}, an address that is no multiple of 16; kernel rows
// COPY: error: misaligned: read of 16 bytes at argument 0 + {{[0-9]+}}, an address that is no multiple of 16; kernel copies

gpu.module @kernels {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<144 x i32>

  llvm.func @vectors(%out: !llvm.ptr<1>, %shift: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %zero = llvm.mlir.zero : vector<4xi32>
    %first = llvm.mul %lane, %four : i32
    %word = llvm.add %first, %shift : i32
    %to = llvm.getelementptr %out[%word] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %zero, %to {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
    llvm.return
  }
  llvm.func @rows(%shift: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %zero = llvm.mlir.zero : vector<4xi32>
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %first = llvm.mul %lane, %four : i32
    %mine = llvm.getelementptr %tile[%first] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    llvm.store %zero, %mine {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    nvvm.barrier0
    %row = llvm.getelementptr %mine[%shift] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    %fragments = nvvm.ldmatrix %row {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    llvm.return
  }
  llvm.func @copies(%in: !llvm.ptr<1>, %shift: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %first = llvm.mul %lane, %four : i32
    %mine = llvm.getelementptr %tile[%first] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    %word = llvm.add %first, %shift : i32
    %from = llvm.getelementptr %in[%word] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    nvvm.cp.async.shared.global %mine, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 0
    llvm.return
  }
}
