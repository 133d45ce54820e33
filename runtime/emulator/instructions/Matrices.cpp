//===- Matrices.cpp - 8x8 matrices between shared memory and a warp -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Warp-level matrix load instruction: ldmatrix" and "Warp-level matrix store
// instruction: stmatrix", .m8n8 of .b16. Lane 8m + r has the address of row r of matrix m; of
// matrix m, lane l holds in its word m the elements (l / 4, 2 (l % 4)) and (l / 4, 2 (l % 4) + 1),
// with .trans those at the places swapped.

#include "runtime/emulator/instructions/Support.h"
#include <cstring>

using namespace imhsa::emulator;

static constexpr unsigned kSize = 8;
static constexpr uint32_t kRowBytes = kSize * sizeof(uint16_t);

// The rows that the lanes point at, checked.
static std::array<char *, 32> getRows(const Meeting &meeting, unsigned numMatrices,
                                      AccessKind kind) {
  std::array<char *, 32> rows{};
  std::array<const void *, 32> addresses{};
  Lane *lanes = meeting.warp.lanes;
  for (unsigned lane = 0; lane < rows.size(); ++lane)
    addresses[lane] = rows[lane] = asPointer(meeting.in(lane)[0]);
  if (BlockChecker *checker = meeting.block.checker.get()) {
    if (!checker->matrix(lanes[0].index, addresses, numMatrices, kind, meeting.site))
      meeting.block.giveUp(lanes[0]);
  }
  for (unsigned lane = 0; lane < kSize * numMatrices; ++lane)
    meeting.block.sharedOffset(lanes[lane], meeting.site, meeting.in(lane)[0], kRowBytes,
                               kRowBytes);
  return rows;
}

// Calls `body(lane, matrix, which of its two elements, row, column)` for each element.
template <bool isTransposed, typename Body>
static void forEachElement(unsigned numMatrices, Body body) {
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned matrix = 0; matrix < numMatrices; ++matrix)
      for (unsigned half = 0; half < 2; ++half) {
        unsigned row = lane / 4, column = 2 * (lane % 4) + half;
        body(lane, matrix, half, isTransposed ? column : row, isTransposed ? row : column);
      }
}

// Operand: address; results: one word for each matrix.
template <unsigned numMatrices, bool isTransposed> static void load(const Meeting &meeting) {
  auto rows = getRows(meeting, numMatrices, AccessKind::Read);
  for (unsigned lane = 0; lane < 32; ++lane)
    std::memset(meeting.out(lane), 0, numMatrices * sizeof(uint64_t));
  forEachElement<isTransposed>(numMatrices, [&](unsigned lane, unsigned matrix, unsigned half,
                                                unsigned row, unsigned column) {
    uint16_t element;
    std::memcpy(&element, rows[kSize * matrix + row] + column * sizeof(element), sizeof(element));
    meeting.out(lane)[matrix] |= uint64_t(element) << (16 * half);
  });
}

// Operands: address, one word for each matrix.
template <unsigned numMatrices, bool isTransposed> static void store(const Meeting &meeting) {
  auto rows = getRows(meeting, numMatrices, AccessKind::Write);
  forEachElement<isTransposed>(numMatrices, [&](unsigned lane, unsigned matrix, unsigned half,
                                                unsigned row, unsigned column) {
    auto element = static_cast<uint16_t>(meeting.in(lane)[1 + matrix] >> (16 * half));
    std::memcpy(rows[kSize * matrix + row] + column * sizeof(element), &element, sizeof(element));
  });
}

template <void (*execute)(const Meeting &)>
static void meet(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  lane->block->meet(*lane, site, ~0u, /*isAligned=*/true, execute, in, out);
}

template <unsigned numMatrices> static void add(InstructionMap &map) {
  std::string shape = ".sync.aligned.m8n8.x" + std::to_string(numMatrices);
  map["ldmatrix" + shape + ".b16"] = {meet<load<numMatrices, false>>, 80, true};
  map["ldmatrix" + shape + ".trans.b16"] = {meet<load<numMatrices, true>>, 80, true};
  map["stmatrix" + shape + ".b16"] = {meet<store<numMatrices, false>>, 90, true};
  map["stmatrix" + shape + ".trans.b16"] = {meet<store<numMatrices, true>>, 90, true};
}

void imhsa::emulator::addMatrices(InstructionMap &map) {
  add<1>(map);
  add<2>(map);
  add<4>(map);
}
