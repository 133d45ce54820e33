//===- KernelBuilder.h - one kernel and its launch -------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Builds one kernel, on `nvvm`, `llvm.ptr`, `arith` and `scf` in 32 bits, beside the host's code
// that launches it. What the kernel uses of the host becomes a parameter where it is first asked
// for, on both sides at once. A whole kernel that doubles a memref<?xf32>:
//
//   KernelBuilder k(host, op.getLoc(), kernels, "twice", /*warps=*/4);
//   Tensor x = k.tensor(op.getInput());            // pointer and strides
//   Int n = k.size(op.getInput(), 0);              // i32
//   Int i = k.block(0) * k.threads() + k.thread();
//   k.when(i < n, [&] {
//     Pointer p = x.at({i});
//     Float y = k.toFloat(p.load(x.element));
//     p.store((y + y).value);
//   });
//   Value blocks = k.hostCeilDiv(k.hostSize(op.getInput(), 0), k.threads());
//   k.launch(blocks, k.hostIndex(1), k.hostIndex(1), /*sharedBytes=*/0);

#ifndef IMHSA_PASSES_KERNEL_CUDA_KERNELBUILDER_H
#define IMHSA_PASSES_KERNEL_CUDA_KERNELBUILDER_H

#include "passes/kernel/cuda/KernelModule.h"
#include "passes/kernel/cuda/Values.h"

namespace imhsa {

/// A buffer of the host as a kernel sees it. Addresses are 64-bit: a tensor may have any size.
struct Tensor {
  Pointer base;
  /// In bytes, i64, of each dimension; constants where the type tells.
  llvm::SmallVector<Int> strides;
  mlir::Type element;

  /// The address of the element at `indices`, i32 or i64; missing last ones are 0.
  Pointer at(llvm::ArrayRef<Int> indices) const;
  /// Bytes from one index of a dimension to the next, i64.
  Int stride(unsigned dim) const { return strides[dim]; }
};

class KernelBuilder {
public:
  /// Starts a kernel `name` of blocks of `warps` warps in `kernels`; its launch will stand at the
  /// insertion point of `host`.
  KernelBuilder(mlir::OpBuilder &host, mlir::Location loc, const KernelModule &kernels,
                llvm::StringRef name, unsigned warps);

  //===------------------------------------------------------------------===//
  // From the host
  //===------------------------------------------------------------------===//

  /// A memref. A constant of the module is read from the device's copy.
  Tensor tensor(mlir::Value memref);
  /// A size, as i32; a constant where the type tells.
  Int size(mlir::Value memref, unsigned dim);
  /// An `index`, i1 or integer of the host: as i32 (`index`), as i64, as i1.
  Int index(mlir::Value host);
  Int wideIndex(mlir::Value host);
  Bool flag(mlir::Value host);
  /// Whether every row of `memref` starts at a multiple of `bytes` in memory: its address and its
  /// strides but the last are tested on the host.
  Bool isAligned(mlir::Value memref, unsigned bytes);

  /// Values of the host, type `index`.
  mlir::Value hostIndex(int64_t value);
  mlir::Value hostSize(mlir::Value memref, unsigned dim);
  mlir::Value hostCeilDiv(mlir::Value a, int64_t b);
  mlir::OpBuilder &getHost() { return host; }

  //===------------------------------------------------------------------===//
  // Where a thread is
  //===------------------------------------------------------------------===//

  unsigned warps() const { return numWarps; }
  unsigned threads() const { return 32 * numWarps; }
  Int thread() const { return threadId; }
  Int lane() const { return laneId; }
  /// The same in all lanes of a warp.
  Int warp() const { return warpId; }
  /// The position of the block in the grid, axis 0 to 2.
  Int block(unsigned axis);
  /// Dynamic shared memory, 1024-byte aligned.
  Pointer shared();

  //===------------------------------------------------------------------===//
  // Values and control flow
  //===------------------------------------------------------------------===//

  Int i32(int64_t value);
  Float f32(double value);
  Bool boolean(bool value);
  /// The same i32, of which nothing is known: what is computed from it stays where it is, while it
  /// would otherwise be computed before a loop and take registers during all of it.
  Int here(Int value);
  /// A float of any type as f32.
  Float toFloat(mlir::Value value);
  /// An f32 as `type`, rounded to nearest even.
  mlir::Value fromFloat(Float value, mlir::Type type);
  /// Two f32 as a pair of f16 or bf16, the first in the low half; an i32.
  mlir::Value pack(Float low, Float high, mlir::Type type);
  /// The same, in this place: what it is made of is not computed later, for one of its uses.
  mlir::Value packHere(Float low, Float high, mlir::Type type);

  /// A vector of `elements`, which are of one type.
  mlir::Value vector(llvm::ArrayRef<mlir::Value> elements);
  /// An element of a vector.
  mlir::Value extract(mlir::Value vector, unsigned i);
  /// A vector of floats in memory; zeros, and no access, where the condition does not hold.
  mlir::Value loadWhere(Bool condition, Pointer pointer, mlir::VectorType type);
  /// An element of memory as f32; 0, and no access, where the condition does not hold.
  Float loadFloatWhere(Bool condition, Pointer pointer, mlir::Type type);
  /// Whether the condition holds and then `test` does, which is not run otherwise.
  Bool andThen(Bool condition, llvm::function_ref<Bool()> test);

  void when(Bool condition, llvm::function_ref<void()> body);
  void when(Bool condition, llvm::function_ref<void()> body, llvm::function_ref<void()> otherwise);
  /// for (i = from; i < to; i += step), signed.
  void loop(Int from, Int to, Int step, llvm::function_ref<void(Int)> body);
  /// The same, and `carried` goes through the body and into the next turn; afterwards it has the
  /// last values.
  void loop(Int from, Int to, Int step, llvm::SmallVectorImpl<Float> &carried,
            llvm::function_ref<void(Int, llvm::SmallVectorImpl<Float> &)> body);
  /// Repeats `body` for item = first, first + stride, ... below `count`, unrolled: the turns that
  /// every thread has without a test.
  void deal(int64_t count, Int first, int64_t stride, llvm::function_ref<void(Int)> body);

  /// All threads of the cluster, of blocks in a row: those behind it see what others wrote before.
  void clusterBarrier();
  /// All threads of the block; all lanes of the warp.
  void barrier();
  void syncWarp();
  /// So many threads, in whole warps, that meet at barrier `id`, 1 to 15.
  void barrier(Int id, int64_t threads);
  /// `value` of the lane whose number differs by `mask`.
  Float shuffleXor(Float value, unsigned mask);
  Int shuffleXor(Int value, unsigned mask);

  mlir::ImplicitLocOpBuilder &builder() { return b; }

  /// Makes every so many blocks along x a cluster.
  void formClusters(int64_t blocks);

  /// Ends the kernel and launches it, where the chips can to begin before what is launched before
  /// it has ended: see `waitForKernelsBefore`. `minBlocks` per multiprocessor bound the registers
  /// of a thread: without a bound the assembler may spill for an occupancy that nobody needs.
  void launch(mlir::Value gridX, mlir::Value gridY, mlir::Value gridZ, int64_t sharedBytes,
              int64_t minBlocks = 1);

private:
  mlir::Value parameter(mlir::Value hostValue, mlir::Type type);
  Tensor constantTensor(mlir::Value memref);

  mlir::OpBuilder &host;
  mlir::ImplicitLocOpBuilder b;
  const KernelModule &target;
  mlir::gpu::GPUModuleOp kernels;
  mlir::LLVM::LLVMFuncOp function;
  unsigned numWarps;
  Int threadId, laneId, warpId;
  llvm::SmallVector<mlir::Value> arguments;
  llvm::DenseMap<mlir::Value, Tensor> tensors;
  llvm::DenseMap<std::pair<mlir::Value, mlir::Type>, mlir::Value> parameters;
  /// Values of the host that were computed for `size` and `isAligned`.
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> sizes, alignments;
};

} // namespace imhsa

#endif // IMHSA_PASSES_KERNEL_CUDA_KERNELBUILDER_H
