// What the command line asks for and cannot have is an error that says what there is, with exit code 1.

// Targets and products.
// RUN: not imhsa-compile %s --target=gpu -o %t.so 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: imhsa-compile: error: --target=gpu: expected cpu or cuda
// RUN: not imhsa-compile %s --emit=asm -o %t.so 2>&1 | FileCheck %s --check-prefix=EMIT
// EMIT: error: --emit=asm: expected ptx, cubin, llvm, object or library
// RUN: not imhsa-compile %s --emit=ptx 2>&1 | FileCheck %s --check-prefix=PTX
// PTX: error: --emit=ptx is for --target=cuda; for cpu expected llvm, object or library
// RUN: not imhsa-compile %s --emit=cubin -o %t 2>&1 | FileCheck %s --check-prefix=CUBIN
// CUBIN: error: --emit=cubin is for --target=cuda
// RUN: not imhsa-compile %s --target=cuda --emit=ptx --chip=sm_80,sm_90a 2>&1 | FileCheck %s --check-prefix=ONECHIP
// ONECHIP: error: --emit=ptx: expected one --chip, found sm_80, sm_90a; llvm, object and library take several

// Chips.
// RUN: not imhsa-compile %s --chip=sm_80 -o %t.so 2>&1 | FileCheck %s --check-prefix=CPUCHIP
// CPUCHIP: error: --chip, --toolkit and --line-info are of use only with --target=cuda
// RUN: not imhsa-compile %s --target=cuda --emit=ptx --chip=sm_75 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: imhsa-compile: error: --chip: 'sm_75' is older than sm_80
// RUN: not imhsa-compile %s --target=cuda --chip=sm_80,sm_90b -o %t.so 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: imhsa-compile: error: --chip: 'sm_90b' is unknown; expected one of sm_80, sm_86,
// RUN: not imhsa-compile %s --target=cuda --chip=sm_80,sm_80 -o %t.so 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: --chip: 'sm_80' is there twice
// RUN: not imhsa-compile %s --target=cuda --toolkit=%t.none -o %t.so 2>&1 | FileCheck %s --check-prefix=TOOLKIT
// TOOLKIT: error: binaries need 'ptxas' of the CUDA toolkit, which is not in '{{.*}}.none'

// What is for the other target.
// RUN: not imhsa-compile %s --allow-tf32 -o %t.so 2>&1 | FileCheck %s --check-prefix=TF32
// TF32: error: --allow-tf32 is of use only with --target=cuda
// RUN: not imhsa-compile %s --batch-chunk=2 -o %t.so 2>&1 | FileCheck %s --check-prefix=CHUNK
// CHUNK: error: --batch-chunk is of use only with --target=cuda
// RUN: not imhsa-compile %s --target=cuda --batch-chunk=-1 -o %t.so 2>&1 | FileCheck %s --check-prefix=CHUNKS
// CHUNKS: error: --batch-chunk=-1: expected at least 0
// RUN: not imhsa-compile %s --target=cuda --second-sweep=store -o %t.so 2>&1 | FileCheck %s --check-prefix=SWEEP
// SWEEP: error: --second-sweep is of use only with --target=cpu
// RUN: not imhsa-compile %s --second-sweep=never -o %t.so 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: error: --second-sweep=never: expected auto, store or recompute

// The processor of the host, and its system.
// RUN: not imhsa-compile %s --triple=riscv64-linux-gnu --emit=object -o %t.o 2>&1 | FileCheck %s --check-prefix=TRIPLE
// TRIPLE: error: --triple=riscv64-linux-gnu: expected x86_64 or aarch64 with Linux, such as aarch64-linux-gnu
// RUN: not imhsa-compile %s --triple=aarch64-linux-gnu -o %t.so 2>&1 | FileCheck %s --check-prefix=TRIPLELIBRARY
// TRIPLELIBRARY: error: --triple is of use only with --emit=llvm or object
// RUN: not imhsa-compile %s --triple=aarch64-linux-gnu --cpu=znver3 --emit=object -o %t.o 2>&1 | FileCheck %s --check-prefix=OTHERCPU
// OTHERCPU: error: --cpu=znver3: expected native or a processor of aarch64: {{.*}}neoverse-n1
// RUN: not imhsa-compile %s --triple=aarch64-linux-gnu --cpu=native --emit=object -o %t.o 2>&1 | FileCheck %s --check-prefix=OTHERNATIVE
// OTHERNATIVE: error: --cpu=native is of no use with --triple; expected the name of a processor
// RUN: not imhsa-compile %s --cpu=z80 -o %t.so 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: --cpu=z80: expected native or a processor of {{.*}}: {{.*}}, {{.*}},
// RUN: not imhsa-compile %s --target=cuda --emit=ptx --cpu=native 2>&1 | FileCheck %s --check-prefix=PTXCPU
// PTXCPU: error: --cpu is of use only with --emit=llvm, object or library
// RUN: not imhsa-compile %s --opt-level=4 -o %t.so 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: error: --opt-level=4: expected 0 to 3

// Files.
// RUN: not imhsa-compile %s 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: expected -o FILE: library is nothing to read on a terminal
// RUN: not imhsa-compile %s -o - 2>&1 | FileCheck %s --check-prefix=STDOUT
// STDOUT: error: -o -: a library cannot be written to stdout
// RUN: not imhsa-compile %s -o %t --header=%t 2>&1 | FileCheck %s --check-prefix=SAME
// SAME: error: -o and --header are the same file
// RUN: cp %s %t.mlir && ln -sf %t.mlir %t.link
// RUN: not imhsa-compile %t.mlir --emit=object -o %t.link 2>&1 | FileCheck %s --check-prefix=SOURCE
// SOURCE: error: '{{.*}}.link' is the source: expected another file to write
// RUN: cmp %s %t.mlir
// RUN: not imhsa-compile %s --target=cuda --emit=ptx --header=%t.h 2>&1 | FileCheck %s --check-prefix=HEADER
// HEADER: error: --header is of use only with --emit=llvm, object or library
// RUN: not imhsa-compile %t.none -o %t.so 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: error: '{{.*}}.none': No such file or directory
// RUN: not imhsa-compile %s --emit=object -o %t.none/x.o 2>&1 | FileCheck %s --check-prefix=UNWRITABLE
// UNWRITABLE: error: '{{.*}}.none/x.o': No such file or directory
// RUN: not imhsa-compile %s --emit=object -o /dev/full 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: error: '/dev/full': No space left on device
// RUN: echo "func.func @f(" | not imhsa-compile - -o %t.so 2>&1 | FileCheck %s --check-prefix=INVALID
// INVALID: <stdin>:1:14: error:
// INVALID: imhsa-compile: error: -: not a valid module

// Linking.
// RUN: not imhsa-compile %s --emit=object --runtime=%t.a -o %t.o 2>&1 | FileCheck %s --check-prefix=OBJECTRUNTIME
// OBJECTRUNTIME: error: --runtime and --compiler are of use only with --emit=library
// RUN: not imhsa-compile %s --runtime=%t.none.a -o %t.so 2>&1 | FileCheck %s --check-prefix=RUNTIME
// RUNTIME: error: the runtime '{{.*}}.none.a' is not there
// RUN: not imhsa-compile %s --compiler=%t.none -o %t.so 2>&1 | FileCheck %s --check-prefix=COMPILER
// COMPILER: error: --compiler={{.*}}.none: no such program
// RUN: not imhsa-compile %s --compiler=false -o %t.so 2>&1 | FileCheck %s --check-prefix=FAILING
// FAILING: error: '{{.*}}false' cannot link the library

// Names.
// RUN: not imhsa-compile %s --prefix=a-b -o %t.so 2>&1 | FileCheck %s --check-prefix=PREFIX
// PREFIX: error: --prefix=a-b: expected a C identifier
// RUN: not imhsa-compile %s --prefix=imhsa -o %t.so 2>&1 | FileCheck %s --check-prefix=RESERVED
// RESERVED: error: --prefix=imhsa: names that start with imhsa_ are those of the runtime

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
