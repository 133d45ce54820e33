// UNSUPPORTED: ptxas
// Without ptxas a library holds PTX for each chip, and a warning says so; a cubin cannot be had.
// RUN: imhsa-compile %s --target=cuda --emit=llvm --chip=sm_80,sm_90a --prefix=gpu 2>%t.warning | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARNING --input-file=%t.warning
// RUN: not imhsa-compile %s --target=cuda --emit=cubin -o %t.cubin 2>&1 | FileCheck %s --check-prefix=CUBIN
// RUN: not ls %t.cubin

// CHECK:   @imhsa.images = private unnamed_addr constant
// CHECK-SAME: i32 1, i32 80, i32 0, i64
// CHECK-SAME: i32 1, i32 90, i32 1, i64
// WARNING: imhsa-compile: warning: no ptxas in the usual places: the kernels stay PTX
// CUBIN:   error: binaries need 'ptxas' of the CUDA toolkit, which is not in /usr/local/cuda, CUDA_ROOT, CUDA_HOME, CUDA_PATH or PATH
// CUBIN:   imhsa-compile: error: cannot compile @twice

func.func @twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %init = tensor.empty() : tensor<4xf32>
  %0 = linalg.add ins(%x, %x : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
