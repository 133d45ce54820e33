// What is no .npy file, or not of the type of the argument, is refused with a message that says why.
// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/check_npy.py %t %s | FileCheck %s

func.func @take(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  return %x : tensor<2x3x4xf32>
}

// CHECK-DAG: {{^}}after: corrupt header: expected its end after '}', found '{}'
// CHECK-DAG: {{^}}big-endian: elements '>f4' are big-endian
// CHECK-DAG: {{^}}empty: not a .npy file: only 0 bytes long
// CHECK-DAG: {{^}}fortran: the array is in column-major order; save numpy.ascontiguousarray(array) instead
// CHECK-DAG: {{^}}fortran-word: corrupt header: expected True or False, found 'Maybe
// CHECK-DAG: {{^}}good: accepted
// CHECK-DAG: {{^}}good-2: accepted
// CHECK-DAG: {{^}}good-3: accepted
// CHECK-DAG: {{^}}good-long: accepted
// CHECK-DAG: {{^}}good-order: accepted
// CHECK-DAG: {{^}}header-length: truncated: the header has 65535 bytes, but the file has 158 bytes after the header's length
// CHECK-DAG: {{^}}huge: corrupt header: the sizes of the shape multiply to more than 64 bits
// CHECK-DAG: {{^}}huge-digits: corrupt header: expected a size of at least 0 that fits in 63 bits, found '999
// CHECK-DAG: {{^}}long: too long: expected 96 bytes of elements, found 97
// CHECK-DAG: {{^}}magic: not a .npy file: its first bytes are not \x93NUMPY
// CHECK-DAG: {{^}}negative: corrupt header: expected a size of at least 0 that fits in 63 bits, found '-3, 4)
// CHECK-DAG: {{^}}no-dictionary: corrupt header: expected '{', found 'None'
// CHECK-DAG: {{^}}no-shape: corrupt header: expected the keys 'descr', 'fortran_order' and 'shape'
// CHECK-DAG: {{^}}numpy: accepted
// CHECK-DAG: {{^}}object: elements '|O8' are not supported
// CHECK-DAG: {{^}}open: corrupt header: expected a key in quotes, found its end
// CHECK-DAG: {{^}}short: truncated: expected 96 bytes of elements, found 95
// CHECK-DAG: {{^}}structured: structured element types are not supported
// CHECK-DAG: {{^}}twice: corrupt header: second key 'descr'
// CHECK-DAG: {{^}}unknown: corrupt header: unknown key 'colour'
// CHECK-DAG: {{^}}version: format version 4.0 is not supported: expected 1.0, 2.0 or 3.0
// CHECK-DAG: {{^}}words: corrupt header: expected a size of at least 0 that fits in 63 bits, found 'three
