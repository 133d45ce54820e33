//===- BatchGroup.cpp - operations, batch element by batch element --------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/BatchGroup.h"
#include "dialect/Imhsa.h"
#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace imhsa;

bool imhsa::touchesNoMemory(Operation *op) {
  return isMemoryEffectFree(op) || isa<cf::AssertOp>(op);
}

namespace {
/// What an operation needs: see BatchGroup.
struct Member {
  BatchDims batched;
  llvm::SetVector<Value> whole;
};
} // namespace

// Fails where an operand may or may not have one element for the whole batch.
static LogicalResult addBroadcast(Member &member, Value value, bool isBatchOne) {
  if (!value)
    return success();
  int64_t size = dimSize(value, 0);
  if (size == 1 && !isBatchOne)
    return success(member.whole.insert(value));
  if (ShapedType::isDynamic(size))
    return failure();
  member.batched.insert({value, 0});
  return success();
}

static FailureOr<Member> getMember(Operation *op) {
  Member member;
  auto add = [&](ValueRange values, unsigned dim = 0) {
    for (Value value : values)
      if (value)
        member.batched.insert({value, dim});
  };
  auto addScores = [&](const Scores &scores) -> LogicalResult {
    add({scores.query, scores.key, scores.keyLengths, scores.lse});
    for (Value value : {scores.interaction.pre, scores.interaction.preBias, scores.interaction.post,
                        scores.interaction.postBias})
      if (value)
        member.whole.insert(value);
    bool isBatchOne = scores.batch() == 1;
    return success(succeeded(addBroadcast(member, scores.bias, isBatchOne)) &&
                   succeeded(addBroadcast(member, scores.keep, isBatchOne)));
  };
  if (auto pool = dyn_cast<PoolOp>(op)) {
    add({pool.getInput(), pool.getKeyLengths(), pool.getInit()});
  } else if (auto rows = dyn_cast<LogSumExpOp>(op)) {
    if (failed(addScores(rows.getScores())))
      return failure();
    add(rows.getOuts());
    add(rows.getScratch(), 1);
  } else {
    auto attention = cast<AttentionOp>(op);
    if (failed(addScores(attention.getScores())))
      return failure();
    add(attention.getValue());
    add(attention.getOuts());
    add(attention.getScratch(), 1);
  }
  return member;
}

LogicalResult BatchGroup::add(Operation *op) {
  FailureOr<Member> member = getMember(op);
  if (failed(member))
    return failure();
  BatchGroup together = *this;
  together.operations.push_back(op);
  together.batchedOf.push_back(member->batched);
  for (auto [value, dim] : member->batched)
    if (!together.batched.insert({value, dim}).second && together.batched[value] != dim)
      return failure();
  together.whole.insert_range(member->whole);
  if (!together.isIndependent())
    return failure();
  *this = std::move(together);
  return success();
}

bool BatchGroup::isOfOneBatch() const {
  DenseSet<Value> reached;
  SmallVector<const BatchDims *> left =
      llvm::map_to_vector(batchedOf, [](const BatchDims &dims) { return &dims; });
  bool isGrowing = true;
  while (isGrowing) {
    isGrowing = false;
    llvm::erase_if(left, [&](const BatchDims *dims) {
      if (!reached.empty() &&
          llvm::none_of(*dims, [&](auto entry) { return reached.contains(entry.first); }))
        return false;
      for (auto [value, dim] : *dims)
        reached.insert(value);
      return isGrowing = true;
    });
  }
  return left.empty();
}

SmallVector<Value> BatchGroup::getReadAgain() const {
  DenseSet<Value> written = getWritten();
  SmallVector<Value> result;
  for (auto [value, dim] : batched) {
    auto reads = [&, value = value](const BatchDims &dims) { return dims.contains(value); };
    if (!written.contains(value) && llvm::count_if(batchedOf, reads) > 1)
      result.push_back(value);
  }
  return result;
}

DenseSet<Value> BatchGroup::getWritten() const {
  DenseSet<Value> written;
  for (Operation *op : operations) {
    SmallVector<MemoryEffects::EffectInstance> effects;
    cast<MemoryEffectOpInterface>(op).getEffects(effects);
    for (MemoryEffects::EffectInstance &effect : effects)
      if (isa<MemoryEffects::Write>(effect.getEffect()))
        written.insert(effect.getValue());
  }
  return written;
}

// What is written is seen by others only as the same memref, batch element by batch element.
bool BatchGroup::isIndependent() const {
  DenseMap<Value, DenseSet<Value>> seen;
  auto see = [&](Value value) {
    Value buffer = getBuffer(value);
    seen[buffer].insert(value);
    return buffer != nullptr;
  };
  for (auto [value, dim] : batched)
    if (!see(value))
      return false;
  for (Value value : whole)
    if (!see(value))
      return false;
  return llvm::all_of(getWritten(), [&](Value value) {
    return seen[getBuffer(value)].size() == 1 && !whole.contains(value);
  });
}
