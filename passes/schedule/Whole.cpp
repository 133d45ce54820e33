//===- Whole.cpp - attentions that are done in one launch -----------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/Whole.h"
#include "dialect/Whole.h"
#include "passes/kernel/cuda/RidingPool.h"
#include "passes/reorder/SizeHint.h"
#include "passes/schedule/Candidates.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include <cmath>

using namespace mlir;
using namespace imhsa;

// Cycles of a barrier of a cluster, or of a block, with what was written before it on its way to
// the second-level cache.
static constexpr double kClusterBarrierCycles = 1000, kBarrierCycles = 500;
// Loads that a thread of a pool has under way.
static constexpr double kLoads = 4;
// The part of the time apart that one launch may take at most: the estimates are rough, and its
// phases have the registers and the code of one kernel.
static constexpr double kWorthwhile = 0.9;
// Bytes of tokens in a cycle of a multiprocessor, as in CostModel.cpp.
static constexpr double kBytes = 16;
// Registers of a thread that a phase takes beside those of the kernel apart: its items, and what
// the next phases need.
static constexpr int64_t kPhaseRegisters = 16;

static ScheduleAttr scheduleOf(Operation *op) {
  return op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
}

// A size that the type or a hint tells.
static std::optional<double> knownSize(Value tensor, unsigned dim) {
  int64_t size = dimSize(tensor, dim);
  if (!ShapedType::isDynamic(size))
    return size;
  return sizeHint(tensor, dim);
}

static bool areKnown(Value tensor, DimOrder order) {
  TokenDims dims = tokenDims(order);
  return knownSize(tensor, dims.batch) && knownSize(tensor, dims.token);
}

static bool hasKnownTokens(Operation *op) {
  if (auto pool = dyn_cast<PoolOp>(op))
    return areKnown(pool.getInput(), pool.getInputOrder());
  auto attention = dyn_cast<AttentionOp>(op);
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(op).getScores();
  return areKnown(scores.query, scores.queryOrder) && areKnown(scores.key, scores.keyOrder);
}

namespace {
/// A way to do an operation, and how long that takes.
struct Choice {
  ScheduleAttr schedule;
  double cycles = 0;
};

class Chooser {
public:
  explicit Chooser(const WholeOptions &options) : options(options) {}

  bool choose(ArrayRef<Operation *> run);

private:
  double launchCycles() const { return imhsa::launchCycles(options.isFromSm90); }
  double estimateApart(ArrayRef<Operation *> run) const;
  Choice choosePool(PoolOp pool, int64_t warps, int64_t blocks) const;
  Choice chooseSweep(Operation *op, int64_t warps, int64_t blocks) const;
  SmallVector<Choice> chooseAll(ArrayRef<Operation *> run, int64_t warps, int64_t blocks) const;

  const WholeOptions &options;
};
} // namespace

// Cycles with a launch, or two, for each of them. The first launch is there either way. However
// short kernels are, the host has to start them.
double Chooser::estimateApart(ArrayRef<Operation *> run) const {
  double cycles = -launchCycles(), launches = 0;
  for (Operation *op : run) {
    if (auto pool = dyn_cast<PoolOp>(op)) {
      Operation *next = op->getNextNode();
      if (!isa_and_nonnull<AttentionOp, LogSumExpOp>(next) || !whyNotRide(pool, next).empty())
        cycles += launchCycles() + kLoadCycles, ++launches;
      continue;
    }
    FailureOr<BlockResources> block = getBlockResources(op, silent);
    ScheduleAttr schedule = scheduleOf(op);
    KernelShape shape = shapeOf(op, options.math);
    cycles += estimateCycles(shape, schedule.getKind(), schedule.getSizes(), *block, options.chip) +
              launchCycles() +
              combineCycles(shape, schedule.getSizes(), options.chip, options.isFromSm90);
    launches += schedule.getSplits() > 1 ? 2 : 1;
  }
  return std::max(cycles, launches * kHostCycles);
}

// A thread sums the tokens of some columns of a landmark alone.
Choice Chooser::choosePool(PoolOp pool, int64_t warps, int64_t blocks) const {
  TokenDims dims = tokenDims(pool.getInputOrder());
  double tokens = *knownSize(pool.getInput(), dims.token);
  double chunks = knownSize(pool.getInput(), dims.head).value_or(1) *
                  dimSize(pool.getInput(), dims.width) *
                  bytesOf(getElementTypeOrSelf(pool.getInput())) / 16;
  double landmarks = pool.getPool().getNumLandmarks();
  double turns = std::ceil(landmarks * chunks / (32 * warps * blocks)) *
                 std::ceil(tokens / landmarks / kLoads);
  ScheduleSizes sizes = defaultSizes(KernelKind::Pool);
  sizes.warps = warps;
  return {ScheduleAttr::get(pool.getContext(), KernelKind::Pool, sizes),
          std::max(tokens * chunks * 16 / kBytes / blocks, turns * kLoadCycles)};
}

// The fastest schedule for a batch element alone on as many multiprocessors as it has blocks.
Choice Chooser::chooseSweep(Operation *op, int64_t warps, int64_t blocks) const {
  ScheduleAttr before = scheduleOf(op);
  KernelShape shape = shapeOf(op, options.math);
  shape.batch = 1;
  bool isReadOut = before.getKind() == KernelKind::ReadOut;
  double barrier = blocks > 1 ? kClusterBarrierCycles : kBarrierCycles;
  Choice best;
  for (ScheduleSizes sizes : candidatesOf(before.getKind(), shape))
    for (int64_t splits : {1, 2, 4, 8}) {
      if (sizes.warps != warps || splits > (isReadOut ? 1 : blocks))
        continue;
      if (!isReadOut)
        sizes.splits = splits;
      auto candidate =
          ScheduleAttr::get(op->getContext(), before.getKind(), sizes, before.getMath());
      op->setAttr(kScheduleAttr, candidate);
      FailureOr<BlockResources> block = getBlockResources(op, silent);
      if (failed(block))
        continue;
      block->registers += kPhaseRegisters;
      if (failed(checkBudget(*block, options.chip, silent)))
        continue;
      ChipResources cluster = options.chip;
      cluster.multiprocessors = blocks;
      cluster.sharedBytes = block->sharedBytes();
      double cycles = estimateCycles(shape, before.getKind(), sizes, *block, cluster) +
                      (splits > 1 ? barrier + kLoadCycles : 0);
      if (!best.schedule || cycles < best.cycles)
        best = {candidate, cycles};
    }
  op->setAttr(kScheduleAttr, before);
  return best;
}

// Empty where one of them does not fit.
SmallVector<Choice> Chooser::chooseAll(ArrayRef<Operation *> run, int64_t warps,
                                       int64_t blocks) const {
  SmallVector<Choice> choices;
  for (Operation *op : run) {
    auto pool = dyn_cast<PoolOp>(op);
    choices.push_back(pool ? choosePool(pool, warps, blocks) : chooseSweep(op, warps, blocks));
    if (!choices.back().schedule)
      return {};
  }
  return choices;
}

bool Chooser::choose(ArrayRef<Operation *> run) {
  if (run.size() < 2)
    return false;
  double fastest = kWorthwhile * estimateApart(run), batch = 1;
  for (Operation *op : run)
    batch = std::max(batch, *knownSize(op->getOperand(0), 0));
  int64_t bestBlocks = 0;
  SmallVector<Choice> best;
  for (int64_t blocks : {1, 2, 4, 8}) {
    if (blocks > 1 && !options.isFromSm90)
      break;
    double waves = std::ceil(batch / (options.chip.multiprocessors / blocks));
    double barriers = (run.size() - 1) * (blocks > 1 ? kClusterBarrierCycles : kBarrierCycles);
    for (int64_t warps : {4, 8, 16}) {
      SmallVector<Choice> choices = chooseAll(run, warps, blocks);
      if (choices.empty())
        continue;
      double cycles = barriers;
      for (const Choice &choice : choices)
        cycles += choice.cycles;
      if (cycles * waves < fastest)
        fastest = cycles * waves, best = choices, bestBlocks = blocks;
    }
  }
  for (auto [op, choice] : llvm::zip(run, best)) {
    op->setAttr(kScheduleAttr, choice.schedule);
    op->setAttr(kWholeAttr, IntegerAttr::get(IntegerType::get(op->getContext(), 64), bestBlocks));
  }
  return bestBlocks;
}

unsigned imhsa::chooseWholes(Operation *root, const WholeOptions &options,
                             llvm::function_ref<bool(Operation *)> mayChange) {
  unsigned number = 0;
  Chooser chooser(options);
  root->walk([&](Block *block) {
    SmallVector<Operation *> run;
    for (Operation &op : *block) {
      if (mayChange(&op) && hasKnownTokens(&op)) {
        run.push_back(&op);
      } else if (isa<DestinationStyleOpInterface>(op)) {
        number += chooser.choose(run);
        run.clear();
      }
    }
    number += chooser.choose(run);
  });
  return number;
}
