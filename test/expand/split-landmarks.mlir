// RUN: imhsa-opt %s --imhsa-split-landmarks | FileCheck %s

// context = attention(Qbar, K, V; query_less), O = attention(Q, Kbar, context; key_less)

// CHECK-LABEL: func @split
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x4x?x8xbf16>, %[[V:[a-z0-9]+]]: tensor<1x?x2x8xbf16>, %[[W:[a-z0-9]+]]: tensor<4x4xf32>, %[[LEN:[a-z0-9]+]]: tensor<1xi32>, %[[O:[a-z0-9]+]]: tensor<1x?x4x8xbf16>
// CHECK: %[[QL:.*]] = imhsa.pool #imhsa.pool<5> ins(%[[Q]] : {{.*}} -> tensor<1x4x5x8xf32>
// CHECK: %[[KL:.*]] = imhsa.pool #imhsa.pool<5> ins(%[[Q]] : {{.*}} -> tensor<1x4x5x8xf32>
// CHECK: %[[C:.*]] = imhsa.attention ins(%[[QL]], %[[Q]], %[[V]] : {{.*}}) order(value = bnhd) key_lengths(%[[LEN]] : tensor<1xi32>) outs(%{{.*}} : tensor<1x4x5x8xf32>)
// CHECK: %[[R:.*]] = imhsa.attention ins(%[[Q]], %[[KL]], %[[C]] : {{.*}}) order(output = bnhd) interaction(post = %[[W]] : tensor<4x4xf32>) outs(%[[O]] : tensor<1x?x4x8xbf16>)
// CHECK: return %[[R]]
func.func @split(%q: tensor<1x4x?x8xbf16>, %v: tensor<1x?x2x8xbf16>, %w: tensor<4x4xf32>, %l: tensor<1xi32>, %o: tensor<1x?x4x8xbf16>) -> tensor<1x?x4x8xbf16> {
  %0 = imhsa.attention ins(%q, %q, %v : tensor<1x4x?x8xbf16>, tensor<1x4x?x8xbf16>, tensor<1x?x2x8xbf16>)
         order(value = bnhd, output = bnhd) landmarks(#imhsa.pool<5>) key_less(post = %w : tensor<4x4xf32>)
         key_lengths(%l : tensor<1xi32>) outs(%o : tensor<1x?x4x8xbf16>) -> tensor<1x?x4x8xbf16>
  return %0 : tensor<1x?x4x8xbf16>
}
