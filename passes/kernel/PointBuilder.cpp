//===- PointBuilder.cpp - one point of a linalg operation -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/PointBuilder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace imhsa;

PointBuilder::PointBuilder(linalg::LinalgOp op, ArrayRef<Value> sizes)
    : op(op), loc(op.getLoc()), sizes(sizes), indices(op.getNumLoops()) {
  llvm::SetVector<unsigned> order;
  for (OpOperand &output : op.getDpsInitsMutable())
    op.getMatchingIndexingMap(&output).walkExprs([&](AffineExpr expr) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        order.insert(dim.getPosition());
    });
  unsigned numInOutputs = order.size();
  order.insert_range(llvm::seq(op.getNumLoops()));

  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (auto [i, dim] : llvm::enumerate(order)) {
    if (iterators[dim] == utils::IteratorType::parallel)
      parallel.push_back(dim);
    else
      (i < numInOutputs ? outer : inner).push_back(dim);
  }
}

Value PointBuilder::buildCount(OpBuilder &b) {
  Value count = arith::ConstantIndexOp::create(b, loc, 1);
  for (unsigned dim : parallel)
    count = b.createOrFold<arith::MulIOp>(loc, count, sizes[dim]);
  return count;
}

void PointBuilder::buildPoint(OpBuilder &b, Value point) {
  // Unsigned, and the fastest dimension last: one division for each but the first.
  for (unsigned dim : llvm::reverse(ArrayRef(parallel).drop_front(!parallel.empty()))) {
    indices[dim] = b.createOrFold<arith::RemUIOp>(loc, point, sizes[dim]);
    point = b.createOrFold<arith::DivUIOp>(loc, point, sizes[dim]);
  }
  if (!parallel.empty())
    indices[parallel.front()] = point;

  buildLoops(b, outer, {}, [&](OpBuilder &b, ValueRange) -> Values {
    Values partial;
    for (OpOperand &output : op.getDpsInitsMutable())
      partial.push_back(buildLoad(b, output));
    Values results = buildLoops(b, inner, partial, [&](OpBuilder &b, ValueRange partial) {
      return buildPayload(b, partial);
    });
    for (auto [output, result] : llvm::zip_equal(op.getDpsInitsMutable(), results))
      memref::StoreOp::create(b, loc, result, output.get(), buildIndices(b, output));
    return {};
  });
}

PointBuilder::Values PointBuilder::buildLoops(OpBuilder &b, ArrayRef<unsigned> dims,
                                              ValueRange carried, Body body) {
  Values zeros(dims.size(), arith::ConstantIndexOp::create(b, loc, 0));
  Values ones(dims.size(), arith::ConstantIndexOp::create(b, loc, 1));
  auto bounds = llvm::map_to_vector(dims, [&](unsigned dim) { return sizes[dim]; });
  return scf::buildLoopNest(
             b, loc, zeros, bounds, ones, carried,
             [&](OpBuilder &b, Location, ValueRange loopIndices, ValueRange carried) {
               for (auto [dim, index] : llvm::zip_equal(dims, loopIndices))
                 indices[dim] = index;
               return body(b, carried);
             })
      .results;
}

PointBuilder::Values PointBuilder::buildIndices(OpBuilder &b, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return getValueOrCreateConstantIndexOp(
        b, loc,
        affine::makeComposedFoldedAffineApply(b, loc, AffineMap::get(map.getNumDims(), 0, expr),
                                              getAsOpFoldResult(indices)));
  });
}

Value PointBuilder::buildLoad(OpBuilder &b, OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  return memref::LoadOp::create(b, loc, operand.get(), buildIndices(b, operand));
}

PointBuilder::Values PointBuilder::buildPayload(OpBuilder &b, ValueRange outputs) {
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands())
    mapping.map(op.getMatchingBlockArgument(input), buildLoad(b, *input));
  mapping.map(op.getRegionOutputArgs(), outputs);

  Block *payload = op.getBlock();
  payload->walk(
      [&](linalg::IndexOp index) { mapping.map(index.getResult(), indices[index.getDim()]); });
  for (Operation &inner : payload->without_terminator())
    if (!isa<linalg::IndexOp>(inner))
      b.clone(inner, mapping);
  return llvm::map_to_vector(payload->getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}
