// RUN: imhsa-opt %s --imhsa-bufferize --split-input-file --verify-diagnostics
// RUN: not imhsa-opt %s --split-input-file --imhsa-bufferize=workspace-alignment=48 2>&1 | FileCheck %s

// CHECK: error: imhsa-bufferize: workspace-alignment: expected a power of two, found 48

// expected-error @below {{'func.func' op argument 1 of a public function: expected a ranked tensor without encoding, found 'f32'}}
func.func @scalar_argument(%a: tensor<4xf32>, %x: f32) {
  return
}

// -----

// expected-error @below {{'func.func' op argument 0 of a public function: expected a ranked tensor without encoding, found 'tensor<*xf32>'}}
func.func @unranked_argument(%a: tensor<*xf32>) {
  return
}

// -----

// expected-error @below {{'func.func' op result 1 of a public function: expected a ranked tensor without encoding, found 'index'}}
func.func @scalar_result(%a: tensor<4xf32>) -> (tensor<4xf32>, index) {
  %c0 = arith.constant 0 : index
  return %a, %c0 : tensor<4xf32>, index
}

// -----

func.func private @callee(tensor<4xf32>) -> tensor<4xf32>
func.func @call(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'func.call' op refers to a function: expected all calls of private functions inlined}}
  %b = call @callee(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %b : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op needs the name 'f_sizes' for the function of its sizes}}
func.func @f(%a: tensor<4xf32>) {
  return
}
// expected-note @below {{which is taken}}
func.func private @f_sizes(tensor<4xf32>)

// -----

// expected-error @below {{'func.func' op has branches between blocks: expected structured control flow}}
func.func @branches(%a: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %a : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op result 0, dimension 1: expected a size that follows from dimensions of arguments, found one that depends on data}}
func.func @data_dependent_result(%p: tensor<index>) -> tensor<2x?xf32> {
  %n = tensor.extract %p[] : tensor<index>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<2x?xf32>
  %x = linalg.fill ins(%zero : f32) outs(%e : tensor<2x?xf32>) -> tensor<2x?xf32>
  return %x : tensor<2x?xf32>
}

// -----

func.func @data_dependent_temporary(%p: tensor<index>) -> tensor<1xf32> {
  // expected-note @below {{the size comes from here}}
  %n = tensor.extract %p[] : tensor<index>
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{'memref.alloc' op cannot be placed: a dynamic size of 'memref<?xf32>' is not bounded by dimensions of arguments}}
  %e = tensor.empty(%n) : tensor<?xf32>
  %x = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %y = tensor.extract_slice %x[0] [1] [1] : tensor<?xf32> to tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @growing(%a: tensor<?xf32>) -> tensor<1xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-error @below {{'scf.for' op carries a tensor whose shape may change: expected the shape of iteration argument 0 to stay}}
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%t = %a) -> tensor<?xf32> {
    %u = tensor.concat dim(0) %t, %t : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %u : tensor<?xf32>
  }
  %y = tensor.extract_slice %r[0] [1] [1] : tensor<?xf32> to tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @layout(%a: tensor<4xf32>) {
  // expected-error @below {{'memref.alloc' op cannot be placed: expected a contiguous layout, found 'memref<4xf32, strided<[2]>>'}}
  %m = memref.alloc() : memref<4xf32, strided<[2]>>
  bufferization.materialize_in_destination %a in restrict writable %m : (tensor<4xf32>, memref<4xf32, strided<[2]>>) -> ()
  return
}
