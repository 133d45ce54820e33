// The IR between passes, as upstream's options print it, by the names of passes inside of a pipeline.
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=fuse --mlir-print-ir-after=imhsa-decompose --mlir-print-ir-before=imhsa-fuse -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --implicit-check-not='IR Dump'
// CHECK:         // -----// IR Dump After {{.*}}DecomposePass (imhsa-decompose) //----- //
// CHECK-COUNT-2: imhsa.weights
// CHECK:         linalg.contract {{.*}}tensor<1x2x50x50xf32>
// CHECK:         // -----// IR Dump Before {{.*}}FusePass (imhsa-fuse) //----- //
// CHECK-COUNT-2: imhsa.weights
// CHECK-NOT:     tensor<1x2x50x50xf32>

// Only where something changed, and as a file for each pass.
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=fuse --mlir-print-ir-after-all --mlir-print-ir-after-change -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=CHANGE
// CHANGE-NOT:  IR Dump After SymbolDCE
// CHANGE:      FusePass (imhsa-fuse)
// RUN: rm -rf %t && imhsa-opt %s --imhsa-cuda-pipeline=until=bufferize --mlir-print-ir-after-all --mlir-print-ir-tree-dir=%t -o /dev/null
// RUN: ls %t/builtin_module_no-symbol-name | FileCheck %s --check-prefix=FILES
// FILES-DAG: {{[0-9_]+}}_imhsa-bufferize.mlir
// FILES-DAG: {{[0-9_]+}}_imhsa-fuse.mlir

func.func @f(%q: tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32> {
  %init = tensor.empty() : tensor<1x2x50x8xf32>
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>, tensor<1x2x50x8xf32>)
         landmarks(#imhsa.pool<7>) outs(%init : tensor<1x2x50x8xf32>) -> tensor<1x2x50x8xf32>
  return %0 : tensor<1x2x50x8xf32>
}
