//===- Error.cpp - the last error of a thread -----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/Error.h"

#include <cstdio>
#include <cstring>

// An array and no string, so that nothing has to run when a thread ends: the library that holds
// this code may be gone by then.
static thread_local char lastError[2048];

imhsa_status imhsa::runtime::fail(imhsa_status status, const char *format, ...) {
  // The arguments may be in the last error.
  char text[sizeof(lastError)];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  for (char *at = text; *at; ++at)
    if (*at == '\n')
      *at = at[1] ? ' ' : '\0';
  std::memcpy(lastError, text, sizeof(text));
  return status;
}

const char *imhsa_last_error(void) { return lastError; }

const char *imhsa_version(void) { return IMHSA_VERSION; }
