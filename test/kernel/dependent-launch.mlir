// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a --split-input-file | FileCheck %s
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a,sm_120 --split-input-file | FileCheck %s
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_80 --split-input-file | FileCheck %s --check-prefix=OLD
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a,sm_80 --split-input-file | FileCheck %s --check-prefix=OLD

// From sm_90 on, kernels begin while those before them still run. They wait for these before the first access to what
// these may write: here the normalisers, while the weights of mixing are there before. Right behind that the next may
// begin. No chip of the list may be older.
// OLD-NOT: nvvm.griddepcontrol

// CHECK-LABEL: llvm.func @sum_{{[0-9]}}_stream(
// CHECK-NOT:     nvvm.griddepcontrol
// CHECK:         scf.for
// CHECK:           llvm.load %{{.*}} : !llvm.ptr<1> -> f32
// CHECK:         scf.for
// CHECK:           llvm.load %{{.*}} : !llvm.ptr<1> -> f32
// CHECK:         nvvm.griddepcontrol wait
// CHECK-NEXT:    nvvm.griddepcontrol launch_dependents
// CHECK-NEXT:    scf.for
// CHECK-NOT:     nvvm.griddepcontrol
// CHECK:         llvm.return
!q = memref<?x2x49x32xbf16>
!k = memref<?x2x?x32xbf16>
func.func @sum(%q: !q, %k: !k, %w0: memref<2x2xf32>, %w1: memref<2x2xf32>, %lse: memref<?x2x49xf32>,
               %out: memref<?x2x49x32xf32>) attributes {llvm.emit_c_interface} {
  imhsa.log_sum_exp ins(%q, %k : !q, !k) interaction(pre = %w0 : memref<2x2xf32>)
    schedule(#imhsa.schedule<normalisers, queries = 16, keys = 16, warps = 2>) outs(%lse : memref<?x2x49xf32>)
  imhsa.attention ins(%q, %k, %k : !q, !k, !k)
    interaction(pre = %w0 : memref<2x2xf32>, post = %w1 : memref<2x2xf32>) lse(%lse : memref<?x2x49xf32>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, warps = 2, stages = 1>) outs(%out : memref<?x2x49x32xf32>)
  return
}

// -----

// Weights that a kernel of the function writes are there only after the wait.

// CHECK-LABEL: llvm.func @written_{{[0-9]}}_normalisers(
// CHECK-NOT:     llvm.load
// CHECK-NOT:     scf.for
// CHECK:         nvvm.griddepcontrol wait
// CHECK-NEXT:    nvvm.griddepcontrol launch_dependents
// CHECK-NEXT:    scf.for
// A kernel of the general path neither waits nor lets the next begin: what is after it begins when it has ended.
// CHECK-LABEL: gpu.func @written_{{[0-9]}}_fill(
// CHECK-NOT:     nvvm.griddepcontrol
!q = memref<?x2x49x32xbf16>
!k = memref<?x2x?x32xbf16>
func.func @written(%q: !q, %k: !k, %w0: memref<2x2xf32>, %c: f32, %lse: memref<?x2x49xf32>)
    attributes {llvm.emit_c_interface} {
  linalg.fill ins(%c : f32) outs(%w0 : memref<2x2xf32>)
  imhsa.log_sum_exp ins(%q, %k : !q, !k) interaction(pre = %w0 : memref<2x2xf32>)
    schedule(#imhsa.schedule<normalisers, queries = 16, keys = 16, warps = 2>) outs(%lse : memref<?x2x49xf32>)
  return
}

// -----

// So it is where nothing tells which buffers are written: the memrefs of a function that others call may overlap.

// CHECK-LABEL: llvm.func @unknown_{{[0-9]}}_normalisers(
// CHECK-NOT:     scf.for
// CHECK:         nvvm.griddepcontrol wait
!q = memref<?x2x49x32xbf16>
!k = memref<?x2x?x32xbf16>
func.func @unknown(%q: !q, %k: !k, %w0: memref<2x2xf32>, %lse: memref<?x2x49xf32>) {
  imhsa.log_sum_exp ins(%q, %k : !q, !k) interaction(pre = %w0 : memref<2x2xf32>)
    schedule(#imhsa.schedule<normalisers, queries = 16, keys = 16, warps = 2>) outs(%lse : memref<?x2x49xf32>)
  return
}
