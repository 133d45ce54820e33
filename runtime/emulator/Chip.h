//===- Chip.h - what a block may have on a chip ----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_CHIP_H
#define IMHSA_RUNTIME_EMULATOR_CHIP_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace imhsa::emulator {

/// A chip and its limits: "Technical Specifications per Compute Capability" of the CUDA C++
/// Programming Guide. Those that no chip differs in are constants.
struct Chip {
  llvm::StringRef name;
  unsigned number;         ///< 80 for sm_80 and 90 for sm_90a
  uint32_t sharedPerBlock; ///< bytes, static and dynamic together

  static constexpr uint32_t kWarpSize = 32;
  static constexpr uint32_t kMaxThreads = 1024;              ///< of a block
  static constexpr uint32_t kMaxBlock[3] = {1024, 1024, 64}; ///< threads along x, y, z
  static constexpr uint32_t kMaxGrid[3] = {2147483647, 65535, 65535};
  static constexpr uint32_t kMaxClusterBlocks = 8;        ///< what every chip with clusters takes
  static constexpr uint32_t kMaxStaticShared = 48 * 1024; ///< what ptxas takes
};

/// The chip called `name` ("sm_80", "sm_90a"); an error lists those that there are.
llvm::Expected<Chip> getChip(llvm::StringRef name);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_CHIP_H
