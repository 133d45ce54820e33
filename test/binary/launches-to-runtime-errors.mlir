// RUN: imhsa-opt %s --split-input-file --verify-diagnostics --imhsa-launches-to-runtime

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4xf32>) kernel { gpu.return }
  }
  func.func private @helper(%x: memref<4xf32>) {
    %c1 = arith.constant 1 : index
    // expected-error @+1 {{'gpu.launch_func' op expected in an entry function, which its caller gives a launcher}}
    gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<4xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4xf32>) kernel { gpu.return }
  }
  func.func @f(%x: memref<4xf32>, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
    %c1 = arith.constant 1 : index
    %wait = gpu.wait async
    // expected-error @+1 {{'gpu.launch_func' op is asynchronous; expected launches in the order of the stream}}
    %done = gpu.launch_func async [%wait] @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
        args(%x : memref<4xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4xf32>) kernel { gpu.return }
  }
  func.func @f(%x: memref<4xf32>, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
    %c1 = arith.constant 1 : index
    // expected-error @+1 {{'gpu.launch_func' op has clusters of blocks, which the launcher does not know}}
    gpu.launch_func @kernels::@k clusters in (%c1, %c1, %c1) blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
        args(%x : memref<4xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: vector<4xf32>) kernel { gpu.return }
  }
  func.func @f(%x: memref<4xf32>, %workspace: memref<?xi8>) attributes {llvm.emit_c_interface} {
    %c1 = arith.constant 1 : index
    %v = arith.constant dense<0.0> : vector<4xf32>
    // expected-error @+1 {{'gpu.launch_func' op expected arguments that are numbers, memrefs with a rank and pointers, found 'vector<4xf32>'}}
    gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%v : vector<4xf32>)
    return
  }
}
