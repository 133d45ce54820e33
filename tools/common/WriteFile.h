//===- WriteFile.h - files, written whole or not at all ----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_WRITEFILE_H
#define IMHSA_TOOLS_COMMON_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace imhsa {

using WriteFn = llvm::function_ref<void(llvm::raw_ostream &)>;

/// Writes to `file` and gives the error that there was.
inline std::error_code writeTo(llvm::raw_fd_ostream &file, WriteFn write) {
  write(file);
  file.flush();
  std::error_code code = file.error();
  file.clear_error();
  return code;
}

/// Writes what `write` prints to the file `path`, which appears, or takes the place of an older
/// one, when it is whole: a process that has mapped the older one keeps it. What is no file, such
/// as a pipe, and - for stdout, are written to directly.
inline llvm::Error writeFile(llvm::StringRef path, WriteFn write) {
  namespace fs = llvm::sys::fs;
  fs::file_status status;
  bool exists = !fs::status(path, status);
  if (path == "-" || (exists && !fs::is_regular_file(status))) {
    std::error_code code;
    llvm::raw_fd_ostream file(path, code);
    if (!code)
      code = writeTo(file, write);
    return code ? llvm::createFileError(path, code) : llvm::Error::success();
  }

  // A link stays a link.
  llvm::SmallString<128> target(path);
  if (exists)
    if (std::error_code code = fs::real_path(path, target))
      return llvm::createFileError(path, code);
  llvm::Expected<fs::TempFile> temporary = fs::TempFile::create(target + ".%%%%%%%%");
  if (!temporary)
    return llvm::createFileError(path, temporary.takeError());
  std::error_code code;
  {
    llvm::raw_fd_ostream file(temporary->FD, /*shouldClose=*/false);
    code = writeTo(file, write);
  }
  if (code) {
    llvm::consumeError(temporary->discard());
    return llvm::createFileError(path, code);
  }
  if (llvm::Error failed = temporary->keep(target))
    return llvm::createFileError(path, std::move(failed));
  return llvm::Error::success();
}

} // namespace imhsa

#endif // IMHSA_TOOLS_COMMON_WRITEFILE_H
