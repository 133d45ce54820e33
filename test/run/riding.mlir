// Landmarks of the keys that the sweep over the keys computes on its way: right, the same from run to run,
// and the keys are read once, but for the tokens that two segments share across the ranges of two blocks.

// RUN: imhsa-run %s --entry=main --target=emulator --random-inputs=1 --shape=2x2x20x16 --shape=2x2x1031x16 --check --emulator-report=%t.json --output=%t.0.npy --output=%t.1.npy | FileCheck %s
// CHECK: check: output 0: relative error {{.*}}, tolerance
// CHECK: check: output 1: relative error {{.*}}, tolerance
// RUN: imhsa-run %s --entry=main --target=emulator --random-inputs=1 --shape=2x2x20x16 --shape=2x2x1031x16 --emulator-seed=7 --threads=2 --output=%t.2.npy --output=%t.3.npy
// RUN: cmp %t.0.npy %t.2.npy && cmp %t.1.npy %t.3.npy

// RUN: %python -m json.tool %t.json | FileCheck %s --check-prefix=REPORT
// REPORT-NOT:  _pool"
// REPORT:      "bytes": 131968,
// REPORT-NEXT: "name": "input 1",
// REPORT-NEXT: "read": 132480,
// REPORT-NOT:  _pool"
// REPORT:      "kernel": "main_1_normalisers"
// REPORT-NOT:  _pool"
// REPORT:      "kernel": "main_1_combine"
// REPORT-NOT:  _pool"

func.func @main(%q: tensor<?x2x?x16xbf16>, %k: tensor<?x2x?x16xbf16>) -> (tensor<?x2x?xf32>, tensor<?x2x13x16xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x2x?x16xbf16>
  %n = tensor.dim %q, %c2 : tensor<?x2x?x16xbf16>
  %0 = tensor.empty(%b) : tensor<?x2x13x16xf32>
  %kbar = imhsa.pool #imhsa.pool<13> ins(%k : tensor<?x2x?x16xbf16>) schedule(#imhsa.schedule<pool>)
            outs(%0 : tensor<?x2x13x16xf32>) -> tensor<?x2x13x16xf32>
  %1 = tensor.empty(%b, %n) : tensor<?x2x?xf32>
  %lse = imhsa.log_sum_exp ins(%q, %k : tensor<?x2x?x16xbf16>, tensor<?x2x?x16xbf16>)
           schedule(#imhsa.schedule<normalisers, queries = 32, splits = 5>) outs(%1 : tensor<?x2x?xf32>) -> tensor<?x2x?xf32>
  return %lse, %kbar : tensor<?x2x?xf32>, tensor<?x2x13x16xf32>
}

// On the sweep of an attention that mixes no heads after its softmax, of grouped heads and columns in blocks.

// RUN: imhsa-run %s --entry=online --target=emulator --random-inputs=1 --shape=2x4x20x16 --shape=2x2x301x16 --check --tolerance=2e-3 --emulator-report=%t.online.json | FileCheck %s
// RUN: %python -m json.tool %t.online.json | FileCheck %s --check-prefix=ONLINE
// ONLINE-NOT: _pool"
// ONLINE:     "kernel": "online_1_stream"
// ONLINE-NOT: _pool"

func.func @online(%q: tensor<?x4x?x16xf16>, %k: tensor<?x2x?x16xf16>) -> (tensor<?x4x?x16xf32>, tensor<?x2x13x16xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x4x?x16xf16>
  %n = tensor.dim %q, %c2 : tensor<?x4x?x16xf16>
  %0 = tensor.empty(%b) : tensor<?x2x13x16xf32>
  %kbar = imhsa.pool #imhsa.pool<13> ins(%k : tensor<?x2x?x16xf16>) schedule(#imhsa.schedule<pool>)
            outs(%0 : tensor<?x2x13x16xf32>) -> tensor<?x2x13x16xf32>
  %1 = tensor.empty(%b, %n) : tensor<?x4x?x16xf32>
  %o = imhsa.attention ins(%q, %k, %k : tensor<?x4x?x16xf16>, tensor<?x2x?x16xf16>, tensor<?x2x?x16xf16>)
         schedule(#imhsa.schedule<stream, queries = 16, keys = 16, splits = 5, heads = 2>)
         outs(%1 : tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o, %kbar : tensor<?x4x?x16xf32>, tensor<?x2x13x16xf32>
}
