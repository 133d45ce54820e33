//===- RoundToBf16.h - what LLVM calls for bf16 ---------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_ROUNDTOBF16_H
#define IMHSA_RUNTIME_ROUNDTOBF16_H

#ifdef __cplusplus
extern "C" {
#endif

/// `value` as a bf16, rounded to nearest even, in the lower half of the register that returns an
/// f32. On processors that cannot convert to bf16, LLVM calls it also where an element is only
/// copied. GCC's library has it since GCC 13.
float __truncsfbf2(float value);

#ifdef __cplusplus
}
#endif

#endif // IMHSA_RUNTIME_ROUNDTOBF16_H
