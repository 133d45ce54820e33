//===- LibraryFile.h - the file of a shared library -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_LIBRARYFILE_H
#define IMHSA_RUNTIME_LIBRARYFILE_H

#include "runtime/imhsa.h"

#include <cstddef>

namespace imhsa::runtime {

/// Loads the shared library at `path`, whose handle for dlclose goes to `handle`. Before any of it
/// is mapped, its trailer must show that imhsa-compile wrote it and that it is whole. An error,
/// too, if the process holds what was in the file earlier: it cannot be replaced.
imhsa_status loadLibraryFile(const char *path, void **handle);

/// CRC-32 as of zlib and PNG: polynomial 0x04c11db7, reflected, inverted at both ends.
uint32_t crc32(const void *data, size_t bytes);

} // namespace imhsa::runtime

#endif // IMHSA_RUNTIME_LIBRARYFILE_H
