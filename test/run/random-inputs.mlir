// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/check_random.py %t %s

func.func @take(%0: tensor<?x?xf32>, %1: tensor<?xf16>, %2: tensor<64xbf16>, %3: tensor<?xi1>, %4: tensor<?xi8>,
                %5: tensor<1000xi32>, %6: tensor<f64>)
    -> (tensor<?x?xf32>, tensor<?xf16>, tensor<64xbf16>, tensor<?xi1>, tensor<?xi8>, tensor<1000xi32>, tensor<f64>) {
  return %0, %1, %2, %3, %4, %5, %6
    : tensor<?x?xf32>, tensor<?xf16>, tensor<64xbf16>, tensor<?xi1>, tensor<?xi8>, tensor<1000xi32>, tensor<f64>
}
