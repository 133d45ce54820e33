//===- Candidates.cpp - the schedules that are tried ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/Candidates.h"
#include "passes/reorder/SizeHint.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

// What is assumed of sizes that neither types nor hints tell.
static constexpr int64_t kAssumedBatch = 8, kAssumedTokens = 4096;

static double sizeOf(Value tensor, unsigned dim, int64_t assumed) {
  int64_t size = dimSize(tensor, dim);
  if (!ShapedType::isDynamic(size))
    return size;
  return sizeHint(tensor, dim).value_or(assumed);
}

static bool areAllF32(ValueRange values) {
  return llvm::all_of(values, [](Value value) { return getElementTypeOrSelf(value).isF32(); });
}

static KernelShape shapeOfScores(const Scores &scores, Value value, DimOrder valueOrder,
                                 MatrixMath math) {
  TokenDims q = tokenDims(scores.queryOrder), k = tokenDims(scores.keyOrder);
  KernelShape shape = {};
  shape.batch = std::max(1.0, sizeOf(scores.query, q.batch, kAssumedBatch));
  shape.queries = std::max(1.0, sizeOf(scores.query, q.token, kAssumedTokens));
  shape.keys = std::max(1.0, sizeOf(scores.key, k.token, kAssumedTokens));
  shape.queryHeads = scores.queryHeads();
  shape.keyHeads = scores.keyHeads();
  shape.scoreHeads = scores.scoreHeads();
  shape.resultHeads = scores.resultHeads();
  shape.headSize = llvm::alignTo(scores.headSize(), 16);
  SmallVector<Value> operands = {scores.query, scores.key};
  if (value) {
    TokenDims v = tokenDims(valueOrder);
    shape.valueHeads = dimSize(value, v.head);
    shape.valueSize = llvm::alignTo(dimSize(value, v.width), 16);
    operands.push_back(value);
  }
  bool words = areAllF32(operands);
  shape.elementBytes = words ? 4 : 2;
  shape.exactFloats = words && math == MatrixMath::Exact;
  shape.mixesBefore = static_cast<bool>(scores.interaction.pre);
  shape.mixesAfter = static_cast<bool>(scores.interaction.post);
  return shape;
}

KernelShape imhsa::shapeOf(Operation *op, MatrixMath math) {
  if (auto attention = dyn_cast<AttentionOp>(op))
    return shapeOfScores(attention.getScores(), attention.getValue(), attention.getValueOrder(),
                         math);
  return shapeOfScores(cast<LogSumExpOp>(op).getScores(), Value(), DimOrder::BHND, math);
}

//===----------------------------------------------------------------------===//
// What fits
//===----------------------------------------------------------------------===//

LogicalResult imhsa::checkBudget(const BlockResources &block, const ChipResources &chip,
                                 Complain complain) {
  int64_t bytes = block.sharedBytes();
  if (bytes > chip.sharedBytes) {
    Refusal diagnostic = complain();
    diagnostic << "needs " << bytes << " bytes of shared memory (";
    bool isFirst = true;
    for (auto [what, size] : block.shared) {
      if (size == 0)
        continue;
      diagnostic << (isFirst ? "" : " + ") << what << ' ' << size;
      isFirst = false;
    }
    return diagnostic << "); a block of " << chip.name << " has " << chip.sharedBytes;
  }
  int64_t registers = mostRegisters(block.threads);
  if (block.registers > registers) {
    return complain() << "needs about " << block.registers << " registers for each of "
                      << block.threads << " threads; there are " << registers;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

// Of `read_out`: teams of 1 to 16 warps for every 16 queries.
static SmallVector<ScheduleSizes> readOutCandidates(ArrayRef<int64_t> columns,
                                                    ArrayRef<int64_t> heads) {
  SmallVector<ScheduleSizes> result;
  for (int64_t teams : {1, 2, 3, 4, 6, 8})
    for (int64_t e : columns)
      for (int64_t h : heads)
        for (int64_t teamWarps : {1, 2, 4, 8, 16})
          for (int64_t stages : {1, 2, 3}) {
            ScheduleSizes sizes = defaultSizes(KernelKind::ReadOut);
            sizes.queries = 16 * teams, sizes.columns = e, sizes.heads = h;
            sizes.warps = teams * teamWarps, sizes.stages = stages;
            if (sizes.warps >= 4 && sizes.warps <= 16)
              result.push_back(sizes);
          }
  return result;
}

SmallVector<ScheduleSizes> imhsa::candidatesOf(KernelKind kind, const KernelShape &shape,
                                               bool inParts) {
  SmallVector<int64_t> columns = {0}, heads = {0}, parts = {2, 4};
  if (inParts)
    parts.push_back(8);
  bool isMixed = shape.mixesBefore || shape.mixesAfter;
  int64_t width = shape.valueSize;
  if (kind != KernelKind::Normalisers)
    for (int64_t part : parts)
      if (width / part >= 16 && (inParts || width / part % 16 == 0))
        columns.push_back(llvm::alignTo(width / part, 16));
  // Heads that nothing mixes need not be in one block.
  int64_t all = kind == KernelKind::Normalisers ? shape.scoreHeads : shape.resultHeads;
  if (!isMixed || inParts)
    for (int64_t part = 1; part < all; ++part)
      if (all % part == 0 && (isMixed || static_cast<int64_t>(shape.queryHeads) % part == 0))
        heads.push_back(part);
  if (kind == KernelKind::ReadOut)
    return readOutCandidates(columns, heads);
  SmallVector<ScheduleSizes> result;
  for (int64_t q : {16, 32, 64, 128})
    for (int64_t k : {16, 32, 48, 64})
      for (int64_t e : columns)
        for (int64_t h : heads)
          for (int64_t warps : {4, 8, 12, 16})
            for (int64_t stages : {1, 2, 3}) {
              // More row tiles than warps: too many registers for what is under way.
              if (q / 16 > warps)
                continue;
              ScheduleSizes sizes = defaultSizes(kind);
              sizes.queries = q, sizes.keys = k, sizes.columns = e, sizes.heads = h;
              sizes.warps = warps, sizes.stages = stages;
              result.push_back(sizes);
            }
  return result;
}

// As many as have 4 loads of 16 bytes each under way.
int64_t imhsa::poolWarps(PoolOp op) {
  TokenDims dims = tokenDims(op.getInputOrder());
  int64_t bytes = getElementTypeOrSelf(op.getInput()).getIntOrFloatBitWidth() / 8;
  uint64_t lanes =
      llvm::PowerOf2Ceil(llvm::divideCeil(dimSize(op.getInput(), dims.width) * bytes, 16));
  double rows = 32.0 / std::min<uint64_t>(32, lanes);
  double tokens =
      sizeOf(op.getInput(), dims.token, kAssumedTokens) / op.getPool().getNumLandmarks();
  uint64_t warps = llvm::PowerOf2Ceil(static_cast<uint64_t>(std::ceil(tokens / (4 * rows))));
  return std::clamp<int64_t>(warps, 1, defaultSizes(KernelKind::Pool).warps);
}

// Blocks for each multiprocessor that splits are to give, and how many splits there are at most.
static constexpr double kBlocksWanted = 2, kMostSplits = 64;

SmallVector<int64_t> imhsa::splitsOf(const KernelShape &shape, const ScheduleSizes &sizes,
                                     const ChipResources &chip) {
  double groups = 1;
  if (sizes.heads)
    groups = (shape.valueSize ? shape.resultHeads : shape.scoreHeads) / sizes.heads;
  if (sizes.columns)
    groups *= std::ceil(shape.valueSize / sizes.columns);
  double blocks = shape.batch * std::ceil(shape.queries / sizes.queries) * groups;
  double wanted = std::ceil(kBlocksWanted * chip.multiprocessors / blocks);
  // A range has at least 8 tiles, so that what it gives is small beside what it reads.
  double most = std::floor(shape.keys / (8 * sizes.keys));
  // To the nearest power of two.
  int64_t splits =
      std::exp2(std::round(std::log2(std::clamp(std::min(wanted, most), 1.0, kMostSplits))));
  SmallVector<int64_t> result = {splits};
  // Where that leaves multiprocessors without a block, shorter ranges too.
  while (blocks * splits < chip.multiprocessors &&
         2 * splits <= std::min(kMostSplits, shape.keys / sizes.keys))
    result.push_back(splits *= 2);
  return result;
}
