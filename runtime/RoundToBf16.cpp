//===- RoundToBf16.cpp - what LLVM calls for bf16 -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/RoundToBf16.h"
#include <cstdint>
#include <cstring>

// Weak, since a program may have that of its compiler too.
extern "C" __attribute__((weak, visibility("hidden"))) float __truncsfbf2(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  // Rounding could carry a NaN over to 0: it keeps its upper half, and is quiet.
  bits = value != value ? (bits >> 16) | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
