//===- IntegerConversions.cpp - between numbers and whole numbers ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Data Movement and Conversion Instructions: cvt", of f32 and f64 with integers of 32
// and 64 bits, and of f64 to f32, in all roundings: .rn to nearest even, .rz towards zero, .rm
// down, .rp up. To integers (where PTX writes .rni and so on) what is out of range becomes the
// nearest that is in range, and NaN zero.

#include "runtime/emulator/instructions/Float.h"
#include "runtime/emulator/instructions/Support.h"
#include <limits>

using namespace imhsa::emulator;

namespace {
enum class Mode { Nearest, Zero, Down, Up };
} // namespace

// long double holds all integers of 64 bits, f32 and f64 exactly.
static long double roundToWhole(long double value, Mode mode) {
  switch (mode) {
  case Mode::Nearest:
    return std::nearbyint(value);
  case Mode::Zero:
    return std::trunc(value);
  case Mode::Down:
    return std::floor(value);
  case Mode::Up:
    return std::ceil(value);
  }
  llvm_unreachable("all modes are handled");
}

template <typename Float> static Float roundTo(long double value, Mode mode) {
  auto nearest = static_cast<Float>(value);
  if (mode == Mode::Nearest || std::isnan(nearest) || nearest == value)
    return nearest;
  bool wantsLess = mode == Mode::Down || (mode == Mode::Zero && value > 0);
  if (wantsLess && nearest > value)
    return std::nextafter(nearest, -std::numeric_limits<Float>::infinity());
  if (!wantsLess && nearest < value)
    return std::nextafter(nearest, std::numeric_limits<Float>::infinity());
  return nearest;
}

template <typename Float> static Float read(uint64_t word);
template <> float read<float>(uint64_t word) { return asFloat(word); }
template <> double read<double>(uint64_t word) { return asDouble(word); }

template <typename Float, typename Integer, Mode mode, bool flushes>
static void toInteger(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  long double value = flushes ? flush(static_cast<float>(read<Float>(in[0]))) : read<Float>(in[0]);
  using Limits = std::numeric_limits<Integer>;
  long double whole = std::isnan(value) ? 0 : roundToWhole(value, mode);
  Integer result = whole <= Limits::min()   ? Limits::min()
                   : whole >= Limits::max() ? Limits::max()
                                            : static_cast<Integer>(whole);
  out[0] = static_cast<std::make_unsigned_t<Integer>>(result);
}

template <typename Float, typename Integer, Mode mode>
static void fromInteger(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  out[0] = asWord(roundTo<Float>(static_cast<Integer>(in[0]), mode));
}

template <Mode mode, bool flushes>
static void toSingle(Lane *lane, uint32_t, const uint64_t *in, uint64_t *out) {
  count(lane, InstructionKind::Convert);
  auto result = roundTo<float>(asDouble(in[0]), mode);
  out[0] = asWord(flushes ? flush(result) : result);
}

template <typename Integer, Mode mode>
static void add(InstructionMap &map, const std::string &integer, const std::string &suffix) {
  map["f2" + integer + suffix] = {toInteger<float, Integer, mode, false>};
  map["f2" + integer + suffix + ".ftz"] = {toInteger<float, Integer, mode, true>};
  map["d2" + integer + suffix] = {toInteger<double, Integer, mode, false>};
  map[integer + "2f" + suffix] = {fromInteger<float, Integer, mode>};
  map[integer + "2d" + suffix] = {fromInteger<double, Integer, mode>};
}

template <Mode mode> static void add(InstructionMap &map, const std::string &suffix) {
  add<int32_t, mode>(map, "i", suffix);
  add<uint32_t, mode>(map, "ui", suffix);
  add<int64_t, mode>(map, "ll", suffix);
  add<uint64_t, mode>(map, "ull", suffix);
  map["d2f" + suffix] = {toSingle<mode, false>};
  map["d2f" + suffix + ".ftz"] = {toSingle<mode, true>};
}

void imhsa::emulator::addIntegerConversions(InstructionMap &map) {
  add<Mode::Nearest>(map, ".rn");
  add<Mode::Zero>(map, ".rz");
  add<Mode::Down>(map, ".rm");
  add<Mode::Up>(map, ".rp");
}
