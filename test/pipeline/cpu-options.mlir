// What the options of the pipeline for the CPU reach.
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=until=lower | FileCheck %s --check-prefix=DEFAULT --implicit-check-not='vector<16xf32>'
// RUN: imhsa-opt %s --imhsa-cpu-pipeline="until=lower lanes=16 tile-bytes=4096 second-sweep=recompute" | FileCheck %s --check-prefix=OTHER
// RUN: imhsa-opt %s --imhsa-cpu-pipeline="until=schedule schedules=stream,queries=32,keys=16,splits=2" | FileCheck %s --check-prefix=SCHEDULES
// RUN: imhsa-opt %s --imhsa-cpu-pipeline | FileCheck %s --check-prefix=SHIFTS --implicit-check-not=llvm.fptrunc
// RUN: imhsa-opt %s --imhsa-cpu-pipeline=converts-to-bf16 | FileCheck %s --check-prefix=CONVERTS

// DEFAULT-LABEL:   func.func @attend(
// DEFAULT:           memref.view {{.*}} : memref<?xi8> to memref<1x1000x80xf32>
// DEFAULT:           scf.for %{{.*}} = %c0 to %c50 step
// DEFAULT:           vector.store {{.*}} : memref<1x1000x80xf32>, vector<8xf32>

// OTHER-LABEL:     func.func @attend(
// OTHER-NOT:         memref<1x1000x80xf32>
// OTHER-LABEL:     func.func private @attend_parallel
// OTHER:             memref.alloca() {{.*}} : memref<12x80xf32>
// OTHER:             vector.fma {{.*}} : vector<16xf32>

// SCHEDULES: schedule(#imhsa.schedule<stream, queries = 32, keys = 16, splits = 2>)

// SHIFTS:   llvm.lshr {{.*}} : vector<8xi32>
// CONVERTS: llvm.fptrunc %{{.*}} : vector<8xf32> to vector<8xbf16>
func.func @attend(%q: tensor<1x2x32x64xbf16>, %k: tensor<1x2x1000x64xbf16>, %w: tensor<2x2xf32>, %o: tensor<1x2x32x64xbf16>) -> tensor<1x2x32x64xbf16> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x2x32x64xbf16>, tensor<1x2x1000x64xbf16>, tensor<1x2x1000x64xbf16>)
         interaction(post = %w : tensor<2x2xf32>) outs(%o : tensor<1x2x32x64xbf16>) -> tensor<1x2x32x64xbf16>
  return %0 : tensor<1x2x32x64xbf16>
}
