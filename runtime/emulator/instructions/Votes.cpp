//===- Votes.cpp - what lanes of a warp have in common --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Parallel Synchronization and Communication Instructions": vote.sync, match.sync,
// redux.sync, elect.sync.

#include "runtime/emulator/instructions/Support.h"
#include <algorithm>
#include <cmath>

using namespace imhsa::emulator;

// `mask` is where the member mask stands among the operands.
template <void (*execute)(const Meeting &), unsigned mask = 0>
static void meet(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  lane->block->meet(*lane, site, static_cast<uint32_t>(in[mask]), /*isAligned=*/false, execute, in,
                    out);
}

//===----------------------------------------------------------------------===//
// vote.sync
//===----------------------------------------------------------------------===//

namespace {
enum class Vote { All, Any, Uniform, Ballot };
} // namespace

// Operands: member mask, predicate.
template <Vote kind> static void vote(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Vote);
  uint32_t ballot = 0;
  meeting.forEach([&](unsigned lane) { ballot |= uint32_t(meeting.in(lane)[1] & 1) << lane; });
  uint32_t result = kind == Vote::All       ? ballot == meeting.mask
                    : kind == Vote::Any     ? ballot != 0
                    : kind == Vote::Uniform ? ballot == 0 || ballot == meeting.mask
                                            : ballot;
  meeting.forEach([&](unsigned lane) { meeting.out(lane)[0] = result; });
}

//===----------------------------------------------------------------------===//
// match.sync
//===----------------------------------------------------------------------===//

// Operands: member mask, value.
static void matchAny(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Vote);
  meeting.forEach([&](unsigned lane) {
    uint32_t same = 0;
    meeting.forEach([&](unsigned other) {
      same |= uint32_t(meeting.in(other)[1] == meeting.in(lane)[1]) << other;
    });
    meeting.out(lane)[0] = same;
  });
}

// Results: the mask, or 0 where they differ; the predicate.
static void matchAll(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Vote);
  uint64_t first = meeting.in(__builtin_ctz(meeting.mask))[1];
  bool isSame = true;
  meeting.forEach([&](unsigned lane) { isSame &= meeting.in(lane)[1] == first; });
  meeting.forEach([&](unsigned lane) {
    meeting.out(lane)[0] = isSame ? meeting.mask : 0;
    meeting.out(lane)[1] = isSame;
  });
}

//===----------------------------------------------------------------------===//
// redux.sync
//===----------------------------------------------------------------------===//

// Operands: value, member mask.
template <uint32_t (*combine)(uint32_t, uint32_t)> static void reduce(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Redux);
  std::optional<uint32_t> result;
  meeting.forEach([&](unsigned lane) {
    auto value = static_cast<uint32_t>(meeting.in(lane)[0]);
    result = result ? combine(*result, value) : value;
  });
  meeting.forEach([&](unsigned lane) { meeting.out(lane)[0] = *result; });
}

static uint32_t add(uint32_t a, uint32_t b) { return a + b; }
static uint32_t bitAnd(uint32_t a, uint32_t b) { return a & b; }
static uint32_t bitOr(uint32_t a, uint32_t b) { return a | b; }
static uint32_t bitXor(uint32_t a, uint32_t b) { return a ^ b; }
static uint32_t minUnsigned(uint32_t a, uint32_t b) { return std::min(a, b); }
static uint32_t maxUnsigned(uint32_t a, uint32_t b) { return std::max(a, b); }
static uint32_t minSigned(uint32_t a, uint32_t b) { return std::min(int32_t(a), int32_t(b)); }
static uint32_t maxSigned(uint32_t a, uint32_t b) { return std::max(int32_t(a), int32_t(b)); }

//===----------------------------------------------------------------------===//
// elect.sync
//===----------------------------------------------------------------------===//

// Operand: member mask. Results: the leader, and whether this lane is it. Which one is elected is
// not specified: the lowest, as on all chips so far.
static void elect(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Vote);
  unsigned leader = __builtin_ctz(meeting.mask);
  meeting.forEach([&](unsigned lane) {
    meeting.out(lane)[0] = leader;
    meeting.out(lane)[1] = lane == leader;
  });
}

void imhsa::emulator::addVotes(InstructionMap &map) {
  map["vote.all.sync"] = {meet<vote<Vote::All>>, 80, true};
  map["vote.any.sync"] = {meet<vote<Vote::Any>>, 80, true};
  map["vote.uni.sync"] = {meet<vote<Vote::Uniform>>, 80, true};
  map["vote.ballot.sync"] = {meet<vote<Vote::Ballot>>, 80, true};
  map["match.any.sync.i32"] = map["match.any.sync.i64"] = {meet<matchAny>, 80, true};
  map["match.all.sync.i32p"] = map["match.all.sync.i64p"] = {meet<matchAll>, 80, true};
  map["redux.sync.add"] = {meet<reduce<add>, 1>, 80, true};
  map["redux.sync.and"] = {meet<reduce<bitAnd>, 1>, 80, true};
  map["redux.sync.or"] = {meet<reduce<bitOr>, 1>, 80, true};
  map["redux.sync.xor"] = {meet<reduce<bitXor>, 1>, 80, true};
  map["redux.sync.umin"] = {meet<reduce<minUnsigned>, 1>, 80, true};
  map["redux.sync.umax"] = {meet<reduce<maxUnsigned>, 1>, 80, true};
  map["redux.sync.min"] = {meet<reduce<minSigned>, 1>, 80, true};
  map["redux.sync.max"] = {meet<reduce<maxSigned>, 1>, 80, true};
  map["elect.sync"] = {meet<elect>, 90, true};
}
