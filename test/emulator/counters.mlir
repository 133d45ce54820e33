// Counters of small kernels, worked out by hand. Keys of the report are sorted.

// Words of shared memory at a distance of 1, 2, 32 and 33 words: 32 banks of one word each.
// RUN: imhsa-emulate %s --kernel=words --block=32 --arg=i32:1 --report=%t && FileCheck %s --check-prefixes=WORDS,WORDS1 < %t
// RUN: imhsa-emulate %s --kernel=words --block=32 --arg=i32:2 --report=%t && FileCheck %s --check-prefixes=WORDS,WORDS2 < %t
// RUN: imhsa-emulate %s --kernel=words --block=32 --arg=i32:32 --report=%t && FileCheck %s --check-prefixes=WORDS,WORDS32 < %t
// RUN: imhsa-emulate %s --kernel=words --block=32 --arg=i32:33 --report=%t && FileCheck %s --check-prefixes=WORDS,WORDS1 < %t

// WORDS: "shared": {
// WORDS-NEXT: "read": 0,
// WORDS-NEXT: "written": 128
// WORDS2: "costly_sites": [
// WORDS2: "executions": 1,
// WORDS2-NEXT: "fewest": 1,
// WORDS2-NEXT: "instruction": "store i32, ptr addrspace(3)",
// WORDS2-NEXT: "location": "{{.*}}counters.mlir:[[#@LINE+126]]:{{[0-9]+}}",
// WORDS2-NEXT: "passes": 2
// WORDS: "instructions": {
// WORDS-NEXT: "integer": 64,
// WORDS-NEXT: "store": 32
// WORDS-NEXT: }
// WORDS: "shared_stores": {
// WORDS1-NEXT: "conflicts": 0,
// WORDS2-NEXT: "conflicts": 1,
// WORDS32-NEXT: "conflicts": 31,
// WORDS-NEXT: "instructions": 1,
// WORDS1-NEXT: "wavefronts": 1
// WORDS2-NEXT: "wavefronts": 2
// WORDS32-NEXT: "wavefronts": 32

// 16 bytes a lane in a row: four quarters of the warp, each in all banks. And four matrices of 8
// rows of 16 bytes, 128 bytes apart, as they are and swizzled.
// RUN: imhsa-emulate %s --kernel=matrices --block=32 --arg=i32:0 --report=%t && FileCheck %s --check-prefixes=MATRICES,PLAIN < %t
// RUN: imhsa-emulate %s --kernel=matrices --block=32 --arg=i32:7 --report=%t && FileCheck %s --check-prefixes=MATRICES,SWIZZLED < %t

// MATRICES: "ldmatrix": 32,
// MATRICES: "ldmatrix": {
// PLAIN-NEXT: "conflicts": 28,
// SWIZZLED-NEXT: "conflicts": 0,
// MATRICES-NEXT: "instructions": 1,
// PLAIN-NEXT: "wavefronts": 32
// SWIZZLED-NEXT: "wavefronts": 4
// MATRICES: "shared_stores": {
// MATRICES-NEXT: "conflicts": 0,
// MATRICES-NEXT: "instructions": 2,
// MATRICES-NEXT: "wavefronts": 8

// Vectors that 1, 2, 4, 16 or 32 lanes in a row share: 16 bytes of all lanes take two passes, as soon as
// neighbours share them, and 8 bytes one.
// RUN: imhsa-emulate %s --kernel=vectors --block=32 --arg=i32:1 --report=%t && FileCheck %s --check-prefixes=VECTORS,VECTORS1 < %t
// RUN: imhsa-emulate %s --kernel=vectors --block=32 --arg=i32:2 --report=%t && FileCheck %s --check-prefixes=VECTORS,VECTORS2 < %t
// RUN: imhsa-emulate %s --kernel=vectors --block=32 --arg=i32:4 --report=%t && FileCheck %s --check-prefixes=VECTORS,VECTORS2 < %t
// RUN: imhsa-emulate %s --kernel=vectors --block=32 --arg=i32:16 --report=%t && FileCheck %s --check-prefixes=VECTORS,VECTORS2 < %t
// RUN: imhsa-emulate %s --kernel=vectors --block=32 --arg=i32:32 --report=%t && FileCheck %s --check-prefixes=VECTORS,VECTORS2 < %t

// VECTORS: "shared_loads": {
// VECTORS-NEXT: "conflicts": 0,
// VECTORS-NEXT: "instructions": 2,
// VECTORS1-NEXT: "wavefronts": 6
// VECTORS2-NEXT: "wavefronts": 3

// Words of global memory: a warp's 128 bytes are 4 sectors in a row, 8 at every second word, 32 at
// every eighth.
// RUN: imhsa-emulate %s --kernel=gather --grid=2 --block=32 --arg=out:%t.npy:i32:512 --arg=i32:1 --report=%t && FileCheck %s --check-prefixes=GATHER,GATHER1 < %t
// RUN: imhsa-emulate %s --kernel=gather --grid=2 --block=32 --arg=out:%t.npy:i32:512 --arg=i32:2 --report=%t && FileCheck %s --check-prefixes=GATHER,GATHER2 < %t
// RUN: imhsa-emulate %s --kernel=gather --grid=2 --block=32 --arg=out:%t.npy:i32:512 --arg=i32:8 --report=%t && FileCheck %s --check-prefixes=GATHER,GATHER8 < %t

// GATHER: "global_stores": {
// GATHER1-NEXT: "excess_sectors": 0,
// GATHER2-NEXT: "excess_sectors": 8,
// GATHER8-NEXT: "excess_sectors": 56,
// GATHER-NEXT: "instructions": 2,
// GATHER1-NEXT: "sectors": 8
// GATHER2-NEXT: "sectors": 16
// GATHER8-NEXT: "sectors": 64

// Arithmetic: of 32 lanes, three times fma, an addition of two pairs of 16 bits, a selection by a
// comparison, a conversion of a pair; the loop's own comparison, branch and sum, and the addresses.
// RUN: imhsa-emulate %s --kernel=arithmetic --block=32 --arg=in:%t.npy --arg=out:%t.out.npy:f32:32 --report=%t && FileCheck %s --check-prefix=ARITHMETIC < %t

// ARITHMETIC: "buffers": [
// ARITHMETIC-NEXT: {
// ARITHMETIC-NEXT: "bytes": 2048,
// ARITHMETIC-NEXT: "name": "argument 0",
// ARITHMETIC-NEXT: "read": 128,
// ARITHMETIC-NEXT: "sectors_read": 4,
// ARITHMETIC-NEXT: "sectors_written": 0,
// ARITHMETIC-NEXT: "written": 0
// ARITHMETIC-NEXT: },
// ARITHMETIC-NEXT: {
// ARITHMETIC-NEXT: "bytes": 128,
// ARITHMETIC-NEXT: "name": "argument 1",
// ARITHMETIC-NEXT: "read": 0,
// ARITHMETIC-NEXT: "sectors_read": 0,
// ARITHMETIC-NEXT: "sectors_written": 4,
// ARITHMETIC-NEXT: "written": 128
// ARITHMETIC: "instructions": {
// ARITHMETIC-NEXT: "compare": 64,
// ARITHMETIC-NEXT: "convert": 32,
// Two addresses; and 3 times around the loop: 3 sums, 4 comparisons, 4 branches.
// ARITHMETIC-NEXT: "integer": 416,
// ARITHMETIC-NEXT: "load": 32,
// ARITHMETIC-NEXT: "multiply-add": 160,
// ARITHMETIC-NEXT: "store": 32

gpu.module @kernels {
  llvm.func @arithmetic(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %zero = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %three = llvm.mlir.constant(3 : i32) : i32
    %from = llvm.getelementptr %in[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %x = llvm.load %from : !llvm.ptr<1> -> f32
    llvm.br ^head(%zero, %x : i32, f32)
  ^head(%i: i32, %y: f32):
    %more = llvm.icmp "slt" %i, %three : i32
    llvm.cond_br %more, ^body, ^end
  ^body:
    %z = llvm.intr.fma(%y, %x, %x) : (f32, f32, f32) -> f32
    %next = llvm.add %i, %one : i32
    llvm.br ^head(%next, %z : i32, f32)
  ^end:
    %none = llvm.mlir.undef : vector<2xf32>
    %half = llvm.insertelement %x, %none[%zero : i32] : vector<2xf32>
    %pair = llvm.insertelement %y, %half[%one : i32] : vector<2xf32>
    %narrow = llvm.fptrunc %pair : vector<2xf32> to vector<2xf16>
    %four = llvm.shufflevector %narrow, %narrow [0, 1, 2, 3] : vector<2xf16>
    %sums = llvm.fadd %four, %four : vector<4xf16>
    %bits = llvm.bitcast %sums : vector<4xf16> to vector<2xf32>
    %some = llvm.extractelement %bits[%zero : i32] : vector<2xf32>
    %is = llvm.fcmp "olt" %some, %y : f32
    %least = llvm.select %is, %some, %y : i1, f32
    %to = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %least, %to : f32, !llvm.ptr<1>
    llvm.return
  }

  gpu.func @words(%stride: i32) workgroup(%tile: memref<1056xi32, #gpu.address_space<workgroup>>) kernel {
    %lane = gpu.thread_id x
    %by = arith.index_cast %stride : i32 to index
    %to = arith.muli %lane, %by : index
    memref.store %stride, %tile[%to] : memref<1056xi32, #gpu.address_space<workgroup>>
    gpu.return
  }

  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<256 x i32>
  llvm.func @matrices(%swizzle: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %four = llvm.mlir.constant(4 : i32) : i32
    %eight = llvm.mlir.constant(8 : i32) : i32
    %zero = llvm.mlir.zero : vector<4xi32>
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %word = llvm.mul %lane, %four : i32
    %mine = llvm.getelementptr %tile[%word] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
    %half = llvm.getelementptr %mine[128] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i32
    llvm.store %zero, %mine {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    llvm.store %zero, %half {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    nvvm.barrier0
    // Row r of matrix m is at 128 r + 16 (m ^ (r & swizzle)).
    %row = llvm.urem %lane, %eight : i32
    %matrix = llvm.udiv %lane, %eight : i32
    %flip = llvm.and %row, %swizzle : i32
    %column = llvm.xor %matrix, %flip : i32
    %first = llvm.mul %row, %eight : i32
    %piece = llvm.add %first, %column : i32
    %from = llvm.getelementptr %tile[%piece] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<4xi32>
    %fragments = nvvm.ldmatrix %from {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    llvm.return
  }

  llvm.func @vectors(%sharing: i32) attributes {nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %zero = llvm.mlir.zero : vector<4xi32>
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %own = llvm.getelementptr %tile[%lane] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<4xi32>
    llvm.store %zero, %own {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    nvvm.barrier0
    %group = llvm.udiv %lane, %sharing : i32
    %four = llvm.getelementptr %tile[%group] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<4xi32>
    %two = llvm.getelementptr %tile[%group] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<2xi32>
    %x = llvm.load volatile %four {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
    %y = llvm.load volatile %two {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
    llvm.return
  }

  gpu.func @gather(%out: memref<512xi32>, %stride: i32) kernel {
    %lane = gpu.thread_id x
    %block = gpu.block_id x
    %width = arith.constant 32 : index
    %first = arith.muli %block, %width : index
    %index = arith.addi %first, %lane : index
    %by = arith.index_cast %stride : i32 to index
    %to = arith.muli %index, %by : index
    memref.store %stride, %out[%to] : memref<512xi32>
    gpu.return
  }
}
