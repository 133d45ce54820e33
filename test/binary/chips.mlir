// Every chip that there is code for, with the version of PTX that is chosen for it; ptxas takes them all.
// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm))' -o %t.mlir
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_80 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_80 -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_80 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_86 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_86 -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_86 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_87 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_87 -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_87 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_88 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_88 -DVERSION=9.0
// RUN: %if ptxas %{ %ptxas -arch=sm_88 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_89 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_89 -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_89 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_90 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_90 -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_90 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_90a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_90a -DVERSION=8.0
// RUN: %if ptxas %{ %ptxas -arch=sm_90a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_100 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_100 -DVERSION=8.6
// RUN: %if ptxas %{ %ptxas -arch=sm_100 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_100a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_100a -DVERSION=8.6
// RUN: %if ptxas %{ %ptxas -arch=sm_100a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_100f --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_100f -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_100f %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_103 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_103 -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_103 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_103a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_103a -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_103a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_103f --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_103f -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_103f %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_110 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_110 -DVERSION=9.0
// RUN: %if ptxas %{ %ptxas -arch=sm_110 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_110a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_110a -DVERSION=9.0
// RUN: %if ptxas %{ %ptxas -arch=sm_110a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_110f --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_110f -DVERSION=9.0
// RUN: %if ptxas %{ %ptxas -arch=sm_110f %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_120 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_120 -DVERSION=8.7
// RUN: %if ptxas %{ %ptxas -arch=sm_120 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_120a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_120a -DVERSION=8.7
// RUN: %if ptxas %{ %ptxas -arch=sm_120a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_120f --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_120f -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_120f %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_121 --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_121 -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_121 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_121a --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_121a -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_121a %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %t.mlir --imhsa-gpu-to-binary=chip=sm_121f --imhsa-print-ptx=file=%t.ptx -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx -DCHIP=sm_121f -DVERSION=8.8
// RUN: %if ptxas %{ %ptxas -arch=sm_121f %t.ptx -o %t.cubin %}

// CHECK:     .version [[VERSION]]
// CHECK:     .target [[CHIP]]{{$}}
// CHECK:     .visible .entry add(
// CHECK:     .maxntid 256, 1, 1
// CHECK:     add.rn.f32
// CHECK-NOT: .extern
gpu.module @kernels {
  gpu.func @add(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %y[%i] : memref<?xf32>
    %r = arith.addf %a, %b : f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}
