// The whole general way of an attention to PTX. Stages: decompose, reorder, fuse, schedule, tile, expand, bufferize, lower,
// llvm, binary.
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='fused=false until=expand' | FileCheck %s --check-prefix=EXPAND
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='fused=false until=bufferize' | FileCheck %s --check-prefix=BUFFERIZE
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='fused=false until=lower' | FileCheck %s --check-prefix=LOWER
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='fused=false until=llvm' | FileCheck %s --check-prefix=LLVM
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='fused=false chip=sm_90a format=isa' | FileCheck %s --check-prefix=BINARY
// RUN: imhsa-opt %s --imhsa-cuda-pipeline=fused=false --imhsa-print-ptx=file=%t.ptx -o /dev/null && FileCheck %s --check-prefix=PTX --input-file=%t.ptx
// RUN: %if ptxas %{ %ptxas -arch=sm_80 %t.ptx -o %t.cubin %}
// RUN: not imhsa-opt %s --imhsa-cuda-pipeline=chip=sm_70 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: option 'chip': 'sm_70' is older than sm_80

// By default with fused kernels, which the schedule stage chooses.
// RUN: imhsa-opt %s --imhsa-cuda-pipeline=until=schedule | FileCheck %s --check-prefix=SCHEDULE
// SCHEDULE-LABEL: func.func @attend(
// SCHEDULE: imhsa.log_sum_exp {{.*}} schedule(#imhsa.schedule<normalisers
// SCHEDULE: imhsa.attention {{.*}} lse({{.*}}) schedule(#imhsa.schedule<stream

// EXPAND-LABEL: func.func @attend(
// EXPAND-NOT:     imhsa.
// EXPAND:         linalg.generic
// EXPAND-NOT:     imhsa.
// EXPAND:         return {{.*}} : tensor<1x2x?x8xbf16>

// BUFFERIZE-LABEL: func.func @attend(
// BUFFERIZE-SAME:    %{{.*}}: memref<?xi8>) attributes {llvm.emit_c_interface}
// BUFFERIZE-NOT:     tensor<
// BUFFERIZE:         linalg.generic
// BUFFERIZE-LABEL: func.func @attend_sizes(

// LOWER:       module attributes {gpu.container_module}
// LOWER-LABEL: func.func @attend(
// LOWER-NOT:     linalg.
// LOWER:         gpu.launch_func @imhsa_kernels::@attend_0_
// LOWER-NOT:     linalg.
// LOWER:         return
// LOWER-LABEL: gpu.module @imhsa_kernels
// LOWER-NOT:     linalg.
// LOWER:         gpu.func @attend_0_
// LOWER-NOT:     linalg.
// LOWER-LABEL: func.func @attend_sizes(

// LLVM:       module attributes {{{.*}}imhsa.kernels = ["attend_0_{{.*}}
// LLVM-LABEL: llvm.func @attend(
// LLVM-NOT:     gpu.launch_func
// LLVM-LABEL: llvm.func @imhsa_packed_attend(
// LLVM-LABEL: gpu.module @imhsa_kernels
// LLVM:         nvvm.read.ptx.sreg.tid.x

// BINARY-LABEL: llvm.func @imhsa_packed_attend(
// BINARY-NOT:   gpu.module
// BINARY:       gpu.binary @imhsa_kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80">, {{.*}}assembly = "
// BINARY-NOT:   gpu.module

// PTX:     .version 8.0
// PTX:     .target sm_80
// PTX-NOT: .extern
// PTX:     .visible .entry attend_0_
// PTX-NOT: .extern

func.func @attend(%q: tensor<1x2x?x8xbf16>, %k: tensor<1x2x?x8xbf16>, %v: tensor<1x2x?x8xbf16>, %w: tensor<2x2xf32>,
                  %o: tensor<1x2x?x8xbf16>) -> tensor<1x2x?x8xbf16> {
  %0 = imhsa.attention ins(%q, %k, %v : tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>, tensor<1x2x?x8xbf16>)
         causal interaction(pre = %w : tensor<2x2xf32>, post = %w : tensor<2x2xf32>)
         outs(%o : tensor<1x2x?x8xbf16>) -> tensor<1x2x?x8xbf16>
  return %0 : tensor<1x2x?x8xbf16>
}
