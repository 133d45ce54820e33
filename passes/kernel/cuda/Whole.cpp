//===- Whole.cpp - several operations in one launch -----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Whole.h"
#include "dialect/Whole.h"
#include "passes/kernel/BatchGroup.h"
#include "passes/kernel/cuda/Kernels.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace imhsa;

static ScheduleAttr scheduleOf(Operation *op) {
  return op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
}

static int64_t blocksOf(Operation *op) {
  return op->getAttrOfType<IntegerAttr>(kWholeAttr).getInt();
}

// How many of `run`, from the first on, can share a launch.
static size_t countTogether(ArrayRef<Operation *> run) {
  BatchGroup group;
  size_t count = 1;
  for (size_t i = 0; i < run.size(); ++i) {
    if (scheduleOf(run[i]).getWarps() != scheduleOf(run.front()).getWarps() ||
        blocksOf(run[i]) != blocksOf(run.front()) || failed(group.add(run[i])))
      break;
    // Two pools have nothing in common before the sweep that reads both.
    if (group.isOfOneBatch())
      count = i + 1;
  }
  return count;
}

SmallVector<SmallVector<Operation *>> imhsa::findWholes(func::FuncOp function) {
  SmallVector<SmallVector<Operation *>> result;
  function.walk([&](Block *block) {
    SmallVector<Operation *> run;
    auto finish = [&] {
      for (ArrayRef<Operation *> left = run; !left.empty();) {
        size_t count = countTogether(left);
        result.emplace_back(left.take_front(count));
        left = left.drop_front(count);
      }
      run.clear();
    };
    for (Operation &op : *block) {
      if (op.hasAttr(kWholeAttr) && cast<DestinationStyleOpInterface>(op).hasPureBufferSemantics())
        run.push_back(&op);
      else if (!touchesNoMemory(&op))
        finish();
    }
    finish();
  });
  return result;
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

namespace {
/// The buffers that operations write, and all that they touch.
struct Touched {
  DenseSet<Value> written, all;

  explicit Touched(Operation *op) {
    SmallVector<MemoryEffects::EffectInstance> effects;
    cast<MemoryEffectOpInterface>(op).getEffects(effects);
    for (MemoryEffects::EffectInstance &effect : effects) {
      Value buffer = getBuffer(effect.getValue());
      all.insert(buffer);
      if (isa<MemoryEffects::Write>(effect.getEffect()))
        written.insert(buffer);
    }
  }

  /// Whether one must have ended before the other begins.
  bool conflictsWith(const Touched &other) const {
    auto overlap = [](const DenseSet<Value> &a, const DenseSet<Value> &b) {
      return llvm::any_of(a, [&](Value buffer) { return b.contains(buffer); });
    };
    return overlap(written, other.all) || overlap(other.written, all);
  }
};

struct PhaseOfOperation : Phase {
  Touched touched;
};
} // namespace

static FailureOr<Phase> getPhase(Operation *op) {
  return llvm::TypeSwitch<Operation *, FailureOr<Phase>>(op)
      .Case([](PoolOp pool) { return getPoolPhase(pool); })
      .Case([](LogSumExpOp rows) { return getNormalisersPhase(rows); })
      .Case([](AttentionOp attention) {
        return attention.getScheduleAttr().getKind() == KernelKind::ReadOut
                   ? getReadOutPhase(attention)
                   : getStreamPhase(attention);
      });
}

static Phase getCombinePhase(Operation *op) {
  if (auto rows = dyn_cast<LogSumExpOp>(op))
    return getCombinePhase(rows);
  return getCombinePhase(cast<AttentionOp>(op));
}

static LogicalResult getPhases(ArrayRef<Operation *> operations,
                               SmallVectorImpl<PhaseOfOperation> &phases) {
  for (Operation *op : operations) {
    FailureOr<Phase> phase = getPhase(op);
    if (failed(phase))
      return failure();
    phases.push_back({*phase, Touched(op)});
    if (scheduleOf(op).getSplits() > 1)
      phases.push_back({getCombinePhase(op), Touched(op)});
  }
  return success();
}

LogicalResult imhsa::lowerWhole(ArrayRef<Operation *> operations, const KernelModule &kernels,
                                StringRef name) {
  Operation *first = operations.front(), *last = operations.back();
  int64_t blocks = blocksOf(first);
  if (blocks > 1 && !kernels.hasDependentLaunches)
    return first->emitOpError() << "attribute '" << kWholeAttr << "': clusters of " << blocks
                                << " blocks need sm_90 or later; " << kernels.chip.name
                                << " has none";
  SmallVector<PhaseOfOperation> phases;
  if (failed(getPhases(operations, phases)))
    return failure();

  OpBuilder host(last);
  KernelBuilder k(host, last->getLoc(), kernels, name, scheduleOf(first).getWarps());
  if (blocks > 1)
    k.formClusters(blocks);
  int64_t sharedBytes = 0;
  SmallVector<const Touched *> sinceBarrier;
  for (const PhaseOfOperation &phase : phases) {
    if (llvm::any_of(sinceBarrier,
                     [&](const Touched *before) { return before->conflictsWith(phase.touched); })) {
      if (blocks > 1)
        k.clusterBarrier();
      else
        k.barrier();
      sinceBarrier.clear();
    }
    sinceBarrier.push_back(&phase.touched);
    // Computed anew in each phase, so that it takes no registers between.
    Int block = k.here(k.block(0));
    phase.emit(k, {block / blocks, block % blocks, blocks});
    sharedBytes = std::max(sharedBytes, phase.sharedBytes);
  }
  // The results of all operations have the batch first.
  Value result = cast<DestinationStyleOpInterface>(first).getDpsInits().front();
  Value grid =
      host.createOrFold<arith::MulIOp>(last->getLoc(), k.hostSize(result, 0), k.hostIndex(blocks));
  k.launch(grid, k.hostIndex(1), k.hostIndex(1), sharedBytes);
  for (Operation *op : operations)
    op->erase();
  return success();
}
