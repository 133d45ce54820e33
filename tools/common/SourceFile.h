//===- SourceFile.h - the file that a tool reads -----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_SOURCEFILE_H
#define IMHSA_TOOLS_COMMON_SOURCEFILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

namespace imhsa {

/// Registers every dialect of MLIR and imhsa, and what leads from them to LLVM IR and PTX.
void registerForTools(mlir::DialectRegistry &registry);

/// A file of IR. While it lives, diagnostics of its context go to stderr with the lines of the file
/// that they are about; remarks do not, they are for imhsa-opt.
class SourceFile {
public:
  /// Reads the file at `path`; - is stdin.
  static llvm::Expected<std::unique_ptr<SourceFile>> open(llvm::StringRef path,
                                                          mlir::MLIRContext &context);

  /// The module in the file, text or bytecode.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parse() const;

  /// For text or bytecode that did not parse; why has been printed.
  llvm::Error makeInvalidError() const;

  const std::shared_ptr<llvm::SourceMgr> &getSources() const { return sources; }
  const llvm::MemoryBuffer &getBuffer() const {
    return *sources->getMemoryBuffer(sources->getMainFileID());
  }

private:
  SourceFile(llvm::StringRef path, std::shared_ptr<llvm::SourceMgr> sources,
             mlir::MLIRContext &context);

  std::string path;
  mlir::MLIRContext &context;
  std::shared_ptr<llvm::SourceMgr> sources;
  mlir::SourceMgrDiagnosticHandler printer;
  mlir::ScopedDiagnosticHandler filter;
};

} // namespace imhsa

#endif // IMHSA_TOOLS_COMMON_SOURCEFILE_H
