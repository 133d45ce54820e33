// Kernels for several chips: images in the tables, PTX and cubins as files, and what happens without a GPU.
// RUN: rm -rf %t && mkdir -p %t/a %t/b

// RUN: imhsa-compile %s --target=cuda --emit=ptx --chip=sm_90a --prefix=gpu | FileCheck %s --check-prefix=PTX
// PTX: .target sm_90a{{$}}
// PTX: .visible .entry gpu_twice_0
// RUN: imhsa-compile %s --target=cuda --emit=ptx -o %t/default.ptx
// RUN: FileCheck %s --check-prefix=DEFAULT --input-file=%t/default.ptx
// DEFAULT: .target sm_80{{$}}
// DEFAULT: .visible .entry default_twice_0
// RUN: %if ptxas %{ imhsa-compile %s --target=cuda --emit=cubin --chip=sm_90a -o %t/twice.cubin %}
// RUN: %if ptxas %{ llvm-readelf --file-header %t/twice.cubin | FileCheck %s --check-prefix=CUBIN %}
// CUBIN: Machine: NVIDIA CUDA architecture

// The tables: the name of each kernel that is launched by number; a cubin for each chip, and PTX for newer ones.
// RUN: %if ptxas %{ imhsa-compile %s --target=cuda --emit=llvm --chip=sm_90a,sm_80 --prefix=gpu | FileCheck %s --check-prefixes=TABLES,BINARIES %}
// TABLES:      @imhsa.text{{.*}} = private unnamed_addr constant {{.*}} c"gpu_twice_0_add\00"
// BINARIES:    @imhsa.image = private unnamed_addr constant {{.[0-9]+ x i8.}} c"\7FELF
// BINARIES:    @imhsa.image.[[#]] = private unnamed_addr constant {{.[0-9]+ x i8.}} c"\7FELF
// BINARIES:    @imhsa.image.[[#]] = private unnamed_addr constant {{.[0-9]+ x i8.}} c"{{.*}}.target sm_80\0A{{.*[^0]}}\00", align 64
// TABLES:      @imhsa.images = private unnamed_addr constant
// BINARIES-SAME: i32 0, i32 90, i32 1, i64 {{[0-9]+}}, ptr @imhsa.image }
// BINARIES-SAME: i32 0, i32 80, i32 0, i64 {{[0-9]+}}, ptr @imhsa.image.{{[0-9]+}} }
// BINARIES-SAME: i32 1, i32 80, i32 0, i64 {{[0-9]+}}, ptr @imhsa.image.{{[0-9]+}} }
// abi 2, device 2 (kDLCUDA), 1 entry, 1 kernel, 3 images, a workspace at multiples of 64 bytes, and no state
// BINARIES:    @gpu_artifact = global {{.*}} c"imhsa\00\00\00", i32 2, i32 2, ptr @imhsa.text.{{[0-9]+}}, i64 1, ptr @imhsa.entries, i64 1, ptr @imhsa.kernels, i64 3, ptr @imhsa.images, i64 64, ptr null }
// TABLES:      define i32 @gpu_twice(ptr %0, ptr %1, ptr %2)
// TABLES:        call i32 @imhsa_call_entry(ptr nonnull @gpu_artifact, i32 0,

// The same bytes each time; no name of a folder in them.
// RUN: imhsa-compile %s --target=cuda --chip=sm_80,sm_90a -o %t/a/libgpu.so --header=%t/gpu.h
// RUN: imhsa-compile %s --target=cuda --chip=sm_80,sm_90a -o %t/b/libgpu.so
// RUN: cmp %t/a/libgpu.so %t/b/libgpu.so
// RUN: not grep -c -e %t -e %repo -e /tmp/ %t/a/libgpu.so

// A driver is looked for when a function is called.
// RUN: clang -std=c99 -Wall -Wextra -Werror %S/Inputs/call_gpu.c -I%t -I%include -L%t/a -lgpu -Wl,-rpath,%t/a -o %t/call_gpu
// RUN: env FAKE_CUDA_DEVICES= LD_LIBRARY_PATH=%artifacts/fake-driver %t/call_gpu | FileCheck %s --check-prefixes=CALL,NONE
// RUN: env FAKE_CUDA_DEVICES=75 LD_LIBRARY_PATH=%artifacts/fake-driver %t/call_gpu | FileCheck %s --check-prefixes=CALL,OLD
// CALL: on the host: status 2: twice: input 0 'x': expected
// NONE: on the device: status 4: initialising the CUDA driver: cuInit
// OLD:  on the device: status 4: twice: no code for Fake 75, compute capability 7.5; the library has: {{.*}} for sm_80

// Twice its input.
func.func @twice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %size = tensor.dim %x, %c0 : tensor<?xf32>
  %init = tensor.empty(%size) : tensor<?xf32>
  %0 = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
