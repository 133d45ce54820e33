// What a library is: self-contained, closed, small, and the same each time.
// RUN: rm -rf %t && mkdir -p %t/a %t/b
// RUN: imhsa-compile %repo/examples/packed_attention.mlir -o %t/a/libpacked.so
// RUN: imhsa-compile %repo/examples/packed_attention.mlir -o %t/b/libpacked.so
// RUN: cmp %t/a/libpacked.so %t/b/libpacked.so

// Exported are its functions, its tables, and what imhsa.h declares, which the runtime names in full.
// RUN: llvm-nm -D --defined-only --format=just-symbols %t/a/libpacked.so | sort > %t/exported
// RUN: FileCheck %s --check-prefix=EXPORTED --input-file=%t/exported
// EXPORTED-NOT:  {{.}}
// EXPORTED:      {{^}}imhsa_close{{$}}
// EXPORTED:      {{^}}imhsa_library_artifact{{$}}
// EXPORTED:      {{^}}imhsa_open{{$}}
// EXPORTED:      {{^}}imhsa_version{{$}}
// EXPORTED-NEXT: {{^}}packed_artifact{{$}}
// EXPORTED-NEXT: {{^}}packed_landmark{{$}}
// EXPORTED-NOT:  {{.}}
// RUN: %python %S/Inputs/check_exports.py %include/imhsa.h %t/exported packed_ | FileCheck %s --check-prefix=DECLARED
// DECLARED: all of imhsa.h and nothing else

// It needs the libraries of C and C++ and no other, and is never unloaded.
// RUN: llvm-readelf --dynamic-table %t/a/libpacked.so | FileCheck %s --check-prefix=DYNAMIC --implicit-check-not='(NEEDED)' --implicit-check-not=PATH
// DYNAMIC-DAG: (NEEDED) Shared library: [libstdc++.so.6]
// DYNAMIC-DAG: (NEEDED) Shared library: [libgcc_s.so.1]
// DYNAMIC-DAG: (NEEDED) Shared library: [libc.so.6]
// DYNAMIC-DAG: (NEEDED) Shared library: [ld-linux-
// DYNAMIC-DAG: (SONAME) Library soname: [libpacked.so]
// DYNAMIC-DAG: (FLAGS) SYMBOLIC
// DYNAMIC-DAG: NODELETE
// RUN: llvm-nm -D --undefined-only %t/a/libpacked.so | FileCheck %s --check-prefix=UNDEFINED
// UNDEFINED-NOT: {{ U [^@]*$}}

// A processor older than x86-64-v3 refuses it.
// RUN: llvm-readelf --notes %t/a/libpacked.so | FileCheck %s --check-prefix=NOTE
// NOTE: x86 ISA needed: x86-64-baseline, x86-64-v2, x86-64-v3{{$}}

// No name of a folder is in it, and it has less than 2 MB.
// RUN: not grep -c -e %t -e %repo -e /tmp/ %t/a/libpacked.so
// RUN: %python -c "import os; assert os.path.getsize('%t/a/libpacked.so') < 2 << 20"

// Any name serves, and any folder, also for temporary files.
// RUN: mkdir -p "%t/c,d {e}"
// RUN: env "TMPDIR=%t/c,d {e}" imhsa-compile %s -o "%t/c,d {e}/x, 'y' {z}.so" --prefix=any
// RUN: llvm-readelf --dynamic-table "%t/c,d {e}/x, 'y' {z}.so" | FileCheck %s --check-prefix=SONAME
// SONAME: (SONAME) Library soname: [x, 'y' {z}.so]

// A file that was there is replaced, not written to: a process may have mapped it. No other is left.
// RUN: cp %t/a/libpacked.so %t/b/copy && ln %t/a/libpacked.so %t/b/linked
// RUN: imhsa-compile %s -o %t/a/libpacked.so
// RUN: cmp %t/b/linked %t/b/copy
// RUN: not cmp -s %t/a/libpacked.so %t/b/copy
// RUN: ls %t/a | FileCheck %s --check-prefix=FILES
// FILES-NOT:  {{.}}
// FILES:      libpacked.so
// FILES-NOT:  {{.}}

// From stdin, linked by a C compiler with another linker, and opened by a program that has a runtime of its own.
// RUN: imhsa-compile - --compiler=clang -o %t/libsmall.so < %s
// RUN: imhsa-compile %s --compiler=%S/Inputs/clang-lld --prefix=other -o %t/libother.so
// RUN: clang -c -std=c99 -Wall -Wextra -Werror %S/Inputs/open.c -I%include -o %t/open.o
// RUN: clang++ %t/open.o %lib/libImhsaRuntime.a -ldl -lpthread -o %t/open
// RUN: %t/open %t/libsmall.so %t/libother.so | FileCheck %s --check-prefix=OPEN
// OPEN:      compiled by imhsa {{[0-9]+\.[0-9]+\.[0-9]+}} for device 1, 2 functions
// OPEN-NEXT: thrice(x: float32[x_dim0]) -> output: float32[x_dim0]
// OPEN-NEXT:   x: type 2.32, rank 1, alignment 4
// OPEN-NEXT:   output: type 2.32, rank 1, alignment 4
// OPEN-NEXT: same(x: bfloat16[]) -> output: bfloat16[]
// OPEN-EMPTY:
// OPEN-NEXT: Is its argument.
// OPEN-NEXT:   x: type 4.16, rank 0, alignment 2
// OPEN-NEXT:   output: type 4.16, rank 0, alignment 2
// OPEN-NEXT: thrice: 3 6 9
// OPEN-NEXT: compiled by
// OPEN:      thrice: 3 6 9

// A library that has lost a part is told from a whole one.
// RUN: head -c 20000 %t/libsmall.so > %t/short.so
// RUN: not %t/open %t/short.so 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: short.so
// RUN: llvm-strip %t/libsmall.so -o %t/stripped.so
// RUN: not %t/open %t/stripped.so 2>&1 | FileCheck %s --check-prefix=STRIPPED
// STRIPPED: stripped.so

func.func @thrice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %three = arith.constant dense<3.0> : tensor<f32>
  %size = tensor.dim %x, %c0 : tensor<?xf32>
  %init = tensor.empty(%size) : tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
         ins(%x, %three : tensor<?xf32>, tensor<f32>) outs(%init : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.mulf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// Is its argument.
func.func @same(%x: tensor<bf16>) -> tensor<bf16> {
  return %x : tensor<bf16>
}
