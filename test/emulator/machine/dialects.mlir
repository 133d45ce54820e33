// Kernels at each level of dialect, on the same numbers: y = 2 x.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/arrays.py save %t/x.npy f4 4x64
// DEFINE: %{kernel} = llvm
// DEFINE: %{args} = --arg=in:%t/x.npy --arg=out:%t/y.npy:f32:4x64 --arg=i32:64
// DEFINE: %{emulate} = imhsa-emulate %s --kernel=%{kernel} --grid=4 --block=64 %{args}
// DEFINE: %{compare} = %python %S/Inputs/arrays.py equal %t/y.npy %t/x.npy "x * np.float32(2)"

// RUN: %{emulate} && %{compare}
// REDEFINE: %{kernel} = mixed
// RUN: rm %t/y.npy && %{emulate} && %{compare}
// REDEFINE: %{kernel} = pointers
// RUN: rm %t/y.npy && %{emulate} && %{compare}
// REDEFINE: %{args} = --arg=in:%t/x.npy --arg=out:%t/y.npy:f32:4x64 --arg=f32:2
// REDEFINE: %{kernel} = memrefs
// RUN: rm %t/y.npy && %{emulate} && %{compare}
// REDEFINE: %{kernel} = workgroup
// RUN: rm %t/y.npy && %{emulate} && %{compare}
// REDEFINE: %{args} = --arg=inout:%t/x.npy:%t/y.npy
// REDEFINE: %{kernel} = table
// RUN: rm %t/y.npy && %{emulate} && %{compare}

gpu.module @kernels {
  llvm.func @llvm(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %n: i32) attributes {nvvm.kernel} {
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %ctaid = nvvm.read.ptx.sreg.ctaid.x : i32
    %two = llvm.mlir.constant(2.0 : f32) : f32
    %first = llvm.mul %ctaid, %n : i32
    %i = llvm.add %first, %tid : i32
    %px = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %v = llvm.load %px : !llvm.ptr<1> -> f32
    %w = llvm.fmul %v, %two : f32
    %py = llvm.getelementptr %y[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %w, %py : f32, !llvm.ptr<1>
    llvm.return
  }

  // Structured control flow and arithmetic in an llvm.func; a predicate that keeps half of the lanes idle.
  llvm.func @mixed(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %n: i32) attributes {nvvm.kernel} {
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %two = arith.constant 2.0 : f32
    %tid = nvvm.read.ptx.sreg.tid.x : i32
    %ctaid = nvvm.read.ptx.sreg.ctaid.x : i32
    %ntid = nvvm.read.ptx.sreg.ntid.x : i32
    %half = arith.shrui %ntid, %c1 : i32
    %works = arith.cmpi ult, %tid, %half : i32
    scf.if %works {
      %first = arith.muli %ctaid, %n : i32
      scf.for %j = %tid to %n step %half : i32 {
        %i = arith.addi %first, %j : i32
        %px = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
        %v = llvm.load %px : !llvm.ptr<1> -> f32
        %w = arith.mulf %v, %two : f32
        %py = llvm.getelementptr %y[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
        llvm.store %w, %py : f32, !llvm.ptr<1>
      }
    }
    llvm.return
  }

  // A gpu.func on pointers, with operations of gpu and four numbers at a time.
  gpu.func @pointers(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %n: i32) kernel {
    %c4 = arith.constant 4 : i32
    %two = arith.constant dense<2.0> : vector<4xf32>
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %b = arith.index_cast %block : index to i32
    %t = arith.index_cast %thread : index to i32
    %first = arith.muli %b, %n : i32
    %at = arith.muli %t, %c4 : i32
    %works = arith.cmpi ult, %at, %n : i32
    scf.if %works {
      %i = arith.addi %first, %at : i32
      %px = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %v = llvm.load %px {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
      %w = arith.mulf %v, %two : vector<4xf32>
      %py = llvm.getelementptr %y[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      llvm.store %w, %py {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
    }
    gpu.return
  }

  gpu.func @memrefs(%x: memref<?x?xf32>, %y: memref<?x64xf32>, %factor: f32) kernel {
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %v = memref.load %x[%block, %thread] : memref<?x?xf32>
    %w = arith.mulf %v, %factor : f32
    memref.store %w, %y[%block, %thread] : memref<?x64xf32>
    gpu.return
  }

  // By way of static shared memory, to the mirrored place and back.
  gpu.func @workgroup(%x: memref<4x64xf32>, %y: memref<4x64xf32>, %factor: f32)
      workgroup(%tile: memref<64xf32, #gpu.address_space<workgroup>>) kernel {
    %c63 = arith.constant 63 : index
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %mirrored = arith.subi %c63, %thread : index
    %v = memref.load %x[%block, %mirrored] : memref<4x64xf32>
    memref.store %v, %tile[%thread] : memref<64xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %m = memref.load %tile[%mirrored] : memref<64xf32, #gpu.address_space<workgroup>>
    %w = arith.mulf %m, %factor : f32
    memref.store %w, %y[%block, %thread] : memref<4x64xf32>
    gpu.return
  }

  // A constant of the module.
  memref.global "private" constant @two : memref<2xf32> = dense<[1.0, 2.0]>
  gpu.func @table(%x: memref<4x64xf32>) kernel {
    %c1 = arith.constant 1 : index
    %table = memref.get_global @two : memref<2xf32>
    %factor = memref.load %table[%c1] : memref<2xf32>
    %block = gpu.block_id x
    %thread = gpu.thread_id x
    %v = memref.load %x[%block, %thread] : memref<4x64xf32>
    %w = arith.mulf %v, %factor : f32
    memref.store %w, %x[%block, %thread] : memref<4x64xf32>
    gpu.return
  }
}
