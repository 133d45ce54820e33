// RUN: imhsa-opt %s --imhsa-lower-to-gpu=batch-chunk=3 --canonicalize --cse | FileCheck %s
// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_80 --canonicalize --cse | FileCheck %s --check-prefix=CACHE
// RUN: not imhsa-opt %s --imhsa-lower-to-gpu=batch-chunk=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_70 2>&1 | FileCheck %s --check-prefix=CHIP
// NEGATIVE: error: option 'batch-chunk': expected at least 0, found -1
// CHIP: error: option 'chip': 'sm_70' is older than sm_80

!x = memref<?x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!l = memref<?x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>

// Two kernels that read the same tokens go through the batch together.

// CHECK-LABEL: func.func @together(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x6x?x64xbf16
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: %[[B:.*]] = memref.dim %[[X]], %[[C0]]
// CHECK: scf.for %[[I:.*]] = %[[C0]] to %[[B]] step %[[C3]] {
// CHECK: %[[REST:.*]] = arith.subi %[[B]], %[[I]]
// CHECK: %[[COUNT:.*]] = arith.minui %[[REST]], %[[C3]]
// CHECK: memref.subview %[[X]][%[[I]], 0, 0, 0] [%[[COUNT]], 6, %{{.*}}, 64] [1, 1, 1, 1]
// CHECK: gpu.launch_func @imhsa_kernels::@together_0_pool
// CHECK: gpu.launch_func @imhsa_kernels::@together_1_stream
// CHECK: return

// By the cache: the tokens of a batch element, [6, n, 64] in bf16, in half of 40 MB.
// CACHE-LABEL: func.func @together(
// CACHE-DAG: %[[HALF:.*]] = arith.constant 20971520 : index
// CACHE-DAG: %[[ROW:.*]] = arith.constant 768 : index
// CACHE: %[[BYTES:.*]] = arith.muli %{{.*}}, %[[ROW]]
// CACHE: %[[FITS:.*]] = arith.divui %[[HALF]], %{{.*}}
// CACHE: arith.cmpi uge, %{{.*}}, %c108
// CACHE: arith.select %{{.*}}, %[[FITS]], %{{.*}}
// CACHE: scf.for
func.func @together(%x: !x, %l: !l, %o: !l, %w: memref<?xi8>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%x : !x) schedule(#imhsa.schedule<pool>) outs(%l : !l)
  imhsa.attention ins(%l, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>) outs(%o : !l)
  return
}

// Nothing is read twice.

// CHECK-LABEL: func.func @alone(
// CHECK-NOT: scf.for
// CHECK: gpu.launch_func @imhsa_kernels::@alone_0_pool
// CHECK: return
func.func @alone(%x: !x, %l: !l, %w: memref<?xi8>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%x : !x) schedule(#imhsa.schedule<pool>) outs(%l : !l)
  return
}

// The second reads, as a bias for every batch element, what the first writes.

!b = memref<1x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>>
!y = memref<1x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!q = memref<1x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>

// CHECK-LABEL: func.func @apart(
// CHECK-NOT: scf.for %{{.*}} step %c3
// CHECK: gpu.launch_func @imhsa_kernels::@apart_0_pool
// CHECK: return
func.func @apart(%x: memref<2x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %q: memref<2x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
                 %k: memref<2x6x64x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %l: memref<2x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>>,
                 %o: memref<2x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %w: memref<?xi8>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%x : memref<2x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>) schedule(#imhsa.schedule<pool>)
    outs(%l : memref<2x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>>)
  %first = memref.subview %l[0, 0, 0, 0] [1, 6, 7, 64] [1, 1, 1, 1]
    : memref<2x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>> to memref<1x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>>
  imhsa.attention ins(%q, %k, %k : memref<2x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
      memref<2x6x64x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, memref<2x6x64x64xbf16, strided<[?, ?, ?, 1], offset: ?>>)
    bias(%first : memref<1x6x7x64xf32, strided<[?, ?, ?, 1], offset: ?>>)
    schedule(#imhsa.schedule<stream, queries = 16, keys = 16>) outs(%o : memref<2x6x7x64xbf16, strided<[?, ?, ?, 1], offset: ?>>)
  return
}

// What is asserted of sizes in between parts neither a chunk's kernels nor a pool from the sweep that it rides on.

// CHECK-LABEL: func.func @asserted(
// CHECK: cf.assert
// CHECK: scf.for
// CHECK: gpu.launch_func @imhsa_kernels::@asserted_0_pool
// CHECK: gpu.launch_func @imhsa_kernels::@asserted_1_stream
// CHECK: return
func.func @asserted(%x: !x, %l: !l, %o: !l, %ok: i1, %w: memref<?xi8>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%x : !x) schedule(#imhsa.schedule<pool>) outs(%l : !l)
  cf.assert %ok, "sizes"
  imhsa.attention ins(%l, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>) outs(%o : !l)
  return
}

// CHECK-LABEL: func.func @rides(
// CHECK-NOT: _pool
// CHECK: gpu.launch_func @imhsa_kernels::@rides_{{.*}}_stream
// CHECK-NOT: gpu.launch_func
// CHECK: return
func.func @rides(%x: !x, %q: !l, %l: !l, %o: !l, %ok: i1, %w: memref<?xi8>) attributes {llvm.emit_c_interface} {
  imhsa.pool #imhsa.pool<7> ins(%x : !x) schedule(#imhsa.schedule<pool>) outs(%l : !l)
  cf.assert %ok, "sizes"
  imhsa.attention ins(%q, %x, %x : !l, !x, !x) schedule(#imhsa.schedule<stream, queries = 16, keys = 16>) outs(%o : !l)
  return
}
