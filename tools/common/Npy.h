//===- Npy.h - arrays in NumPy's .npy files ----------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_NPY_H
#define IMHSA_TOOLS_COMMON_NPY_H

#include "tools/common/Buffer.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace imhsa::run {

/// An array as a .npy file holds it, in row-major order.
struct NpyArray {
  std::string descr; ///< NumPy's name of the element type, such as "<f4"
  llvm::SmallVector<int64_t> shape;
  Buffer data;
};

/// Reads formats 1.0, 2.0 and 3.0. An error names what is wrong with the file: it cannot be read,
/// is no .npy file, is shorter or longer than its header says, or holds what is not supported here
/// (column-major order, structured types, Python objects).
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// Writes row-major `data` in format 1.0.
llvm::Error writeNpy(llvm::StringRef path, llvm::StringRef descr, llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<char> data);

} // namespace imhsa::run

#endif // IMHSA_TOOLS_COMMON_NPY_H
