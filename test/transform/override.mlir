// A schedule in IR overrides what imhsa-schedule would choose, and changes the kernels that are emitted.
// RUN: rm -rf %t && split-file %s %t
// RUN: imhsa-opt %t/attention.mlir --imhsa-cuda-pipeline='fused until=schedule' | FileCheck %s --check-prefix=CHOSEN
// RUN: imhsa-opt %t/attention.mlir --transform-preload-library=transform-library-paths=%t/schedules.mlir \
// RUN:   --transform-interpreter=entry-point=streamed --imhsa-cuda-pipeline='fused until=schedule' | FileCheck %s --check-prefix=STREAMED
// RUN: imhsa-opt %t/attention.mlir --imhsa-cuda-pipeline='fused chip=sm_90a' --imhsa-print-ptx -o %t/chosen.mlir | FileCheck %s --check-prefix=CHOSEN-PTX
// RUN: imhsa-opt %t/attention.mlir --transform-preload-library=transform-library-paths=%t/schedules.mlir \
// RUN:   --transform-interpreter=entry-point=streamed --imhsa-cuda-pipeline='fused chip=sm_90a' --imhsa-print-ptx -o %t/streamed.mlir | FileCheck %s --check-prefix=STREAMED-PTX
// RUN: imhsa-opt %t/attention.mlir --transform-preload-library=transform-library-paths=%t/schedules.mlir \
// RUN:   --transform-interpreter=entry-point=general --imhsa-cuda-pipeline='fused chip=sm_90a' --imhsa-print-ptx -o %t/tiled.mlir | FileCheck %s --check-prefix=PTX
// RUN: imhsa-opt %t/attention.mlir --transform-preload-library=transform-library-paths=%t/schedules.mlir \
// RUN:   --transform-interpreter=entry-point=general --imhsa-cuda-pipeline='fused until=lower' | FileCheck %s --check-prefix=TILES

// The table's choice, another kernel of the same kind, and none of its own: tiles of 32 queries and 64 keys.
// CHOSEN:      schedule(#imhsa.schedule<stream
// CHOSEN-NOT:  warps = 2
// STREAMED:    schedule(#imhsa.schedule<stream, queries = 32, keys = 32, warps = 2, stages = 1, heads = 1>)
// CHOSEN-PTX:   .entry f_0_stream
// CHOSEN-PTX:   .maxntid 256
// STREAMED-PTX: .entry f_0_stream
// STREAMED-PTX: .maxntid 64
// TILES:       gpu.func @{{.*}}memref<1x6x32x64xf32>
// PTX:         .entry
// PTX:         .maxntid 256

//--- attention.mlir
!t = tensor<2x6x1024x64xf16>
func.func @f(%q: !t, %k: !t, %v: !t) -> !t {
  %init = tensor.empty() : !t
  %0 = imhsa.attention ins(%q, %k, %v : !t, !t, !t) outs(%init : !t) -> !t
  return %0 : !t
}

//--- schedules.mlir
module attributes {transform.with_named_sequence} {
  transform.named_sequence @streamed(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.imhsa.set_schedule %attention
      schedule(#imhsa.schedule<stream, queries = 32, keys = 32, warps = 2, stages = 1, heads = 1>) : !transform.any_op
    transform.yield
  }
  transform.named_sequence @general(%root: !transform.any_op {transform.readonly}) {
    %attention = transform.structured.match ops{["imhsa.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.imhsa.set_schedule %attention schedule(#imhsa.schedule<general, queries = 32, keys = 64>) : !transform.any_op
    transform.yield
  }
}
