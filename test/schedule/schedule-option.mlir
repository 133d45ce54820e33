// RUN: imhsa-opt %s --imhsa-schedule='schedules="stream, queries = 32, keys = 32 ; pool,warps=3"' | FileCheck %s
// RUN: imhsa-opt %s --imhsa-schedule=fused=false | FileCheck %s --check-prefix=NONE --implicit-check-not=imhsa.schedule
// RUN: not imhsa-opt %s --imhsa-schedule='schedules="flow"' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not imhsa-opt %s --imhsa-schedule='schedules="stream, queries=1024"' 2>&1 | FileCheck %s --check-prefix=BUDGET
// RUN: not imhsa-opt %s --imhsa-schedule='chip=sm_80,sm_75' 2>&1 | FileCheck %s --check-prefix=CHIP

// The option in place of what would be chosen.

// CHECK: imhsa.pool {{.*}} schedule(#imhsa.schedule<pool, warps = 3>)
// CHECK: imhsa.attention {{.*}} schedule(#imhsa.schedule<stream, queries = 32, keys = 32>)
// NONE: imhsa.attention
// UNKNOWN: error: schedule: expected a kind of kernel (general, pool, normalisers, stream, read_out), found 'flow'
// UNKNOWN: error: option 'schedules': expected what stands in #imhsa.schedule<...>, found 'flow'
// BUDGET: error: 'imhsa.attention' op schedule #imhsa.schedule<stream, queries = 1024>: needs {{[0-9]+}} bytes of shared memory (queries 786432 + keys {{[0-9]+}} + values {{[0-9]+}} + weights {{[0-9]+}} + {{.*}}); a block of sm_80 has 166912
// CHIP: error: option 'chip': 'sm_75' is older than sm_80
func.func @f(%q: tensor<2x6x?x64xf16>, %l: tensor<2x6x7x64xf32>, %o: tensor<2x6x?x64xf16>) -> (tensor<2x6x7x64xf32>, tensor<2x6x?x64xf16>) {
  %0 = imhsa.pool #imhsa.pool<7> ins(%q : tensor<2x6x?x64xf16>) outs(%l : tensor<2x6x7x64xf32>) -> tensor<2x6x7x64xf32>
  %1 = imhsa.attention ins(%q, %q, %q : tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>, tensor<2x6x?x64xf16>)
         outs(%o : tensor<2x6x?x64xf16>) -> tensor<2x6x?x64xf16>
  return %0, %1 : tensor<2x6x7x64xf32>, tensor<2x6x?x64xf16>
}
