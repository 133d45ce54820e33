// The kernel `stream` of ViT-S with normalisers given, on the emulator. The same result, bit by bit, in
// every order of warps; and loads of matrices that meet no bank twice.

// RUN: imhsa-run %s --target=emulator --chip=sm_80 --emulator-seed=1 --random-inputs=7 --shape=1x6x49x64 --shape=1x6x70x64 --shape=1x6x70x64 --shape=1x6x49 --shape=6x6 --shape=6x6 --emulator-report=%t.json --output=%t.1.npy
// RUN: imhsa-run %s --target=emulator --chip=sm_80 --emulator-seed=2 --random-inputs=7 --shape=1x6x49x64 --shape=1x6x70x64 --shape=1x6x70x64 --shape=1x6x49 --shape=6x6 --shape=6x6 --output=%t.2.npy
// RUN: cmp %t.1.npy %t.2.npy
// RUN: FileCheck %s < %t.json

// CHECK:      "ldmatrix": {
// CHECK-NEXT:   "conflicts": 0,
// CHECK-NEXT:   "instructions": {{[1-9]}}

func.func @main(%q: tensor<?x6x49x64xbf16>, %k: tensor<?x6x?x64xbf16>, %v: tensor<?x6x?x64xbf16>, %lse: tensor<?x6x49xf32>,
                %pre: tensor<6x6xf32>, %post: tensor<6x6xf32>) -> tensor<?x6x49x64xbf16> {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %q, %c0 : tensor<?x6x49x64xbf16>
  %init = tensor.empty(%b) : tensor<?x6x49x64xbf16>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<?x6x49x64xbf16>, tensor<?x6x?x64xbf16>, tensor<?x6x?x64xbf16>)
         interaction(pre = %pre : tensor<6x6xf32>, post = %post : tensor<6x6xf32>) lse(%lse : tensor<?x6x49xf32>)
         schedule(#imhsa.schedule<stream, queries = 64, keys = 32, warps = 8, stages = 1, splits = 2>)
         outs(%init : tensor<?x6x49x64xbf16>) -> tensor<?x6x49x64xbf16>
  return %0 : tensor<?x6x49x64xbf16>
}
