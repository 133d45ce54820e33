// RUN: imhsa-opt %s -imhsa-promote-to-f64 -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @square(%arg0: tensor<4xf64>) -> tensor<4xf64>
func.func @square(%x: tensor<4xf16>) -> tensor<4xf16> {
  // CHECK-NEXT: %[[P:.*]] = arith.mulf %arg0, %arg0 : tensor<4xf64>
  // CHECK-NEXT: return %[[P]]
  %wide = arith.extf %x : tensor<4xf16> to tensor<4xf32>
  %product = arith.mulf %wide, %wide : tensor<4xf32>
  %narrow = arith.truncf %product : tensor<4xf32> to tensor<4xf16>
  return %narrow : tensor<4xf16>
}

// -----

// Constants keep their numbers: 0.1 as an f32 is not 0.1 as an f64.
// CHECK-LABEL: func @constants
func.func @constants() -> (f32, f64, tensor<2xbf16>, tensor<3xf32>, tensor<2xf32>, tensor<2xi32>) {
  // CHECK-DAG: arith.constant 0.10000000149011612 : f64
  %0 = arith.constant 0.1 : f32
  // CHECK-DAG: arith.constant 1.000000e-01 : f64
  %1 = arith.constant 0.1 : f64
  // CHECK-DAG: arith.constant dense<[1.500000e+00, 0xFFF0000000000000]> : tensor<2xf64>
  %2 = arith.constant dense<[1.5, 0xFF80]> : tensor<2xbf16>
  // CHECK-DAG: arith.constant dense<2.500000e-01> : tensor<3xf64>
  %3 = arith.constant dense<0.25> : tensor<3xf32>
  // CHECK-DAG: arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf64>
  %4 = arith.constant dense_resource<weights> : tensor<2xf32>
  // CHECK-DAG: arith.constant dense<[1, 2]> : tensor<2xi32>
  %5 = arith.constant dense<[1, 2]> : tensor<2xi32>
  return %0, %1, %2, %3, %4, %5 : f32, f64, tensor<2xbf16>, tensor<3xf32>, tensor<2xf32>, tensor<2xi32>
}

{-#
  dialect_resources: { builtin: { weights: "0x040000000000803F00000040" } }
#-}

// -----

// Attributes that are numbers already stay: the scale. So do casts in bodies, calls and masks.
// CHECK-LABEL: func @attention(
// CHECK-SAME: %arg0: tensor<1x2x?x8xf64>, %arg1: tensor<1x2x5x8xf64>, %arg2: tensor<1xi32>) -> (tensor<1x2x?x8xf64>, tensor<1x2x?xf64>)
func.func @attention(%q: tensor<1x2x?x8xf16>, %k: tensor<1x2x5x8xf16>, %lengths: tensor<1xi32>)
    -> (tensor<1x2x?x8xf16>, tensor<1x2x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x2x?x8xf16>
  %o = tensor.empty(%n) : tensor<1x2x?x8xf16>
  %lse = tensor.empty(%n) : tensor<1x2x?xf32>
  // CHECK: imhsa.attention
  // CHECK-SAME: scale(1.250000e-01)
  // CHECK-SAME: -> tensor<1x2x?x8xf64>, tensor<1x2x?xf64>
  %0:2 = imhsa.attention ins(%q, %k, %k : tensor<1x2x?x8xf16>, tensor<1x2x5x8xf16>, tensor<1x2x5x8xf16>)
           key_lengths(%lengths : tensor<1xi32>) scale(0.125)
           outs(%o, %lse : tensor<1x2x?x8xf16>, tensor<1x2x?xf32>) -> tensor<1x2x?x8xf16>, tensor<1x2x?xf32>
  return %0#0, %0#1 : tensor<1x2x?x8xf16>, tensor<1x2x?xf32>
}

// CHECK-LABEL: func @body
func.func @body(%a: tensor<4x8xf16>, %b: tensor<8x4xf16>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK: linalg.generic
  // CHECK-NEXT: ^bb0(%[[A:.*]]: f64, %[[B:.*]]: f64, %[[C:.*]]: f64):
  // CHECK-NEXT: %[[M:.*]] = arith.mulf %[[A]], %[[B]] : f64
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[C]], %[[M]] : f64
  // CHECK-NEXT: linalg.yield %[[S]]
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<4x8xf16>, tensor<8x4xf16>) outs(%c : tensor<4x4xf32>) {
  ^bb0(%x: f16, %y: f16, %z: f32):
    %x32 = arith.extf %x : f16 to f32
    %y32 = arith.extf %y : f16 to f32
    %m = arith.mulf %x32, %y32 : f32
    %s = arith.addf %z, %m : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  // CHECK: linalg.matmul ins({{.*}} : tensor<4x8xf64>, tensor<8x4xf64>) outs({{.*}} : tensor<4x4xf64>)
  %1 = linalg.matmul ins(%a, %b : tensor<4x8xf16>, tensor<8x4xf16>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: call @square_root(%{{.*}}) : (tensor<4x4xf64>) -> tensor<4x4xf64>
  %2 = call @square_root(%1) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

func.func private @square_root(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK: math.sqrt %{{.*}} : tensor<4x4xf64>
  %0 = math.sqrt %x : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @bits(%x: f32) -> i32 {
  // expected-error @+1 {{'arith.bitcast' op reinterprets the bits of 'f32', which f64 does not have; cannot promote it}}
  %0 = arith.bitcast %x : f32 to i32
  return %0 : i32
}

// -----

func.func @halves(%x: tensor<2xf16>) -> tensor<2xbf16> {
  // expected-error @+1 {{'tensor.bitcast' op reinterprets the bits of 'tensor<2xf16>', which f64 does not have}}
  %0 = tensor.bitcast %x : tensor<2xf16> to tensor<2xbf16>
  return %0 : tensor<2xbf16>
}
