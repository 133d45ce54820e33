// Sweeps and the pools that ride on them meet no bank of shared memory twice: rows of 64 bytes, 32 columns of 16 bits, are in half of the
// banks.

// RUN: imhsa-run %s --entry=landmarks --target=emulator --chip=sm_80 --random-inputs=1 --shape=1x8x200x32 --shape=1x8x200x32 --shape=1x8x200x32 --emulator-report=%t.json --check
// RUN: FileCheck %s < %t.json

// CHECK-NOT: "conflicts": {{[1-9]}}
// CHECK:     "conflicts": 0
// CHECK-NOT: "conflicts": {{[1-9]}}
// CHECK:     _normalisers"
// CHECK-NOT: "conflicts": {{[1-9]}}
// CHECK:     _stream"
// CHECK-NOT: "conflicts": {{[1-9]}}
func.func @landmarks(%q: tensor<?x8x?x32xbf16>, %k: tensor<?x8x?x32xbf16>, %v: tensor<?x8x?x32xbf16>, %w: tensor<8x8xf32>) -> tensor<?x8x?x32xbf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x8x?x32xbf16>
  %tokens = tensor.dim %q, %c2 : tensor<?x8x?x32xbf16>
  %init = tensor.empty(%batch, %tokens) : tensor<?x8x?x32xbf16>
  %0 = imhsa.attention ins(%q, %k, %v : tensor<?x8x?x32xbf16>, tensor<?x8x?x32xbf16>, tensor<?x8x?x32xbf16>) landmarks(#imhsa.pool<16>)
         key_less(pre = %w : tensor<8x8xf32>, post = %w : tensor<8x8xf32>) query_less(pre = %w : tensor<8x8xf32>, post = %w : tensor<8x8xf32>)
         outs(%init : tensor<?x8x?x32xbf16>) -> tensor<?x8x?x32xbf16>
  return %0 : tensor<?x8x?x32xbf16>
}

// A pool alone, of 64 columns: a lane stores 32 bytes.

// RUN: imhsa-run %s --entry=wide --target=emulator --chip=sm_80 --random-inputs=1 --shape=2x2x77x64 --emulator-report=%t.json --check
// RUN: FileCheck %s --check-prefix=WIDE < %t.json

// WIDE-NOT: "conflicts": {{[1-9]}}
// WIDE:     _pool"
// WIDE-NOT: "conflicts": {{[1-9]}}
func.func @wide(%q: tensor<?x2x?x64xbf16>) -> tensor<?x2x5x64xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %q, %c0 : tensor<?x2x?x64xbf16>
  %init = tensor.empty(%batch) : tensor<?x2x5x64xf32>
  %0 = imhsa.pool #imhsa.pool<5> ins(%q : tensor<?x2x?x64xbf16>) outs(%init : tensor<?x2x5x64xf32>) -> tensor<?x2x5x64xf32>
  return %0 : tensor<?x2x5x64xf32>
}
