//===- Chip.cpp - what a block may have on a chip -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Chip.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace imhsa::emulator;

static constexpr uint32_t kKilobyte = 1024;

static constexpr Chip kChips[] = {
    {"sm_80", 80, 163 * kKilobyte},    {"sm_86", 86, 99 * kKilobyte},
    {"sm_87", 87, 163 * kKilobyte},    {"sm_89", 89, 99 * kKilobyte},
    {"sm_90", 90, 227 * kKilobyte},    {"sm_90a", 90, 227 * kKilobyte},
    {"sm_100", 100, 227 * kKilobyte},  {"sm_100a", 100, 227 * kKilobyte},
    {"sm_100f", 100, 227 * kKilobyte}, {"sm_103", 103, 227 * kKilobyte},
    {"sm_103a", 103, 227 * kKilobyte}, {"sm_103f", 103, 227 * kKilobyte},
    {"sm_110", 110, 227 * kKilobyte},  {"sm_110a", 110, 227 * kKilobyte},
    {"sm_110f", 110, 227 * kKilobyte}, {"sm_120", 120, 99 * kKilobyte},
    {"sm_120a", 120, 99 * kKilobyte},  {"sm_120f", 120, 99 * kKilobyte},
    {"sm_121", 121, 99 * kKilobyte},   {"sm_121a", 121, 99 * kKilobyte},
    {"sm_121f", 121, 99 * kKilobyte}};

llvm::Expected<Chip> imhsa::emulator::getChip(llvm::StringRef name) {
  for (const Chip &chip : kChips)
    if (chip.name == name)
      return chip;
  std::string message;
  llvm::raw_string_ostream stream(message);
  stream << "chip '" << name << "': the emulator knows the limits of ";
  llvm::interleaveComma(kChips, stream, [&](const Chip &chip) { stream << chip.name; });
  return llvm::createStringError(message);
}
