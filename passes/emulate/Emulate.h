//===- Emulate.h - GPU kernels compiled for the emulator -------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
//   Expected<EmulatedModule> kernels = EmulatedModule::compile(gpuModule, options);
//   kernels->setBuffers({{"%query", query, bytes, /*writable=*/false}, ...});
//   Expected<LaunchReport> report = kernels->launch("kernel", grid, block, sharedBytes, args);
//   if (report && !report->findings.empty()) ...
//
// A `gpu.module` goes to the NVVM dialect, from there to LLVM IR, which is rewritten for the host:
// special registers become loads, the other instructions of the NVVM dialect and inline PTX calls
// of the machine (runtime/emulator), shared variables offsets from the block's shared memory, and
// each load and store gets a check before it. ORC compiles it in this process.

#ifndef IMHSA_PASSES_EMULATE_EMULATE_H
#define IMHSA_PASSES_EMULATE_EMULATE_H

#include "runtime/emulator/Launch.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace imhsa {

struct EmulateOptions {
  /// Limits and instructions are this chip's.
  std::string chip = "sm_80";
  /// Whether memory accesses and synchronisation are checked, and counted. Otherwise what a wrong
  /// kernel accesses may crash the process, as compiled host code would.
  bool check = true;
  emulator::CheckOptions checkOptions;
  uint64_t seed = 0;     ///< of the schedules of lanes and warps
  unsigned threads = 0;  ///< of the host that run blocks; 0: one for each processor
  unsigned optLevel = 0; ///< of LLVM's code generator, 0 to 3
};

/// The kernels of one `gpu.module`, compiled for the emulator in this process. Launches of one
/// module are made one at a time.
class EmulatedModule {
public:
  /// Compiles a copy of `module`: `gpu.func` kernels and `llvm.func`s with `nvvm.kernel`, on any
  /// mix of the dialects gpu, memref, scf, cf, arith, vector, nvvm and llvm that
  /// `imhsa-kernels-to-nvvm` lowers. Errors: a chip that is not known; what cannot be lowered
  /// (the diagnostics go to the context's handler); an instruction that the emulator or the chip
  /// does not have, named with its location.
  static llvm::Expected<EmulatedModule> compile(mlir::gpu::GPUModuleOp module,
                                                const EmulateOptions &options);
  EmulatedModule(EmulatedModule &&other);
  ~EmulatedModule();

  /// The global memory that kernels may touch from now on, in place of what was said before;
  /// variables of the module are always among it. Accesses elsewhere are findings. Without checks
  /// it means nothing.
  void setBuffers(std::vector<emulator::GlobalBuffer> buffers);
  /// Adds to it.
  void addBuffer(emulator::GlobalBuffer buffer);

  void setSeed(uint64_t seed) { options.seed = seed; }

  /// The kernel called `name`; null if the module has none.
  const emulator::Kernel *getKernel(llvm::StringRef name) const;
  const std::vector<emulator::Kernel> &getKernels() const { return kernels; }

  /// Runs the kernel on all blocks, as cuLaunchKernel would: `args[i]` points at argument i, in
  /// the form that the function has in the LLVM dialect (memrefs of `gpu.func` as the fields of
  /// their descriptors). `sharedBytes` are of dynamic shared memory. Returns when the grid has
  /// ended.
  ///
  /// Errors: no such kernel, limits of the chip. What is wrong in the kernel is in the report,
  /// whose sites live as long as this module; after most findings some of the grid has not run,
  /// so results then mean nothing.
  llvm::Expected<emulator::LaunchReport> launch(llvm::StringRef name, emulator::Dim3 grid,
                                                emulator::Dim3 block, uint64_t sharedBytes,
                                                void **args);

private:
  EmulatedModule();

  EmulateOptions options;
  std::optional<emulator::Chip> chip;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::unique_ptr<std::vector<emulator::Site>> sites;
  std::vector<emulator::Kernel> kernels;
  std::vector<emulator::GlobalBuffer> variables; ///< of the module
  std::vector<emulator::GlobalBuffer> buffers;
};

/// The findings of `report` as an error for who cannot go on after any: the first few as text.
/// Success if there is none.
llvm::Error toError(const emulator::LaunchReport &report);

} // namespace imhsa

#endif // IMHSA_PASSES_EMULATE_EMULATE_H
