// RUN: imhsa-run %s --entry=matmul --random-inputs=1 --shape=100x40 --time=3 --threads=2 | FileCheck %s
// CHECK: time: median [[TIME:[0-9.e+-]+]] ms, minimum {{[0-9.e+-]+}} ms of 3
// CHECK-NEXT: throughput: {{[0-9.e+-]+}} calls/s, {{[0-9.e+-]+}} GB/s of inputs and outputs, {{[0-9.e+-]+}} GFLOP/s (0.0004 GFLOP a call)
// CHECK-NEXT: peak memory over inputs and outputs: {{[0-9]+\.[0-9]}} MiB
// CHECK-NOT: {{.}}
func.func @matmul(%x: tensor<?x40xf32>, %y: tensor<40x50xf32>) -> tensor<?x50xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x40xf32>
  %empty = tensor.empty(%n) : tensor<?x50xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x50xf32>) -> tensor<?x50xf32>
  %0 = linalg.matmul ins(%x, %y : tensor<?x40xf32>, tensor<40x50xf32>) outs(%init : tensor<?x50xf32>) -> tensor<?x50xf32>
  return %0 : tensor<?x50xf32>
}
