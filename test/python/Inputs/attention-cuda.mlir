// What is called on a GPU, or said to be.
func.func @attention(%query: tensor<?x6x13x32xf32>, %key: tensor<?x6x13x32xf32>, %value: tensor<?x6x13x32xf32>)
    -> tensor<?x6x13x32xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %query, %c0 : tensor<?x6x13x32xf32>
  %init = tensor.empty(%batch) : tensor<?x6x13x32xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x6x13x32xf32>, tensor<?x6x13x32xf32>, tensor<?x6x13x32xf32>)
         outs(%init : tensor<?x6x13x32xf32>) -> tensor<?x6x13x32xf32>
  return %0 : tensor<?x6x13x32xf32>
}
