// What the emulator does not have is an error that names it with its place, never a wrong result.

// RUN: split-file %s %t
// RUN: not imhsa-emulate %t/wgmma.mlir --chip=sm_90a 2>&1 | FileCheck %s --check-prefix=WGMMA
// WGMMA: error: {{.*}}wgmma.mlir:3:5: the emulator does not have the instruction 'wgmma.fence.sync.aligned'

//--- wgmma.mlir
gpu.module @m {
 llvm.func @k() attributes {nvvm.kernel} {
    nvvm.wgmma.fence.aligned
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/stmatrix.mlir --chip=sm_89 2>&1 | FileCheck %s --check-prefix=STMATRIX
// STMATRIX: error: {{.*}}stmatrix.mlir:3:5: 'stmatrix.sync.aligned.m8n8.x1.b16' needs sm_90, but the kernel is for sm_89

//--- stmatrix.mlir
gpu.module @m {
 llvm.func @k(%p: !llvm.ptr<3>, %x: i32) attributes {nvvm.kernel} {
    nvvm.stmatrix %p, %x {layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : !llvm.ptr<3>, i32
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/bulk.mlir --chip=sm_80 2>&1 | FileCheck %s --check-prefix=BULK
// BULK: bulk.mlir:3:5: 'cp.async.bulk.commit.group' needs sm_90, but the kernel is for sm_80

//--- bulk.mlir
gpu.module @m {
 llvm.func @k() attributes {nvvm.kernel} {
    nvvm.cp.async.bulk.commit.group
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/ptx.mlir 2>&1 | FileCheck %s --check-prefix=PTX
// PTX: ptx.mlir:3:10: the emulator does not have the inline PTX 'ex3.approx.f32 $0, $1'

//--- ptx.mlir
gpu.module @m {
 llvm.func @k(%x: f32) attributes {nvvm.kernel} {
    %0 = nvvm.inline_ptx "ex3.approx.f32 $0, $1;" ro (%x : f32) -> f32
    llvm.return
 }
}

// Predicated, a result keeps what it was: that is not known here.
// RUN: not imhsa-emulate %t/predicate.mlir 2>&1 | FileCheck %s --check-prefix=PREDICATE
// PREDICATE: predicate.mlir:3:10: the emulator does not have the inline PTX '@{{.*}} tanh.approx.f32 $0, $1'

//--- predicate.mlir
gpu.module @m {
 llvm.func @k(%x: f32, %p: i1) attributes {nvvm.kernel} {
    %0 = nvvm.inline_ptx "tanh.approx.f32 $0, $1;" ro (%x : f32), predicate = %p -> f32
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/cluster.mlir --chip=sm_90 2>&1 | FileCheck %s --check-prefix=CLUSTER
// CLUSTER: error: kernel 'k': the emulator has clusters of blocks in a row only, found 2x2x1

//--- cluster.mlir
gpu.module @m {
 llvm.func @k() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 2, 1>} {
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/pointer.mlir 2>&1 | FileCheck %s --check-prefix=POINTER
// POINTER: pointer.mlir:3:5: the emulator does not have calls of functions by address

//--- pointer.mlir
gpu.module @m {
 llvm.func @k(%f: !llvm.ptr) attributes {nvvm.kernel} {
    llvm.call %f() : !llvm.ptr, () -> ()
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/extern.mlir 2>&1 | FileCheck %s --check-prefix=EXTERN
// EXTERN: extern.mlir:2:2: error: 'llvm.func' op 'vprintf' is defined nowhere; kernels are linked with nothing
// EXTERN: error: cannot lower gpu.module @m to the NVVM dialect

//--- extern.mlir
gpu.module @m {
 llvm.func @vprintf(!llvm.ptr, !llvm.ptr) -> i32
 llvm.func @k(%f: !llvm.ptr) attributes {nvvm.kernel} {
    %0 = llvm.call @vprintf(%f, %f) : (!llvm.ptr, !llvm.ptr) -> i32
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/initialised.mlir 2>&1 | FileCheck %s --check-prefix=INITIALISED
// INITIALISED: error: shared variable 's' has a value: shared memory cannot be initialised

//--- initialised.mlir
gpu.module @m {
 llvm.mlir.global internal @s(1.0 : f32) {addr_space = 3 : i32} : f32
 llvm.func @k() attributes {nvvm.kernel} {
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/recursion.mlir 2>&1 | FileCheck %s --check-prefix=RECURSION
// RECURSION: error: function 'f' calls itself: the emulator does not have recursion

//--- recursion.mlir
gpu.module @m {
 llvm.func internal @f() {
    llvm.call @f() : () -> ()
    llvm.return
 }
 llvm.func @k() attributes {nvvm.kernel} {
    llvm.call @f() : () -> ()
    llvm.return
 }
}

// RUN: not imhsa-emulate %t/intrinsic.mlir 2>&1 | FileCheck %s --check-prefix=INTRINSIC
// INTRINSIC: intrinsic.mlir:5:10: the emulator does not have the intrinsic 'llvm.masked.load.v4f32.p1'

//--- intrinsic.mlir
gpu.module @m {
 llvm.func @k(%p: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %m = llvm.mlir.constant(dense<true> : vector<4xi1>) : vector<4xi1>
    %v = llvm.mlir.constant(dense<0.0> : vector<4xf32>) : vector<4xf32>
    %r = llvm.intr.masked.load %p, %m, %v {alignment = 4 : i32} : (!llvm.ptr<1>, vector<4xi1>, vector<4xf32>) -> vector<4xf32>
    llvm.return
 }
}

// gpu.dynamic_shared_memory beside static shared memory lies over it on a GPU.
// RUN: not imhsa-emulate %t/overlap.mlir 2>&1 | FileCheck %s --check-prefix=OVERLAP
// OVERLAP: error: kernel 'k': dynamic shared memory that is internal to the module, as gpu.dynamic_shared_memory makes it, overlaps the static shared memory

//--- overlap.mlir
gpu.module @m {
 gpu.func @k() workgroup(%a: memref<4xi8, #gpu.address_space<workgroup>>) kernel {
    %c0 = arith.constant 0 : index
    %d = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %x = memref.load %a[%c0] : memref<4xi8, #gpu.address_space<workgroup>>
    memref.store %x, %d[%c0] : memref<?xi8, #gpu.address_space<workgroup>>
    gpu.return
 }
}
