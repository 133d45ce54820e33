//===- Chip.h - the chips that there is code for --------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_BINARY_CHIP_H
#define IMHSA_PASSES_BINARY_CHIP_H

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace imhsa {

/// The target of code for the chip `name` ("sm_80", "sm_90a", ...), with a version
/// of PTX that fits; an error at `loc` if there is no such chip or it is older than
/// sm_80. LLVM itself ends the process on names and pairs that do not fit.
mlir::FailureOr<mlir::NVVM::NVVMTargetAttr> getChipTarget(mlir::Location loc, llvm::StringRef name);

} // namespace imhsa

#endif // IMHSA_PASSES_BINARY_CHIP_H
