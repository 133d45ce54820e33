// denormal_fp_math_f32 = preserve-sign makes what is subnormal zero in f32, and nothing else does.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/arrays.py save %t/x.npy f4 8
// DEFINE: %{kernel} = keeps
// DEFINE: %{emulate} = imhsa-emulate %s --kernel=%{kernel} --block=8 --arg=in:%t/x.npy --arg=out:%t/y.npy:f32:8 --arg=f32:1e-39
// RUN: %{emulate}
// RUN: %python %S/Inputs/arrays.py equal %t/y.npy %t/x.npy "x * np.float32(1e-39)"
// REDEFINE: %{kernel} = flushes
// RUN: %{emulate}
// RUN: %python %S/Inputs/arrays.py equal %t/y.npy %t/x.npy "x * np.float32(0)"

gpu.module @m {
  llvm.func @keeps(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %factor: f32) attributes {nvvm.kernel} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %px = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %v = llvm.load %px : !llvm.ptr<1> -> f32
    %w = llvm.fmul %v, %factor : f32
    %py = llvm.getelementptr %y[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %w, %py : f32, !llvm.ptr<1>
    llvm.return
  }
  llvm.func @flushes(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %factor: f32)
      attributes {nvvm.kernel, denormal_fp_math_f32 = "preserve-sign"} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %px = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %v = llvm.load %px : !llvm.ptr<1> -> f32
    %w = llvm.fmul %v, %factor : f32
    %py = llvm.getelementptr %y[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %w, %py : f32, !llvm.ptr<1>
    llvm.return
  }
}
