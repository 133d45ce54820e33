// RUN: imhsa-opt %s --imhsa-schedule=chip=sm_80 | FileCheck %s
// RUN: not imhsa-opt %s --imhsa-schedule=chip=sm_86 2>&1 | FileCheck %s --check-prefix=LEAST
// RUN: not imhsa-opt %s --imhsa-schedule=chip=sm_90a,sm_86,sm_80 2>&1 | FileCheck %s --check-prefix=LEAST

// What is chosen fits every chip of the list.

// CHECK: schedule(#imhsa.schedule<stream, keys = 16, warps = 8>)
// LEAST: error: 'imhsa.attention' op schedule #imhsa.schedule<stream, keys = 16, warps = 8>: needs {{[0-9]+}} bytes of shared memory ({{.*}}); a block of sm_86 has 101376
func.func @f(%q: tensor<2x6x?x64xf16>, %o: tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16> {
  %1 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         schedule(#imhsa.schedule<stream, keys = 16, warps = 8>) outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  return %1 : tensor<2x6x?x64xf16>
}
