// A stock mlir-opt with the plugin: our passes between upstream's, and the whole way to PTX.
// UNSUPPORTED: sanitized
// RUN: mlir-opt %s --load-dialect-plugin=%lib/ImhsaPlugin.so --load-pass-plugin=%lib/ImhsaPlugin.so \
// RUN:   --pass-pipeline='builtin.module(inline,symbol-dce,func.func(imhsa-decompose,canonicalize,cse,imhsa-reorder-contractions{allow-reassociation=true byte-weight=16},imhsa-fuse,linalg-generalize-named-ops,cse))' \
// RUN:   | FileCheck %s
// RUN: mlir-opt %s --load-dialect-plugin=%lib/ImhsaPlugin.so --load-pass-plugin=%lib/ImhsaPlugin.so \
// RUN:   --pass-pipeline='builtin.module(canonicalize,imhsa-cuda-pipeline{chip=sm_90a},strip-debuginfo,imhsa-print-ptx)' -o /dev/null \
// RUN:   | FileCheck %s --check-prefix=PTX

// Named twice, it is loaded once.
// RUN: mlir-opt %s --load-dialect-plugin=%lib/ImhsaPlugin.so --load-dialect-plugin=%lib/ImhsaPlugin.so \
// RUN:   --load-pass-plugin=%lib/ImhsaPlugin.so --load-pass-plugin=%lib/ImhsaPlugin.so \
// RUN:   --pass-pipeline='builtin.module(inline,imhsa-cpu-pipeline{until=fuse})' | FileCheck %s

// What the passes say reaches the tool that loads them.
// RUN: not mlir-opt %s --load-dialect-plugin=%lib/ImhsaPlugin.so --load-pass-plugin=%lib/ImhsaPlugin.so \
// RUN:   --pass-pipeline='builtin.module(imhsa-cuda-pipeline{chip=sm_70})' 2>&1 | FileCheck %s --check-prefix=ERROR

// MLIR and LLVM are the process's own, and nothing of the plugin is visible but its entry points.
// RUN: llvm-nm -D --defined-only --format=just-symbols %lib/ImhsaPlugin.so \
// RUN:   | FileCheck %s --check-prefix=SYMBOLS --match-full-lines --implicit-check-not='{{.}}'
// RUN: ldd %lib/ImhsaPlugin.so | FileCheck %s --check-prefix=SHARED

// CHECK-NOT:     func.func private
// CHECK-LABEL: func.func @attend(
// CHECK:         %[[LANDMARKS:.*]] = imhsa.pool
// CHECK:         %[[CONTEXT:.*]] = imhsa.attention ins(%[[LANDMARKS]],
// CHECK:         %[[RESULT:.*]] = imhsa.attention ins(%{{.*}}, %{{.*}}, %[[CONTEXT]]
// CHECK-NOT:     imhsa.
// CHECK:         return %[[RESULT]]

// PTX: .target sm_90a
// PTX: .entry attend_0_

// ERROR: error: option 'chip': 'sm_70' is older than sm_80

//      SYMBOLS:mlirGetDialectPluginInfo
// SYMBOLS-NEXT:mlirGetPassPluginInfo

// SHARED-DAG: libMLIR.so
// SHARED-DAG: libLLVM.so

func.func private @landmarks(%query: tensor<1x2x12x8xf32>, %key: tensor<1x2x12x8xf32>, %value: tensor<1x2x12x8xf32>)
    -> tensor<1x2x12x8xf32> {
  %init = tensor.empty() : tensor<1x2x12x8xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<1x2x12x8xf32>, tensor<1x2x12x8xf32>, tensor<1x2x12x8xf32>)
         landmarks(#imhsa.pool<3>) outs(%init : tensor<1x2x12x8xf32>) -> tensor<1x2x12x8xf32>
  return %0 : tensor<1x2x12x8xf32>
}

func.func @attend(%query: tensor<1x2x12x8xf32>, %key: tensor<1x2x12x8xf32>, %value: tensor<1x2x12x8xf32>)
    -> tensor<1x2x12x8xf32> {
  %0 = call @landmarks(%query, %key, %value)
      : (tensor<1x2x12x8xf32>, tensor<1x2x12x8xf32>, tensor<1x2x12x8xf32>) -> tensor<1x2x12x8xf32>
  return %0 : tensor<1x2x12x8xf32>
}
