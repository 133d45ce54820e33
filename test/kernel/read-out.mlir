// RUN: imhsa-opt %s --imhsa-lower-to-gpu -split-input-file -verify-diagnostics | FileCheck %s

// Teams of one warp: in the loop over tiles of queries no warp waits for another, weights go from registers
// into the value product, and the next queries are copied before the weights are mixed.

func.func @alone(%q: memref<?x6x?x64xbf16>, %k: memref<?x6x49x64xf32>, %v: memref<?x6x49x64xf32>, %w: memref<6x6xf32>, %o: memref<?x6x?x64xbf16>) {
  imhsa.attention ins(%q, %k, %v : memref<?x6x?x64xbf16>, memref<?x6x49x64xf32>, memref<?x6x49x64xf32>)
    interaction(pre = %w : memref<6x6xf32>, post = %w : memref<6x6xf32>)
    schedule(#imhsa.schedule<read_out, queries = 128, warps = 8, stages = 1>) outs(%o : memref<?x6x?x64xbf16>)
  return
}
// CHECK-LABEL: func.func @alone(
// CHECK:         %[[BYTES:.*]] = arith.constant {{[0-9]+}} : i32
// CHECK:         gpu.launch_func @imhsa_kernels::@alone_0_read_out blocks in ({{.*}}) threads in ({{.*}}) dynamic_shared_memory_size %[[BYTES]] args(
// CHECK-NOT:     imhsa.attention
// CHECK-LABEL: llvm.func @alone_0_read_out(
// CHECK-SAME:    nvvm.kernel, nvvm.maxntid = array<i32: 256, 1, 1>, nvvm.minctasm = 1
// CHECK:         nvvm.barrier
// CHECK:         scf.for
// CHECK-NOT:       nvvm.barrier
// CHECK:           nvvm.cp.async.wait.group 0
// CHECK:           nvvm.bar.warp.sync
// CHECK-COUNT-168: nvvm.mma.sync
// CHECK:           nvvm.shfl.sync bfly
// CHECK:           nvvm.bar.warp.sync
// CHECK:           nvvm.cp.async.shared.global
// CHECK:           nvvm.cp.async.commit.group
// CHECK:           llvm.load volatile
// CHECK-COUNT-144: nvvm.mma.sync {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
// CHECK-NOT:       nvvm.barrier
// CHECK:           llvm.store {{.*}} : vector<4xi32>, !llvm.ptr

// -----

// Teams of four warps, which meet at a barrier of their own.

func.func @team(%q: memref<2x8x?x32xf16>, %k: memref<2x8x64x32xf16>, %o: memref<2x8x?x32xf16>) {
  imhsa.attention ins(%q, %k, %k : memref<2x8x?x32xf16>, memref<2x8x64x32xf16>, memref<2x8x64x32xf16>)
    schedule(#imhsa.schedule<read_out, queries = 32, warps = 8>) outs(%o : memref<2x8x?x32xf16>)
  return
}
// CHECK-LABEL: llvm.func @team_0_read_out(
// CHECK:         %[[THREADS:.*]] = arith.constant 128 : i32
// CHECK:         nvvm.barrier id = %{{.*}} number_of_threads = %[[THREADS]]

// -----

func.func @dynamic(%q: memref<2x8x?x32xf16>, %k: memref<2x8x?x32xf16>, %o: memref<2x8x?x32xf16>) {
  // expected-error @+1 {{fused kernel: expected 1 to 256 keys, of a number that the types tell}}
  imhsa.attention ins(%q, %k, %k : memref<2x8x?x32xf16>, memref<2x8x?x32xf16>, memref<2x8x?x32xf16>)
    schedule(#imhsa.schedule<read_out>) outs(%o : memref<2x8x?x32xf16>)
  return
}

// -----

func.func @uneven(%q: memref<2x8x?x32xf16>, %k: memref<2x8x64x32xf16>, %o: memref<2x8x?x32xf16>) {
  // expected-error @+1 {{fused kernel: schedule: warps: expected a multiple of 'queries' / 16, which is 4, found 6}}
  imhsa.attention ins(%q, %k, %k : memref<2x8x?x32xf16>, memref<2x8x64x32xf16>, memref<2x8x64x32xf16>)
    schedule(#imhsa.schedule<read_out, queries = 64, warps = 6>) outs(%o : memref<2x8x?x32xf16>)
  return
}
