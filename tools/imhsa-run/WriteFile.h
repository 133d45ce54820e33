//===- WriteFile.h - files, written whole or not at all ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_WRITEFILE_H
#define IMHSA_TOOLS_IMHSA_RUN_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

namespace imhsa::run {

/// Writes what `write` prints. What was written is removed again where the rest cannot be.
inline llvm::Error writeFile(llvm::StringRef path,
                             llvm::function_ref<void(llvm::raw_ostream &)> write) {
  std::error_code code;
  llvm::ToolOutputFile file(path, code, llvm::sys::fs::OF_None); // removed unless it is kept
  if (code)
    return llvm::createFileError(path, code);
  write(file.os());
  file.os().close();
  if (file.os().has_error()) {
    code = file.os().error();
    file.os().clear_error();
    return llvm::createFileError(path, code);
  }
  file.keep();
  return llvm::Error::success();
}

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_WRITEFILE_H
