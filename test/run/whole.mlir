// A landmark attention in one launch, of eight blocks for each batch element that wait for each other: right, and the
// same bits in every order in which blocks and warps come.
// RUN: imhsa-run %s --target=emulator --chip=sm_90a --random-inputs=1 --shape=3x4x49x16 --shape=3x2x49x16 --shape=3x2x49x24 --check --emulator-report=%t.json --output=%t.0.npy | FileCheck %s
// RUN: imhsa-run %s --target=emulator --chip=sm_90a --random-inputs=1 --shape=3x4x49x16 --shape=3x2x49x16 --shape=3x2x49x24 --emulator-seed=7 --threads=2 --output=%t.1.npy
// RUN: cmp %t.0.npy %t.1.npy
// RUN: imhsa-run %s --target=emulator --chip=sm_90a --random-inputs=2 --shape=1x4x1x16 --shape=1x2x1x16 --shape=1x2x1x24 --check | FileCheck %s
// RUN: imhsa-run %s --target=emulator --chip=sm_90a --random-inputs=3 --shape=2x4x196x16 --shape=2x2x196x16 --shape=2x2x196x24 --check | FileCheck %s
// RUN: imhsa-run %s --target=emulator --chip=sm_90a --random-inputs=4 --shape=1x4x197x16 --shape=1x2x197x16 --shape=1x2x197x24 --check | FileCheck %s
// CHECK: check: output 0: relative error {{.*}}, tolerance
// RUN: %python -m json.tool %t.json | FileCheck %s --check-prefix=REPORT
// REPORT:     "kernel": "main_0_whole"
// REPORT-NOT: "kernel":

// The same with one block for each, on any chip.
// RUN: sed -e 's/imhsa.whole = 8/imhsa.whole = 1/' %s > %t.one.mlir
// RUN: imhsa-run %t.one.mlir --target=emulator --chip=sm_80 --random-inputs=4 --shape=2x4x197x16 --shape=2x2x197x16 --shape=2x2x197x24 --check | FileCheck %s

func.func @main(%arg0: tensor<?x4x?x16xf16>, %arg1: tensor<?x2x?x16xf16>, %arg2: tensor<?x2x?x24xf16>, %arg3: tensor<4x4xf32>, %arg4: tensor<4x4xf32>) -> tensor<?x4x?x24xf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %dim = tensor.dim %arg0, %c0 : tensor<?x4x?x16xf16>
  %dim_0 = tensor.dim %arg0, %c2 : tensor<?x4x?x16xf16>
  %0 = tensor.empty(%dim, %dim_0) : tensor<?x4x?x24xf16>
  %1 = tensor.empty(%dim) : tensor<?x4x7x16xf32>
  %2 = imhsa.pool #imhsa.pool<7> ins(%arg0 : tensor<?x4x?x16xf16>) schedule(#imhsa.schedule<pool, warps = 4>) outs(%1 : tensor<?x4x7x16xf32>) {imhsa.whole = 8} -> tensor<?x4x7x16xf32>
  %dim_1 = tensor.dim %arg1, %c0 : tensor<?x2x?x16xf16>
  %3 = tensor.empty(%dim_1) : tensor<?x2x7x16xf32>
  %4 = tensor.empty(%dim) : tensor<?x4x7x24xf32>
  %c0_2 = arith.constant 0 : index
  %dim_3 = tensor.dim %2, %c0_2 : tensor<?x4x7x16xf32>
  %5 = tensor.empty(%dim_3) : tensor<?x4x7xf32>
  %6 = imhsa.pool #imhsa.pool<7> ins(%arg1 : tensor<?x2x?x16xf16>) schedule(#imhsa.schedule<pool, warps = 4>) outs(%3 : tensor<?x2x7x16xf32>) {imhsa.whole = 8} -> tensor<?x2x7x16xf32>
  %7 = imhsa.log_sum_exp ins(%2, %arg1 : tensor<?x4x7x16xf32>, tensor<?x2x?x16xf16>) schedule(#imhsa.schedule<normalisers, queries = 16, keys = 16, splits = 2>) outs(%5 : tensor<?x4x7xf32>) {imhsa.whole = 8} -> tensor<?x4x7xf32>
  %8 = imhsa.attention ins(%2, %arg1, %arg2 : tensor<?x4x7x16xf32>, tensor<?x2x?x16xf16>, tensor<?x2x?x24xf16>) interaction(post = %arg4 : tensor<4x4xf32>) lse(%7 : tensor<?x4x7xf32>) schedule(#imhsa.schedule<stream, queries = 16, keys = 16, splits = 3>) outs(%4 : tensor<?x4x7x24xf32>) {imhsa.whole = 8} -> tensor<?x4x7x24xf32>
  %9 = imhsa.attention ins(%arg0, %6, %8 : tensor<?x4x?x16xf16>, tensor<?x2x7x16xf32>, tensor<?x4x7x24xf32>) interaction(pre = %arg3 : tensor<4x4xf32>) schedule(#imhsa.schedule<read_out, queries = 64, warps = 4>) outs(%0 : tensor<?x4x?x24xf16>) {imhsa.whole = 8} -> tensor<?x4x?x24xf16>
  return %9 : tensor<?x4x?x24xf16>
}
