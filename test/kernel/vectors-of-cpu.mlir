// What a processor has: longer vectors, other caches.
// RUN: imhsa-opt %s --imhsa-lower-to-cpu --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,LANES8 --implicit-check-not='vector<16xf32>'
// RUN: imhsa-opt %s --imhsa-lower-to-cpu=lanes=16 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,LANES16
// RUN: imhsa-opt %s --imhsa-lower-to-cpu=tile-bytes=4096 | FileCheck %s --check-prefix=SMALL
// RUN: imhsa-opt %s --imhsa-lower-to-cpu=tile-bytes=1 | FileCheck %s --check-prefix=LEAST
// RUN: not imhsa-opt %s --imhsa-lower-to-cpu=lanes=4 2>&1 | FileCheck %s --check-prefix=LANES
// LANES: error: imhsa-lower-to-cpu: lanes: expected 8 or 16, found 4
// RUN: not imhsa-opt %s --imhsa-lower-to-cpu=tile-bytes=0 2>&1 | FileCheck %s --check-prefix=BYTES
// BYTES: error: imhsa-lower-to-cpu: tile-bytes: expected at least 1, found 0

// 24 sums in registers: eight rows of three vectors of the 48 columns, of which AVX2 has four rows of three. Of 4 KiB a
// tile has 18 tokens, of which 12 are whole blocks of rows.
// CHECK-LABEL: func.func @scores(
// LANES8:        %{{.*}}:12 = scf.for {{.*}} -> (vector<8xf32>, {{.*}}
// LANES16:       %{{.*}}:24 = scf.for {{.*}} -> (vector<16xf32>, {{.*}}
// SMALL:         memref.alloca() {{.*}} : memref<12x48xf32>
// LEAST:         memref.alloca() {{.*}} : memref<1x48xf32>
func.func @scores(%q: memref<1x1x960x32xf32>, %k: memref<1x1x48x32xf32>, %o: memref<1x1x960x32xf32>) {
  imhsa.attention ins(%q, %k, %k : memref<1x1x960x32xf32>, memref<1x1x48x32xf32>, memref<1x1x48x32xf32>)
    schedule(#imhsa.schedule<read_out, queries = 48>) outs(%o : memref<1x1x960x32xf32>)
  return
}
