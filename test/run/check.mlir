// --check compares with float64: it passes where the result is right and fails where it is not.

// RUN: imhsa-run %s --entry=attention --random-inputs=1 --shape=2x3x50x16 --shape=2x3x37x16 --int-max=37 --check --opt-level=0 | FileCheck %s --check-prefix=EXACT
// EXACT:      check: output 0: relative error {{[0-9.]+e-0[78]}}, tolerance 5e-06
// EXACT-NEXT: check: output 1: relative error {{[0-9.]+e-0[78]}}, tolerance 5e-06
// EXACT-NOT:  {{.}}
func.func @attention(%q: tensor<?x3x?x16xf32>, %k: tensor<?x3x?x16xf32>, %lengths: tensor<2xi32>)
    -> (tensor<?x3x?x16xf32>, tensor<?x3x?xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x3x?x16xf32>
  %n = tensor.dim %q, %c2 : tensor<?x3x?x16xf32>
  %o = tensor.empty(%b, %n) : tensor<?x3x?x16xf32>
  %lse = tensor.empty(%b, %n) : tensor<?x3x?xf32>
  %0:2 = imhsa.attention ins(%q, %k, %k : tensor<?x3x?x16xf32>, tensor<?x3x?x16xf32>, tensor<?x3x?x16xf32>)
           key_lengths(%lengths : tensor<2xi32>)
           outs(%o, %lse : tensor<?x3x?x16xf32>, tensor<?x3x?xf32>) -> tensor<?x3x?x16xf32>, tensor<?x3x?xf32>
  return %0#0, %0#1 : tensor<?x3x?x16xf32>, tensor<?x3x?xf32>
}

// RUN: imhsa-run %s --entry=landmarks_f16 --random-inputs=2 --check --opt-level=0 | FileCheck %s --check-prefix=F16
// F16:     check: output 0: relative error {{.*e-0[45]|0\.000[0-9]*}}, tolerance 0.002
// F16-NOT: {{.}}
func.func @landmarks_f16(%q: tensor<1x2x60x8xf16>, %k: tensor<1x2x60x8xf16>, %w: tensor<2x2xf32>) -> tensor<1x2x60x8xf16> {
  %o = tensor.empty() : tensor<1x2x60x8xf16>
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x2x60x8xf16>, tensor<1x2x60x8xf16>, tensor<1x2x60x8xf16>)
         landmarks(#imhsa.pool<7>) key_less(pre = %w : tensor<2x2xf32>, post = %w : tensor<2x2xf32>)
         query_less(post = %w : tensor<2x2xf32>)
         outs(%o : tensor<1x2x60x8xf16>) -> tensor<1x2x60x8xf16>
  return %0 : tensor<1x2x60x8xf16>
}

// RUN: imhsa-run %s --entry=double --random-inputs=3 --check --opt-level=0 | FileCheck %s --check-prefix=BF16
// BF16:     check: output 0: relative error 0.00{{[0-9]*}}, tolerance 0.01
// BF16-NEXT: check: output 1: relative error 0, tolerance 0
// BF16-NOT: {{.}}
func.func @double(%x: tensor<100xbf16>, %n: tensor<5xi32>) -> (tensor<100xbf16>, tensor<5xi32>) {
  %third = arith.constant 0.333333 : bf16
  %fill = tensor.empty() : tensor<100xbf16>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<100xbf16>) outs(%fill : tensor<100xbf16>) {
  ^bb0(%a: bf16, %b: bf16):
    %p = arith.mulf %a, %third : bf16
    linalg.yield %p : bf16
  } -> tensor<100xbf16>
  return %0, %n : tensor<100xbf16>, tensor<5xi32>
}

// Single precision is not enough for this one: f32 loses most of x.
// RUN: not imhsa-run %s --entry=cancel --random-inputs=4 --check --output=%t.npy 2>%t.err | FileCheck %s --check-prefix=CANCEL
// RUN: FileCheck %s --check-prefix=EXCEEDS < %t.err
// RUN: imhsa-run %s --entry=cancel --random-inputs=4 --check --tolerance=0.5 | FileCheck %s --check-prefix=LOOSE
// CANCEL: check: output 0: relative error 0.{{[0-9]+}}, tolerance 5e-06
// EXCEEDS: imhsa-run: error: output 0: the relative error exceeds the tolerance
// LOOSE: check: output 0: relative error 0.{{[0-9]+}}, tolerance 0.5
func.func @cancel(%x: tensor<1000xf32>) -> tensor<1000xf32> {
  %large = arith.constant 1.0e7 : f32
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<1000xf32>) outs(%x : tensor<1000xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %large : f32
    %d = arith.subf %s, %large : f32
    linalg.yield %d : f32
  } -> tensor<1000xf32>
  return %0 : tensor<1000xf32>
}

// NaN and infinity are right where the reference has them too, and wrong anywhere else: 1e5 is no f16.
// RUN: imhsa-run %s --entry=special --random-inputs=5 --check | FileCheck %s --check-prefix=SPECIAL
// SPECIAL: check: output 0: relative error 0, tolerance 5e-06
// RUN: not imhsa-run %s --entry=overflow --random-inputs=5 --check | FileCheck %s --check-prefix=OVERFLOW
// OVERFLOW: check: output 0: relative error inf, tolerance 0.002
func.func @special(%x: tensor<3xf32>) -> tensor<3xf32> {
  %0 = arith.constant dense<[0x7FC00000, 0xFF800000, 1.0]> : tensor<3xf32>
  return %0 : tensor<3xf32>
}
func.func @overflow(%x: tensor<3xf16>) -> tensor<3xf16> {
  %large = arith.constant 1.0e5 : f32
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf16>) outs(%x : tensor<3xf16>) {
  ^bb0(%a: f16, %b: f16):
    %narrow = arith.truncf %large : f32 to f16
    linalg.yield %narrow : f16
  } -> tensor<3xf16>
  return %0 : tensor<3xf16>
}

// What has no counterpart in float64 cannot be checked.
// RUN: not imhsa-run %s --entry=bits --random-inputs=6 --check 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: 'arith.bitcast' op reinterprets the bits of 'f32'
// BITS: imhsa-run: error: cannot compile @bits
func.func @bits(%x: tensor<3xf32>) -> tensor<3xi32> {
  %empty = tensor.empty() : tensor<3xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%empty : tensor<3xi32>) {
  ^bb0(%a: f32, %b: i32):
    %c = arith.bitcast %a : f32 to i32
    linalg.yield %c : i32
  } -> tensor<3xi32>
  return %0 : tensor<3xi32>
}
