// RUN: imhsa-opt %s --pass-pipeline='builtin.module(gpu.module(imhsa-kernels-to-nvvm))' --split-input-file --verify-diagnostics

// Both are reported.
gpu.module @f64 {
  gpu.func @exp(%x: memref<?xf64>) kernel {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf64>
    // expected-error @below {{'math.exp' op has no device code for 'f64': only CUDA's libdevice has it, which kernels do without}}
    %0 = math.exp %a : f64
    // expected-error @below {{'math.log' op has no device code for 'f64'}}
    %1 = math.log %0 : f64
    memref.store %1, %x[%i] : memref<?xf64>
    gpu.return
  }
}

// -----

gpu.module @f32 {
  gpu.func @log10(%x: memref<?xf32>) kernel {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    // expected-error @below {{'math.log10' op has no device code for 'f32'}}
    %0 = math.log10 %a : f32
    memref.store %0, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @foreign {
  gpu.func @tensor(%x: memref<4xindex>) kernel {
    %i = gpu.thread_id x
    // expected-error @below {{failed to legalize operation 'shape.add'}}
    %0 = shape.add %i, %i : index, index -> index
    memref.store %0, %x[%i] : memref<4xindex>
    gpu.return
  }
}

// -----

// expected-error @below {{'llvm.func' op 'malloc' is defined nowhere; kernels are linked with nothing}}
gpu.module @unresolved {
  gpu.func @heap(%x: memref<1xf32>, %v: f32) kernel {
    %c0 = arith.constant 0 : index
    %0 = memref.alloc() : memref<4xf32>
    memref.store %v, %0[%c0] : memref<4xf32>
    %1 = memref.load %0[%c0] : memref<4xf32>
    memref.store %1, %x[%c0] : memref<1xf32>
    gpu.return
  }
}
