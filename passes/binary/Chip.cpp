//===- Chip.cpp - the chips that there is code for ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/binary/Chip.h"
#include "runtime/Chips.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace imhsa;

/// PTX 8.0, of CUDA 12.0, where it has the chip: every driver of CUDA 12 takes it.
static constexpr unsigned kPtx = 80;

static constexpr int kOptLevel = 3;

/// Whether `name` is "sm_" and a number below that of the first chip.
static bool isTooOld(StringRef name) {
  unsigned number, first;
  StringRef digits = kChipNames[0].name;
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

llvm::Error imhsa::checkChip(StringRef name) {
  if (findChip(name))
    return llvm::Error::success();
  if (isTooOld(name))
    return llvm::createStringError("'" + name + "' is older than " + kChipNames[0].name +
                                   ", the oldest chip that there is code for");
  std::string message = ("'" + name + "' is unknown; expected one of ").str();
  llvm::raw_string_ostream stream(message);
  llvm::interleaveComma(kChipNames, stream, [&](const ChipName &chip) { stream << chip.name; });
  return llvm::createStringError(message);
}

ChipResources imhsa::getChipResources(StringRef name) {
  const ChipName *chip = findChip(name);
  ChipLimits limits = getChipLimits(chip->getCapability());
  return {chip->name, limits.sharedBytes, limits.multiprocessors, limits.cacheBytes};
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
