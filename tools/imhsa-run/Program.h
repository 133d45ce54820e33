//===- Program.h - compiled functions and calls of them ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_PROGRAM_H
#define IMHSA_TOOLS_IMHSA_RUN_PROGRAM_H

#include "tools/common/Tensor.h"
#include "tools/imhsa-run/Kernels.h"
#include "tools/imhsa-run/Spread.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"

namespace imhsa::run {

/// A function, compiled in this process for this processor.
class Program {
public:
  /// Compiles `entry` of `module`, which is in the LLVM dialect and has the entry functions that
  /// `imhsa-pack-entries` makes; `type` is the type on tensors that `entry` had. `optLevel` is
  /// LLVM's, 0 to 3. `kernels` are those that the functions launch; null if they are for the CPU.
  static llvm::Expected<Program> compile(mlir::ModuleOp module, llvm::StringRef entry,
                                         mlir::FunctionType type, unsigned optLevel,
                                         std::unique_ptr<Kernels> kernels = nullptr);

  mlir::FunctionType getType() const { return type; }
  /// Null if the program is for the CPU.
  const Kernels *getKernels() const { return kernels.get(); }

private:
  friend class Call;
  // imhsa_packed_function (runtime/Artifact.h).
  using Packed = const char *(*)(void **);

  std::unique_ptr<mlir::ExecutionEngine> engine;
  std::unique_ptr<Kernels> kernels;
  mlir::FunctionType type;
  Packed function = nullptr;
  Packed sizes = nullptr;
};

/// A compiled function with its inputs, its outputs and the workspace between them. The inputs and
/// the program must outlive it.
class Call {
public:
  /// Allocates the outputs. Their bytes are 0xFF, which are NaNs, or 0xCC where they are integers,
  /// so that what is never written shows. With a `rowStride`, the program works on copies of all
  /// tensors of two dimensions or more whose rows are so many elements apart.
  static llvm::Expected<Call> prepare(const Program &program, llvm::ArrayRef<Tensor> inputs,
                                      std::optional<int64_t> rowStride = std::nullopt);

  /// Allocates the workspace, full of 0xFF; before the first `run`.
  llvm::Error allocateWorkspace();

  /// An error says what does not agree in the shapes of the inputs, or what is wrong with a launch
  /// of a kernel.
  llvm::Error run();

  /// Fetches the outputs. An error says that compiled code wrote beyond their memory, or left
  /// elements of i1 unwritten.
  llvm::Error finish();

  llvm::ArrayRef<Tensor> getOutputs() const { return outputs; }
  std::vector<Tensor> takeOutputs() { return std::move(outputs); }

private:
  // Adds a descriptor of `data`, at its place for the program.
  llvm::Error addDescriptor(llvm::StringRef name, char *data, uint64_t bytes,
                            llvm::ArrayRef<int64_t> shape, bool writable,
                            llvm::ArrayRef<int64_t> strides = {});
  // The same of a tensor, or of a copy of it with its rows apart.
  llvm::Error addTensor(llvm::StringRef name, const Tensor &tensor, bool writable);

  Program::Packed function = nullptr;
  Kernels *kernels = nullptr;
  std::vector<Descriptor> descriptors; ///< of inputs, outputs and workspace
  std::vector<Tensor> outputs;
  std::optional<int64_t> rowStride;
  std::vector<Spread> inputRows;
  std::vector<std::optional<Spread>> outputRows; ///< by output; none where it lies as it is
  Buffer workspace;
  int64_t workspaceSize = 0;
};

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_PROGRAM_H
