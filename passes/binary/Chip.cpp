//===- Chip.cpp - the chips that there is code for ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/binary/Chip.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace imhsa;

namespace {
struct Chip {
  StringLiteral name;
  /// The first version of PTX that has the chip, as LLVM writes it: 78 is 7.8.
  unsigned firstPtx;
};
} // namespace

/// What both LLVM 22 and the ptxas of CUDA 13 know, from sm_80 on.
static constexpr Chip kChips[] = {
    {"sm_80", 70},   {"sm_86", 71},   {"sm_87", 74},   {"sm_88", 90},   {"sm_89", 78},
    {"sm_90", 78},   {"sm_90a", 80},  {"sm_100", 86},  {"sm_100a", 86}, {"sm_100f", 88},
    {"sm_103", 88},  {"sm_103a", 88}, {"sm_103f", 88}, {"sm_110", 90},  {"sm_110a", 90},
    {"sm_110f", 90}, {"sm_120", 87},  {"sm_120a", 87}, {"sm_120f", 88}, {"sm_121", 88},
    {"sm_121a", 88}, {"sm_121f", 88}};

/// PTX 8.0, of CUDA 12.0, where it has the chip: every driver of CUDA 12 takes it.
static constexpr unsigned kPtx = 80;

static constexpr int kOptLevel = 3;

/// Whether `name` is "sm_" and a number below that of the first chip.
static bool isTooOld(StringRef name) {
  unsigned number, first;
  StringRef digits = kChips[0].name;
  bool isChip = name.consume_front("sm_") && !name.consumeInteger(10, number) && name.empty();
  digits.consume_front("sm_");
  return isChip && !digits.getAsInteger(10, first) && number < first;
}

unsigned imhsa::getCapability(StringRef chip) {
  unsigned capability = 0;
  chip.consume_front("sm_");
  chip.consumeInteger(10, capability);
  return capability;
}

bool imhsa::haveDependentLaunches(StringRef chips) {
  return llvm::all_of(llvm::split(chips, ','),
                      [](StringRef chip) { return getCapability(chip) >= 90; });
}

bool imhsa::isSpecificChip(StringRef chip) { return !llvm::isDigit(chip.back()); }

static const Chip *findChip(StringRef name) {
  const Chip *chip = llvm::find_if(kChips, [&](const Chip &chip) { return chip.name == name; });
  return chip == std::end(kChips) ? nullptr : chip;
}

llvm::Error imhsa::checkChip(StringRef name) {
  if (findChip(name))
    return llvm::Error::success();
  if (isTooOld(name))
    return llvm::createStringError("'" + name + "' is older than " + kChips[0].name +
                                   ", the oldest chip that there is code for");
  std::string message = ("'" + name + "' is unknown; expected one of ").str();
  llvm::raw_string_ostream stream(message);
  llvm::interleaveComma(kChips, stream, [&](const Chip &chip) { stream << chip.name; });
  return llvm::createStringError(message);
}

// The shared memory is that of the CUDA C++ Programming Guide, "Technical Specifications per
// Compute Capability"; multiprocessors and cache are those of A100, A10, Orin, L4, H100, B200,
// B300, Thor, RTX 5070 Ti and GB10.
ChipResources imhsa::getChipResources(StringRef name) {
  constexpr int64_t kilobyte = 1024, megabyte = 1024 * kilobyte;
  name = findChip(name)->name;
  switch (getCapability(name)) {
  case 80:
    return {name, 163 * kilobyte, 108, 40 * megabyte};
  case 86:
    return {name, 99 * kilobyte, 72, 6 * megabyte};
  case 87:
    return {name, 163 * kilobyte, 16, 4 * megabyte};
  case 89:
    return {name, 99 * kilobyte, 58, 48 * megabyte};
  case 90:
    return {name, 227 * kilobyte, 114, 50 * megabyte};
  case 100:
    return {name, 227 * kilobyte, 148, 126 * megabyte};
  case 103:
    return {name, 227 * kilobyte, 148, 126 * megabyte};
  case 110:
    return {name, 227 * kilobyte, 20, 32 * megabyte};
  case 120:
    return {name, 99 * kilobyte, 70, 48 * megabyte};
  case 121:
    return {name, 99 * kilobyte, 48, 24 * megabyte};
  default: // The least of all: right for any other.
    return {name, 99 * kilobyte, 16, 4 * megabyte};
  }
}

FailureOr<ChipResources> imhsa::getLeastResources(Location loc, StringRef chips) {
  std::optional<ChipResources> least;
  for (StringRef name : llvm::split(chips, ',')) {
    if (llvm::Error failed = checkChip(name))
      return emitError(loc) << "option 'chip': " << llvm::toString(std::move(failed));
    ChipResources one = getChipResources(name);
    if (!least) {
      least = one;
      continue;
    }
    if (one.sharedBytes < least->sharedBytes)
      least->name = one.name;
    least->sharedBytes = std::min(least->sharedBytes, one.sharedBytes);
    least->multiprocessors = std::min(least->multiprocessors, one.multiprocessors);
    least->cacheBytes = std::min(least->cacheBytes, one.cacheBytes);
  }
  return *least;
}

FailureOr<NVVM::NVVMTargetAttr> imhsa::getChipTarget(Location loc, StringRef name) {
  if (llvm::Error failed = checkChip(name))
    return emitError(loc) << "option 'chip': " << llvm::toString(std::move(failed));
  std::string features = ("+ptx" + Twine(std::max(kPtx, findChip(name)->firstPtx))).str();
  return NVVM::NVVMTargetAttr::get(loc.getContext(), kOptLevel, "nvptx64-nvidia-cuda", name,
                                   features);
}
