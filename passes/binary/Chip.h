//===- Chip.h - the chips that there is code for --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BINARY_CHIP_H
#define IMHSA_PASSES_BINARY_CHIP_H

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/Error.h"

namespace imhsa {

/// An error that says what is wrong with `name`, and which chips there are, if there is no code for
/// it.
llvm::Error checkChip(llvm::StringRef name);

/// The target of code for the chip `name` ("sm_80", "sm_90a", ...), with a version
/// of PTX that fits; an error at `loc` if there is no such chip or it is older than
/// sm_80. LLVM itself ends the process on names and pairs that do not fit.
mlir::FailureOr<mlir::NVVM::NVVMTargetAttr> getChipTarget(mlir::Location loc, llvm::StringRef name);

/// What bounds the kernels of a chip.
struct ChipResources {
  llvm::StringRef name;
  int64_t sharedBytes;     ///< a block's, static and dynamic together
  int64_t multiprocessors; ///< of the products that runtime/Chips.h names
  int64_t cacheBytes;      ///< of their second-level cache
};

/// The resources of the chip `name`, one that `checkChip` accepts.
ChipResources getChipResources(llvm::StringRef name);

/// The least of every resource among `chips`, a list with commas between, and the name of the one
/// with the least shared memory; an error at `loc` if there is no such chip.
mlir::FailureOr<ChipResources> getLeastResources(mlir::Location loc, llvm::StringRef chips);

/// Whether on each of `chips`, a list with commas between, a kernel may begin while the one before
/// it still runs (programmatic dependent launch), and blocks form clusters: from sm_90 on.
bool haveDependentLaunches(llvm::StringRef chips);

/// The compute capability of a chip, times ten: 90 for "sm_90a".
unsigned getCapability(llvm::StringRef chip);

/// Whether code for the chip runs on that one, or on a family of chips, but not on all newer ones:
/// "sm_90a", "sm_100f".
bool isSpecificChip(llvm::StringRef chip);

} // namespace imhsa

#endif // IMHSA_PASSES_BINARY_CHIP_H
