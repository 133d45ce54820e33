// RUN: imhsa-opt %s --split-input-file --imhsa-decompose -verify-diagnostics

func.func @dynamic_heads(%q: tensor<1x?x7x8xf32>, %o: tensor<1x?x7x8xf32>) -> tensor<1x?x7x8xf32> {
  // expected-error @below {{'imhsa.attention' op value: expected static numbers of heads, which say how heads are grouped; found ? for ?}}
  %0 = imhsa.attention ins(%q, %q, %q : tensor<1x?x7x8xf32>, tensor<1x?x7x8xf32>, tensor<1x?x7x8xf32>)
         landmarks(#imhsa.pool<5>) outs(%o : tensor<1x?x7x8xf32>) -> tensor<1x?x7x8xf32>
  return %0 : tensor<1x?x7x8xf32>
}

// -----

func.func @memrefs(%q: memref<1x2x7x8xf32>) {
  // expected-error @below {{'imhsa.attention' op expected tensors to decompose, found memrefs}}
  imhsa.attention ins(%q, %q, %q : memref<1x2x7x8xf32>, memref<1x2x7x8xf32>, memref<1x2x7x8xf32>)
    landmarks(#imhsa.pool<5>) outs(%q : memref<1x2x7x8xf32>)
  return
}
