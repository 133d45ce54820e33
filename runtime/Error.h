//===- Error.h - the last error of a thread -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_ERROR_H
#define IMHSA_RUNTIME_ERROR_H

#include "runtime/imhsa.h"

#include <cstdarg>

namespace imhsa::runtime {

/// Keeps the text as the last error of this thread, on one line and cut at 2047 bytes, and returns
/// `status`.
[[gnu::format(printf, 2, 3)]] imhsa_status fail(imhsa_status status, const char *format, ...);

/// Calls `fn` for a C function: whatever the standard library throws is an error, too.
template <typename Fn> imhsa_status guard(Fn fn) noexcept {
  try {
    return fn();
  } catch (...) {
    return fail(IMHSA_OUT_OF_MEMORY, "the host has no memory or no threads left");
  }
}

} // namespace imhsa::runtime

#endif // IMHSA_RUNTIME_ERROR_H
