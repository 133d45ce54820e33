//===- Imhsa.h - the imhsa dialect, its attributes and operations -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_IMHSA_H
#define IMHSA_DIALECT_IMHSA_H

#include "dialect/Schedule.h"
#include "dialect/Scores.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

#include "dialect/ImhsaDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/ImhsaAttrs.h.inc"

namespace imhsa {
// The declarations that linalg's AggregatedOpInterface and PartialReductionOpInterface
// generate name these without their namespace.
using mlir::FailureOr;
using mlir::Location;
using mlir::MergeResult;
using mlir::OpBuilder;
using mlir::ReductionTilingStrategy;
using mlir::SmallVector;
using mlir::TilingResult;
using mlir::Value;
using mlir::ValueRange;
} // namespace imhsa

#define GET_OP_CLASSES
#include "dialect/ImhsaOps.h.inc"

namespace imhsa {

/// Discardable unit attribute: contractions may be reassociated.
inline constexpr llvm::StringLiteral kReassociateAttr = "imhsa.reassociate";
/// Discardable attribute of a module: the names of the kernels that its functions launch by number.
inline constexpr llvm::StringLiteral kKernelsAttr = "imhsa.kernels";
/// Discardable argument attribute: sizes that cost models assume for `?`.
inline constexpr llvm::StringLiteral kSizeHintAttr = "imhsa.size_hint";

/// Inherent attribute of attentions, log-sum-exps and poolings: their `#imhsa.schedule`.
inline constexpr llvm::StringLiteral kScheduleAttr = "schedule";

/// True if `op` has a schedule by which a kernel of its own computes it: passes that cut operations
/// up or expand them leave it alone.
bool hasFusedSchedule(mlir::Operation *op);

/// Registers the dialect and the external models of its operations (one-shot
/// bufferization).
void registerDialect(mlir::DialectRegistry &registry);

} // namespace imhsa

#endif // IMHSA_DIALECT_IMHSA_H
