// RUN: imhsa-opt %s --split-input-file --imhsa-expand -verify-diagnostics

func.func @dynamic_heads(%q: tensor<1x?x7x8xf32>, %k: tensor<1x3x7x8xf32>, %o: tensor<1x?x7x8xf32>) -> tensor<1x?x7x8xf32> {
  // expected-error @below {{'imhsa.attention' op key: expected static numbers of heads, which say how heads are grouped; found 3 for ?}}
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x?x7x8xf32>, tensor<1x3x7x8xf32>, tensor<1x3x7x8xf32>)
         outs(%o : tensor<1x?x7x8xf32>) -> tensor<1x?x7x8xf32>
  return %0 : tensor<1x?x7x8xf32>
}

// -----

func.func @memrefs(%q: memref<1x2x7x8xf32>) {
  // expected-error @below {{'imhsa.attention' op expected an operation on tensors to expand, found one on memrefs}}
  imhsa.attention ins(%q, %q, %q : memref<1x2x7x8xf32>, memref<1x2x7x8xf32>, memref<1x2x7x8xf32>)
    outs(%q : memref<1x2x7x8xf32>)
  return
}

// -----

func.func @landmarks_on_memrefs(%q: memref<1x2x7x8xf32>) {
  // expected-error @below {{'imhsa.attention' op expected tensors to split into exact attentions, found memrefs}}
  imhsa.attention ins(%q, %q, %q : memref<1x2x7x8xf32>, memref<1x2x7x8xf32>, memref<1x2x7x8xf32>)
    landmarks(#imhsa.pool<5>) outs(%q : memref<1x2x7x8xf32>)
  return
}
