//===- Schedule.cpp - which kernel computes what, and how it is cut -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Tiling.h"
#include "passes/Passes.h"
#include "passes/reorder/SizeHint.h"
#include "passes/schedule/Candidates.h"
#include "passes/schedule/Given.h"
#include "passes/schedule/Riding.h"
#include "passes/schedule/Whole.h"
#include "passes/tile/Normalisers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

// What is assumed of sizes that neither types nor hints tell.
static constexpr int64_t kAssumedBatch = 8, kAssumedTokens = 4096;
// Keys that `read_out` keeps in a block at most.
static constexpr int64_t kMostKeysOfReadOut = 256;
// Blocks for each multiprocessor that splits are to give.
static constexpr int64_t kBlocksWanted = 2;

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

static Refusal silent() { return Refusal(); }

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

SmallVector<ScheduleSizes> imhsa::candidatesOf(KernelKind kind, const KernelShape &shape) {
  SmallVector<int64_t> columns = {0};
  if (kind != KernelKind::Normalisers)
    for (int64_t part : {2, 4})
      if (int64_t width = shape.valueSize / part; width >= 16 && width % 16 == 0)
        columns.push_back(width);
  SmallVector<int64_t> heads = {0};
  // Heads that nothing mixes need not be in one block.
  if (!shape.mixesBefore && !shape.mixesAfter) {
    int64_t all = kind == KernelKind::Normalisers ? shape.scoreHeads : shape.resultHeads;
    for (int64_t part = 1; part < all; ++part)
      if (all % part == 0 && static_cast<int64_t>(shape.queryHeads) % part == 0)
        heads.push_back(part);
  }
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

// Warps that share the tokens of a segment: as many as have 4 loads of 16 bytes each under way.
static int64_t poolWarps(PoolOp op) {
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

// Ranges of keys: enough blocks for all multiprocessors where queries alone give too few.
static int64_t splitsOf(const KernelShape &shape, const ScheduleSizes &sizes,
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
  return std::exp2(std::round(std::log2(std::clamp(std::min(wanted, most), 1.0, 64.0))));
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

  // The fastest schedule of the kind that fits, by the cost model; null if none does.
  ScheduleAttr findBest(Operation *op, KernelKind kind) {
    KernelShape shape = shapeOf(op, math());
    MatrixMath math = shape.elementBytes == 4 ? this->math() : MatrixMath::Exact;
    ScheduleAttr before = scheduleOf(op), best;
    double bestCycles = 0;
    bool bestReadsOnce = false;
    for (ScheduleSizes sizes : candidatesOf(kind, shape)) {
      if (kind != KernelKind::ReadOut)
        sizes.splits = splitsOf(shape, sizes, least);
      auto candidate = ScheduleAttr::get(&getContext(), kind, sizes, math);
      setSchedule(op, candidate);
      FailureOr<BlockResources> block = getBlockResources(op, silent);
      if (failed(block) || failed(checkBudget(*block, least, silent)))
        continue;
      double cycles = estimateCycles(shape, kind, sizes, *block, least);
      // Landmarks as queries: where one block can have all of them, all tokens are read once.
      bool readsOnce = kind != KernelKind::ReadOut && shape.queries <= sizes.queries &&
                       !sizes.heads && !sizes.columns;
      if (!best || readsOnce > bestReadsOnce || (readsOnce == bestReadsOnce && cycles < bestCycles))
        best = candidate, bestCycles = cycles, bestReadsOnce = readsOnce;
    }
    if (before)
      setSchedule(op, before);
    else
      op->removeAttr(kScheduleAttr);
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
