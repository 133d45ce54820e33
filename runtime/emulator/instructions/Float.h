//===- Float.h - the narrow floating-point types ---------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_FLOAT_H
#define IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_FLOAT_H

#include "llvm/ADT/bit.h"
#include <cfloat>
#include <cmath>
#include <cstdint>

namespace imhsa::emulator {

/// PTX manual, "cvt": to nearest even, towards zero, to nearest with ties away from zero.
enum class Rounding { NearestEven, Zero, NearestAway };

/// A binary format that is narrower than f32, with all exponents of its width.
struct Format {
  unsigned exponentBits, mantissaBits; ///< those that are stored

  constexpr int bias() const { return (1 << (exponentBits - 1)) - 1; }
  constexpr uint32_t infinity() const { return ((1u << exponentBits) - 1) << mantissaBits; }
  constexpr uint32_t largest() const { return infinity() - 1; }
  /// PTX's canonical NaN: all bits but the sign.
  constexpr uint32_t nan() const { return (1u << (exponentBits + mantissaBits)) - 1; }
  constexpr uint32_t sign() const { return 1u << (exponentBits + mantissaBits); }
};
inline constexpr Format kF16{5, 10}, kBF16{8, 7}, kTF32{8, 10};

inline float toFloat(uint32_t bits, Format format) {
  bool isNegative = bits & format.sign();
  uint32_t magnitude = bits & (format.sign() - 1);
  uint32_t exponent = magnitude >> format.mantissaBits;
  uint32_t mantissa = magnitude & ((1u << format.mantissaBits) - 1);
  float value;
  if (magnitude > format.infinity())
    value = NAN;
  else if (magnitude == format.infinity())
    value = INFINITY;
  else if (exponent == 0)
    value = std::ldexp(float(mantissa), 1 - format.bias() - int(format.mantissaBits));
  else
    value = std::ldexp(float(mantissa | 1u << format.mantissaBits),
                       int(exponent) - format.bias() - int(format.mantissaBits));
  return isNegative ? -value : value;
}
inline float bf16ToFloat(uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); }
inline float f16ToFloat(uint16_t bits) {
  return static_cast<float>(llvm::bit_cast<_Float16>(bits));
}

/// `value` rounded once to `format`, as bits. Saturating: what is too large becomes the largest
/// finite number.
inline uint32_t fromDouble(double value, Format format, Rounding rounding = Rounding::NearestEven,
                           bool saturates = false) {
  if (std::isnan(value))
    return format.nan();
  uint32_t sign = std::signbit(value) ? format.sign() : 0;
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude))
    return sign | (saturates ? format.largest() : format.infinity());
  if (magnitude == 0)
    return sign;
  // In units of the last place; subnormal numbers have that of the least normal ones.
  int exponent = std::max(std::ilogb(magnitude), 1 - format.bias());
  double scaled = std::ldexp(magnitude, int(format.mantissaBits) - exponent);
  double whole = std::floor(scaled), rest = scaled - whole;
  auto units = static_cast<uint64_t>(whole);
  if (rounding == Rounding::NearestAway   ? rest >= 0.5
      : rounding == Rounding::NearestEven ? rest > 0.5 || (rest == 0.5 && (units & 1))
                                          : false)
    ++units;
  // A carry out of the mantissa goes on in the exponent, as the bits stand.
  uint64_t bits = (uint64_t(exponent + format.bias() - 1) << format.mantissaBits) + units;
  if (bits >= format.infinity())
    return sign | (saturates || rounding == Rounding::Zero ? format.largest() : format.infinity());
  return sign | static_cast<uint32_t>(bits);
}

/// f32 with subnormal numbers as zero of the same sign.
inline float flush(float value) {
  return std::fabs(value) < FLT_MIN ? std::copysign(0.0f, value) : value;
}

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_INSTRUCTIONS_FLOAT_H
