// RUN: imhsa-opt %s --imhsa-approximate-math | FileCheck %s

// CHECK-LABEL: func @f32(
// CHECK-NOT: math.exp
// CHECK-NOT: math.log
// CHECK: math.fma
// CHECK: return
func.func @f32(%x: f32, %y: vector<8xf32>) -> (f32, vector<8xf32>) {
  %a = math.exp %x : f32
  %b = math.log %y : vector<8xf32>
  return %a, %b : f32, vector<8xf32>
}

// CHECK-LABEL: func @others(
// CHECK: math.exp %{{.*}} : f64
// CHECK: math.tanh %{{.*}} : f32
func.func @others(%x: f64, %y: f32) -> (f64, f32) {
  %a = math.exp %x : f64
  %b = math.tanh %y : f32
  return %a, %b : f64, f32
}
