//===- Chip.cpp - what a block may have on a chip -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Chip.h"
#include "runtime/Chips.h"
#include "llvm/Support/raw_ostream.h"

using namespace imhsa;
using namespace imhsa::emulator;

llvm::Expected<Chip> imhsa::emulator::getChip(llvm::StringRef name) {
  if (const ChipName *chip = findChip(name)) {
    unsigned number = chip->getCapability();
    return Chip{chip->name, number, static_cast<uint32_t>(getChipLimits(number).sharedBytes)};
  }
  std::string message;
  llvm::raw_string_ostream stream(message);
  stream << "chip '" << name << "': the emulator knows the limits of ";
  llvm::interleaveComma(kChipNames, stream, [&](const ChipName &chip) { stream << chip.name; });
  return llvm::createStringError(message);
}
