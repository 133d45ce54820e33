//===- Mma.cpp - products of matrices that a warp holds -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Multiply-and-Accumulate Instruction: mma" and the figures of "Matrix Fragments for
// mma" for .m16n8k4, .m16n8k8 and .m16n8k16 of f16, bf16, tf32 and f64, and .m8n8k4 of f64. A is
// .row, B is .col. In the comments g = lane / 4, t = lane % 4.
//
// The order of the sum and its roundings are not specified: here it is exact but for roundings of
// f64, and rounded once to the type of D.

#include "runtime/emulator/instructions/Float.h"
#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

namespace {

enum class Type { F16, BF16, TF32, F64, F32 };

constexpr bool isPacked(Type type) { return type == Type::F16 || type == Type::BF16; }

/// Where element `index` of a lane's fragment lies in the matrix.
struct Place {
  unsigned row, column;
};

/// A: m x k. Of 16-bit types, pairs are neighbours along k.
///   16 x 8:  (g, 2t + i), (g + 8, 2t + i)       16 x 16: the same, then the same at k + 8
/// Of wider types:
///   (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4), ...   8 x 4: (g, t)
template <Type type, unsigned m> Place placeOfA(unsigned lane, unsigned index) {
  unsigned g = lane / 4, t = lane % 4;
  if (isPacked(type))
    return {g + 8 * (index / 2 % 2), 2 * t + index % 2 + 8 * (index / 4)};
  if (m == 8)
    return {g, t};
  return {g + 8 * (index % 2), t + 4 * (index / 2)};
}

/// B: k x 8. Of 16-bit types (2t + i, g), then the same at k + 8; of wider ones (t, g), (t + 4, g).
template <Type type> Place placeOfB(unsigned lane, unsigned index) {
  unsigned g = lane / 4, t = lane % 4;
  if (isPacked(type))
    return {2 * t + index % 2 + 8 * (index / 2), g};
  return {t + 4 * index, g};
}

/// C and D: (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1).
Place placeOfC(unsigned lane, unsigned index) {
  return {lane / 4 + 8 * (index / 2), 2 * (lane % 4) + index % 2};
}

template <Type type> constexpr unsigned elementsPerWord() { return isPacked(type) ? 2 : 1; }

template <Type type> double getElement(const uint64_t *words, unsigned index) {
  uint64_t word = words[index / elementsPerWord<type>()];
  auto half = static_cast<uint16_t>(word >> (16 * (index % 2)));
  switch (type) {
  case Type::F16:
    return f16ToFloat(half);
  case Type::BF16:
    return bf16ToFloat(half);
  case Type::TF32: // the lower 13 bits are not looked at
    return asFloat(word & 0xFFFFE000);
  case Type::F32:
    return asFloat(word);
  case Type::F64:
    return asDouble(word);
  }
}

template <Type type> void setElement(uint64_t *words, unsigned index, double value) {
  if (type == Type::F64)
    words[index] = asWord(value);
  else if (type == Type::F32)
    words[index] = asWord(static_cast<float>(value));
  else
    words[index / 2] |= uint64_t(fromDouble(value, kF16)) << (16 * (index % 2));
}

// Operands: the words of A, of B, of C; results: those of D.
template <Type inputs, Type sums, unsigned m, unsigned k> void multiply(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Mma);
  constexpr unsigned n = 8, numLanes = 32;
  constexpr unsigned numA = m * k / numLanes, numB = k * n / numLanes, numC = m * n / numLanes;
  constexpr unsigned wordsA = numA / elementsPerWord<inputs>();
  constexpr unsigned wordsB = numB / elementsPerWord<inputs>();
  constexpr unsigned wordsC = numC / elementsPerWord<sums>();
  double a[m][k], b[k][n], c[m][n];
  for (unsigned lane = 0; lane < numLanes; ++lane) {
    const uint64_t *in = meeting.in(lane);
    for (unsigned i = 0; i < numA; ++i) {
      Place place = placeOfA<inputs, m>(lane, i);
      a[place.row][place.column] = getElement<inputs>(in, i);
    }
    for (unsigned i = 0; i < numB; ++i) {
      Place place = placeOfB<inputs>(lane, i);
      b[place.row][place.column] = getElement<inputs>(in + wordsA, i);
    }
    for (unsigned i = 0; i < numC; ++i) {
      Place place = placeOfC(lane, i);
      c[place.row][place.column] = getElement<sums>(in + wordsA + wordsB, i);
    }
  }
  for (unsigned row = 0; row < m; ++row)
    for (unsigned step = 0; step < k; ++step)
      for (unsigned column = 0; column < n; ++column)
        c[row][column] += a[row][step] * b[step][column];
  for (unsigned lane = 0; lane < numLanes; ++lane) {
    uint64_t *out = meeting.out(lane);
    std::fill_n(out, wordsC, 0);
    for (unsigned i = 0; i < numC; ++i) {
      Place place = placeOfC(lane, i);
      setElement<sums>(out, i, c[place.row][place.column]);
    }
  }
}

template <Type inputs, Type sums, unsigned m, unsigned k>
void meet(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  lane->block->meet(*lane, site, ~0u, /*isAligned=*/true, multiply<inputs, sums, m, k>, in, out);
}

} // namespace

void imhsa::emulator::addMma(InstructionMap &map) {
  // LLVM names the types of D and C for f16, else that of A and B.
  map["mma.m16n8k8.row.col.f16.f16"] = {meet<Type::F16, Type::F16, 16, 8>, 80, true};
  map["mma.m16n8k8.row.col.f32.f32"] = {meet<Type::F16, Type::F32, 16, 8>, 80, true};
  map["mma.m16n8k16.row.col.f16.f16"] = {meet<Type::F16, Type::F16, 16, 16>, 80, true};
  map["mma.m16n8k16.row.col.f32.f32"] = {meet<Type::F16, Type::F32, 16, 16>, 80, true};
  map["mma.m16n8k8.row.col.bf16"] = {meet<Type::BF16, Type::F32, 16, 8>, 80, true};
  map["mma.m16n8k16.row.col.bf16"] = {meet<Type::BF16, Type::F32, 16, 16>, 80, true};
  map["mma.m16n8k4.row.col.tf32"] = {meet<Type::TF32, Type::F32, 16, 4>, 80, true};
  map["mma.m16n8k8.row.col.tf32"] = {meet<Type::TF32, Type::F32, 16, 8>, 80, true};
  map["mma.m8n8k4.row.col.f64"] = {meet<Type::F64, Type::F64, 8, 4>, 80, true};
  map["mma.m16n8k4.row.col.f64"] = {meet<Type::F64, Type::F64, 16, 4>, 90, true};
  map["mma.m16n8k8.row.col.f64"] = {meet<Type::F64, Type::F64, 16, 8>, 90, true};
  map["mma.m16n8k16.row.col.f64"] = {meet<Type::F64, Type::F64, 16, 16>, 90, true};
}
