// Functions that C and Python cannot call, or not by their names, are errors that name them.
// RUN: split-file %s %t

// RUN: not imhsa-compile %t/keyword.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=KEYWORD
// KEYWORD: error: @double: the name is reserved in C
// RUN: not imhsa-compile %t/cpp.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=CPP
// CPP: error: argument 0 of @f: the name 'template' is reserved in C++
// RUN: not imhsa-compile %t/python.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=PYTHON
// PYTHON: error: argument 1 of @f: the name 'lambda' is reserved in Python
// RUN: not imhsa-compile %t/symbol.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=SYMBOL
// SYMBOL: error: @a b: the name is no identifier of C and Python
// RUN: not imhsa-compile %t/stream.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=STREAM
// STREAM: error: argument 0 of @f: the name 'stream' is also the name of a parameter of every compiled function
// RUN: not imhsa-compile %t/output.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: result 0 of @f: the name 'output' is also the name of argument 0
// RUN: not imhsa-compile %t/collide.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=COLLIDE
// COLLIDE: error: argument 1 of @f: the name 'a_b' is also the name of argument 0
// RUN: not imhsa-compile %t/artifact.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=ARTIFACT
// ARTIFACT: error: @artifact: its name in C, x_artifact, is also that of what imhsa_open_embedded takes
// RUN: not imhsa-compile %t/sizes.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES: error: @f_sizes: the name is that of the function that computes the sizes of the results of @f

// RUN: not imhsa-compile %t/none.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: the module has no public func.func to compile
// RUN: not imhsa-compile %t/index.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=INDEX
// INDEX: error: argument 1 of @f: expected a ranked tensor of f16, bf16, f32, f64, i1, i8, i16, i32, i64 or index, found index
// RUN: not imhsa-compile %t/unranked.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=UNRANKED
// UNRANKED: error: argument 0 of @f: expected a ranked tensor of {{.*}}, found tensor<*xf32>
// RUN: not imhsa-compile %t/element.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: error: result 0 of @f: expected a ranked tensor of {{.*}}, found tensor<4xi4>
// RUN: not imhsa-compile %t/encoding.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=ENCODING
// ENCODING: error: argument 0 of @f: expected a ranked tensor of {{.*}}, found tensor<4xf32, "packed">

// A function that a pass cannot compile is named, and nothing is written.
// RUN: not imhsa-compile %t/recursive.mlir -o %t/x.so 2>&1 | FileCheck %s --check-prefix=RECURSIVE
// RECURSIVE: recursive.mlir:{{[0-9]+}}:{{[0-9]+}}: error:
// RECURSIVE: imhsa-compile: error: cannot compile @recursive
// RUN: not ls %t/x.so

// Names of the C library, of other functions and of other symbols may be had; so may attributes of
// the source's own names, and arguments without names.
// RUN: imhsa-compile %t/good.mlir --emit=llvm --prefix=exp -o - | FileCheck %s --check-prefix=GOOD
// GOOD-DAG: define i32 @exp_exp(
// GOOD-DAG: define i32 @exp_exp_exp(
// GOOD-DAG: define i32 @exp_malloc(
// GOOD-DAG: c"exp(arg0: float64[4], a_b: float64[4]) -> output: float64[4]\00"
// GOOD-DAG: c"exp_exp(x: float64[]) -> output0: float64[], output1: float64[]\00"
// GOOD-DAG: c"malloc(x: bool[x_dim0, 4])\00"

//--- keyword.mlir
func.func @double(%x: tensor<4xf32>) { return }
//--- cpp.mlir
func.func @f(%template: tensor<4xf32>) { return }
//--- python.mlir
func.func @f(%x: tensor<4xf32>, %lambda: tensor<4xf32>) { return }
//--- symbol.mlir
func.func @"a b"(%x: tensor<4xf32>) { return }
//--- stream.mlir
func.func @f(%stream: tensor<4xf32>) { return }
//--- output.mlir
func.func @f(%output: tensor<4xf32>) -> tensor<4xf32> { return %output : tensor<4xf32> }
//--- collide.mlir
func.func @f(%a.b: tensor<4xf32>, %a_b: tensor<4xf32>) { return }
//--- artifact.mlir
func.func @artifact(%x: tensor<4xf32>) { return }
//--- sizes.mlir
func.func @f_sizes(%x: tensor<4xf32>) { return }
func.func @f(%x: tensor<4xf32>) { return }
//--- none.mlir
func.func private @f(%x: tensor<4xf32>) { return }
//--- index.mlir
func.func @f(%x: tensor<4xf32>, %y: index) { return }
//--- unranked.mlir
func.func @f(%x: tensor<*xf32>) { return }
//--- element.mlir
func.func @f() -> tensor<4xi4> {
  %0 = tensor.empty() : tensor<4xi4>
  return %0 : tensor<4xi4>
}
//--- encoding.mlir
func.func @f(%x: tensor<4xf32, "packed">) { return }
//--- recursive.mlir
func.func @fine(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }
func.func @recursive(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @recursive(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
//--- good.mlir
func.func private @exp_exp_exp(%x: tensor<f64>) -> tensor<f64> {
  %0 = tensor.empty() : tensor<f64>
  %1 = linalg.exp ins(%x : tensor<f64>) outs(%0 : tensor<f64>) -> tensor<f64>
  return %1 : tensor<f64>
}
func.func @exp(%0: tensor<4xf64>, %a-b: tensor<4xf64>) -> tensor<4xf64> {
  %1 = tensor.empty() : tensor<4xf64>
  %2 = linalg.exp ins(%a-b : tensor<4xf64>) outs(%1 : tensor<4xf64>) -> tensor<4xf64>
  return %2 : tensor<4xf64>
}
func.func @exp_exp(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %0 = call @exp_exp_exp(%x) : (tensor<f64>) -> tensor<f64>
  return %0, %x : tensor<f64>, tensor<f64>
}
func.func @malloc(%x: tensor<?x4xi1>) { return }
