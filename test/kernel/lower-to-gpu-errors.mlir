// RUN: imhsa-opt %s --imhsa-lower-to-gpu --split-input-file --verify-diagnostics
// RUN: not imhsa-opt %s --imhsa-lower-to-gpu=block-size=0 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not imhsa-opt %s --imhsa-lower-to-gpu=block-size=1025 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not imhsa-opt %s --imhsa-lower-to-gpu=max-blocks=0 2>&1 | FileCheck %s --check-prefix=BLOCKS
// NONE: error: option 'block-size': expected 1 to 1024 threads, found 0
// MANY: error: option 'block-size': expected 1 to 1024 threads, found 1025
// BLOCKS: error: option 'max-blocks': expected 1 to 2147483647 blocks, found 0

func.func @load(%x: memref<?xi32>) -> i32 {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.load' op accesses device memory on the host; expected only linalg operations and 'memref.copy' to access buffers}}
  %0 = memref.load %x[%c0] : memref<?xi32>
  return %0 : i32
}

// -----

// An index stored into another argument than the last is device memory.
func.func @store(%x: memref<?xindex>, %workspace: memref<?xi8>) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.store' op accesses device memory on the host}}
  memref.store %c0, %x[%c0] : memref<?xindex>
  return
}

// -----

// Both are reported.
func.func @allocate(%n: index) {
  // expected-error @below {{'memref.alloc' op manages memory on the host; expected temporaries in the workspace argument that 'imhsa-bufferize' adds}}
  %0 = memref.alloc(%n) : memref<?xf32>
  // expected-error @below {{'memref.dealloc' op manages memory on the host}}
  memref.dealloc %0 : memref<?xf32>
  return
}

// -----

func.func @parallel(%x: memref<?xf32>, %n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{'scf.parallel' op is a parallel loop of the host; kernels come from linalg operations only: tile with 'imhsa-tile{loops=for}'}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %v, %x[%i] : memref<?xf32>
  }
  // expected-error @below {{'scf.forall' op is a parallel loop of the host}}
  scf.forall (%i) in (%n) {
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @tensors(%x: tensor<4xf32>, %v: f32) -> tensor<4xf32> {
  // expected-error @below {{'linalg.fill' op expected operands that are buffers, found tensors: run 'imhsa-bufferize' first}}
  %0 = linalg.fill ins(%v : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @softmax(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  // expected-error @below {{'linalg.softmax' op has no kernel; expected a structured linalg operation}}
  linalg.softmax dimension(1) ins(%x : memref<4x4xf32>) outs(%y : memref<4x4xf32>)
  return
}

// -----

func.func @attention(%q: memref<1x2x4x8xf32>, %o: memref<1x2x4x8xf32>) {
  // expected-error @below {{'imhsa.attention' op accesses device memory on the host}}
  imhsa.attention ins(%q, %q, %q : memref<1x2x4x8xf32>, memref<1x2x4x8xf32>, memref<1x2x4x8xf32>)
    outs(%o : memref<1x2x4x8xf32>)
  return
}

// -----

// What a loop contains is looked at, and the loop itself is not refused for the buffer that it carries.
func.func @carried(%x: memref<4xf32>, %n: index) -> memref<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%b = %x) -> memref<4xf32> {
    // expected-error @below {{'memref.load' op accesses device memory on the host}}
    %v = memref.load %b[%i] : memref<4xf32>
    linalg.fill ins(%v : f32) outs(%b : memref<4xf32>)
    scf.yield %b : memref<4xf32>
  }
  return %0 : memref<4xf32>
}

// -----

memref.global "private" constant @table : memref<4xf32> = dense<1.0>
func.func @constant(%x: memref<4xf32>, %which: i1) {
  // expected-error @below {{'memref.get_global' op has a use on the host; expected only kernels to use constants, and only through views}}
  %t = memref.get_global @table : memref<4xf32>
  %0 = scf.if %which -> memref<4xf32> {
    scf.yield %t : memref<4xf32>
  } else {
    scf.yield %x : memref<4xf32>
  }
  linalg.copy ins(%0 : memref<4xf32>) outs(%x : memref<4xf32>)
  return
}

// -----

// expected-error @below {{'func.func' op has the name of the module of all kernels}}
func.func @imhsa_kernels() {
  return
}
