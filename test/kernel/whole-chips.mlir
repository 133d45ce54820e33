// RUN: imhsa-opt %s --imhsa-lower-to-gpu=chip=sm_90a,sm_89 --verify-diagnostics

// Clusters need chips that all have them.

func.func @cluster(%x: memref<1x2x9x16xbf16>, %out: memref<1x2x5x16xf32>) {
  // expected-error @+1 {{attribute 'imhsa.whole': clusters of 8 blocks need sm_90 or later; sm_89 has none}}
  imhsa.pool #imhsa.pool<5> ins(%x : memref<1x2x9x16xbf16>) schedule(#imhsa.schedule<pool>) outs(%out : memref<1x2x5x16xf32>) {imhsa.whole = 8}
  return
}
