// RUN: imhsa-opt %s --imhsa-lower-to-cpu --split-input-file --verify-diagnostics

func.func @tensors(%x: tensor<1x2x9x8xf32>, %l: tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32> {
  // expected-error @below {{'imhsa.pool' op expected memrefs, found tensors: run imhsa-bufferize first}}
  %0 = imhsa.pool #imhsa.pool<3> ins(%x : tensor<1x2x9x8xf32>) schedule(#imhsa.schedule<pool>) outs(%l : tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32>
  return %0 : tensor<1x2x3x8xf32>
}

// -----

func.func @doubles(%x: memref<1x2x9x8xf64>) {
  // expected-error @below {{'imhsa.attention' op has no kernel for the CPU: query is f64}}
  imhsa.attention ins(%x, %x, %x : memref<1x2x9x8xf64>, memref<1x2x9x8xf64>, memref<1x2x9x8xf64>)
    schedule(#imhsa.schedule<read_out>) outs(%x : memref<1x2x9x8xf64>)
  return
}

// -----

func.func @many_keys(%x: memref<1x2x?x8xf32>) {
  // expected-error @below {{'imhsa.attention' op has no kernel for the CPU: read_out needs at most 256 keys, a static number}}
  imhsa.attention ins(%x, %x, %x : memref<1x2x?x8xf32>, memref<1x2x?x8xf32>, memref<1x2x?x8xf32>)
    schedule(#imhsa.schedule<read_out>) outs(%x : memref<1x2x?x8xf32>)
  return
}
