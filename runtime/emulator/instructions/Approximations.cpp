//===- Approximations.cpp - functions of the special function unit --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Floating Point Instructions": ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh, div in
// .approx and div.full. The manual gives bounds for their errors; here they are computed in f64
// and rounded once, which is within all of them. With .ftz, subnormal inputs and results are zero
// of the same sign; ex2, lg2 and the like without .ftz take subnormal numbers as they are.

#include "runtime/emulator/instructions/Float.h"
#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

static double ex2(double x, double) { return std::exp2(x); }
static double lg2(double x, double) { return std::log2(x); }
static double rcp(double x, double) { return 1 / x; }
static double rsqrt(double x, double) { return 1 / std::sqrt(x); }
static double root(double x, double) { return std::sqrt(x); }
static double sine(double x, double) { return std::sin(x); }
static double cosine(double x, double) { return std::cos(x); }
static double hyperbolicTangent(double x, double) { return std::tanh(x); }
static double quotient(double x, double y) { return x / y; }

// PTX's NaN, whatever NaN came in.
static float canonical(float value) {
  return std::isnan(value) ? llvm::bit_cast<float>(0x7FFFFFFFu) : value;
}

template <double (*function)(double, double), bool flushes, unsigned numOperands = 1>
static void compute(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Approximate);
  float x[2] = {};
  for (unsigned i = 0; i < numOperands; ++i)
    x[i] = flushes ? flush(asFloat(in[i])) : asFloat(in[i]);
  auto result = static_cast<float>(function(x[0], x[1]));
  out[0] = asWord(canonical(flushes ? flush(result) : result));
}

template <double (*function)(double, double)>
static void computeDouble(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Approximate);
  out[0] = asWord(function(asDouble(in[0]), 0));
}

template <double (*function)(double, double), bool isBF16, bool isPair>
static void computeNarrow(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Approximate);
  constexpr Format format = isBF16 ? kBF16 : kF16;
  out[0] = 0;
  for (unsigned shift = 0; shift < (isPair ? 32 : 16); shift += 16) {
    float x = toFloat(static_cast<uint16_t>(in[0] >> shift), format);
    // PTX has bf16 only with .ftz.
    double result = function(isBF16 ? flush(x) : x, 0);
    out[0] |= uint64_t(fromDouble(isBF16 ? flush(static_cast<float>(result)) : result, format))
              << shift;
  }
}

void imhsa::emulator::addApproximations(InstructionMap &map) {
  map["ex2.approx.f32"] = {compute<ex2, false>};
  map["ex2.approx.ftz.f32"] = {compute<ex2, true>};
  map["ex2.approx.f16"] = {computeNarrow<ex2, false, false>};
  map["ex2.approx.v2f16"] = {computeNarrow<ex2, false, true>};
  map["ex2.approx.ftz.bf16"] = {computeNarrow<ex2, true, false>, 90};
  map["ex2.approx.ftz.v2bf16"] = {computeNarrow<ex2, true, true>, 90};
  map["lg2.approx.f"] = {compute<lg2, false>};
  map["lg2.approx.ftz.f"] = {compute<lg2, true>};
  map["rcp.approx.f"] = {compute<rcp, false>};
  map["rcp.approx.ftz.f"] = {compute<rcp, true>};
  map["rsqrt.approx.f"] = {compute<rsqrt, false>};
  map["rsqrt.approx.ftz.f"] = {compute<rsqrt, true>};
  map["rsqrt.approx.d"] = {computeDouble<rsqrt>};
  map["sqrt.approx.f"] = {compute<root, false>};
  map["sqrt.approx.ftz.f"] = {compute<root, true>};
  map["sin.approx.f"] = {compute<sine, false>};
  map["sin.approx.ftz.f"] = {compute<sine, true>};
  map["cos.approx.f"] = {compute<cosine, false>};
  map["cos.approx.ftz.f"] = {compute<cosine, true>};
  map["div.approx.f"] = map["div.full"] = {compute<quotient, false, 2>};
  map["div.approx.ftz.f"] = map["div.full.ftz"] = {compute<quotient, true, 2>};
  // LLVM has no intrinsics for these: they come as inline PTX.
  map["tanh.approx.f32"] = {compute<hyperbolicTangent, false>};
  map["tanh.approx.f16"] = {computeNarrow<hyperbolicTangent, false, false>};
  map["tanh.approx.f16x2"] = {computeNarrow<hyperbolicTangent, false, true>};
  map["tanh.approx.bf16"] = {computeNarrow<hyperbolicTangent, true, false>, 90};
  map["tanh.approx.bf16x2"] = {computeNarrow<hyperbolicTangent, true, true>, 90};
}
