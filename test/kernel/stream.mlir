// RUN: imhsa-opt %s --imhsa-lower-to-gpu -split-input-file -verify-diagnostics | FileCheck %s

// Normalisers given, one stage of keys and one of values: each is copied while the other is used. Two
// barriers in a turn of the loop: keys are there; weights and values are there. Heads are mixed before
// and after the softmax by multiply-adds between the two products.

func.func @sum(%q: memref<?x2x49x32xbf16>, %k: memref<?x2x?x32xbf16>, %v: memref<?x2x?x32xbf16>, %lse: memref<?x2x49xf32>,
               %w0: memref<2x2xf32>, %w1: memref<2x2xf32>, %out: memref<?x2x49x32xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<?x2x49x32xbf16>, memref<?x2x?x32xbf16>, memref<?x2x?x32xbf16>)
    interaction(pre = %w0 : memref<2x2xf32>, post = %w1 : memref<2x2xf32>) lse(%lse : memref<?x2x49xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 2, stages = 1>) outs(%out : memref<?x2x49x32xf32>)
  return
}
// Four tiles of queries for each batch element, and no launch of an empty grid.
// CHECK-LABEL: func.func @sum(
// CHECK:         %[[ANY:.*]] = arith.cmpi sgt, %[[BLOCKS:.*]], %{{.*}} : index
// CHECK:         scf.if %[[ANY]] {
// CHECK:           gpu.launch_func @imhsa_kernels::@sum_0_stream blocks in (%[[BLOCKS]], %{{.*}}, %{{.*}}) threads in (%c64{{[_0-9]*}}, %{{.*}}) dynamic_shared_memory_size %{{[^ ]+}} args(
// CHECK-LABEL: llvm.func @sum_0_stream(
// CHECK-SAME:    nvvm.kernel, nvvm.maxntid = array<i32: 64, 1, 1>, nvvm.minctasm = 1 : i32
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           nvvm.cp.async.wait.group 0
// CHECK-NEXT:      nvvm.barrier
// CHECK:           nvvm.cp.async.commit.group
// CHECK-NOT:       nvvm.barrier
// CHECK:           nvvm.mma.sync
// CHECK:           llvm.intr.fma
// CHECK:           llvm.nvvm.ex2.approx.ftz.f32
// CHECK:           llvm.intr.fma
// CHECK:           nvvm.convert.f32x2.to.bf16x2
// CHECK:           nvvm.cp.async.wait.group 0
// CHECK-NEXT:      nvvm.barrier
// CHECK:           nvvm.cp.async.commit.group
// CHECK-NOT:       nvvm.barrier
// CHECK:           nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<col>
// CHECK:           nvvm.mma.sync
// CHECK:           scf.yield

// -----

// No normalisers: maxima of rows by shuffles and, between the warps, behind a third barrier. Two stages:
// the next tile is under way while this one is used. The row sums are a product with ones.

func.func @online(%q: memref<?x2x?x32xf16>, %k: memref<?x2x?x32xf16>, %v: memref<?x2x?x32xf16>, %out: memref<?x2x?x32xf16>) {
  imhsa.attention ins(%q, %k, %v : memref<?x2x?x32xf16>, memref<?x2x?x32xf16>, memref<?x2x?x32xf16>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 2, stages = 2>) outs(%out : memref<?x2x?x32xf16>)
  return
}
// CHECK-LABEL: llvm.func @online_0_stream(
// CHECK:         nvvm.cp.async.wait.group 0
// CHECK-NEXT:    nvvm.barrier
// CHECK:         nvvm.cp.async.commit.group
// CHECK:         nvvm.shfl.sync bfly
// CHECK:         nvvm.barrier
// CHECK:         llvm.nvvm.ex2.approx.ftz.f32
// CHECK:         nvvm.barrier
// CHECK:         arith.constant 1006648320 : i32
// CHECK:         scf.yield

// -----

// Twelve heads: those after the softmax are mixed by matrix instructions. A warp stores its weights, rounded, and reads them
// back with a transposition; the mixed ones lie where they were.

func.func @twelve(%q: memref<1x12x32x16xbf16>, %k: memref<1x12x32x16xbf16>, %v: memref<1x12x32x16xbf16>, %lse: memref<1x12x32xf32>,
                  %w: memref<12x12xf32>, %out: memref<1x12x32x16xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<1x12x32x16xbf16>, memref<1x12x32x16xbf16>, memref<1x12x32x16xbf16>)
    interaction(post = %w : memref<12x12xf32>) lse(%lse : memref<1x12x32xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 1, stages = 1>) outs(%out : memref<1x12x32x16xf32>)
  return
}
// CHECK-LABEL: llvm.func @twelve_0_stream(
// CHECK:         scf.for {{.*}} iter_args
// CHECK-COUNT-96: llvm.nvvm.ex2.approx.ftz.f32
// CHECK-NOT:       llvm.nvvm.ex2.approx.ftz.f32
// CHECK:           nvvm.bar.warp.sync
// Both parts of the weights.
// CHECK-COUNT-2:   nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<row>
// CHECK:           scf.for
// CHECK-COUNT-4:     nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<col>
// CHECK:             nvvm.bar.warp.sync
// Two parts, 8 rows with 8 keys each.
// CHECK-COUNT-16:    nvvm.mma.sync
// CHECK-COUNT-4:     nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<col>
// CHECK:             nvvm.bar.warp.sync
// CHECK-COUNT-16:    nvvm.mma.sync
// CHECK-NOT:         nvvm.mma.sync
// CHECK:           nvvm.barrier

// -----

// f32 by multiply-adds, or rounded to tf32 where the schedule says so.

func.func @exact(%q: memref<1x1x8x16xf32>, %k: memref<1x1x8x16xf32>, %v: memref<1x1x8x16xf32>, %out: memref<1x1x8x16xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<1x1x8x16xf32>, memref<1x1x8x16xf32>, memref<1x1x8x16xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 1>) outs(%out : memref<1x1x8x16xf32>)
  return
}
// CHECK-LABEL: llvm.func @exact_0_stream(
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return

// -----

func.func @rounded(%q: memref<1x1x8x16xf32>, %k: memref<1x1x8x16xf32>, %v: memref<1x1x8x16xf32>, %out: memref<1x1x8x16xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<1x1x8x16xf32>, memref<1x1x8x16xf32>, memref<1x1x8x16xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 1, math = tf32>) outs(%out : memref<1x1x8x16xf32>)
  return
}
// CHECK-LABEL: llvm.func @rounded_0_stream(
// CHECK:         nvvm.convert.float.to.tf32
// CHECK:         nvvm.mma.sync {{.*}} shape = #nvvm.shape<m = 16, n = 8, k = 8>

// -----

// Weights that are constants of the module are read on the device.

memref.global "private" constant @weights : memref<2x2xf32> = dense<[[1.0, 2.0], [3.0, 4.0]]>
func.func @constants(%q: memref<1x2x8x16xf16>, %k: memref<1x2x8x16xf16>, %v: memref<1x2x8x16xf16>, %out: memref<1x2x8x16xf16>) {
  %w = memref.get_global @weights : memref<2x2xf32>
  imhsa.attention ins(%q, %k, %v : memref<1x2x8x16xf16>, memref<1x2x8x16xf16>, memref<1x2x8x16xf16>)
    interaction(pre = %w : memref<2x2xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 1>) outs(%out : memref<1x2x8x16xf16>)
  return
}
// CHECK-LABEL: func.func @constants(
// CHECK-NOT:     memref.get_global
// CHECK:       gpu.module @imhsa_kernels
// CHECK:         memref.global {{.*}} @weights
// CHECK:         llvm.func @constants_0_stream(
// CHECK:           memref.get_global @weights

// -----

func.func @uneven_heads(%q: memref<1x6x8x16xf16>, %k: memref<1x6x8x16xf16>, %v: memref<1x6x8x16xf16>, %out: memref<1x6x8x16xf16>) {
  // expected-error @+1 {{fused kernel: schedule: heads: expected a divisor of 6, the result heads, that is a divisor or a multiple of 1, those that share a value head, found 4}}
  imhsa.attention ins(%q, %k, %v : memref<1x6x8x16xf16>, memref<1x6x8x16xf16>, memref<1x6x8x16xf16>)
    schedule(#imhsa.schedule<stream, heads = 4>) outs(%out : memref<1x6x8x16xf16>)
  return
}

// -----

func.func @uneven_values(%q: memref<1x6x8x16xf16>, %k: memref<1x6x8x16xf16>, %v: memref<1x2x8x16xf16>, %out: memref<1x6x8x16xf16>) {
  // expected-error @+1 {{fused kernel: schedule: heads: expected a divisor of 6, the result heads, that is a divisor or a multiple of 3, those that share a value head, found 2}}
  imhsa.attention ins(%q, %k, %v : memref<1x6x8x16xf16>, memref<1x6x8x16xf16>, memref<1x2x8x16xf16>)
    schedule(#imhsa.schedule<stream, heads = 2>) outs(%out : memref<1x6x8x16xf16>)
  return
}

// -----

func.func @uneven_keys(%q: memref<1x6x8x16xf16>, %k: memref<1x2x8x16xf16>, %v: memref<1x6x8x16xf16>, %out: memref<1x6x8x16xf16>) {
  // expected-error @+1 {{fused kernel: 2 heads of a block: expected a divisor or a multiple of 3, the heads that share a key head}}
  imhsa.attention ins(%q, %k, %v : memref<1x6x8x16xf16>, memref<1x2x8x16xf16>, memref<1x6x8x16xf16>)
    schedule(#imhsa.schedule<stream, heads = 2>) outs(%out : memref<1x6x8x16xf16>)
  return
}

// -----

func.func @dynamic_heads(%q: memref<1x2x8x16xf16>, %k: memref<1x?x8x16xf16>, %v: memref<1x2x8x16xf16>, %out: memref<1x2x8x16xf16>) {
  // expected-error @+1 {{fused kernel: key heads: expected a number that the types tell and that is not 0, found '?'}}
  imhsa.attention ins(%q, %k, %v : memref<1x2x8x16xf16>, memref<1x?x8x16xf16>, memref<1x2x8x16xf16>)
    schedule(#imhsa.schedule<stream>) outs(%out : memref<1x2x8x16xf16>)
  return
}

// -----

func.func @dynamic_value(%q: memref<1x2x8x16xf16>, %k: memref<1x2x8x16xf16>, %v: memref<1x2x8x?xf16>, %out: memref<1x2x8x?xf16>) {
  // expected-error @+1 {{fused kernel: value head size: expected a number that the types tell and that is not 0, found '?'}}
  imhsa.attention ins(%q, %k, %v : memref<1x2x8x16xf16>, memref<1x2x8x16xf16>, memref<1x2x8x?xf16>)
    schedule(#imhsa.schedule<stream>) outs(%out : memref<1x2x8x?xf16>)
  return
}

// -----

func.func @double(%q: memref<1x2x8x16xf64>, %k: memref<1x2x8x16xf64>, %v: memref<1x2x8x16xf64>, %out: memref<1x2x8x16xf64>) {
  // expected-error @+1 {{fused kernel: expected tokens of f16, bf16 or f32, found 'f64'}}
  imhsa.attention ins(%q, %k, %v : memref<1x2x8x16xf64>, memref<1x2x8x16xf64>, memref<1x2x8x16xf64>)
    schedule(#imhsa.schedule<stream>) outs(%out : memref<1x2x8x16xf64>)
  return
}

// -----

func.func @mixed_after(%q: memref<1x2x8x16xf16>, %k: memref<1x2x8x16xf16>, %v: memref<1x2x8x16xf16>, %w: memref<2x2xf32>, %out: memref<1x2x8x16xf16>) {
  // expected-error @+1 {{fused kernel: expected an operand 'lse' beside mixing after the softmax}}
  imhsa.attention ins(%q, %k, %v : memref<1x2x8x16xf16>, memref<1x2x8x16xf16>, memref<1x2x8x16xf16>)
    interaction(post = %w : memref<2x2xf32>)
    schedule(#imhsa.schedule<stream>) outs(%out : memref<1x2x8x16xf16>)
  return
}

// -----

// Units of 24 keys: each operand of queries serves three products, and no head is taken up before the
// last one is mixed.

func.func @wide_units(%q: memref<?x2x16x32xbf16>, %k: memref<?x2x?x32xbf16>, %v: memref<?x2x?x32xbf16>, %w: memref<2x2xf32>,
                      %lse: memref<?x2x16xf32>, %out: memref<?x2x16x32xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<?x2x16x32xbf16>, memref<?x2x?x32xbf16>, memref<?x2x?x32xbf16>)
    interaction(pre = %w : memref<2x2xf32>) lse(%lse : memref<?x2x16xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 48, warps = 2, stages = 1>) outs(%out : memref<?x2x16x32xf32>)
  return
}
// CHECK-LABEL: llvm.func @wide_units_0_stream(
// CHECK-COUNT-4:  nvvm.ldmatrix
// CHECK-COUNT-3:  nvvm.mma.sync
// CHECK-NOT:      nvvm.mma.sync
// CHECK:          nvvm.ldmatrix
// CHECK-COUNT-3:  nvvm.mma.sync
// CHECK-NOT:      nvvm.mma.sync
// CHECK:          nvvm.bar.warp.sync
// CHECK:          nvvm.ldmatrix

// -----

// More than eight heads are mixed in a loop.

func.func @many_heads(%q: memref<?x9x16x32xbf16>, %k: memref<?x9x?x32xbf16>, %v: memref<?x9x?x32xbf16>, %w: memref<9x9xf32>,
                      %lse: memref<?x9x16xf32>, %out: memref<?x9x16x32xf32>) {
  imhsa.attention ins(%q, %k, %v : memref<?x9x16x32xbf16>, memref<?x9x?x32xbf16>, memref<?x9x?x32xbf16>)
    interaction(pre = %w : memref<9x9xf32>) lse(%lse : memref<?x9x16xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 2, stages = 1>) outs(%out : memref<?x9x16x32xf32>)
  return
}
// CHECK-LABEL: llvm.func @many_heads_0_stream(
// CHECK:         scf.for %{{[^ ]+}} = %{{.*}} to %c9_i32{{[_0-9]*}} step %{{.*}} iter_args
// CHECK:           nvvm.mma.sync
// CHECK:           llvm.load volatile
// CHECK:           llvm.intr.fma
// CHECK:           scf.yield
// CHECK:         llvm.nvvm.ex2.approx.ftz.f32
