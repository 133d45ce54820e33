//===- Schedule.cpp - which kernel computes what, and how it is cut -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Tiling.h"
#include "passes/Passes.h"
#include "passes/schedule/Candidates.h"
#include "passes/schedule/Given.h"
#include "passes/schedule/Narrow.h"
#include "passes/schedule/Riding.h"
#include "passes/schedule/Whole.h"
#include "passes/tile/Normalisers.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

//===----------------------------------------------------------------------===//
// What kernels serve
//===----------------------------------------------------------------------===//

// Keys that `read_out` keeps in a block at most.
static constexpr int64_t kMostKeysOfReadOut = 256;

// What no kernel serves, whatever its sizes; empty where there may be one.
static std::string whyGeneral(Operation *op) {
  if (!isa<AttentionOp, LogSumExpOp, PoolOp>(op))
    return "the matrix of weights is wanted itself";
  if (hasEmptyOperand(op))
    return "an operand is empty";
  for (Value operand : op->getOperands())
    if (getElementTypeOrSelf(operand).isF64())
      return "elements of f64 have no matrix instructions here";
  if (auto pool = dyn_cast<PoolOp>(op)) {
    TokenDims dims = tokenDims(pool.getInputOrder());
    if (ShapedType::isDynamic(dimSize(pool.getInput(), dims.width)))
      return "the types do not tell the head size";
    return "";
  }
  auto attention = dyn_cast<AttentionOp>(op);
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(op).getScores();
  SmallVector<std::pair<StringRef, int64_t>> heads = {{"H", scores.queryHeads()},
                                                      {"the heads of the key", scores.keyHeads()},
                                                      {"S", scores.scoreHeads()}};
  SmallVector<std::pair<StringRef, int64_t>> widths = {{"D", scores.headSize()}};
  if (attention) {
    TokenDims v = tokenDims(attention.getValueOrder());
    heads.push_back({"G", scores.resultHeads()});
    heads.push_back({"the heads of the value", dimSize(attention.getValue(), v.head)});
    widths.push_back({"E", dimSize(attention.getValue(), v.width)});
  }
  for (const auto &[list, most] : {std::pair(heads, 32), std::pair(widths, 256)})
    for (auto [name, size] : list) {
      if (ShapedType::isDynamic(size))
        return ("the types do not tell " + name).str();
      if (size > most)
        return (name + " is " + Twine(size) + ", more than " + Twine(most)).str();
    }
  return "";
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static ScheduleAttr scheduleOf(Operation *op) {
  return op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
}

static void setSchedule(Operation *op, ScheduleAttr schedule) {
  op->setAttr(kScheduleAttr, schedule);
}

// How many times as long blocks with some of the columns are taken to need: they all compute the
// same scores.
static constexpr double kAgain = 2;

namespace {
struct SchedulePass : imhsa::impl::SchedulePassBase<SchedulePass> {
  using SchedulePassBase::SchedulePassBase;

  void runOnOperation() override {
    FailureOr<ChipResources> resources = getLeastResources(getOperation()->getLoc(), chip);
    FailureOr<SmallVector<ScheduleAttr>> given = parseSchedules(getOperation(), schedules);
    if (failed(resources) || failed(given))
      return signalPassFailure();
    least = *resources;
    wanted = *given;
    chosen.clear();
    SmallVector<Operation *> operations;
    getOperation()->walk([&](Operation *op) {
      if (isa<AttentionOp, LogSumExpOp, PoolOp, WeightsOp>(op) && isExactOnTensors(op))
        operations.push_back(op);
    });
    bool failedAny = false;
    for (Operation *op : operations)
      failedAny |= failed(schedule(op));
    if (failedAny)
      return signalPassFailure();
    // Attentions of the list may be gone.
    SmallVector<PoolOp> pools;
    getOperation()->walk([&](PoolOp pool) {
      if (isExactOnTensors(pool) && hasFusedSchedule(pool))
        pools.push_back(pool);
    });
    for (PoolOp pool : pools)
      numRiding += letRide(pool, [&](Operation *sweep) { return chosen.contains(sweep); });
    chooseWholes(getOperation(), {least, haveDependentLaunches(chip), math()},
                 [&](Operation *op) { return chosen.contains(op); });
    numNarrowed += narrowIntermediates(getOperation());
  }

private:
  static bool isExactOnTensors(Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    return cast<DestinationStyleOpInterface>(op).hasPureTensorSemantics() &&
           !(attention && attention.hasLandmarks());
  }

  LogicalResult schedule(Operation *op) {
    if (ScheduleAttr given = isa<WeightsOp>(op) ? ScheduleAttr() : scheduleOf(op)) {
      if (!given.isFused())
        return success();
      return keep(op);
    }
    if (!fused)
      return success();
    if (std::string why = whyGeneral(op); !why.empty()) {
      emitRemark(op->getLoc()) << "no fused kernel: " << why;
      return makeGeneral(op);
    }
    // Of what the option gives, the first that fits; if none does, the error is about the last.
    ScheduleAttr last;
    for (ScheduleAttr one : wanted) {
      if (!isKindOf(op, one.getKind()) || !serves(op, one.getKind()))
        continue;
      if (one.getKind() == KernelKind::Stream) {
        FailureOr<Operation *> sum = separate(op);
        if (failed(sum))
          return failure();
        op = *sum;
      }
      last = one;
      setSchedule(op, one);
      if (!one.isFused() || succeeded(check(op, silent)))
        break;
    }
    if (last)
      return keep(op);
    return choose(op);
  }

  LogicalResult makeGeneral(Operation *op) {
    ++numGeneral;
    if (!isa<WeightsOp>(op))
      setSchedule(op, ScheduleAttr::get(&getContext(), KernelKind::General, ScheduleSizes()));
    return success();
  }

  // Whether a kind that computes operations like `op` serves this one.
  static bool serves(Operation *op, KernelKind kind) {
    if (kind != KernelKind::ReadOut)
      return true;
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return false;
    int64_t keys = attention.getScores().keys();
    return !ShapedType::isDynamic(keys) && keys <= kMostKeysOfReadOut;
  }

  // A schedule that somebody set: checked, and carried out.
  LogicalResult keep(Operation *op) {
    ScheduleAttr given = scheduleOf(op);
    auto complain = [&] {
      return Refusal(emitError(op->getLoc()))
             << "'" << op->getName() << "' op schedule " << given << ": ";
    };
    if (!given.isFused())
      return success();
    if (!serves(op, given.getKind())) {
      return complain() << "expected at most " << kMostKeysOfReadOut
                        << " keys, of a number that the types tell";
    }
    if (given.getMath() == MatrixMath::Tf32 && shapeOf(op, given.getMath()).elementBytes != 4)
      return complain() << "expected operands of f32 for tf32";
    if (given.getKind() == KernelKind::Stream) {
      FailureOr<Operation *> sum = separate(op);
      if (failed(sum))
        return failure();
      op = *sum;
    }
    if (failed(check(op, complain)))
      return failure();
    ++numFused;
    return success();
  }

  // Whether the kernel serves the operation and a block of it fits.
  LogicalResult check(Operation *op, Complain complain) {
    FailureOr<BlockResources> block = getBlockResources(op, complain);
    return failed(block) ? failure() : checkBudget(*block, least, complain);
  }

  LogicalResult choose(Operation *op) {
    if (isa<PoolOp>(op)) {
      ScheduleSizes sizes = defaultSizes(KernelKind::Pool);
      for (sizes.warps = poolWarps(cast<PoolOp>(op)); sizes.warps; sizes.warps /= 2) {
        setSchedule(op, ScheduleAttr::get(&getContext(), KernelKind::Pool, sizes));
        if (failed(check(op, silent)))
          continue;
        chosen.insert(op);
        ++numFused;
        return success();
      }
      return refuse(op);
    }
    if (serves(op, KernelKind::ReadOut))
      if (ScheduleAttr best = findBest(op, KernelKind::ReadOut)) {
        setSchedule(op, best);
        chosen.insert(op);
        ++numFused;
        return success();
      }
    FailureOr<Operation *> sum = separate(op);
    if (failed(sum))
      return failure();
    op = *sum;
    KernelKind kind = isa<LogSumExpOp>(op) ? KernelKind::Normalisers : KernelKind::Stream;
    if (ScheduleAttr best = findBest(op, kind)) {
      setSchedule(op, best);
      chosen.insert(op);
      ++numFused;
      return success();
    }
    // Why not even the smallest tiles do.
    ScheduleSizes smallest = candidatesOf(kind, shapeOf(op, math())).front();
    setSchedule(op, ScheduleAttr::get(&getContext(), kind, smallest));
    return refuse(op);
  }

  // Says what is in the way of the schedule that `op` has, and makes it general.
  LogicalResult refuse(Operation *op) {
    (void)check(op, [&] { return Refusal(emitRemark(op->getLoc())) << "no fused kernel: "; });
    return makeGeneral(op);
  }

  MatrixMath math() const { return allowTf32 ? MatrixMath::Tf32 : MatrixMath::Exact; }

  // The fastest schedule of the kind that fits, by the cost model; null if none does. Heads that
  // are mixed are apart only where they do not fit together.
  ScheduleAttr findBest(Operation *op, KernelKind kind) {
    KernelShape shape = shapeOf(op, math());
    ScheduleAttr before = scheduleOf(op);
    ScheduleAttr best = findBest(op, kind, shape, candidatesOf(kind, shape));
    if (!best && kind != KernelKind::ReadOut)
      best = findBest(op, kind, shape, candidatesOf(kind, shape, /*inParts=*/true));
    if (before)
      setSchedule(op, before);
    else
      op->removeAttr(kScheduleAttr);
    return best;
  }

  ScheduleAttr findBest(Operation *op, KernelKind kind, const KernelShape &shape,
                        ArrayRef<ScheduleSizes> candidates) {
    MatrixMath math = shape.elementBytes == 4 ? this->math() : MatrixMath::Exact;
    ScheduleAttr best;
    double bestCycles = 0;
    bool bestReadsOnce = false;
    for (ScheduleSizes sizes : candidates) {
      setSchedule(op, ScheduleAttr::get(&getContext(), kind, sizes, math));
      FailureOr<BlockResources> block = getBlockResources(op, silent);
      if (failed(block) || failed(checkBudget(*block, least, silent)))
        continue;
      // Landmarks as queries: where one block can have all of them, all tokens are read once.
      bool isSweep = kind != KernelKind::ReadOut;
      bool readsOnce = isSweep && shape.queries <= sizes.queries && !sizes.heads && !sizes.columns;
      for (int64_t splits :
           isSweep ? splitsOf(shape, sizes, least) : SmallVector<int64_t>{sizes.splits}) {
        sizes.splits = splits;
        double cycles = estimateCycles(shape, kind, sizes, *block, least) +
                        combineCycles(shape, sizes, least, haveDependentLaunches(chip));
        if (sizes.columns)
          cycles *= kAgain;
        if (best &&
            (readsOnce < bestReadsOnce || (readsOnce == bestReadsOnce && cycles >= bestCycles)))
          continue;
        best = ScheduleAttr::get(&getContext(), kind, sizes, math);
        bestCycles = cycles, bestReadsOnce = readsOnce;
      }
    }
    return best;
  }

  // Where heads are mixed after a softmax over keys that stream by, its normalisers come first,
  // with a schedule of their own. The attention, which has that of `op`.
  FailureOr<Operation *> separate(Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention || attention.getLse() || !attention.getScores().interaction.mixesAfter())
      return op;
    ScheduleAttr schedule = attention.getScheduleAttr();
    IRRewriter rewriter(op);
    auto [normalisers, sum] = separateNormalisers(rewriter, attention);
    if (schedule)
      sum.setScheduleAttr(schedule);
    ++numSeparated;
    if (failed(this->schedule(normalisers)))
      return failure();
    return sum.getOperation();
  }

  ChipResources least;
  SmallVector<ScheduleAttr> wanted;
  /// Operations of which nobody set the schedule.
  llvm::SmallPtrSet<Operation *, 8> chosen;
};
} // namespace
