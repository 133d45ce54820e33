//===- ScorePlan.cpp - how scores are cut into tiles ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/ScorePlan.h"
#include "passes/kernel/cuda/AttentionTile.h"

using namespace mlir;
using namespace imhsa;

Type imhsa::getOperandType(ValueRange operands, MatrixMath math) {
  for (Value value : operands)
    if (Type element = getElementTypeOrSelf(value); element.getIntOrFloatBitWidth() == 16)
      return element;
  Type type = getElementTypeOrSelf(operands.front());
  bool isRounded = type.isF32() && math == MatrixMath::Tf32;
  return isRounded ? FloatTF32Type::get(type.getContext()) : type;
}

int64_t imhsa::groupedHeads(int64_t block, int64_t all, int64_t grouped) {
  return std::max<int64_t>(1, block / (all / grouped));
}

FailureOr<ScorePlan> ScorePlan::get(Complain complain, const Scores &scores,
                                    const ScheduleSizes &tile, Type type, int64_t blockScoreHeads) {
  ScorePlan plan;
  plan.scores = scores, plan.tile = tile, plan.type = type;
  plan.queryHeads = scores.queryHeads(), plan.keyHeads = scores.keyHeads();
  plan.scoreHeads = scores.scoreHeads(), plan.headSize = scores.headSize();
  for (auto [name, size] : {std::pair("query heads", plan.queryHeads),
                            {"key heads", plan.keyHeads},
                            {"score heads", plan.scoreHeads},
                            {"head size", plan.headSize}})
    if (ShapedType::isDynamic(size) || size == 0)
      return complain() << name
                        << ": expected a number that the types tell and that is not 0, found "
                        << (size ? "'?'" : "0");
  if (!type.isF16() && !type.isBF16() && !type.isF32() && !type.isTF32())
    return complain() << "expected tokens of f16, bf16 or f32, found " << type;

  plan.blockScoreHeads = blockScoreHeads;
  plan.blockQueryHeads = scores.interaction.pre ? plan.queryHeads : blockScoreHeads;
  int64_t group = plan.queryHeads / plan.keyHeads;
  if (plan.blockQueryHeads % group && group % plan.blockQueryHeads)
    return complain() << plan.blockQueryHeads
                      << " heads of a block: expected a divisor or a multiple of " << group
                      << ", the heads that share a key head";
  plan.blockKeyHeads = groupedHeads(plan.blockQueryHeads, plan.queryHeads, plan.keyHeads);
  // Two chunks are the depth of one matrix instruction.
  unsigned bytes = plan.elementBytes();
  int64_t depth = llvm::alignTo(plan.headSize, 32 / bytes);
  plan.queryTile = {tile.queries, depth, bytes};
  plan.keyTile = {tile.keys, depth, bytes};
  return plan;
}

int64_t ScorePlan::preBytes() const {
  if (!scores.interaction.pre)
    return 0;
  return std::max(blockScoreHeads * MixingMatrix::rowBytes(blockQueryHeads),
                  blockQueryHeads * MixingMatrix::rowBytes(blockScoreHeads));
}

void ScorePlan::chooseUnitKeys(llvm::function_ref<int64_t()> unitsOfWarp,
                               llvm::function_ref<int64_t()> registers) {
  int64_t best = 8, leastWork = 0;
  for (int64_t keys : {8, 16, 24, 32}) {
    unitKeys = keys;
    if (tile.keys % keys || (keys > 8 && registers() > mostRegisters(32 * tile.warps)))
      continue;
    int64_t work = unitsOfWarp() * keys;
    if (leastWork == 0 || work <= leastWork)
      best = keys, leastWork = work;
  }
  unitKeys = best;
}

int64_t ScorePlan::scoreTraffic() const {
  int64_t row = headSize * elementBytes();
  int64_t ofUnit = (blockQueryHeads * 16 + blockKeyHeads * unitKeys) * row;
  if (scores.interaction.pre)
    ofUnit += blockQueryHeads * MixingMatrix::rowTraffic(blockScoreHeads);
  return units() * ofUnit + keyBytes();
}

MixingWork ScorePlan::mixingWork() const {
  if (!scores.interaction.pre)
    return {};
  return {blockScoreHeads * blockQueryHeads, 0};
}

int64_t ScorePlan::productRegisters() const {
  if (type.isF32())
    return 24;
  // An operand of queries, and those of keys: of one depth or two, or of all that heads share
  // (AttentionTile.cpp).
  int64_t depths = unitKeys % 16 ? 2 : 1;
  if (blockQueryHeads > blockKeyHeads && !mixesInLoop())
    depths = keyTile.chunks() / 2;
  return 4 + unitKeys / 4 * depths;
}

int64_t ScorePlan::maskRegisters() const {
  int64_t positions = unitKeys / 2;
  if (!hasPositionMask() && !scores.interaction.postBias)
    return 0;
  if (!scores.bias)
    return 16 + positions;
  // A bias has an address for each position, and for each head where they are unrolled; it is read
  // ahead.
  return 16 + 6 * positions + (mixesInLoop() ? 0 : 2 * blockQueryHeads);
}
