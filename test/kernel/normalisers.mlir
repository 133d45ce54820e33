// RUN: imhsa-opt %s --imhsa-lower-to-gpu -split-input-file -verify-diagnostics | FileCheck %s

// Two stages of keys, heads mixed before the softmax. In the loop over tiles there is nothing between lanes
// or warps but the barrier for the copies: rows are put together behind it.

func.func @plain(%q: memref<?x6x49x64xbf16>, %k: memref<?x6x?x64xbf16>, %w: memref<6x6xf32>, %lse: memref<?x6x49xf32>) {
  imhsa.log_sum_exp ins(%q, %k : memref<?x6x49x64xbf16>, memref<?x6x?x64xbf16>)
    interaction(pre = %w : memref<6x6xf32>) schedule(#imhsa.schedule<normalisers>) outs(%lse : memref<?x6x49xf32>)
  return
}
// CHECK-LABEL: func.func @plain(
// CHECK-SAME:    %[[Q:[^:]+]]: memref<?x6x49x64xbf16>
// CHECK:         %[[BATCH:.*]] = memref.dim %[[Q]], %{{.*}} : memref<?x6x49x64xbf16>
// CHECK:         gpu.launch_func @imhsa_kernels::@plain_0_normalisers blocks in (%[[BATCH]], %{{.*}}, %{{.*}}) threads in (%{{.*}}, %{{.*}}, %{{.*}}) dynamic_shared_memory_size %{{[^ ]+}} args(
// CHECK-NOT:     imhsa.log_sum_exp
// CHECK-LABEL: llvm.func @plain_0_normalisers(
// CHECK-SAME:    nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>
// CHECK:         nvvm.cp.async.shared.global
// CHECK:         scf.for
// CHECK:           nvvm.cp.async.wait.group 0
// CHECK-NEXT:      nvvm.barrier
// CHECK:           scf.for
// CHECK:             nvvm.ldmatrix
// CHECK-NOT:         nvvm.shfl
// CHECK-NOT:         nvvm.barrier
// CHECK:             nvvm.mma.sync
// CHECK:             llvm.nvvm.ex2.approx.ftz.f32
// CHECK:             scf.yield
// CHECK-NOT:       nvvm.shfl
// CHECK-NOT:       nvvm.barrier
// CHECK:           scf.yield
// CHECK:         nvvm.barrier
// CHECK:         nvvm.shfl.sync bfly
// CHECK:         nvvm.barrier
// CHECK:         llvm.nvvm.lg2.approx.ftz.f

// -----

// Ranges of keys: a dimension of the grid, and a kernel that puts them together.

func.func @split(%q: memref<2x4x32x64xf16>, %k: memref<2x2x?x64xf16>, %partial: memref<8x2x4x32xf32>, %lse: memref<2x4x32xf32>) {
  imhsa.log_sum_exp ins(%q, %k : memref<2x4x32x64xf16>, memref<2x2x?x64xf16>)
    schedule(#imhsa.schedule<normalisers, splits = 8, heads = 2>) scratch(%partial : memref<8x2x4x32xf32>) outs(%lse : memref<2x4x32xf32>)
  return
}
// CHECK-LABEL: func.func @split(
// CHECK:         %[[SPLITS:.*]] = arith.constant 8 : index
// CHECK:         gpu.launch_func @imhsa_kernels::@split_0_normalisers blocks in (%c2{{[_0-9]*}}, %c2{{[_0-9]*}}, %[[SPLITS]])
// CHECK:         gpu.launch_func @imhsa_kernels::@split_0_combine

// -----

func.func @uneven_heads(%q: memref<2x6x32x64xf16>, %k: memref<2x6x?x64xf16>, %lse: memref<2x6x32xf32>) {
  // expected-error @+1 {{fused kernel: schedule: heads: expected a divisor of 6, found 4}}
  imhsa.log_sum_exp ins(%q, %k : memref<2x6x32x64xf16>, memref<2x6x?x64xf16>)
    schedule(#imhsa.schedule<normalisers, heads = 4>) outs(%lse : memref<2x6x32xf32>)
  return
}

// -----

func.func @dynamic_heads(%q: memref<2x?x32x64xf16>, %k: memref<2x?x?x64xf16>, %lse: memref<2x?x32xf32>) {
  // expected-error @+1 {{fused kernel: score heads: expected a number that the types tell and that is not 0}}
  imhsa.log_sum_exp ins(%q, %k : memref<2x?x32x64xf16>, memref<2x?x?x64xf16>)
    schedule(#imhsa.schedule<normalisers>) outs(%lse : memref<2x?x32xf32>)
  return
}

// -----

// A pool of the keys directly in front: no kernel of its own. What touches no memory may stand between.

func.func @rider(%q: memref<2x4x49x64xbf16>, %k: memref<2x4x?x64xbf16>, %lse: memref<2x4x49xf32>, %kbar: memref<2x4x49x64xf32>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<49> ins(%k : memref<2x4x?x64xbf16>) schedule(#imhsa.schedule<pool>) outs(%kbar : memref<2x4x49x64xf32>)
  %c0 = arith.constant 0 : index
  imhsa.log_sum_exp ins(%q, %k : memref<2x4x49x64xbf16>, memref<2x4x?x64xbf16>)
    schedule(#imhsa.schedule<normalisers>) outs(%lse : memref<2x4x49xf32>)
  return
}
// CHECK-LABEL: func.func @rider(
// CHECK:         gpu.launch_func @imhsa_kernels::@rider_1_normalisers
// CHECK-NOT:     gpu.launch_func

// -----

// Masks keep the sweep from reading all keys.

func.func @no_rider(%q: memref<2x4x49x64xbf16>, %k: memref<2x4x49x64xbf16>, %lse: memref<2x4x49xf32>, %kbar: memref<2x4x7x64xf32>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%k : memref<2x4x49x64xbf16>) schedule(#imhsa.schedule<pool>) outs(%kbar : memref<2x4x7x64xf32>)
  imhsa.log_sum_exp ins(%q, %k : memref<2x4x49x64xbf16>, memref<2x4x49x64xbf16>) causal
    schedule(#imhsa.schedule<normalisers>) outs(%lse : memref<2x4x49xf32>)
  return
}
// CHECK-LABEL: func.func @no_rider(
// CHECK:         gpu.launch_func @imhsa_kernels::@no_rider_0_pool
// CHECK:         gpu.launch_func @imhsa_kernels::@no_rider_1_normalisers

// -----

// The sweep reads the landmarks themselves, through a view.

func.func @reads_landmarks(%k: memref<2x4x?x64xbf16>, %lse: memref<2x4x49xf32>, %kbar: memref<2x4x49x64xf32>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<49> ins(%k : memref<2x4x?x64xbf16>) schedule(#imhsa.schedule<pool>) outs(%kbar : memref<2x4x49x64xf32>)
  %q = memref.subview %kbar[0, 0, 0, 0] [2, 4, 49, 64] [1, 1, 1, 1] : memref<2x4x49x64xf32> to memref<2x4x49x64xf32, strided<[12544, 3136, 64, 1]>>
  imhsa.log_sum_exp ins(%q, %k : memref<2x4x49x64xf32, strided<[12544, 3136, 64, 1]>>, memref<2x4x?x64xbf16>)
    schedule(#imhsa.schedule<normalisers>) outs(%lse : memref<2x4x49xf32>)
  return
}
// CHECK-LABEL: func.func @reads_landmarks(
// CHECK:         gpu.launch_func @imhsa_kernels::@reads_landmarks_0_pool
// CHECK:         gpu.launch_func @imhsa_kernels::@reads_landmarks_1_normalisers
