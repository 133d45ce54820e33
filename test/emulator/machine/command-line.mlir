// What the command line, files and kernels do not fit together in.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/arrays.py save %t/x.npy f4 4x64
// DEFINE: %{emulate} = not imhsa-emulate %s

// RUN: %{emulate} 2>&1 | FileCheck %s --check-prefix=WHICH
// WHICH: imhsa-emulate: error: expected --kernel=NAME or a file with one kernel, found 2: @pointer, @memref
// RUN: %{emulate} --kernel=other 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: the file has no kernel @other in a gpu.module, but 2: @pointer, @memref
// RUN: not imhsa-emulate %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: '{{.*}}none.mlir': No such file or directory
// RUN: echo "module {" > %t/bad.mlir
// RUN: not imhsa-emulate %t/bad.mlir 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: bad.mlir: not a valid module

// RUN: %{emulate} --kernel=pointer --grid=1,2,3,4 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES: error: --grid=1,2,3,4: expected X[,Y[,Z]]
// RUN: %{emulate} --kernel=pointer --block=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: error: --block=-1: expected X[,Y[,Z]]
// RUN: %{emulate} --kernel=pointer --opt-level=4 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: error: --opt-level=4: expected 0 to 3

// RUN: %{emulate} --kernel=pointer 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: kernel 'pointer' has 2 parameters, found 0 arguments (--arg)
// RUN: %{emulate} --kernel=pointer --arg=in:%t/x.npy --arg=f32:1 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: --arg=f32:1: parameter 1 of kernel 'pointer' is of type i32
// RUN: %{emulate} --kernel=pointer --arg=i64:1 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=ARRAY
// ARRAY: error: --arg=i64:1: parameter 0 of kernel 'pointer' is of type ptr addrspace(1)
// RUN: %{emulate} --kernel=memref --arg=out:%t/y.npy:f32:4 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: error: --arg=out:{{.*}}: expected an array of rank 2 for parameter 0

// RUN: %{emulate} --kernel=pointer --arg=both:%t/x.npy --arg=i32:1 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: error: --arg=both:{{.*}}: expected in:, inout:, out:, i32:, i64: or f32: and more
// RUN: %{emulate} --kernel=pointer --arg=inout:%t/x.npy --arg=i32:1 2>&1 | FileCheck %s --check-prefix=INOUT
// INOUT: error: --arg=inout:{{.*}}: expected inout:PATH.npy:OUT.npy
// RUN: %{emulate} --kernel=pointer --arg=out:%t/y.npy:f33:4 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: error: --arg=out:{{.*}}: element type 'f33': expected f16, bf16
// RUN: %{emulate} --kernel=pointer --arg=out:%t/y.npy:f32:4x-1 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: --arg=out:{{.*}}: shape '4x-1': expected sizes as in 16x8
// RUN: %{emulate} --kernel=pointer --arg=out:%t/y.npy:f32:9223372036854775807x4 --arg=i32:1 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: error: --arg=out:{{.*}}: shape '9223372036854775807x4' is too large
// RUN: %{emulate} --kernel=pointer --arg=in:%t/z.npy --arg=i32:1 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: error: --arg=in:{{.*}}z.npy: {{.*}}No such file or directory
// RUN: %{emulate} --kernel=pointer --arg=in:%t/x.npy --arg=i32:4294967296 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: error: --arg=i32:4294967296: expected a number that fits in i32, found '4294967296'

// An input may only be read, and nothing beyond it.
// RUN: %{emulate} --kernel=pointer --arg=in:%t/x.npy --arg=i32:0 2>&1 | FileCheck %s --check-prefix=READONLY
// READONLY: command-line.mlir:[[#@LINE+9]]:5: error: read-only:
// READONLY: imhsa-emulate: error: kernel 'pointer' is wrong: see above
// RUN: %{emulate} --kernel=pointer --arg=inout:%t/x.npy:%t/y.npy --arg=i32:256 2>&1 | FileCheck %s --check-prefix=BEYOND
// BEYOND: command-line.mlir:[[#@LINE+6]]:5: error: out-of-bounds:

gpu.module @kernels {
  llvm.func @pointer(%x: !llvm.ptr<1>, %i: i32) attributes {nvvm.kernel} {
    %one = llvm.mlir.constant(1.0 : f32) : f32
    %p = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %one, %p : f32, !llvm.ptr<1>
    llvm.return
  }
  gpu.func @memref(%x: memref<?x?xf32>) kernel {
    gpu.return
  }
}
