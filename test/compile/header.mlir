// The header: plain C99 and C++17 without a warning, whatever the source says.
// RUN: rm -rf %t && mkdir %t && split-file %s %t
// RUN: imhsa-compile %t/header.mlir --emit=llvm --header=%t/my-header.h --prefix=my_header -o /dev/null
// RUN: FileCheck %s --input-file=%t/my-header.h
// RUN: clang -fsyntax-only -std=c99 -pedantic -Wall -Wextra -Werror -I%include -x c %t/my-header.h
// RUN: clang -fsyntax-only -std=c99 -Wall -Wextra -Werror -I%include -I%t %t/use.c
// RUN: clang++ -fsyntax-only -std=c++17 -Wall -Wextra -Werror -I%include -I%t -x c++ %t/use.c
// RUN: imhsa-compile %t/header.mlir --emit=object --header=- --prefix=my_header -o /dev/null | FileCheck %s --check-prefix=OBJECT
// RUN: imhsa-compile %t/header.mlir --emit=llvm --target=cuda --header=- --prefix=my_header -o /dev/null | FileCheck %s --check-prefix=CUDA

// CHECK:      #ifndef MY_HEADER_H
// CHECK-NEXT: #define MY_HEADER_H
// CHECK:      #include <imhsa.h>
// CHECK:       * Functions on tensors of the CPU.
// CHECK-NOT:  bfloat16 is expected

// A comment cannot leave its place; what agrees at run time has one name.
// CHECK:      {{^}}/** Ends a comment: * / and starts one: / *, goes on \
// CHECK-NEXT: {{^}} *   indented, ??/ and as µ.
// CHECK-NEXT: {{^}} *
// CHECK-NEXT: {{^}} * The last.
// CHECK-NEXT: {{^}} *
// CHECK-NEXT: {{^}} * \param[in] query  float32[query_dim0, 4, query_dim2, 8]
// CHECK-NEXT: {{^}} * \param[in] key  float32[query_dim0, 4, key_dim2, 8]
// CHECK-NEXT: {{^}} * \param[in] value  float32[query_dim0, 4, key_dim2, 16]
// CHECK-NEXT: {{^}} * \param[in] pre  float32[4, 4]
// CHECK-NEXT: {{^}} * \param[out] output  float32[query_dim0, 4, query_dim2, 16]
// CHECK-NEXT: {{^}} * \param stream  ignored
// CHECK-NEXT: {{^}} */
// CHECK-NEXT: {{^}}imhsa_status my_header_attend(const DLTensor *query, const DLTensor *key, const DLTensor *value,
// CHECK-NEXT: {{^}}                              const DLTensor *pre, DLTensor *output, void *stream);
// CHECK-EMPTY:
// CHECK-NEXT: {{^}}/**
// CHECK-NEXT: {{^}} * \param[in] x  bool[3]
// CHECK-NEXT: {{^}} * \param[in] arg1  int8[]
// CHECK-NEXT: {{^}} * \param stream  ignored
// CHECK-NEXT: {{^}} */
// CHECK-NEXT: {{^}}imhsa_status my_header_other(const DLTensor *x, const DLTensor *arg1, void *stream);
// CHECK-NOT:  _artifact

// OBJECT: extern imhsa_artifact my_header_artifact;

// CUDA:     Functions on tensors of a CUDA device.
// CUDA:     IMHSA_NO_DEVICE, IMHSA_CUDA_ERROR
// CUDA:     \param stream  a CUstream or cudaStream_t; null is the default stream
// CUDA-NOT: _artifact

//--- header.mlir
// This comment belongs to nothing.

   // Ends a comment: */ and starts one: /*, goes on \
   ///   indented, ??/ and as µ.
//
// The last.
func.func @attend(%query: tensor<?x4x?x8xf32>, %key: tensor<?x4x?x8xf32>, %value: tensor<?x4x?x16xf32>,
                  %pre: tensor<4x4xf32>) -> tensor<?x4x?x16xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %query, %c0 : tensor<?x4x?x8xf32>
  %queries = tensor.dim %query, %c2 : tensor<?x4x?x8xf32>
  %init = tensor.empty(%batch, %queries) : tensor<?x4x?x16xf32>
  %0 = imhsa.attention ins(%query, %key, %value : tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x16xf32>)
         interaction(pre = %pre : tensor<4x4xf32>) outs(%init : tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %0 : tensor<?x4x?x16xf32>
}
func.func private @inside(%x: tensor<3xi1>) { return }
func.func @other(%x: tensor<3xi1>, %0: tensor<i8>) { return }

//--- use.c
#include "my-header.h"
#include "my-header.h"

imhsa_status (*attend)(const DLTensor *, const DLTensor *, const DLTensor *, const DLTensor *, DLTensor *,
                       void *) = my_header_attend;
