// Code for other processors than this one, down to object files: which registers and conversions it uses.
// RUN: imhsa-compile %s --cpu=x86-64-v3 --emit=object -o %t.v3.o && llvm-objdump -d -r %t.v3.o | FileCheck %s --check-prefix=AVX2 --implicit-check-not=zmm --implicit-check-not=__truncsfbf2
// RUN: imhsa-compile %s --cpu=x86-64-v4 --emit=object -o %t.v4.o && llvm-objdump -d -r %t.v4.o | FileCheck %s --check-prefix=AVX512 --implicit-check-not=__truncsfbf2
// RUN: imhsa-compile %s --cpu=cooperlake --emit=object -o %t.bf16.o && llvm-objdump -d %t.bf16.o | FileCheck %s --check-prefix=AVX512BF16
// RUN: imhsa-compile %s --triple=aarch64-linux-gnu --emit=object -o %t.arm.o && llvm-objdump -d -r %t.arm.o | FileCheck %s --check-prefix=NEON --implicit-check-not=__truncsfbf2
// RUN: llvm-readobj --file-headers %t.arm.o | FileCheck %s --check-prefix=FILE
// RUN: imhsa-compile %s --triple=aarch64-linux-gnu --cpu=neoverse-v1 --emit=object -o %t.v1.o && llvm-objdump -d %t.v1.o | FileCheck %s --check-prefix=NEONBF16
// RUN: imhsa-compile %s --triple=x86_64-linux-gnu --emit=object --prefix=same -o %t.1.o && imhsa-compile %s --emit=object --prefix=same -o %t.2.o && cmp %t.1.o %t.2.o

// Products: sums in registers, of AVX-512 twice as wide and twice as many.
// AVX2-LABEL: parallel
// AVX2:       vfmadd{{.*}}ps {{.*}}%ymm
// AVX2:       vcvtph2ps {{.*}}%ymm
// AVX2:       vcvtps2ph {{.*}}%ymm

// AVX512-LABEL: parallel
// AVX512:       vfmadd{{.*}}ps {{.*}}%zmm
// AVX512:       %zmm{{1[6-9]|2[0-9]}}

// AVX512BF16:   vcvtneps2bf16

// NEON-LABEL: parallel
// NEON:       fmla{{.*}}v{{[0-9]+}}.4s
// NEON:       fcvtl{{.*}}v{{[0-9]+}}.4s

// FILE: Format: elf64-littleaarch64

// NEONBF16:   bfcvtn

func.func @f32(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x?x64xf32>, %w: tensor<4x4xf32>, %o: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) landmarks(#imhsa.pool<48>)
         key_less(post = %w : tensor<4x4xf32>) outs(%o : tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %0 : tensor<1x4x?x64xf32>
}

func.func @f16(%q: tensor<1x4x?x64xf16>, %k: tensor<1x4x?x64xf16>, %o: tensor<1x4x?x64xf16>) -> tensor<1x4x?x64xf16> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x4x?x64xf16>, tensor<1x4x?x64xf16>, tensor<1x4x?x64xf16>)
         outs(%o : tensor<1x4x?x64xf16>) -> tensor<1x4x?x64xf16>
  return %0 : tensor<1x4x?x64xf16>
}

func.func @bf16(%q: tensor<1x4x?x64xbf16>, %k: tensor<1x4x?x64xbf16>, %o: tensor<1x4x?x64xbf16>) -> tensor<1x4x?x64xbf16> {
  %0 = imhsa.attention ins(%q, %k, %k : tensor<1x4x?x64xbf16>, tensor<1x4x?x64xbf16>, tensor<1x4x?x64xbf16>)
         outs(%o : tensor<1x4x?x64xbf16>) -> tensor<1x4x?x64xbf16>
  return %0 : tensor<1x4x?x64xbf16>
}
