//===- Kernels.h - the kernels of a program for a GPU ------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_KERNELS_H
#define IMHSA_TOOLS_IMHSA_RUN_KERNELS_H

#include "passes/emulate/Emulate.h"
#include "runtime/Artifact.h"
#include "mlir/IR/BuiltinOps.h"

namespace imhsa::run {

/// The kernels that the functions of a program launch by number, and the memory that they use.
class Kernels : public imhsa_launcher {
public:
  virtual ~Kernels() = default;

  /// The address for kernels of memory that holds the same as the `bytes` at `host`, and stands for
  /// them from now on. `name` is for errors.
  virtual llvm::Expected<void *> place(llvm::StringRef name, char *host, uint64_t bytes,
                                       bool writable) = 0;
  /// Waits for the launches so far. An error says why one of them has failed.
  virtual llvm::Error wait() = 0;
  /// Brings what kernels have written back to where it was placed from.
  virtual llvm::Error retrieve() = 0;
  /// What the emulator has found and counted, by launch; null elsewhere.
  virtual const std::vector<emulator::LaunchReport> *getReports() const { return nullptr; }

protected:
  Kernels()
      : imhsa_launcher{
            [](imhsa_launcher *self, int32_t kernel, const int64_t *dims, void **arguments) {
              // No block: nothing to do, where the driver sees an error.
              if (dims[0] && dims[1] && dims[2])
                static_cast<Kernels *>(self)->launchKernel(kernel, dims, arguments);
            }} {}
  virtual void launchKernel(int32_t kernel, const int64_t *dims, void **arguments) = 0;
};

/// Compiles the `gpu.module` of `module`, which is one of the CUDA pipeline at its stage llvm, for
/// the emulator, and erases it.
llvm::Expected<std::unique_ptr<Kernels>> takeKernelsForEmulator(mlir::ModuleOp module,
                                                                const EmulateOptions &options);

/// Erases the `gpu.module` of `module`, and only reports the launches of its kernels.
std::unique_ptr<Kernels> listLaunches(mlir::ModuleOp module);

/// Loads the `gpu.binary` of `module`, which is one of the CUDA pipeline at its end, on the first
/// GPU, and erases it. It is an error if there is no driver, no GPU, or none that takes the code.
llvm::Expected<std::unique_ptr<Kernels>> takeKernelsForCuda(mlir::ModuleOp module);

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_KERNELS_H
