// The attention of a ViT-S in bf16 with 49 landmarks: any batch, any number of tokens, interaction around both
// softmaxes in f32.
func.func @attention(%query: tensor<?x6x?x64xbf16>, %key: tensor<?x6x?x64xbf16>, %value: tensor<?x6x?x64xbf16>,
                     %key_less_pre: tensor<6x6xf32>, %key_less_post: tensor<6x6xf32>,
                     %query_less_pre: tensor<6x6xf32>, %query_less_post: tensor<6x6xf32>) -> tensor<?x6x?x64xbf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x?x64xbf16>
  %tokens = tensor.dim %query, %c2 : tensor<?x6x?x64xbf16>
  %init = tensor.empty(%batch, %tokens) : tensor<?x6x?x64xbf16>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>)
         landmarks(#imhsa.pool<49>)
         key_less(pre = %key_less_pre : tensor<6x6xf32>, post = %key_less_post : tensor<6x6xf32>)
         query_less(pre = %query_less_pre : tensor<6x6xf32>, post = %query_less_post : tensor<6x6xf32>)
         outs(%init : tensor<?x6x?x64xbf16>) -> tensor<?x6x?x64xbf16>
  return %0 : tensor<?x6x?x64xbf16>
}
