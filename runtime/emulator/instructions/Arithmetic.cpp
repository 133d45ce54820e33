//===- Arithmetic.cpp - exact arithmetic with PTX's variants --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Floating Point Instructions" (add, mul, fma, div, rcp, sqrt in .rn; min, max, abs),
// "Half Precision Floating Point Instructions", "Data Movement and Conversion Instructions: prmt,
// isspacep". .ftz makes subnormal inputs and results zero, .sat clamps to [0, 1], .relu to [0,
// inf).

#include "runtime/emulator/instructions/Float.h"
#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

//===----------------------------------------------------------------------===//
// f32 and f64
//===----------------------------------------------------------------------===//

static float saturate(float value) {
  return std::isnan(value) ? 0.0f : std::fmin(std::fmax(value, 0.0f), 1.0f);
}

// f32: as many operands as `function` takes.
template <auto function, unsigned numOperands, bool flushes, bool saturates = false>
static void compute32(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  float x[3] = {};
  for (unsigned i = 0; i < numOperands; ++i)
    x[i] = flushes ? flush(asFloat(in[i])) : asFloat(in[i]);
  float result = function(x[0], x[1], x[2]);
  result = flushes ? flush(result) : result;
  out[0] = asWord(saturates ? saturate(result) : result);
}

template <auto function, unsigned numOperands>
static void compute64(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  double x[3] = {};
  for (unsigned i = 0; i < numOperands; ++i)
    x[i] = asDouble(in[i]);
  out[0] = asWord(function(x[0], x[1], x[2]));
}

template <typename T> static T sum(T a, T b, T) { return a + b; }
template <typename T> static T product(T a, T b, T) { return a * b; }
template <typename T> static T fusedProduct(T a, T b, T c) { return std::fma(a, b, c); }
template <typename T> static T quotient(T a, T b, T) { return a / b; }
template <typename T> static T inverse(T a, T, T) { return 1 / a; }
template <typename T> static T root(T a, T, T) { return std::sqrt(a); }
template <typename T> static T magnitude(T a, T, T) { return std::fabs(a); }
template <typename T> static T upwards(T a, T, T) { return std::ceil(a); }
template <typename T> static T downwards(T a, T, T) { return std::floor(a); }

// min and max: -0 is less than +0; a NaN is ignored unless both are, or the variant is .NaN, which
// gives PTX's canonical one.
template <typename T, bool isMax, bool keepsNaN> static T extreme(T a, T b, T) {
  if (std::isnan(a) || std::isnan(b)) {
    if (keepsNaN || (std::isnan(a) && std::isnan(b)))
      return sizeof(T) == 4 ? T(llvm::bit_cast<float>(0x7FFFFFFFu)) : T(NAN);
    return std::isnan(a) ? b : a;
  }
  if (a == b)
    return std::signbit(a) == isMax ? b : a;
  return (a < b) == isMax ? b : a;
}

// `name` with and without .ftz, and with .sat where PTX has it.
template <auto function, unsigned numOperands>
static void add32(InstructionMap &map, const std::string &name, bool canSaturate = false) {
  map[name + ".f"] = {compute32<function, numOperands, false>};
  map[name + ".ftz.f"] = {compute32<function, numOperands, true>};
  if (!canSaturate)
    return;
  map[name + ".sat.f"] = {compute32<function, numOperands, false, true>};
  map[name + ".ftz.sat.f"] = {compute32<function, numOperands, true, true>};
}

//===----------------------------------------------------------------------===//
// f16 and bf16, single or in pairs
//===----------------------------------------------------------------------===//

static double toDouble(uint64_t bits, Format format) {
  return toFloat(static_cast<uint16_t>(bits), format);
}

// a + b, rounded to odd: rounded again to far fewer bits, it is what the exact sum is rounded to.
static double sumToOdd(double a, double b) {
  double sum = a + b;
  if (!std::isfinite(sum))
    return sum;
  double part = sum - a, rest = (a - (sum - part)) + (b - part);
  auto bits = llvm::bit_cast<uint64_t>(sum);
  if (rest != 0 && !(bits & 1))
    bits += (rest > 0) == (sum > 0) ? 1 : -1;
  return llvm::bit_cast<double>(bits);
}

template <bool isBF16, bool isPair, bool saturates, bool isRelu>
static void fma16(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  constexpr Format format = isBF16 ? kBF16 : kF16;
  out[0] = 0;
  for (unsigned shift = 0; shift < (isPair ? 32 : 16); shift += 16) {
    double a = toDouble(in[0] >> shift, format), b = toDouble(in[1] >> shift, format),
           c = toDouble(in[2] >> shift, format);
    // The product is exact.
    double value = sumToOdd(a * b, c);
    if (saturates)
      value = std::isnan(value) ? 0 : std::fmin(std::fmax(value, 0), 1);
    if (isRelu && value < 0)
      value = 0;
    out[0] |= uint64_t(fromDouble(value, format)) << shift;
  }
}

template <bool isBF16, bool isPair, bool isMax, bool keepsNaN>
static void extreme16(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  constexpr Format format = isBF16 ? kBF16 : kF16;
  out[0] = 0;
  for (unsigned shift = 0; shift < (isPair ? 32 : 16); shift += 16) {
    double value = extreme<double, isMax, keepsNaN>(toDouble(in[0] >> shift, format),
                                                    toDouble(in[1] >> shift, format), 0);
    out[0] |= uint64_t(fromDouble(value, format)) << shift;
  }
}

template <bool isBF16, bool isPair> static void add16(InstructionMap &map) {
  std::string type = std::string(isBF16 ? ".bf16" : ".f16") + (isPair ? "x2" : "");
  map["fma.rn" + type] = {fma16<isBF16, isPair, false, false>};
  map["fma.rn.sat" + type] = {fma16<isBF16, isPair, true, false>};
  map["fma.rn.relu" + type] = {fma16<isBF16, isPair, false, true>};
  map["fmax" + type] = {extreme16<isBF16, isPair, true, false>};
  map["fmax.nan" + type] = {extreme16<isBF16, isPair, true, true>};
  map["fmin" + type] = {extreme16<isBF16, isPair, false, false>};
  map["fmin.nan" + type] = {extreme16<isBF16, isPair, false, true>};
}

//===----------------------------------------------------------------------===//
// Bytes and addresses
//===----------------------------------------------------------------------===//

// Operands: a, b, selector. Byte i of the result is the byte of {b, a} that nibble i of the
// selector says, or its sign.
static void permute(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  uint64_t bytes = (in[0] & 0xFFFFFFFF) | in[1] << 32;
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned selector = in[2] >> (4 * i) & 15;
    auto byte = static_cast<uint8_t>(bytes >> (8 * (selector & 7)));
    if (selector & 8)
      byte = byte & 0x80 ? 0xFF : 0;
    result |= uint32_t(byte) << (8 * i);
  }
  out[0] = result;
}

static bool isShared(Lane *lane, uint64_t address) {
  return address - reinterpret_cast<uintptr_t>(lane->shared) < lane->block->sharedBytes;
}

static bool isLocal(Lane *lane, uint64_t address) {
  const StackPool &stacks = lane->block->launch.stacks;
  return address - reinterpret_cast<uintptr_t>(stacks.getMemory()) < stacks.getBytes();
}

template <bool (*isInSpace)(Lane *, uint64_t)>
static void isInSpaceOf(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  out[0] = isInSpace(lane, in[0]);
}

static bool isGlobal(Lane *lane, uint64_t address) {
  return !isShared(lane, address) && !isLocal(lane, address);
}

void imhsa::emulator::addArithmetic(InstructionMap &map) {
  add32<sum<float>, 2>(map, "add.rn", /*canSaturate=*/true);
  add32<product<float>, 2>(map, "mul.rn");
  add32<fusedProduct<float>, 3>(map, "fma.rn", /*canSaturate=*/true);
  add32<quotient<float>, 2>(map, "div.rn");
  add32<inverse<float>, 1>(map, "rcp.rn");
  add32<root<float>, 1>(map, "sqrt.rn");
  add32<upwards<float>, 1>(map, "ceil");
  add32<downwards<float>, 1>(map, "floor");
  add32<extreme<float, true, false>, 2>(map, "fmax");
  add32<extreme<float, false, false>, 2>(map, "fmin");
  // LLVM writes .ftz before .nan.
  map["fmax.nan.f"] = {compute32<extreme<float, true, true>, 2, false>};
  map["fmin.nan.f"] = {compute32<extreme<float, false, true>, 2, false>};
  map["fmax.ftz.nan.f"] = {compute32<extreme<float, true, true>, 2, true>};
  map["fmin.ftz.nan.f"] = {compute32<extreme<float, false, true>, 2, true>};
  map["sqrt.f"] = map["sqrt.rn.f"];
  map["fabs.f32"] = {compute32<magnitude<float>, 1, false>};
  map["fabs.ftz.f32"] = {compute32<magnitude<float>, 1, true>};

  map["add.rn.d"] = {compute64<sum<double>, 2>};
  map["mul.rn.d"] = {compute64<product<double>, 2>};
  map["fma.rn.d"] = {compute64<fusedProduct<double>, 3>};
  map["div.rn.d"] = {compute64<quotient<double>, 2>};
  map["rcp.rn.d"] = {compute64<inverse<double>, 1>};
  map["sqrt.rn.d"] = {compute64<root<double>, 1>};
  map["fmax.d"] = {compute64<extreme<double, true, false>, 2>};
  map["fmin.d"] = {compute64<extreme<double, false, false>, 2>};

  add16<false, false>(map);
  add16<false, true>(map);
  add16<true, false>(map);
  add16<true, true>(map);

  map["prmt"] = {permute};
  map["isspacep.shared"] = map["isspacep.shared.cluster"] = {isInSpaceOf<isShared>};
  map["isspacep.local"] = {isInSpaceOf<isLocal>};
  map["isspacep.global"] = {isInSpaceOf<isGlobal>};
}
