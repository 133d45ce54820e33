// Lines of the source in the kernels, on request: in PTX, and through ptxas in cubins.
// RUN: rm -rf %t && mkdir %t
// RUN: imhsa-compile %s --target=cuda --chip=sm_80 --emit=ptx --line-info --prefix=lines -o %t/lines.ptx
// RUN: FileCheck %s --input-file=%t/lines.ptx
// RUN: imhsa-compile %s --target=cuda --chip=sm_80 --emit=ptx --prefix=lines -o %t/plain.ptx
// RUN: FileCheck %s --check-prefix=PLAIN --input-file=%t/plain.ptx
// RUN: %if ptxas %{ imhsa-compile %s --target=cuda --chip=sm_80 --emit=cubin --line-info -o %t/lines.cubin %}
// RUN: %if ptxas %{ llvm-readelf --sections %t/lines.cubin | FileCheck %s --check-prefix=CUBIN %}
// RUN: %if ptxas %{ imhsa-compile %s --target=cuda --chip=sm_80 --emit=cubin -o %t/plain.cubin %}
// RUN: %if ptxas %{ llvm-readelf --sections %t/plain.cubin | FileCheck %s --check-prefix=NONE %}

// Optimization is as without them: but for the directives and labels of lines, the same instructions.
// RUN: grep -v -e '\.loc' -e '\.file' -e '^.L__[tf]' -e '\.section' -e '^$' -e '^//' %t/lines.ptx > %t/lines.code
// RUN: grep -v -e '\.loc' -e '\.file' -e '^.L__[tf]' -e '\.section' -e '^$' -e '^//' %t/plain.ptx > %t/plain.code
// RUN: diff %t/lines.code %t/plain.code

// CHECK:      .target sm_80{{$}}
// CHECK:      .entry lines_triple_0
// CHECK:      .loc [[FILE:[0-9]+]] [[#@LINE+15]] 10
// CHECK-NEXT: mul.rn.f32
// CHECK:      .entry lines_twice_0
// CHECK-NOT:  .loc [[FILE]] [[#@LINE+10]]
// CHECK:      .loc [[FILE]] [[#@LINE+17]] 8
// CHECK:      .file [[FILE]] "{{.*}}line-info.mlir"
// PLAIN-NOT: {{\.loc|\.file}}
// CUBIN:     .debug_line
// NONE-NOT:  .debug_line

func.func @triple(%x: tensor<4x?xf32>, %init: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %three = arith.constant 3.0 : f32
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
         ins(%x : tensor<4x?xf32>) outs(%init : tensor<4x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %y = arith.mulf %in, %three : f32
    linalg.yield %y : f32
  } -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}
func.func @twice(%x: tensor<4x?xf32>, %init: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %0 = linalg.add ins(%x, %x : tensor<4x?xf32>, tensor<4x?xf32>) outs(%init : tensor<4x?xf32>) -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}
