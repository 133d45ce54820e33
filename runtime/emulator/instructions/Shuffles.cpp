//===- Shuffles.cpp - registers of other lanes ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Data Movement and Conversion Instructions: shfl.sync".

#include "runtime/emulator/instructions/Support.h"

using namespace imhsa::emulator;

namespace {
enum class Mode { Up, Down, Butterfly, Index };
} // namespace

// What a lane gets that asks a lane which does not take part: nothing that is defined.
static constexpr uint32_t kUndefined = 0xFFFFFFFF;

// Operands: member mask, a, b, c; results: d, and whether the source lane is in range.
template <Mode mode, bool hasPredicate> static void execute(const Meeting &meeting) {
  countMeeting(meeting, InstructionKind::Shuffle);
  meeting.forEach([&](unsigned lane) {
    const uint64_t *in = meeting.in(lane);
    unsigned b = in[2] & 31, clamp = in[3] & 31, segment = in[3] >> 8 & 31;
    int maxLane = static_cast<int>((lane & segment) | (clamp & ~segment));
    unsigned minLane = lane & segment;
    int source = mode == Mode::Up          ? int(lane) - int(b)
                 : mode == Mode::Down      ? int(lane + b)
                 : mode == Mode::Butterfly ? int(lane ^ b)
                                           : int(minLane | (b & ~segment));
    bool isInRange = mode == Mode::Up ? source >= maxLane : source <= maxLane;
    if (!isInRange)
      source = static_cast<int>(lane);
    uint64_t *out = meeting.out(lane);
    out[0] = meeting.mask >> source & 1 ? meeting.in(source)[1] : kUndefined;
    if (hasPredicate)
      out[1] = isInRange;
  });
}

template <Mode mode, bool hasPredicate>
static void shuffle(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  lane->block->meet(*lane, site, static_cast<uint32_t>(in[0]), /*isAligned=*/false,
                    execute<mode, hasPredicate>, in, out);
}

template <Mode mode> static void add(InstructionMap &map, const std::string &name) {
  for (llvm::StringRef type : {"i32", "f32"}) {
    map["shfl.sync." + name + "." + type.str()] = {shuffle<mode, false>, 80, true};
    map["shfl.sync." + name + "." + type.str() + "p"] = {shuffle<mode, true>, 80, true};
  }
}

void imhsa::emulator::addShuffles(InstructionMap &map) {
  add<Mode::Up>(map, "up");
  add<Mode::Down>(map, "down");
  add<Mode::Butterfly>(map, "bfly");
  add<Mode::Index>(map, "idx");
}
