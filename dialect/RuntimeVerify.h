//===- RuntimeVerify.h - constraints on dimensions, checked at run time -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_RUNTIMEVERIFY_H
#define IMHSA_DIALECT_RUNTIMEVERIFY_H

#include "mlir/IR/DialectRegistry.h"

namespace imhsa {

/// Registers how upstream's `generate-runtime-verification` checks the operations: with an
/// assertion for each constraint on dimensions that the types leave open.
void registerRuntimeVerificationModels(mlir::DialectRegistry &registry);

} // namespace imhsa

#endif // IMHSA_DIALECT_RUNTIMEVERIFY_H
