//===- Chips.h - the GPUs that there is code for ---------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The one table of chips, for the compiler and the emulator.

#ifndef IMHSA_RUNTIME_CHIPS_H
#define IMHSA_RUNTIME_CHIPS_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace imhsa {

/// What bounds the kernels of a chip.
struct ChipLimits {
  unsigned capability;     ///< compute capability, times ten
  int64_t sharedBytes;     ///< a block's, static and dynamic together
  int64_t multiprocessors; ///< of the products that are named below
  int64_t cacheBytes;      ///< of their second-level cache
};

/// The shared memory is that of the CUDA C++ Programming Guide, "Technical Specifications per
/// Compute Capability"; multiprocessors and cache are those of A100, A10, Orin, L4, H100 SXM, B200,
/// B300, Thor, RTX 5070 Ti and GB10.
inline constexpr ChipLimits kChipLimits[] = {
    {80, 163 << 10, 108, 40 << 20},   {86, 99 << 10, 72, 6 << 20},
    {87, 163 << 10, 16, 4 << 20},     {89, 99 << 10, 58, 48 << 20},
    {90, 227 << 10, 132, 50 << 20},   {100, 227 << 10, 148, 126 << 20},
    {103, 227 << 10, 148, 126 << 20}, {110, 227 << 10, 20, 32 << 20},
    {120, 99 << 10, 70, 48 << 20},    {121, 99 << 10, 48, 24 << 20}};

/// Of chips that the table does not have: the least of all.
inline constexpr ChipLimits kLeastLimits = {0, 99 << 10, 16, 4 << 20};

/// A chip by its name.
struct ChipName {
  llvm::StringLiteral name;
  unsigned firstPtx; ///< the first version of PTX that has it, as LLVM writes it: 78 is 7.8

  /// 90 for "sm_90a".
  unsigned getCapability() const {
    unsigned capability = 0;
    name.drop_front(3).consumeInteger(10, capability);
    return capability;
  }
};

/// What both LLVM 22 and the ptxas of CUDA 13 know, from sm_80 on.
inline constexpr ChipName kChipNames[] = {
    {"sm_80", 70},   {"sm_86", 71},   {"sm_87", 74},   {"sm_88", 90},   {"sm_89", 78},
    {"sm_90", 78},   {"sm_90a", 80},  {"sm_100", 86},  {"sm_100a", 86}, {"sm_100f", 88},
    {"sm_103", 88},  {"sm_103a", 88}, {"sm_103f", 88}, {"sm_110", 90},  {"sm_110a", 90},
    {"sm_110f", 90}, {"sm_120", 87},  {"sm_120a", 87}, {"sm_120f", 88}, {"sm_121", 88},
    {"sm_121a", 88}, {"sm_121f", 88}};

/// Null if there is no code for such a chip.
inline const ChipName *findChip(llvm::StringRef name) {
  const ChipName *chip =
      llvm::find_if(kChipNames, [&](const ChipName &chip) { return chip.name == name; });
  return chip == std::end(kChipNames) ? nullptr : chip;
}

inline ChipLimits getChipLimits(unsigned capability) {
  for (const ChipLimits &limits : kChipLimits)
    if (limits.capability == capability)
      return limits;
  return kLeastLimits;
}

} // namespace imhsa

#endif // IMHSA_RUNTIME_CHIPS_H
