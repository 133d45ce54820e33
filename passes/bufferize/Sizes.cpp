//===- Sizes.cpp - sizes computed elsewhere than they are used ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/bufferize/Sizes.h"
#include "mlir/Dialect/Affine/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace imhsa;

Value SizeComputer::lookup(Value value) {
  if (Value found = done.lookupOrNull(value))
    return found;
  Value found = known(value);
  if (found)
    done.map(value, found);
  return found;
}

Value SizeComputer::exact(Value size) {
  if (Value found = lookup(size))
    return found;
  Operation *op = size.getDefiningOp();
  if (!op)
    return {};

  if (auto dim = dyn_cast<ShapedDimOpInterface>(op)) {
    Value shaped = lookup(dim.getShapedValue());
    std::optional<int64_t> index = getConstantIntValue(dim.getDimension());
    if (!shaped || !index)
      return {};
    Value result = isa<MemRefType>(shaped.getType())
                       ? memref::DimOp::create(builder, op->getLoc(), shaped, *index).getResult()
                       : tensor::DimOp::create(builder, op->getLoc(), shaped, *index).getResult();
    done.map(size, result);
    return result;
  }

  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  if (op->getNumRegions() != 0 || !isPure(op) || !llvm::all_of(op->getOperandTypes(), isScalar) ||
      !llvm::all_of(op->getResultTypes(), isScalar))
    return {};
  for (Value operand : op->getOperands())
    if (!exact(operand))
      return {};
  builder.clone(*op, done);
  return done.lookup(size);
}

Value SizeComputer::upperBound(Value size, bool preferConstant) {
  using Bounds = ValueBoundsConstraintSet;
  if (!preferConstant)
    if (Value result = exact(size))
      return result;
  Location loc = size.getLoc();
  FailureOr<int64_t> constant = Bounds::computeConstantBound(
      presburger::BoundType::UB, Bounds::Variable(size), nullptr, /*closedUB=*/true);
  if (succeeded(constant))
    return arith::ConstantIndexOp::create(builder, loc, *constant);
  if (Value result = exact(size))
    return result;
  FailureOr<OpFoldResult> bound = affine::reifyValueBound(
      builder, loc, presburger::BoundType::UB, Bounds::Variable(size),
      [&](Value value, std::optional<int64_t>, Bounds &) { return known(value) != nullptr; },
      /*closedUB=*/true);
  return succeeded(bound) ? getValueOrCreateConstantIndexOp(builder, loc, *bound) : Value();
}

SmallVector<Value> imhsa::resolveDims(Operation *anchor, ValueRange values) {
  OpBuilder builder(anchor);
  SmallVector<Value> dims;
  SmallVector<Operation *> dimOps;
  for (Value value : values)
    for (int64_t i = 0, rank = cast<ShapedType>(value.getType()).getRank(); i < rank; ++i) {
      dims.push_back(tensor::DimOp::create(builder, value.getLoc(), value, i));
      dimOps.push_back(dims.back().getDefiningOp());
    }

  MLIRContext *context = anchor->getContext();
  RewritePatternSet patterns(context);
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  scf::populateSCFForLoopCanonicalizationPatterns(patterns);
  scf::ForallOp::getCanonicalizationPatterns(patterns, context);
  tensor::DimOp::getCanonicalizationPatterns(patterns, context);

  // The anchor uses the dimensions while they are rewritten: that keeps them
  // alive and tells what became of them.
  SmallVector<Value> operands(anchor->getOperands());
  anchor->setOperands(dims);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  (void)applyOpPatternsGreedily(dimOps, std::move(patterns), config);
  dims.assign(anchor->operand_begin(), anchor->operand_end());
  anchor->setOperands(operands);

  // Dimensions of what loops and branches carry need more than a pattern.
  for (Value &dim : dims) {
    auto dimOp = dim.getDefiningOp<tensor::DimOp>();
    if (!dimOp || isa<BlockArgument>(dimOp.getSource()))
      continue;
    FailureOr<OpFoldResult> equal = affine::reifyValueBound(
        builder, dim.getLoc(), presburger::BoundType::EQ, ValueBoundsConstraintSet::Variable(dim),
        [&](Value value, std::optional<int64_t>, ValueBoundsConstraintSet &) {
          return isa<BlockArgument>(value) && value.getParentBlock() == anchor->getBlock();
        });
    if (succeeded(equal))
      dim = getValueOrCreateConstantIndexOp(builder, dim.getLoc(), *equal);
  }
  return dims;
}
