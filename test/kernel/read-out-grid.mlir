// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_80 | FileCheck %s --check-prefixes=CHECK,SM80
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a | FileCheck %s --check-prefixes=CHECK,SM90
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a,sm_80 | FileCheck %s --check-prefixes=CHECK,SM80

// As many blocks as the chip, or the smallest of several, runs at a time, since each reads keys and values anew: the
// 2048 tiles of 16 queries are cut into equal parts, of 19 for 108 multiprocessors and of 16 for 132.

func.func @grid(%q: memref<32x6x1024x64xbf16>, %k: memref<32x6x49x64xf32>, %v: memref<32x6x49x64xf32>, %o: memref<32x6x1024x64xbf16>) {
  imhsa.attention ins(%q, %k, %v : memref<32x6x1024x64xbf16>, memref<32x6x49x64xf32>, memref<32x6x49x64xf32>)
    schedule(#imhsa.schedule<read_out, queries = 64, warps = 4, stages = 1>) outs(%o : memref<32x6x1024x64xbf16>)
  return
}
// CHECK-LABEL: func.func @grid(
// SM80-DAG:      %[[BLOCKS:.*]] = arith.constant 108 : index
// SM90-DAG:      %[[BLOCKS:.*]] = arith.constant 128 : index
// CHECK:         gpu.launch_func @imhsa_kernels::@grid_0_read_out blocks in (%[[BLOCKS]],

// Keys and values are read 16 bytes a lane, neighbours side by side, where rows are aligned.
// CHECK-LABEL: llvm.func @grid_0_read_out(
// CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK:         llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
