//===- ScheduleCpu.cpp - which kernel of the CPU computes what ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/kernel/cpu/Kernels.h"
#include "passes/schedule/Given.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_SCHEDULECPUPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// Tokens of a tile, a multiple of 16. Of 48, the scores in six heads against 64 columns are 72 KiB.
static constexpr int64_t kTokens = 48, kLeastTokens = 16;
// Tiles that a batch should have at least, so that processors do not wait for one.
static constexpr int64_t kTiles = 4;
// Queries of a block where there are many.
static constexpr int64_t kQueries = 64;
// Ranges of keys at most: more would take more memory for what each gives, and fewer would keep
// fewer processors busy.
static constexpr int64_t kSplits = 8;
// Keys that a range should have at least where queries are many: each adds up results of its own.
static constexpr int64_t kKeysInRange = 8 * kTokens;

static bool isFew(int64_t size) {
  return !ShapedType::isDynamic(size) && size <= cpu::kMostFewKeys;
}

static int64_t tokensInTile(int64_t tokens, int64_t batch) {
  if (ShapedType::isDynamic(tokens))
    return kTokens;
  int64_t tiles =
      llvm::divideCeil(kTiles, ShapedType::isDynamic(batch) ? 1 : std::max<int64_t>(batch, 1));
  return std::clamp<int64_t>(llvm::alignDown(tokens / tiles, 16), kLeastTokens, kTokens);
}

static ScheduleAttr chooseSchedule(Operation *op) {
  auto make = [&](KernelKind kind, const ScheduleSizes &sizes) {
    return ScheduleAttr::get(op->getContext(), kind, sizes);
  };
  if (isa<PoolOp>(op))
    return make(KernelKind::Pool, defaultSizes(KernelKind::Pool));
  auto attention = dyn_cast<AttentionOp>(op);
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(op).getScores();
  int64_t queries = scores.queries(), keys = scores.keys(), batch = scores.batch();
  // The columns of a tile are what there is less of.
  if (attention && isFew(keys) && !(isFew(queries) && queries < keys)) {
    ScheduleSizes sizes = defaultSizes(KernelKind::ReadOut);
    sizes.queries = tokensInTile(queries, batch);
    return make(KernelKind::ReadOut, sizes);
  }
  KernelKind kind = attention ? KernelKind::Stream : KernelKind::Normalisers;
  ScheduleSizes sizes = defaultSizes(kind);
  sizes.keys = isFew(queries) ? tokensInTile(keys, batch) : kTokens;
  sizes.queries = isFew(queries) ? llvm::alignTo(queries, 16) : kQueries;
  // Blocks of queries are tasks; where there is one, or of each so much is stored that few are
  // swept at once, ranges of keys are.
  bool hasTwoSweeps = attention && scores.interaction.mixesAfter() && !scores.lse;
  sizes.splits = isFew(queries) || hasTwoSweeps ? kSplits : 1;
  if (!ShapedType::isDynamic(keys)) {
    int64_t ranges = keys / (isFew(queries) ? sizes.keys : kKeysInRange);
    sizes.splits = std::clamp<int64_t>(llvm::bit_floor<uint64_t>(ranges), 1, sizes.splits);
  }
  return make(kind, sizes);
}

// Whether kernels of this kind compute `op`, which has no schedule yet.
static bool serves(Operation *op, ScheduleAttr schedule) {
  if (!isKindOf(op, schedule.getKind()))
    return false;
  auto attention = dyn_cast<AttentionOp>(op);
  return schedule.getKind() != KernelKind::ReadOut || isFew(attention.getScores().keys());
}

namespace {
struct ScheduleCpuPass : imhsa::impl::ScheduleCpuPassBase<ScheduleCpuPass> {
  using ScheduleCpuPassBase::ScheduleCpuPassBase;

  void runOnOperation() override {
    FailureOr<SmallVector<ScheduleAttr>> wanted = parseSchedules(getOperation(), schedules);
    if (failed(wanted))
      return signalPassFailure();
    getOperation()->walk([&](Operation *op) {
      if (!isa<AttentionOp, LogSumExpOp, PoolOp>(op))
        return;
      auto given = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
      for (ScheduleAttr one : *wanted)
        if (!given && serves(op, one))
          given = one;
      if (given)
        op->setAttr(kScheduleAttr, given);
      if (given && !given.isFused())
        return;
      if (std::optional<std::string> reason = cpu::whyNoKernel(op)) {
        op->emitRemark("has no kernel of its own: ") << *reason;
        op->removeAttr(kScheduleAttr);
        return;
      }
      if (!given)
        op->setAttr(kScheduleAttr, chooseSchedule(op));
      ++numScheduled;
    });
  }
};
} // namespace
