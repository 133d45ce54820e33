//===- Supported.cpp - what has a kernel for the CPU ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Tiling.h"
#include "passes/kernel/cpu/Kernels.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace imhsa;
using namespace imhsa::cpu;

// What is missing for the tokens `value`, or nothing.
static std::optional<std::string> whyNotTokens(Value value, DimOrder order, StringRef name) {
  auto type = cast<ShapedType>(value.getType());
  if (type.getElementType().isF64())
    return (name + " is f64").str();
  for (auto [what, dim] :
       {std::pair("heads", tokenDims(order).head), std::pair("elements of a token", 3u)})
    if (type.isDynamicDim(dim))
      return (name + " has a dynamic number of " + what).str();
  return std::nullopt;
}

static bool isAtMost(int64_t size, int64_t most) {
  return !ShapedType::isDynamic(size) && size <= most;
}

// What is missing for tiles whose columns are all keys, or a block of queries.
static std::optional<std::string> whyNotScores(const Scores &scores, bool keysAreColumns) {
  if (ShapedType::isDynamic(scores.scoreHeads()) || ShapedType::isDynamic(scores.resultHeads()))
    return "a dynamic number of heads";
  int64_t columns = keysAreColumns                             ? scores.keys()
                    : isAtMost(scores.queries(), kMostFewKeys) ? scores.queries()
                                                               : kMostFewKeys;
  if (!AttentionTile::fitsOnStack(scores, columns))
    return "the scores of one token against " + std::to_string(padToVectors(columns)) +
           " columns do not fit on the stack";
  return std::nullopt;
}

static std::optional<std::string> whyNotAttention(AttentionOp op) {
  if (op.hasLandmarks())
    return "it has landmarks; run imhsa-decompose first";
  for (auto [value, order, name] : {std::tuple(op.getQuery(), op.getQueryOrder(), "query"),
                                    std::tuple(op.getKey(), op.getKeyOrder(), "key"),
                                    std::tuple(op.getValue(), op.getValueOrder(), "value"),
                                    std::tuple(op.getInit(), op.getOutputOrder(), "result")})
    if (auto reason = whyNotTokens(value, order, name))
      return reason;
  ScheduleAttr schedule = op.getScheduleAttr();
  bool isFew = isAtMost(op.getScores().keys(), kMostFewKeys);
  if (schedule && schedule.getKind() == KernelKind::ReadOut && !isFew)
    return "read_out needs at most " + std::to_string(kMostFewKeys) + " keys, a static number";
  return whyNotScores(op.getScores(), isFew);
}

static std::optional<std::string> whyNotLogSumExp(LogSumExpOp op) {
  for (auto [value, order, name] : {std::tuple(op.getQuery(), op.getQueryOrder(), "query"),
                                    std::tuple(op.getKey(), op.getKeyOrder(), "key")})
    if (auto reason = whyNotTokens(value, order, name))
      return reason;
  return whyNotScores(op.getScores(), /*keysAreColumns=*/false);
}

std::optional<std::string> imhsa::cpu::whyNoKernel(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent; parent = parent->getParentOp())
    if (isa<scf::ForallOp, scf::ParallelOp>(parent))
      return "it is in a parallel loop";
  if (hasEmptyOperand(op))
    return "an operand is empty";
  if (auto pool = dyn_cast<PoolOp>(op))
    return whyNotTokens(pool.getInput(), pool.getInputOrder(), "input");
  if (auto attention = dyn_cast<AttentionOp>(op))
    return whyNotAttention(attention);
  if (auto normalisers = dyn_cast<LogSumExpOp>(op))
    return whyNotLogSumExp(normalisers);
  return "there is none for " + op->getName().getStringRef().str();
}
