// RUN: imhsa-opt %s --split-input-file --imhsa-lower-to-gpu=chip=sm_90a --canonicalize --cse --verify-diagnostics | FileCheck %s

// One block for each batch element does what is whole, one operation after the other; it meets between them, and
// what one has written is read by the next. What is asserted of sizes does not part them.

!x = memref<?x2x?x16xbf16, strided<[?, ?, ?, 1], offset: ?>>
!l = memref<?x2x5x16xf32, strided<[?, ?, ?, 1], offset: ?>>

// CHECK-LABEL: func.func @together(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x2x?x16xbf16
// CHECK:         cf.assert
// CHECK:         %[[B:.*]] = memref.dim %{{.*}}, %c0
// CHECK:         gpu.launch_func @imhsa_kernels::@together_0_whole blocks in (%[[B]], %c1, %c1) threads in (%c128, %c1, %c1)
// CHECK-NOT:     gpu.launch_func
// CHECK:         return
// CHECK-LABEL: func.func @warps(
// CHECK:         gpu.launch_func @imhsa_kernels::@warps_0_whole {{.*}} threads in (%c256,
// CHECK:         gpu.launch_func @imhsa_kernels::@warps_1_whole {{.*}} threads in (%c128,
// CHECK-LABEL: func.func @not_marked(
// CHECK:         gpu.launch_func @imhsa_kernels::@not_marked_0_whole
// CHECK:         gpu.launch_func @imhsa_kernels::@not_marked_{{.*}}_stream
// CHECK-LABEL: func.func @transposed(
// CHECK:         gpu.launch_func @imhsa_kernels::@transposed_0_whole
// CHECK:         gpu.launch_func @imhsa_kernels::@transposed_1_whole

func.func @together(%x: !x, %lbar: !l, %out: !l, %ok: i1) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<5> ins(%x : !x) schedule(#imhsa.schedule<pool, warps = 4>) outs(%lbar : !l) {imhsa.whole = 1}
  cf.assert %ok, "sizes"
  imhsa.attention ins(%lbar, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>)
    outs(%out : !l) {imhsa.whole = 1}
  return
}

// Other numbers of warps: other launches.

func.func @warps(%x: !x, %lbar: !l, %out: !l) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<5> ins(%x : !x) schedule(#imhsa.schedule<pool>) outs(%lbar : !l) {imhsa.whole = 1}
  imhsa.attention ins(%lbar, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>)
    outs(%out : !l) {imhsa.whole = 1}
  return
}

func.func @not_marked(%x: !x, %lbar: !l, %out: !l) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<5> ins(%x : !x) schedule(#imhsa.schedule<pool, warps = 4>) outs(%lbar : !l) {imhsa.whole = 1}
  imhsa.attention ins(%lbar, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>)
    outs(%out : !l)
  return
}

// What the second reads is not, batch element by batch element, what the first has written.

func.func @transposed(%x: !x, %lbar: memref<2x2x5x16xf32>, %out: !l) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<5> ins(%x : !x) schedule(#imhsa.schedule<pool, warps = 4>)
    outs(%lbar : memref<2x2x5x16xf32>) {imhsa.whole = 1}
  %t = memref.reinterpret_cast %lbar to offset: [0], sizes: [2, 2, 5, 16], strides: [80, 160, 16, 1]
    : memref<2x2x5x16xf32> to memref<2x2x5x16xf32, strided<[80, 160, 16, 1]>>
  imhsa.attention ins(%t, %x, %x : memref<2x2x5x16xf32, strided<[80, 160, 16, 1]>>, !x, !x)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16>) outs(%out : !l) {imhsa.whole = 1}
  return
}

// Pools of one cluster have no part of each other's memory and do not wait; the sweep that reads both does, what
// combines its ranges of keys, and the read-out.

// CHECK-LABEL: func.func @cluster(
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: memref<?x2x?x16xbf16
// CHECK-DAG:     %[[B:.*]] = memref.dim %{{.*}}, %c0
// CHECK-DAG:     %[[GRID:.*]] = arith.muli %[[B]], %c8
// CHECK:         gpu.launch_func @imhsa_kernels::@cluster_0_whole blocks in (%[[GRID]], %c1, %c1) threads in (%c128, %c1, %c1)
// CHECK-NOT:     gpu.launch_func
// CHECK:         return
// CHECK-LABEL: llvm.func @together_0_whole(
// CHECK:         nvvm.barrier
// CHECK:         scf.for
// CHECK:         nvvm.barrier
// CHECK:         nvvm.mma.sync
// CHECK-LABEL: llvm.func @cluster_0_whole(
// CHECK-SAME:    nvvm.cluster_dim = array<i32: 8, 1, 1>
// CHECK:         nvvm.griddepcontrol wait
// CHECK-NOT:     nvvm.cluster
// CHECK:         llvm.store {{.*}} : f32, !llvm.ptr<1>
// CHECK-NOT:     nvvm.cluster
// CHECK:         nvvm.cluster.arrive {aligned}
// CHECK-NEXT:    nvvm.cluster.wait {aligned}
// CHECK-NOT:     nvvm.cluster
// CHECK:         nvvm.mma.sync
// CHECK-NOT:     nvvm.cluster
// CHECK:         nvvm.cluster.arrive {aligned}
// CHECK-NEXT:    nvvm.cluster.wait {aligned}
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         nvvm.cluster.arrive {aligned}
// CHECK-NEXT:    nvvm.cluster.wait {aligned}
// CHECK:         nvvm.mma.sync
// CHECK-NOT:     nvvm.cluster
// CHECK:         llvm.return

!q = memref<?x2x?x16xbf16, strided<[?, ?, ?, 1], offset: ?>>
!m = memref<?x2x5x16xf32, strided<[?, ?, ?, 1], offset: ?>>
!p = memref<2x?x2x5x16xf32, strided<[?, ?, ?, ?, 1], offset: ?>>
!e = memref<2x?x2x5xf32, strided<[?, ?, ?, 1], offset: ?>>

func.func @cluster(%q: !q, %k: !q, %qbar: !m, %kbar: !m, %context: !m, %parts: !p, %lse: !e, %out: !q)
    attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<5> ins(%q : !q) schedule(#imhsa.schedule<pool, warps = 4>) outs(%qbar : !m) {imhsa.whole = 8}
  imhsa.pool #imhsa.pool<5> ins(%k : !q) schedule(#imhsa.schedule<pool, warps = 4>) outs(%kbar : !m) {imhsa.whole = 8}
  imhsa.attention ins(%qbar, %k, %k : !m, !q, !q)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16, splits = 2>) scratch(%parts, %lse : !p, !e)
    outs(%context : !m) {imhsa.whole = 8}
  imhsa.attention ins(%q, %kbar, %context : !q, !m, !m)
    schedule(#imhsa.schedule<read_out, queries = 64, warps = 4>) outs(%out : !q) {imhsa.whole = 8}
  return
}

// -----

func.func @general(%x: tensor<1x2x9x16xf32>, %out: tensor<1x2x5x16xf32>) -> tensor<1x2x5x16xf32> {
  // expected-error @+1 {{attribute 'imhsa.whole': expected 1, 2, 4 or 8 blocks on an operation with a schedule of a fused kind, found 8 : i64}}
  %0 = imhsa.pool #imhsa.pool<5> ins(%x : tensor<1x2x9x16xf32>) outs(%out : tensor<1x2x5x16xf32>) {imhsa.whole = 8} -> tensor<1x2x5x16xf32>
  return %0 : tensor<1x2x5x16xf32>
}

// -----

func.func @blocks(%x: memref<1x2x9x16xbf16>, %out: memref<1x2x5x16xf32>) {
  // expected-error @+1 {{attribute 'imhsa.whole': expected 1, 2, 4 or 8 blocks on an operation with a schedule of a fused kind, found 3 : i64}}
  imhsa.pool #imhsa.pool<5> ins(%x : memref<1x2x9x16xbf16>) schedule(#imhsa.schedule<pool>) outs(%out : memref<1x2x5x16xf32>) {imhsa.whole = 3}
  return
}
