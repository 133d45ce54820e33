// REQUIRES: ptxas
// Cubins and fat binaries; the toolkit is found where it is installed or said to be.
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_80 format=bin' | FileCheck %s --check-prefix=BIN
// RUN: imhsa-opt %s --imhsa-gpu-to-binary='chip=sm_90a format=fatbin' | FileCheck %s --check-prefix=FATBIN
// RUN: imhsa-opt %s --imhsa-cuda-pipeline='chip=sm_90a format=bin' | FileCheck %s --check-prefix=BIN
// BIN:    gpu.binary @kernels {{.*}}bin = "\7FELF
// FATBIN: gpu.binary @kernels [#gpu.object<#nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80">, {{.*}}"P\EDU\BA

gpu.module @kernels {
  llvm.func @nothing() attributes {nvvm.kernel} {
    llvm.return
  }
}
