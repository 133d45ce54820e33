// What the tests of the Python package compile, once: six heads, sizes that are known and sizes that are not.

// Mixes its six heads around the softmax.
func.func @f32(%query: tensor<?x6x?x32xf32>, %key: tensor<?x6x?x32xf32>, %value: tensor<?x6x?x32xf32>,
               %pre: tensor<6x6xf32>, %post: tensor<6x6xf32>) -> tensor<?x6x?x32xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x?x32xf32>
  %tokens = tensor.dim %query, %c2 : tensor<?x6x?x32xf32>
  %init = tensor.empty(%batch, %tokens) : tensor<?x6x?x32xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x?x32xf32>, tensor<?x6x?x32xf32>, tensor<?x6x?x32xf32>)
         interaction(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>)
         outs(%init : tensor<?x6x?x32xf32>) -> tensor<?x6x?x32xf32>
  return %0 : tensor<?x6x?x32xf32>
}

func.func @f16(%query: tensor<?x6x?x32xf16>, %key: tensor<?x6x?x32xf16>, %value: tensor<?x6x?x32xf16>,
               %pre: tensor<6x6xf16>, %post: tensor<6x6xf16>) -> tensor<?x6x?x32xf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x?x32xf16>
  %tokens = tensor.dim %query, %c2 : tensor<?x6x?x32xf16>
  %init = tensor.empty(%batch, %tokens) : tensor<?x6x?x32xf16>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x?x32xf16>, tensor<?x6x?x32xf16>, tensor<?x6x?x32xf16>)
         interaction(pre = %pre : tensor<6x6xf16>, post = %post : tensor<6x6xf16>)
         outs(%init : tensor<?x6x?x32xf16>) -> tensor<?x6x?x32xf16>
  return %0 : tensor<?x6x?x32xf16>
}

func.func @bf16(%query: tensor<?x6x?x32xbf16>, %key: tensor<?x6x?x32xbf16>, %value: tensor<?x6x?x32xbf16>,
                %pre: tensor<6x6xbf16>, %post: tensor<6x6xbf16>) -> tensor<?x6x?x32xbf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x?x32xbf16>
  %tokens = tensor.dim %query, %c2 : tensor<?x6x?x32xbf16>
  %init = tensor.empty(%batch, %tokens) : tensor<?x6x?x32xbf16>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x?x32xbf16>, tensor<?x6x?x32xbf16>, tensor<?x6x?x32xbf16>)
         interaction(pre = %pre : tensor<6x6xbf16>, post = %post : tensor<6x6xbf16>)
         outs(%init : tensor<?x6x?x32xbf16>) -> tensor<?x6x?x32xbf16>
  return %0 : tensor<?x6x?x32xbf16>
}

// A mask of truth values, and the log-sum-exps as a second result.
func.func @masked(%query: tensor<2x6x13x32xf32>, %key: tensor<2x6x?x32xf32>, %value: tensor<2x6x?x32xf32>,
                  %keep: tensor<2x13x?xi1>) -> (tensor<2x6x13x32xf32>, tensor<2x6x13xf32>) {
  %init = tensor.empty() : tensor<2x6x13x32xf32>
  %sums = tensor.empty() : tensor<2x6x13xf32>
  %0, %1 = imhsa.attention ins(%query, %key, %value : tensor<2x6x13x32xf32>, tensor<2x6x?x32xf32>, tensor<2x6x?x32xf32>)
             keep(%keep : tensor<2x13x?xi1>)
             outs(%init, %sums : tensor<2x6x13x32xf32>, tensor<2x6x13xf32>)
             -> tensor<2x6x13x32xf32>, tensor<2x6x13xf32>
  return %0, %1 : tensor<2x6x13x32xf32>, tensor<2x6x13xf32>
}

// Tokens before heads, as frameworks have them, and batch elements of different lengths.
func.func @bnhd(%query: tensor<?x?x6x32xf32>, %key: tensor<?x?x6x32xf32>, %value: tensor<?x?x6x32xf32>,
                %key_lengths: tensor<?xi32>) -> tensor<?x?x6x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %query, %c0 : tensor<?x?x6x32xf32>
  %tokens = tensor.dim %query, %c1 : tensor<?x?x6x32xf32>
  %init = tensor.empty(%batch, %tokens) : tensor<?x?x6x32xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x?x6x32xf32>, tensor<?x?x6x32xf32>, tensor<?x?x6x32xf32>)
         order(query = bnhd, key = bnhd, value = bnhd, output = bnhd) key_lengths(%key_lengths : tensor<?xi32>)
         outs(%init : tensor<?x?x6x32xf32>) -> tensor<?x?x6x32xf32>
  return %0 : tensor<?x?x6x32xf32>
}
