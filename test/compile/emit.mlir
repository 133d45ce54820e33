// What can be written besides libraries, for which processor, and from what.
// RUN: rm -rf %t && mkdir %t

// LLVM IR, for the oldest processor asked for; everything but what C calls is internal.
// RUN: imhsa-compile %s --emit=llvm --prefix=m | FileCheck %s --check-prefixes=LLVM,V3 --implicit-check-not='define i' --implicit-check-not='define ptr'
// RUN: imhsa-compile %s --emit=llvm --prefix=m --cpu=skylake-avx512 | FileCheck %s --check-prefixes=LLVM,SKYLAKE
// RUN: imhsa-compile %s --emit=llvm --prefix=m --cpu=native | FileCheck %s --check-prefixes=LLVM,NATIVE
// LLVM:      source_filename = "m"
// LLVM:      c"copy(x: float32[8], y: float32[8]) -> output: float32[8]\0A\0AThe first argument.\00"
// LLVM:      @imhsa.tensors = private unnamed_addr constant [3 x { ptr, { i8, i8, i16 }, i32, i32, ptr }]
// LLVM-SAME:   { ptr @imhsa.text, { i8, i8, i16 } { i8 2, i8 32, i16 1 }, i32 1, i32 4, ptr @imhsa.shape{{[.0-9]*}} }
// LLVM:      @m_artifact = global {{.*}} c"imhsa\00\00\00", i32 2, i32 1, ptr {{[^,]*}}, i64 1, ptr @imhsa.entries, i64 0, ptr null, i64 0, ptr null, i64 64, ptr null }
// LLVM:      define internal {{.*}}ptr @imhsa_packed_m_copy(
// LLVM:      define internal {{.*}}ptr @imhsa_packed_m_copy_sizes(
// LLVM:      declare i32 @imhsa_call_entry(ptr, i32, ptr, ptr)
// LLVM:      define i32 @m_copy(ptr %0, ptr %1, ptr %2, ptr %3)
// V3:        "target-cpu"="x86-64-v3"
// SKYLAKE:   "target-cpu"="skylake-avx512"
// NATIVE:    "target-cpu"="{{[^"]+}}"{{.*}}"target-features"="

// Older processors are told by a note, for the dynamic linker.
// RUN: imhsa-compile %s --emit=object -o %t/v3.o && llvm-readelf --notes %t/v3.o | FileCheck %s --check-prefix=NOTE3
// RUN: imhsa-compile %s --emit=object --cpu=sandybridge -o %t/v2.o && llvm-readelf --notes %t/v2.o | FileCheck %s --check-prefix=NOTE2
// RUN: imhsa-compile %s --emit=object --cpu=znver4 -o %t/v4.o && llvm-readelf --notes %t/v4.o | FileCheck %s --check-prefix=NOTE4
// NOTE2: x86 ISA needed: x86-64-baseline, x86-64-v2{{$}}
// NOTE3: x86 ISA needed: x86-64-baseline, x86-64-v2, x86-64-v3{{$}}
// NOTE4: x86 ISA needed: x86-64-baseline, x86-64-v2, x86-64-v3, x86-64-v4{{$}}

// Not optimized.
// RUN: imhsa-compile %s --emit=llvm --prefix=m --opt-level=0 | FileCheck %s --check-prefix=O0
// O0: define internal ptr @_mlir_ciface_m_copy(

// Objects with different prefixes go into one program, and no symbol of theirs but the exported ones is seen.
// RUN: imhsa-compile %s --emit=object -o %t/first.o
// RUN: imhsa-compile %s --emit=object --cpu=native --opt-level=1 -o %t/second.o
// RUN: llvm-nm --extern-only --defined-only --format=just-symbols %t/first.o | FileCheck %s --check-prefix=SYMBOLS
// SYMBOLS-NOT:  {{.}}
// SYMBOLS:      first_artifact
// SYMBOLS-NEXT: first_copy
// SYMBOLS-NOT:  {{.}}
// RUN: ld.lld -shared %t/first.o %t/second.o -o %t/both.so

// From bytecode, and from names in locations.
// RUN: imhsa-opt %s --emit-bytecode -o %t/x.mlirbc
// RUN: imhsa-compile %t/x.mlirbc --emit=llvm | FileCheck %s --check-prefix=BYTECODE
// BYTECODE: c"copy(arg0: float32[8], arg1: float32[8]) -> output: float32[8]\00"
// RUN: imhsa-opt %s --mlir-print-op-generic | imhsa-compile - --emit=llvm | FileCheck %s --check-prefix=BYTECODE
// RUN: echo 'func.func @f(%%arg0: tensor<f32> loc("depth"), %%y: tensor<f32> loc("args[1]")) { return }' | imhsa-compile - --emit=llvm | FileCheck %s --check-prefix=LOCATION
// LOCATION: c"f(depth: float32[], y: float32[])\00"
// LOCATION: define i32 @module_f(

// A pipe, and a file behind a link, which stays one.
// RUN: imhsa-compile %s --emit=object -o /dev/stdout | llvm-nm - | FileCheck %s --check-prefix=PIPE
// PIPE: T stdout_copy
// RUN: touch %t/file && ln -s file %t/link && imhsa-compile %s --emit=object --prefix=first -o %t/link
// RUN: cmp %t/file %t/first.o && cmp %t/link %t/first.o && test -L %t/link

// The first argument.
func.func @copy(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}
