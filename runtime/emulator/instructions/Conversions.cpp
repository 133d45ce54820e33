//===- Conversions.cpp - between floating-point types ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Data Movement and Conversion Instructions: cvt". .relu makes negative results zero
// and NaN canonical; .satfinite makes what is too large the largest finite number. The result of a
// conversion of two numbers has the second in its lower half.

#include "runtime/emulator/instructions/Float.h"
#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

template <Rounding rounding, bool isRelu, bool saturates>
static uint32_t convert(uint64_t word, Format format) {
  double value = asFloat(word);
  if (isRelu && (value < 0 || (value == 0 && std::signbit(value))))
    value = 0;
  return fromDouble(value, format, rounding, saturates);
}

template <bool isBF16, bool isPair, Rounding rounding, bool isRelu, bool saturates>
static void toNarrow(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  constexpr Format format = isBF16 ? kBF16 : kF16;
  out[0] = convert<rounding, isRelu, saturates>(in[isPair ? 1 : 0], format);
  if (isPair)
    out[0] |= uint64_t(convert<rounding, isRelu, saturates>(in[0], format)) << 16;
}

// The 19 bits of tf32 stand in the upper bits of a word.
template <Rounding rounding, bool isRelu, bool saturates>
static void toTF32(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  out[0] = uint64_t(convert<rounding, isRelu, saturates>(in[0], kTF32)) << 13;
}

template <bool flushes>
static void toHalf(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  float value = asFloat(in[0]);
  out[0] = fromDouble(flushes ? flush(value) : value, kF16);
}

template <Rounding rounding, bool isRelu, bool saturates>
static void add(InstructionMap &map, const std::string &suffix) {
  unsigned chip = saturates ? 100 : 80;
  map["f2bf16" + suffix] = {toNarrow<true, false, rounding, isRelu, saturates>, chip};
  map["ff2bf16x2" + suffix] = {toNarrow<true, true, rounding, isRelu, saturates>, chip};
  map["f2f16" + suffix] = {toNarrow<false, false, rounding, isRelu, saturates>, chip};
  map["ff2f16x2" + suffix] = {toNarrow<false, true, rounding, isRelu, saturates>, chip};
  map["f2tf32" + suffix] = {toTF32<rounding, isRelu, saturates>, saturates ? 100u : 90u};
}

void imhsa::emulator::addConversions(InstructionMap &map) {
  add<Rounding::NearestEven, false, false>(map, ".rn");
  add<Rounding::NearestEven, true, false>(map, ".rn.relu");
  add<Rounding::NearestEven, false, true>(map, ".rn.satfinite");
  add<Rounding::NearestEven, true, true>(map, ".rn.relu.satfinite");
  add<Rounding::Zero, false, false>(map, ".rz");
  add<Rounding::Zero, true, false>(map, ".rz.relu");
  add<Rounding::Zero, false, true>(map, ".rz.satfinite");
  add<Rounding::Zero, true, true>(map, ".rz.relu.satfinite");
  map["f2tf32.rna"] = {toTF32<Rounding::NearestAway, false, false>};
  map["f2tf32.rna.satfinite"] = {toTF32<Rounding::NearestAway, false, true>, 90};
  map["f2h.rn"] = {toHalf<false>};
  map["f2h.rn.ftz"] = {toHalf<true>};
}
