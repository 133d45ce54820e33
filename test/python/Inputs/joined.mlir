// A result whose size is computed: all tokens of the two inputs.
func.func @joined(%first: tensor<2x?x8xf32>, %second: tensor<2x?x8xf32>) -> tensor<2x?x8xf32> {
  %0 = tensor.concat dim(1) %first, %second : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  return %0 : tensor<2x?x8xf32>
}
