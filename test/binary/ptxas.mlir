// REQUIRES: ptxas
// Cubins and fat binaries; the toolkit is found where it is installed or said to be.
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_80 format=bin' | FileCheck %s --check-prefix=BIN
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_90a format=fatbin' | FileCheck %s --check-prefix=FATBIN
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='chip=sm_90a format=bin' | FileCheck %s --check-prefix=BIN
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_90a,sm_86,sm_80,sm_89 format=bin with-ptx' | FileCheck %s --check-prefix=CHIPS
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_90a format=bin with-ptx' | FileCheck %s --check-prefix=SPECIFIC
// BIN:    gpu.binary @kernels {{.*}}bin = "\7FELF
// FATBIN: gpu.binary @kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80">, {{.*}}"P\EDU\BA

// A binary for each chip, and PTX for the oldest; PTX for sm_90a would be of no use to newer ones.
// CHIPS:        chip = "sm_90a"{{[^#]*}}bin = "\7FELF
// CHIPS-SAME:   chip = "sm_86"{{[^#]*}}bin = "\7FELF
// CHIPS-SAME:   chip = "sm_80"{{[^#]*}}bin = "\7FELF
// CHIPS-SAME:   chip = "sm_89"{{[^#]*}}bin = "\7FELF
// CHIPS-SAME:   chip = "sm_80"{{[^#]*}}assembly = {{.*}}.target sm_80\0A
// SPECIFIC:     bin = "\7FELF
// SPECIFIC-NOT: assembly

gpu.module @kernels {
  llvm.func @nothing() attributes {nvvm.kernel} {
    llvm.return
  }
}
