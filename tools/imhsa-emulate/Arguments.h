//===- Arguments.h - what a kernel is called with --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_EMULATE_ARGUMENTS_H
#define IMHSA_TOOLS_IMHSA_EMULATE_ARGUMENTS_H

#include "runtime/emulator/Checker.h"
#include "runtime/emulator/Kernel.h"
#include "tools/common/Npy.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Types.h"
#include <deque>

namespace imhsa::emulate {

/// The arguments of one kernel, as `--arg` says them.
class Arguments {
public:
  /// Reads the arrays that are inputs, and makes room for those that are outputs. An error names
  /// the argument.
  static llvm::Expected<Arguments> make(llvm::ArrayRef<std::string> specs,
                                        mlir::MLIRContext *context);

  /// The addresses of the arguments of `kernel`. `types` are the parameters of its `gpu.func`,
  /// whose memrefs become the fields of their descriptors; empty for an `llvm.func`. An error says
  /// which argument does not fit its parameter.
  llvm::Expected<std::vector<void *>> bind(const emulator::Kernel &kernel,
                                           llvm::ArrayRef<mlir::Type> types);

  /// The arrays, as memory that the kernel may touch.
  std::vector<emulator::GlobalBuffer> getBuffers();

  /// Writes the arrays that are outputs.
  llvm::Error save() const;

private:
  struct Argument {
    std::string spec;
    std::string numberType; ///< LLVM's: "i32", "i64", "float"; empty for arrays
    uint64_t number = 0;    ///< its bits
    run::NpyArray array;
    void *address = nullptr; ///< of the array
    bool isWritable = false;
    std::string outputPath; ///< empty: it is not written
  };
  llvm::Error parse(Argument &argument, mlir::MLIRContext *context);

  std::deque<Argument> arguments;
  std::deque<uint64_t> words; ///< of descriptors
};

} // namespace imhsa::emulate

#endif // IMHSA_TOOLS_IMHSA_EMULATE_ARGUMENTS_H
