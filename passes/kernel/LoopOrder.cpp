//===- LoopOrder.cpp - in which order to compute a linalg operation -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/LoopOrder.h"

using namespace mlir;
using namespace imhsa;

namespace {
enum class Access { Invariant, Contiguous, Strided };
} // namespace

// How the elements of `operand` follow each other along loop dimension `dim`.
static Access getAccess(OpOperand &operand, AffineMap map, unsigned dim) {
  if (!map.isFunctionOfDim(dim))
    return Access::Invariant;
  auto type = cast<MemRefType>(operand.get().getType());
  bool isLastOnly = map.getResults().back() == getAffineDimExpr(dim, map.getContext()) &&
                    !map.dropResult(map.getNumResults() - 1).isFunctionOfDim(dim);
  return isLastOnly && type.isLastDimUnitStride() ? Access::Contiguous : Access::Strided;
}

// How well the innermost loop over `dim` vectorises. A gather costs more than a
// broadcast, a scatter more than that.
static int64_t getScore(linalg::LinalgOp op, unsigned dim) {
  int64_t score = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    if (op.isScalar(&operand))
      continue;
    bool isOutput = op.isDpsInit(&operand);
    switch (getAccess(operand, op.getMatchingIndexingMap(&operand), dim)) {
    case Access::Invariant:
      score += isOutput ? 1 : 2;
      break;
    case Access::Contiguous:
      score += isOutput ? 4 : 2;
      break;
    case Access::Strided:
      score -= isOutput ? 8 : 4;
      break;
    }
  }
  return score;
}

// A divisor of a known extent, or else eight, the most that leaves registers for
// the broadcast operand of all steps. Only small bodies: code must not explode.
static int64_t chooseUnrollFactor(linalg::LinalgOp op, int64_t extent) {
  constexpr int64_t kMost = 8, kLeast = 4, kLargestBody = 6;
  if (llvm::range_size(op.getBlock()->without_terminator()) > kLargestBody || extent == 1)
    return 1;
  if (ShapedType::isDynamic(extent))
    return kMost;
  for (int64_t factor = kMost; factor >= kLeast; --factor)
    if (extent % factor == 0)
      return factor;
  return extent < kMost ? extent : kMost;
}

LoopOrder imhsa::chooseLoopOrder(linalg::LinalgOp op, int64_t blockSize) {
  LoopOrder order;
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  if (types.empty())
    return order;

  auto isBetter = [&](unsigned dim, unsigned other) {
    if ((extents[dim] == 1) != (extents[other] == 1))
      return extents[other] == 1;
    return getScore(op, dim) >= getScore(op, other);
  };
  unsigned innermost = 0;
  for (unsigned dim = 1; dim < types.size(); ++dim)
    if (isBetter(dim, innermost))
      innermost = dim;
  SmallVector<unsigned> parallel, reductions;
  for (auto [dim, type] : llvm::enumerate(types))
    if (dim != innermost)
      (type == utils::IteratorType::parallel ? parallel : reductions).push_back(dim);
  if (types[innermost] != utils::IteratorType::parallel || reductions.empty()) {
    for (unsigned dim : llvm::concat<unsigned>(parallel, reductions))
      order.loops.push_back({dim});
    order.loops.push_back({innermost});
    return order;
  }

  // The operand that is read again for each index of a parallel loop outside.
  unsigned last = reductions.back();
  OpOperand *reused = nullptr;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (map.isFunctionOfDim(innermost) && map.isFunctionOfDim(last))
      reused = operand;
  }
  auto isReusedAlong = [&](unsigned dim) {
    return reused && !op.getMatchingIndexingMap(reused).isFunctionOfDim(dim);
  };
  auto isLarge = [&](unsigned dim) {
    return ShapedType::isDynamic(extents[dim]) || extents[dim] > blockSize;
  };
  bool inBlocks = (isLarge(innermost) || isLarge(last)) && llvm::any_of(parallel, isReusedAlong);

  int64_t range = inBlocks && isLarge(last) ? blockSize : extents[last];
  order.unrollFactor = chooseUnrollFactor(op, range);
  if (order.unrollFactor > 1)
    order.unrolled = last;
  order.hasRemainder = ShapedType::isDynamic(extents[last]) ||
                       extents[last] % order.unrollFactor != 0 || range % order.unrollFactor != 0;

  if (inBlocks) {
    SmallVector<unsigned> inside;
    for (unsigned dim : parallel)
      if (isReusedAlong(dim))
        inside.push_back(dim);
      else
        order.loops.push_back({dim});
    parallel = std::move(inside);
    for (unsigned dim : {innermost, last})
      if (isLarge(dim))
        order.loops.push_back({dim, blockSize});
  }
  for (unsigned dim : llvm::concat<unsigned>(parallel, reductions))
    order.loops.push_back({dim});
  order.loops.push_back({innermost});
  return order;
}
