// Every element type, rank 0, no arguments and no results: declared in the header, and called from C.
// RUN: rm -rf %t && mkdir %t
// RUN: imhsa-compile %s -o %t/libtypes.so --header=%t/types.h
// RUN: FileCheck %s --check-prefix=HEADER --input-file=%t/types.h
// RUN: clang -std=c99 -Wall -Wextra -Werror %S/Inputs/types.c -I%t -I%include -L%t -ltypes -Wl,-rpath,%t -o %t/types
// RUN: %t/types | FileCheck %s

// HEADER:     are taken as its bits
// HEADER:      * \param[in] x  float16[3]
// HEADER-NEXT: * \param[in] y  bfloat16[3]
// HEADER-NEXT: * \param[out] output  float32[3]
// HEADER-NEXT: * \param stream  ignored
// HEADER-NEXT: */
// HEADER-NEXT: imhsa_status types_halves(const DLTensor *x, const DLTensor *y, DLTensor *output, void *stream);

func.func @halves(%x: tensor<3xf16>, %y: tensor<3xbf16>) -> tensor<3xf32> {
  %init = tensor.empty() : tensor<3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
         ins(%x, %y : tensor<3xf16>, tensor<3xbf16>) outs(%init : tensor<3xf32>) {
  ^bb0(%a: f16, %b: bf16, %o: f32):
    %1 = arith.extf %a : f16 to f32
    %2 = arith.extf %b : bf16 to f32
    %3 = arith.addf %1, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
// CHECK:      halves: ok
// CHECK-NEXT: 2 4 -3.5
// CHECK-NEXT: halves with bits: ok
// CHECK-NEXT: 2 4 -3.5
// CHECK-NEXT: halves exchanged: status 2: halves: input 0 'x': expected element type f16, found bf16
// CHECK-NEXT: halves with null: status 1: halves: input 1 'y': the tensor is null

// HEADER: imhsa_status types_flags(const DLTensor *x, DLTensor *output0, DLTensor *output1, void *stream);

func.func @flags(%x: tensor<?xi1>) -> (tensor<?xi1>, tensor<index>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
  %size = tensor.dim %x, %c0 : tensor<?xi1>
  %init = tensor.empty(%size) : tensor<?xi1>
  %start = tensor.from_elements %c0 : tensor<index>
  %0:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
         ins(%x : tensor<?xi1>) outs(%init, %start : tensor<?xi1>, tensor<index>) {
  ^bb0(%a: i1, %o: i1, %n: index):
    %1 = arith.xori %a, %true : i1
    %2 = arith.addi %n, %c1 : index
    %3 = arith.select %a, %2, %n : index
    linalg.yield %1, %3 : i1, index
  } -> (tensor<?xi1>, tensor<index>)
  return %0#0, %0#1 : tensor<?xi1>, tensor<index>
}
// CHECK-NEXT: flags: ok
// CHECK-NEXT: 0 1 0 0, 3 set

// The exponential function of the C library.
// HEADER: \param[in] x  float64[]

func.func @scalar(%x: tensor<f64>) -> tensor<f64> {
  %init = tensor.empty() : tensor<f64>
  %0 = linalg.exp ins(%x : tensor<f64>) outs(%init : tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}
// CHECK-NEXT: scalar: ok
// CHECK-NEXT: 2.718281828459

// HEADER: imhsa_status types_constant(DLTensor *output, void *stream);

func.func @constant() -> tensor<2xi64> {
  %0 = arith.constant dense<[7, -8]> : tensor<2xi64>
  return %0 : tensor<2xi64>
}
// CHECK-NEXT: constant: ok
// CHECK-NEXT: 7 -8

// HEADER: imhsa_status types_check(const DLTensor *x, void *stream);

func.func @check(%x: tensor<?xi1>) {
  %c0 = arith.constant 0 : index
  %0 = tensor.extract %x[%c0] : tensor<?xi1>
  cf.assert %0, "the first element is not set"
  return
}
// CHECK-NEXT: check: ok
// CHECK-NEXT: check: status 2: check: the first element is not set

// HEADER: \param[out] output  float32[{{[xy]}}_dim0]

func.func @add(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %y, %c0 : tensor<?xf32>
  %init = tensor.empty(%size) : tensor<?xf32>
  %0 = linalg.add ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
// CHECK-NEXT: add: status 2: add: output 0 'output': overlaps input 'x'
// CHECK-NEXT: add: status 2: add: {{.*}}dimension
// CHECK-NEXT: add: ok
// CHECK-NEXT: 6 8 10
