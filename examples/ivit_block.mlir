// The attention block of a ViT-S-sized interactive vision transformer: 56x56 tokens of 384 channels, 6 heads of 64,
// 7x7 landmarks, interaction before and after both softmaxes. `./dev demo` runs it on a photograph.
//
// The projections are plain matmuls on the general path: a framework would own them, and its library would be faster.

#token_channel = affine_map<(b, n, o, i) -> (b, n, i)>
#weight = affine_map<(b, n, o, i) -> (i, o)>
#result = affine_map<(b, n, o, i) -> (b, n, o)>

// Queries, keys and values, packed as a framework packs them: [B, N, 3 * H * D].
func.func private @project(%tokens: tensor<1x3136x384xf32>, %weight: tensor<384x1152xf32>, %bias: tensor<1152xf32>)
    -> tensor<1x3136x1152xf32> {
  %empty = tensor.empty() : tensor<1x3136x1152xf32>
  %start = linalg.broadcast ins(%bias : tensor<1152xf32>) outs(%empty : tensor<1x3136x1152xf32>) dimensions = [0, 1]
  %qkv = linalg.contract indexing_maps = [#token_channel, #weight, #result]
           ins(%tokens, %weight : tensor<1x3136x384xf32>, tensor<384x1152xf32>)
           outs(%start : tensor<1x3136x1152xf32>) -> tensor<1x3136x1152xf32>
  return %qkv : tensor<1x3136x1152xf32>
}

// The queries, keys or values of all heads: the 384 channels from %from on.
func.func private @part(%qkv: tensor<1x3136x1152xf32>, %from: index) -> tensor<1x3136x6x64xf32> {
  %part = tensor.extract_slice %qkv[0, 0, %from] [1, 3136, 384] [1, 1, 1]
            : tensor<1x3136x1152xf32> to tensor<1x3136x384xf32>
  %heads = tensor.expand_shape %part [[0], [1], [2, 3]] output_shape [1, 3136, 6, 64]
             : tensor<1x3136x384xf32> into tensor<1x3136x6x64xf32>
  return %heads : tensor<1x3136x6x64xf32>
}

// The whole block, [B, N, C] to [B, N, C].
func.func @block(%tokens: tensor<1x3136x384xf32>, %qkv_weight: tensor<384x1152xf32>, %qkv_bias: tensor<1152xf32>,
                 %key_less_pre: tensor<6x6xf32>, %key_less_post: tensor<6x6xf32>,
                 %query_less_pre: tensor<6x6xf32>, %query_less_post: tensor<6x6xf32>,
                 %out_weight: tensor<384x384xf32>, %out_bias: tensor<384xf32>) -> tensor<1x3136x384xf32> {
  %qkv = call @project(%tokens, %qkv_weight, %qkv_bias)
           : (tensor<1x3136x384xf32>, tensor<384x1152xf32>, tensor<1152xf32>) -> tensor<1x3136x1152xf32>
  %c0 = arith.constant 0 : index
  %c384 = arith.constant 384 : index
  %c768 = arith.constant 768 : index
  %query = call @part(%qkv, %c0) : (tensor<1x3136x1152xf32>, index) -> tensor<1x3136x6x64xf32>
  %key = call @part(%qkv, %c384) : (tensor<1x3136x1152xf32>, index) -> tensor<1x3136x6x64xf32>
  %value = call @part(%qkv, %c768) : (tensor<1x3136x1152xf32>, index) -> tensor<1x3136x6x64xf32>

  %heads_init = tensor.empty() : tensor<1x3136x6x64xf32>
  %heads = imhsa.attention
             ins(%query, %key, %value : tensor<1x3136x6x64xf32>, tensor<1x3136x6x64xf32>, tensor<1x3136x6x64xf32>)
             order(query = bnhd, key = bnhd, value = bnhd, output = bnhd)
             landmarks(#imhsa.pool<56x56 to 7x7>)
             key_less(pre = %key_less_pre : tensor<6x6xf32>, post = %key_less_post : tensor<6x6xf32>)
             query_less(pre = %query_less_pre : tensor<6x6xf32>, post = %query_less_post : tensor<6x6xf32>)
             outs(%heads_init : tensor<1x3136x6x64xf32>) -> tensor<1x3136x6x64xf32>

  %joined = tensor.collapse_shape %heads [[0], [1], [2, 3]] : tensor<1x3136x6x64xf32> into tensor<1x3136x384xf32>
  %empty = tensor.empty() : tensor<1x3136x384xf32>
  %start = linalg.broadcast ins(%out_bias : tensor<384xf32>) outs(%empty : tensor<1x3136x384xf32>) dimensions = [0, 1]
  %out = linalg.contract indexing_maps = [#token_channel, #weight, #result]
           ins(%joined, %out_weight : tensor<1x3136x384xf32>, tensor<384x384xf32>)
           outs(%start : tensor<1x3136x384xf32>) -> tensor<1x3136x384xf32>
  return %out : tensor<1x3136x384xf32>
}

// Where the landmarks look: A_K of the block with its interaction, and what it would be without, [B, H, L, N].
func.func @looks(%tokens: tensor<1x3136x384xf32>, %qkv_weight: tensor<384x1152xf32>, %qkv_bias: tensor<1152xf32>,
                 %query_less_pre: tensor<6x6xf32>, %query_less_post: tensor<6x6xf32>)
    -> (tensor<1x6x49x3136xf32>, tensor<1x6x49x3136xf32>) {
  %qkv = call @project(%tokens, %qkv_weight, %qkv_bias)
           : (tensor<1x3136x384xf32>, tensor<384x1152xf32>, tensor<1152xf32>) -> tensor<1x3136x1152xf32>
  %c0 = arith.constant 0 : index
  %c384 = arith.constant 384 : index
  %query = call @part(%qkv, %c0) : (tensor<1x3136x1152xf32>, index) -> tensor<1x3136x6x64xf32>
  %key = call @part(%qkv, %c384) : (tensor<1x3136x1152xf32>, index) -> tensor<1x3136x6x64xf32>

  %landmarks_init = tensor.empty() : tensor<1x6x49x64xf32>
  %landmarks = imhsa.pool #imhsa.pool<56x56 to 7x7> ins(%query : tensor<1x3136x6x64xf32>) order(input = bnhd)
                 outs(%landmarks_init : tensor<1x6x49x64xf32>) -> tensor<1x6x49x64xf32>
  %init = tensor.empty() : tensor<1x6x49x3136xf32>
  %together = imhsa.weights ins(%landmarks, %key : tensor<1x6x49x64xf32>, tensor<1x3136x6x64xf32>) order(key = bnhd)
                interaction(pre = %query_less_pre : tensor<6x6xf32>, post = %query_less_post : tensor<6x6xf32>)
                outs(%init : tensor<1x6x49x3136xf32>) -> tensor<1x6x49x3136xf32>
  %alone = imhsa.weights ins(%landmarks, %key : tensor<1x6x49x64xf32>, tensor<1x3136x6x64xf32>) order(key = bnhd)
             outs(%init : tensor<1x6x49x3136xf32>) -> tensor<1x6x49x3136xf32>
  return %together, %alone : tensor<1x6x49x3136xf32>, tensor<1x6x49x3136xf32>
}
