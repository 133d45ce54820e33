// Landmark attention with interaction in f32, the smallest example. `imhsa-run` executes it:
//   imhsa-run examples/attention.mlir --entry=attention --random-inputs=1 --check
func.func @attention(%query: tensor<2x6x196x64xf32>, %key: tensor<2x6x196x64xf32>, %value: tensor<2x6x196x64xf32>,
                     %pre: tensor<6x6xf32>, %post: tensor<6x6xf32>) -> tensor<2x6x196x64xf32> {
  %init = tensor.empty() : tensor<2x6x196x64xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<2x6x196x64xf32>, tensor<2x6x196x64xf32>, tensor<2x6x196x64xf32>)
         landmarks(#imhsa.pool<49>)
         key_less(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
         query_less(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
         outs(%init : tensor<2x6x196x64xf32>) -> tensor<2x6x196x64xf32>
  return %0 : tensor<2x6x196x64xf32>
}
