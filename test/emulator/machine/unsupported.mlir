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
// CLUSTER: error: kernel 'k': the emulator has clusters of one block only, found 2

//--- cluster.mlir
gpu.module @m {
 llvm.func @k() attributes {nvvm.kernel, nvvm.cluster_dim = array<i32: 2, 1, 1>} {
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
