//===- TransformOps.h - imhsa in the transform dialect --------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_TRANSFORM_TRANSFORMOPS_H
#define IMHSA_PASSES_TRANSFORM_TRANSFORMOPS_H

#include "dialect/Imhsa.h"
#include "mlir/Dialect/Transform/Interfaces/MatchInterfaces.h"
#include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.h"

#define GET_OP_CLASSES
#include "passes/transform/TransformOps.h.inc"

namespace imhsa {

/// Registers the operations `transform.imhsa...` with the transform dialect.
void registerTransformExtension(mlir::DialectRegistry &registry);

} // namespace imhsa

#endif // IMHSA_PASSES_TRANSFORM_TRANSFORMOPS_H
