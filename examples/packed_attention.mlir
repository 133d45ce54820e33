// Landmark attention with interaction on [batch, tokens, heads, head size] tensors, as they lie in the output of a
// packed QKV projection, for any batch and any number of tokens. A library of it, and a program that calls it:
//   imhsa-compile examples/packed_attention.mlir -o libattention.so --header=attention.h
//   cc examples/call_attention.c -I. -I build/include -L. -lattention -lm -Wl,-rpath,. -o call_attention

// Interactive multi-head self-attention, linear in the tokens: 6 heads of 64, 49 landmarks.
// `pre` and `post` mix the heads before and after both softmaxes.
func.func @landmark(%query: tensor<?x?x6x64xf32>, %key: tensor<?x?x6x64xf32>, %value: tensor<?x?x6x64xf32>,
                    %pre: tensor<6x6xf32>, %post: tensor<6x6xf32>) -> tensor<?x?x6x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : tensor<?x?x6x64xf32>
  %tokens = tensor.dim %query, %c1 : tensor<?x?x6x64xf32>
  %init = tensor.empty(%batch, %tokens) : tensor<?x?x6x64xf32>
  %output = imhsa.attention ins(%query, %key, %value : tensor<?x?x6x64xf32>, tensor<?x?x6x64xf32>, tensor<?x?x6x64xf32>)
              order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
              landmarks(#imhsa.pool<49>)
              key_less(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
              query_less(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
              outs(%init : tensor<?x?x6x64xf32>) -> tensor<?x?x6x64xf32>
  return %output : tensor<?x?x6x64xf32>
}
