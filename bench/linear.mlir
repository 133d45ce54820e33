// Landmark attention of any number of tokens with interaction around both softmaxes: see linear.py.
func.func @attention(%query: tensor<1x4x?x32xf32>, %key: tensor<1x4x?x32xf32>, %value: tensor<1x4x?x32xf32>,
                     %pre: tensor<4x4xf32>, %post: tensor<4x4xf32>) -> tensor<1x4x?x32xf32> {
  %c2 = arith.constant 2 : index
  %tokens = tensor.dim %query, %c2 : tensor<1x4x?x32xf32>
  %init = tensor.empty(%tokens) : tensor<1x4x?x32xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<1x4x?x32xf32>, tensor<1x4x?x32xf32>, tensor<1x4x?x32xf32>)
         landmarks(#imhsa.pool<64>)
         key_less(pre = %pre : tensor<4x4xf32>, post = %post : tensor<4x4xf32>)
         query_less(pre = %pre : tensor<4x4xf32>, post = %post : tensor<4x4xf32>)
         outs(%init : tensor<1x4x?x32xf32>) -> tensor<1x4x?x32xf32>
  return %0 : tensor<1x4x?x32xf32>
}
