// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/check_types.py %t %s

func.func @all(%0: tensor<3x5xf16>, %1: tensor<3x5xbf16>, %2: tensor<3x5xf32>, %3: tensor<3x5xf64>, %4: tensor<3x5xi1>,
               %5: tensor<3x5xi8>, %6: tensor<3x5xi16>, %7: tensor<3x5xi32>, %8: tensor<3x5xi64>, %9: tensor<3x5xindex>)
    -> (tensor<3x5xf16>, tensor<3x5xbf16>, tensor<3x5xf32>, tensor<3x5xf64>, tensor<3x5xi1>,
        tensor<3x5xi8>, tensor<3x5xi16>, tensor<3x5xi32>, tensor<3x5xi64>, tensor<3x5xindex>) {
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9
    : tensor<3x5xf16>, tensor<3x5xbf16>, tensor<3x5xf32>, tensor<3x5xf64>, tensor<3x5xi1>,
      tensor<3x5xi8>, tensor<3x5xi16>, tensor<3x5xi32>, tensor<3x5xi64>, tensor<3x5xindex>
}

func.func @shapes(%0: tensor<f32>, %1: tensor<0x?xf16>, %2: tensor<?x1x?xi1>) -> (tensor<f32>, tensor<0x?xf16>, tensor<?x1x?xi1>) {
  return %0, %1, %2 : tensor<f32>, tensor<0x?xf16>, tensor<?x1x?xi1>
}

func.func @negate(%x: tensor<?x?xf32>, %n: tensor<?xi32>) -> (tensor<?x?xf32>, tensor<?xi32>) {
  %0 = linalg.negf ins(%x : tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0, %n : tensor<?x?xf32>, tensor<?xi32>
}
