// All mathematical functions become whole PTX: no function of CUDA's libdevice is called.
// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm,canonicalize,cse),imhsa-gpu-to-binary{chip=sm_80},imhsa-print-ptx{file=%t.ptx})' -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx
// RUN: %if ptxas %{ %ptxas -arch=sm_80 %t.ptx -o %t.cubin %}
// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm,canonicalize,cse),imhsa-gpu-to-binary{chip=sm_90a},imhsa-print-ptx{file=%t.ptx})' -o /dev/null
// RUN: FileCheck %s --input-file=%t.ptx
// RUN: %if ptxas %{ %ptxas -arch=sm_90a %t.ptx -o %t.cubin %}

// CHECK-NOT: .extern
// CHECK-NOT: call
// CHECK:     .visible .entry f_f32(
// CHECK-NOT: .extern
// CHECK-NOT: call
// CHECK:     .visible .entry f_f16(
// CHECK-NOT: .extern
// CHECK-NOT: call
// CHECK:     .visible .entry f_bf16(
// CHECK-NOT: .extern
// CHECK-NOT: call
// CHECK:     .visible .entry f_f64(
// CHECK-NOT: .extern
// CHECK-NOT: call
gpu.module @kernels {
  gpu.func @f_f32(%x: memref<?xf32>, %y: memref<?xf32>, %z: memref<?xi1>) kernel {
    %three = arith.constant 3 : i32
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %y[%i] : memref<?xf32>
    %0 = math.absf %a : f32
    memref.store %0, %x[%i] : memref<?xf32>
    %1 = math.ceil %a : f32
    memref.store %1, %x[%i] : memref<?xf32>
    %2 = math.floor %a : f32
    memref.store %2, %x[%i] : memref<?xf32>
    %3 = math.round %a : f32
    memref.store %3, %x[%i] : memref<?xf32>
    %4 = math.roundeven %a : f32
    memref.store %4, %x[%i] : memref<?xf32>
    %5 = math.rsqrt %a : f32
    memref.store %5, %x[%i] : memref<?xf32>
    %6 = math.sqrt %a : f32
    memref.store %6, %x[%i] : memref<?xf32>
    %7 = math.trunc %a : f32
    memref.store %7, %x[%i] : memref<?xf32>
    %8 = math.acos %a : f32
    memref.store %8, %x[%i] : memref<?xf32>
    %9 = math.acosh %a : f32
    memref.store %9, %x[%i] : memref<?xf32>
    %10 = math.asin %a : f32
    memref.store %10, %x[%i] : memref<?xf32>
    %11 = math.asinh %a : f32
    memref.store %11, %x[%i] : memref<?xf32>
    %12 = math.atan %a : f32
    memref.store %12, %x[%i] : memref<?xf32>
    %13 = math.atanh %a : f32
    memref.store %13, %x[%i] : memref<?xf32>
    %14 = math.cbrt %a : f32
    memref.store %14, %x[%i] : memref<?xf32>
    %15 = math.cos %a : f32
    memref.store %15, %x[%i] : memref<?xf32>
    %16 = math.cosh %a : f32
    memref.store %16, %x[%i] : memref<?xf32>
    %17 = math.erf %a : f32
    memref.store %17, %x[%i] : memref<?xf32>
    %18 = math.erfc %a : f32
    memref.store %18, %x[%i] : memref<?xf32>
    %19 = math.exp %a : f32
    memref.store %19, %x[%i] : memref<?xf32>
    %20 = math.exp2 %a : f32
    memref.store %20, %x[%i] : memref<?xf32>
    %21 = math.expm1 %a : f32
    memref.store %21, %x[%i] : memref<?xf32>
    %22 = math.log %a : f32
    memref.store %22, %x[%i] : memref<?xf32>
    %23 = math.log1p %a : f32
    memref.store %23, %x[%i] : memref<?xf32>
    %24 = math.log2 %a : f32
    memref.store %24, %x[%i] : memref<?xf32>
    %25 = math.sin %a : f32
    memref.store %25, %x[%i] : memref<?xf32>
    %26 = math.sinh %a : f32
    memref.store %26, %x[%i] : memref<?xf32>
    %27 = math.tan %a : f32
    memref.store %27, %x[%i] : memref<?xf32>
    %28 = math.tanh %a : f32
    memref.store %28, %x[%i] : memref<?xf32>
    %29 = math.atan2 %a, %b : f32
    memref.store %29, %x[%i] : memref<?xf32>
    %30 = math.powf %a, %b : f32
    memref.store %30, %x[%i] : memref<?xf32>
    %31 = arith.addf %a, %b : f32
    memref.store %31, %x[%i] : memref<?xf32>
    %32 = arith.subf %a, %b : f32
    memref.store %32, %x[%i] : memref<?xf32>
    %33 = arith.mulf %a, %b : f32
    memref.store %33, %x[%i] : memref<?xf32>
    %34 = arith.divf %a, %b : f32
    memref.store %34, %x[%i] : memref<?xf32>
    %35 = arith.remf %a, %b : f32
    memref.store %35, %x[%i] : memref<?xf32>
    %36 = arith.maximumf %a, %b : f32
    memref.store %36, %x[%i] : memref<?xf32>
    %37 = arith.minimumf %a, %b : f32
    memref.store %37, %x[%i] : memref<?xf32>
    %38 = arith.maxnumf %a, %b : f32
    memref.store %38, %x[%i] : memref<?xf32>
    %39 = arith.minnumf %a, %b : f32
    memref.store %39, %x[%i] : memref<?xf32>
    %40 = math.copysign %a, %b : f32
    memref.store %40, %x[%i] : memref<?xf32>
    %41 = math.fma %a, %b, %a : f32
    memref.store %41, %x[%i] : memref<?xf32>
    %42 = math.clampf %a to [%b, %a] : f32
    memref.store %42, %x[%i] : memref<?xf32>
    %c = arith.fptosi %a : f32 to i32
    %43 = arith.sitofp %c : i32 to f32
    memref.store %43, %x[%i] : memref<?xf32>
    %44 = math.fpowi %a, %three : f32, i32
    memref.store %44, %x[%i] : memref<?xf32>
    %45 = math.isfinite %a : f32
    memref.store %45, %z[%i] : memref<?xi1>
    %46 = math.isnan %a : f32
    memref.store %46, %z[%i] : memref<?xi1>
    gpu.return
  }
  gpu.func @f_f16(%x: memref<?xf16>, %y: memref<?xf16>, %z: memref<?xi1>) kernel {
    %three = arith.constant 3 : i32
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf16>
    %b = memref.load %y[%i] : memref<?xf16>
    %0 = math.absf %a : f16
    memref.store %0, %x[%i] : memref<?xf16>
    %1 = math.ceil %a : f16
    memref.store %1, %x[%i] : memref<?xf16>
    %2 = math.floor %a : f16
    memref.store %2, %x[%i] : memref<?xf16>
    %3 = math.round %a : f16
    memref.store %3, %x[%i] : memref<?xf16>
    %4 = math.roundeven %a : f16
    memref.store %4, %x[%i] : memref<?xf16>
    %5 = math.rsqrt %a : f16
    memref.store %5, %x[%i] : memref<?xf16>
    %6 = math.sqrt %a : f16
    memref.store %6, %x[%i] : memref<?xf16>
    %7 = math.trunc %a : f16
    memref.store %7, %x[%i] : memref<?xf16>
    %8 = math.acos %a : f16
    memref.store %8, %x[%i] : memref<?xf16>
    %9 = math.acosh %a : f16
    memref.store %9, %x[%i] : memref<?xf16>
    %10 = math.asin %a : f16
    memref.store %10, %x[%i] : memref<?xf16>
    %11 = math.asinh %a : f16
    memref.store %11, %x[%i] : memref<?xf16>
    %12 = math.atan %a : f16
    memref.store %12, %x[%i] : memref<?xf16>
    %13 = math.atanh %a : f16
    memref.store %13, %x[%i] : memref<?xf16>
    %14 = math.cbrt %a : f16
    memref.store %14, %x[%i] : memref<?xf16>
    %15 = math.cos %a : f16
    memref.store %15, %x[%i] : memref<?xf16>
    %16 = math.cosh %a : f16
    memref.store %16, %x[%i] : memref<?xf16>
    %17 = math.erf %a : f16
    memref.store %17, %x[%i] : memref<?xf16>
    %18 = math.erfc %a : f16
    memref.store %18, %x[%i] : memref<?xf16>
    %19 = math.exp %a : f16
    memref.store %19, %x[%i] : memref<?xf16>
    %20 = math.exp2 %a : f16
    memref.store %20, %x[%i] : memref<?xf16>
    %21 = math.expm1 %a : f16
    memref.store %21, %x[%i] : memref<?xf16>
    %22 = math.log %a : f16
    memref.store %22, %x[%i] : memref<?xf16>
    %23 = math.log1p %a : f16
    memref.store %23, %x[%i] : memref<?xf16>
    %24 = math.log2 %a : f16
    memref.store %24, %x[%i] : memref<?xf16>
    %25 = math.sin %a : f16
    memref.store %25, %x[%i] : memref<?xf16>
    %26 = math.sinh %a : f16
    memref.store %26, %x[%i] : memref<?xf16>
    %27 = math.tan %a : f16
    memref.store %27, %x[%i] : memref<?xf16>
    %28 = math.tanh %a : f16
    memref.store %28, %x[%i] : memref<?xf16>
    %29 = math.atan2 %a, %b : f16
    memref.store %29, %x[%i] : memref<?xf16>
    %30 = math.powf %a, %b : f16
    memref.store %30, %x[%i] : memref<?xf16>
    %31 = arith.addf %a, %b : f16
    memref.store %31, %x[%i] : memref<?xf16>
    %32 = arith.subf %a, %b : f16
    memref.store %32, %x[%i] : memref<?xf16>
    %33 = arith.mulf %a, %b : f16
    memref.store %33, %x[%i] : memref<?xf16>
    %34 = arith.divf %a, %b : f16
    memref.store %34, %x[%i] : memref<?xf16>
    %35 = arith.remf %a, %b : f16
    memref.store %35, %x[%i] : memref<?xf16>
    %36 = arith.maximumf %a, %b : f16
    memref.store %36, %x[%i] : memref<?xf16>
    %37 = arith.minimumf %a, %b : f16
    memref.store %37, %x[%i] : memref<?xf16>
    %38 = arith.maxnumf %a, %b : f16
    memref.store %38, %x[%i] : memref<?xf16>
    %39 = arith.minnumf %a, %b : f16
    memref.store %39, %x[%i] : memref<?xf16>
    %40 = math.copysign %a, %b : f16
    memref.store %40, %x[%i] : memref<?xf16>
    %41 = math.fma %a, %b, %a : f16
    memref.store %41, %x[%i] : memref<?xf16>
    %42 = math.clampf %a to [%b, %a] : f16
    memref.store %42, %x[%i] : memref<?xf16>
    %c = arith.fptosi %a : f16 to i32
    %43 = arith.sitofp %c : i32 to f16
    memref.store %43, %x[%i] : memref<?xf16>
    %44 = math.fpowi %a, %three : f16, i32
    memref.store %44, %x[%i] : memref<?xf16>
    %45 = math.isfinite %a : f16
    memref.store %45, %z[%i] : memref<?xi1>
    %46 = math.isnan %a : f16
    memref.store %46, %z[%i] : memref<?xi1>
    gpu.return
  }
  gpu.func @f_bf16(%x: memref<?xbf16>, %y: memref<?xbf16>, %z: memref<?xi1>) kernel {
    %three = arith.constant 3 : i32
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xbf16>
    %b = memref.load %y[%i] : memref<?xbf16>
    %0 = math.absf %a : bf16
    memref.store %0, %x[%i] : memref<?xbf16>
    %1 = math.ceil %a : bf16
    memref.store %1, %x[%i] : memref<?xbf16>
    %2 = math.floor %a : bf16
    memref.store %2, %x[%i] : memref<?xbf16>
    %3 = math.round %a : bf16
    memref.store %3, %x[%i] : memref<?xbf16>
    %4 = math.roundeven %a : bf16
    memref.store %4, %x[%i] : memref<?xbf16>
    %5 = math.rsqrt %a : bf16
    memref.store %5, %x[%i] : memref<?xbf16>
    %6 = math.sqrt %a : bf16
    memref.store %6, %x[%i] : memref<?xbf16>
    %7 = math.trunc %a : bf16
    memref.store %7, %x[%i] : memref<?xbf16>
    %8 = math.acos %a : bf16
    memref.store %8, %x[%i] : memref<?xbf16>
    %9 = math.acosh %a : bf16
    memref.store %9, %x[%i] : memref<?xbf16>
    %10 = math.asin %a : bf16
    memref.store %10, %x[%i] : memref<?xbf16>
    %11 = math.asinh %a : bf16
    memref.store %11, %x[%i] : memref<?xbf16>
    %12 = math.atan %a : bf16
    memref.store %12, %x[%i] : memref<?xbf16>
    %13 = math.atanh %a : bf16
    memref.store %13, %x[%i] : memref<?xbf16>
    %14 = math.cbrt %a : bf16
    memref.store %14, %x[%i] : memref<?xbf16>
    %15 = math.cos %a : bf16
    memref.store %15, %x[%i] : memref<?xbf16>
    %16 = math.cosh %a : bf16
    memref.store %16, %x[%i] : memref<?xbf16>
    %17 = math.erf %a : bf16
    memref.store %17, %x[%i] : memref<?xbf16>
    %18 = math.erfc %a : bf16
    memref.store %18, %x[%i] : memref<?xbf16>
    %19 = math.exp %a : bf16
    memref.store %19, %x[%i] : memref<?xbf16>
    %20 = math.exp2 %a : bf16
    memref.store %20, %x[%i] : memref<?xbf16>
    %21 = math.expm1 %a : bf16
    memref.store %21, %x[%i] : memref<?xbf16>
    %22 = math.log %a : bf16
    memref.store %22, %x[%i] : memref<?xbf16>
    %23 = math.log1p %a : bf16
    memref.store %23, %x[%i] : memref<?xbf16>
    %24 = math.log2 %a : bf16
    memref.store %24, %x[%i] : memref<?xbf16>
    %25 = math.sin %a : bf16
    memref.store %25, %x[%i] : memref<?xbf16>
    %26 = math.sinh %a : bf16
    memref.store %26, %x[%i] : memref<?xbf16>
    %27 = math.tan %a : bf16
    memref.store %27, %x[%i] : memref<?xbf16>
    %28 = math.tanh %a : bf16
    memref.store %28, %x[%i] : memref<?xbf16>
    %29 = math.atan2 %a, %b : bf16
    memref.store %29, %x[%i] : memref<?xbf16>
    %30 = math.powf %a, %b : bf16
    memref.store %30, %x[%i] : memref<?xbf16>
    %31 = arith.addf %a, %b : bf16
    memref.store %31, %x[%i] : memref<?xbf16>
    %32 = arith.subf %a, %b : bf16
    memref.store %32, %x[%i] : memref<?xbf16>
    %33 = arith.mulf %a, %b : bf16
    memref.store %33, %x[%i] : memref<?xbf16>
    %34 = arith.divf %a, %b : bf16
    memref.store %34, %x[%i] : memref<?xbf16>
    %35 = arith.remf %a, %b : bf16
    memref.store %35, %x[%i] : memref<?xbf16>
    %36 = arith.maximumf %a, %b : bf16
    memref.store %36, %x[%i] : memref<?xbf16>
    %37 = arith.minimumf %a, %b : bf16
    memref.store %37, %x[%i] : memref<?xbf16>
    %38 = arith.maxnumf %a, %b : bf16
    memref.store %38, %x[%i] : memref<?xbf16>
    %39 = arith.minnumf %a, %b : bf16
    memref.store %39, %x[%i] : memref<?xbf16>
    %40 = math.copysign %a, %b : bf16
    memref.store %40, %x[%i] : memref<?xbf16>
    %41 = math.fma %a, %b, %a : bf16
    memref.store %41, %x[%i] : memref<?xbf16>
    %42 = math.clampf %a to [%b, %a] : bf16
    memref.store %42, %x[%i] : memref<?xbf16>
    %c = arith.fptosi %a : bf16 to i32
    %43 = arith.sitofp %c : i32 to bf16
    memref.store %43, %x[%i] : memref<?xbf16>
    %44 = math.fpowi %a, %three : bf16, i32
    memref.store %44, %x[%i] : memref<?xbf16>
    %45 = math.isfinite %a : bf16
    memref.store %45, %z[%i] : memref<?xi1>
    %46 = math.isnan %a : bf16
    memref.store %46, %z[%i] : memref<?xi1>
    gpu.return
  }
  // Of f64 there is what PTX has.
  gpu.func @f_f64(%x: memref<?xf64>, %y: memref<?xf64>, %z: memref<?xi1>) kernel {
    %three = arith.constant 3 : i32
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf64>
    %b = memref.load %y[%i] : memref<?xf64>
    %0 = math.absf %a : f64
    memref.store %0, %x[%i] : memref<?xf64>
    %1 = math.ceil %a : f64
    memref.store %1, %x[%i] : memref<?xf64>
    %2 = math.floor %a : f64
    memref.store %2, %x[%i] : memref<?xf64>
    %3 = math.round %a : f64
    memref.store %3, %x[%i] : memref<?xf64>
    %4 = math.roundeven %a : f64
    memref.store %4, %x[%i] : memref<?xf64>
    %5 = math.rsqrt %a : f64
    memref.store %5, %x[%i] : memref<?xf64>
    %6 = math.sqrt %a : f64
    memref.store %6, %x[%i] : memref<?xf64>
    %7 = math.trunc %a : f64
    memref.store %7, %x[%i] : memref<?xf64>
    %8 = arith.addf %a, %b : f64
    memref.store %8, %x[%i] : memref<?xf64>
    %9 = arith.subf %a, %b : f64
    memref.store %9, %x[%i] : memref<?xf64>
    %10 = arith.mulf %a, %b : f64
    memref.store %10, %x[%i] : memref<?xf64>
    %11 = arith.divf %a, %b : f64
    memref.store %11, %x[%i] : memref<?xf64>
    %12 = arith.remf %a, %b : f64
    memref.store %12, %x[%i] : memref<?xf64>
    %13 = arith.maximumf %a, %b : f64
    memref.store %13, %x[%i] : memref<?xf64>
    %14 = arith.minimumf %a, %b : f64
    memref.store %14, %x[%i] : memref<?xf64>
    %15 = arith.maxnumf %a, %b : f64
    memref.store %15, %x[%i] : memref<?xf64>
    %16 = arith.minnumf %a, %b : f64
    memref.store %16, %x[%i] : memref<?xf64>
    %17 = math.copysign %a, %b : f64
    memref.store %17, %x[%i] : memref<?xf64>
    %18 = math.fma %a, %b, %a : f64
    memref.store %18, %x[%i] : memref<?xf64>
    %19 = math.clampf %a to [%b, %a] : f64
    memref.store %19, %x[%i] : memref<?xf64>
    %c = arith.fptosi %a : f64 to i32
    %20 = arith.sitofp %c : i32 to f64
    memref.store %20, %x[%i] : memref<?xf64>
    %21 = math.fpowi %a, %three : f64, i32
    memref.store %21, %x[%i] : memref<?xf64>
    %22 = math.isfinite %a : f64
    memref.store %22, %z[%i] : memref<?xi1>
    %23 = math.isnan %a : f64
    memref.store %23, %z[%i] : memref<?xi1>
    gpu.return
  }
}
