//===- RidingPool.cpp - landmarks from keys that come by anyway -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/RidingPool.h"
#include "passes/kernel/BatchGroup.h"
#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// What may ride
//===----------------------------------------------------------------------===//

std::string imhsa::whyNotRide(PoolOp pool, Operation *sweep) {
  auto attention = dyn_cast<AttentionOp>(sweep);
  if (!attention && !isa<LogSumExpOp>(sweep))
    return "it is no sweep over keys";
  auto schedule = sweep->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  if (!schedule ||
      (schedule.getKind() != KernelKind::Normalisers && schedule.getKind() != KernelKind::Stream))
    return "no fused kernel sweeps over its keys";
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(sweep).getScores();
  if (scores.key != pool.getInput() || scores.keyOrder != pool.getInputOrder())
    return "its keys are not what is pooled";
  if (scores.keyLengths != pool.getKeyLengths())
    return "it has other lengths";
  if (scores.keep || scores.causal || scores.window)
    return "masks keep it from reading all keys";
  if (pool.getPool().isGrid())
    return "segments of a grid are not ranges of tokens";
  int64_t landmarks = pool.getPool().getNumLandmarks();
  if (schedule.getSplits() > landmarks)
    return ("its " + Twine(schedule.getSplits()) +
            " ranges of keys cannot be of whole segments, of " + "which there are " +
            Twine(landmarks))
        .str();
  SmallVector<Value> operands = {scores.query, scores.key};
  if (attention)
    operands.push_back(attention.getValue());
  Type type = getElementTypeOrSelf(scores.key);
  if (type != getOperandType(operands, schedule.getMath()))
    return "it rounds its keys";
  return "";
}

Operation *imhsa::findSweep(PoolOp pool) {
  if (!hasFusedSchedule(pool))
    return nullptr;
  Operation *next = pool->getNextNode();
  while (next && touchesNoMemory(next))
    next = next->getNextNode();
  if (!next || !whyNotRide(pool, next).empty())
    return nullptr;
  // The landmarks are there after the sweep only: it must not read them.
  Value written = getBuffer(pool.getInit());
  bool isApart = written && llvm::all_of(next->getOperands(), [&](Value operand) {
                   if (!isa<MemRefType>(operand.getType()))
                     return true;
                   Value buffer = getBuffer(operand);
                   return buffer && buffer != written;
                 });
  return isApart ? next : nullptr;
}

PoolOp imhsa::findRider(Operation *sweep) {
  Operation *previous = sweep->getPrevNode();
  while (previous && touchesNoMemory(previous))
    previous = previous->getPrevNode();
  auto pool = dyn_cast_or_null<PoolOp>(previous);
  return pool && findSweep(pool) == sweep ? pool : PoolOp();
}

//===----------------------------------------------------------------------===//
// The kernel's part
//===----------------------------------------------------------------------===//

RidingPool::RidingPool(KernelBuilder &k, PoolOp op, const ScorePlan &plan, const Logits &logits,
                       Int split, Bool isFirst)
    : k(k), input(k.tensor(op.getInput())), output(k.tensor(op.getInit())),
      dims(tokenDims(op.getInputOrder())), tile(plan.keyTile),
      landmarks(op.getPool().getNumLandmarks()), width(plan.headSize), batch(logits.batch),
      tokens(logits.keyRange().last), firstLandmark(split * landmarks / plan.tile.splits),
      lastLandmark((split + 1) * landmarks / plan.tile.splits) {
  int64_t group = plan.queryHeads / plan.keyHeads;
  firstHead = logits.firstQueryHead / group;
  isOwn = isFirst & (logits.firstQuery == 0) & (logits.firstQueryHead % group == 0);
  if (plan.blockQueryHeads == plan.queryHeads)
    isOwn = isOwn & (logits.firstScoreHead == 0);
  int64_t pairs = llvm::divideCeil(width, 2), count = plan.blockKeyHeads * pairs;
  for (int64_t start = 0; start < count; start += k.threads()) {
    bool isWhole = start + k.threads() <= count;
    Int item = k.thread() + start;
    if (isWhole && k.threads() % pairs == 0) {
      items.push_back({k.thread() / pairs, start / pairs, k.thread() % pairs * 2, k.boolean(true)});
      continue;
    }
    Bool isItem = isWhole ? k.boolean(true) : item < count;
    item = isWhole ? item : min(item, k.i32(count - 1));
    items.push_back({item / pairs, 0, item % pairs * 2, isItem});
  }
}

Int RidingPool::partStart(Int landmark) const {
  return (landmark.wide() * tokens.wide() / landmarks).narrow();
}

Int RidingPool::landmarksBefore(Int token) const {
  Int most = (token.wide() * landmarks - 1) / max(tokens, k.i32(1)).wide();
  return select(token == 0, k.i32(0), most.narrow());
}

SmallVector<Float> RidingPool::zeros() const { return SmallVector<Float>(floats(), k.f32(0)); }

// The columns of a row of the tile, `row` + `next` with a known `next`. The swizzle needs `row`
// modulo 8 only: of rows in groups of 8, it is known too.
std::array<Float, 2> RidingPool::loadPair(const Columns &columns, Int row, int64_t next,
                                          bool isGroup, SharedTiles keys) const {
  int64_t inChunk = tile.elementsOfChunk();
  Int chunk = columns.column / inChunk, known = k.i32(next);
  Pointer start = keys.tile(columns.head)
                      .at(columns.nextHead * tile.bytes())
                      .at(columns.column % inChunk * tile.elementBytes);
  Pointer at = isGroup ? start.at(row * tile.rowBytes()).at(tile.offset(known, chunk))
                       : start.at(tile.offset(row + next, chunk));
  Value loaded = at.load(VectorType::get(2, input.element));
  return {k.toFloat(k.extract(loaded, 0)), k.toFloat(k.extract(loaded, 1))};
}

// Rows `from` to `to` of a tile, in groups of 8 as far as there are whole ones.
void RidingPool::addRows(SmallVectorImpl<Float> &sums, Int from, Int to, SharedTiles keys) const {
  auto loop = [&](Int from, Int to, int64_t count) {
    k.loop(from, to, k.i32(count), sums, [&](Int row, SmallVectorImpl<Float> &sums) {
      for (int64_t next = 0; next < count; ++next)
        for (auto [i, columns] : llvm::enumerate(items))
          for (auto [j, x] : llvm::enumerate(loadPair(columns, row, next, count == 8, keys)))
            sums[2 * i + j] = sums[2 * i + j] + x;
    });
  };
  Int groups = min((from + 7) >> 3 << 3, to), end = max(to >> 3 << 3, groups);
  loop(from, groups, 1);
  loop(groups, end, 8);
  loop(end, to, 1);
}

void RidingPool::write(ArrayRef<Float> sums, Int l, ReadPair behind) const {
  Int start = partStart(l), end = partStart(l + 1);
  // Whether the next segment shares a token with this one.
  Bool isShared = (l + 1).wide() * tokens.wide() != end.wide() * landmarks;
  Int count = end - start + select(isShared, k.i32(1), k.i32(0));
  ImplicitLocOpBuilder &b = k.builder();
  Float size(b, arith::SIToFPOp::create(b, b.getF32Type(), max(count, k.i32(1)).value));
  Pointer to = output.at({batch, firstHead, l});
  for (auto [i, columns] : llvm::enumerate(items)) {
    std::array<Float, 2> last = behind(columns, end, isShared);
    Pointer place = to.at(columns.head.wide() * output.stride(1))
                        .at(output.stride(1) * columns.nextHead)
                        .at(columns.column.wide() * output.stride(3));
    for (unsigned j = 0; j < 2; ++j) {
      Float mean = (sums[2 * i + j] + last[j]) / size;
      k.when(columns.isOwn & (columns.column + j < width),
             [&] { place.at(output.stride(3) * j).store(k.fromFloat(mean, output.element)); });
    }
  }
}

void RidingPool::add(MutableArrayRef<Float> carried, Int first, SharedTiles keys) const {
  SmallVector<Float> sums(carried.begin(), carried.end());
  Int end = min(first + tile.rows, range().last);
  // Landmarks that end in the tile; the one behind them goes on.
  Int current = max(landmarksBefore(first), firstLandmark);
  Int open = max(landmarksBefore(end), firstLandmark);
  k.loop(current, select(isOwn, open + 1, current), k.i32(1), sums,
         [&](Int l, SmallVectorImpl<Float> &sums) {
           Bool ends = l < open;
           Int from = max(partStart(l), first), to = select(ends, partStart(l + 1), end);
           addRows(sums, from - first, to - first, keys);
           k.when(ends, [&] {
             write(sums, l, [&](const Columns &columns, Int token, Bool isShared) {
               std::array<Float, 2> pair = loadPair(columns, token - first, 0, false, keys);
               return std::array<Float, 2>{select(isShared, pair[0], k.f32(0)),
                                           select(isShared, pair[1], k.f32(0))};
             });
           });
           for (Float &sum : sums)
             sum = select(ends, k.f32(0), sum);
         });
  llvm::copy(sums, carried.begin());
}

void RidingPool::finish(ArrayRef<Float> carried) const {
  SmallVector<Float> sums(carried);
  Int end = range().last, current = max(landmarksBefore(end), firstLandmark);
  k.loop(select(isOwn, current, lastLandmark), lastLandmark, k.i32(1), sums,
         [&](Int l, SmallVectorImpl<Float> &sums) {
           write(sums, l, [&](const Columns &columns, Int token, Bool isShared) {
             Pointer row = input.base.at(batch.wide() * input.stride(dims.batch))
                               .at((firstHead + columns.head).wide() * input.stride(dims.head))
                               .at(input.stride(dims.head) * columns.nextHead)
                               .at(token.wide() * input.stride(dims.token));
             std::array<Float, 2> pair;
             for (unsigned j = 0; j < 2; ++j)
               pair[j] = k.loadFloatWhere(isShared & columns.isOwn & (columns.column + j < width),
                                          row.at((columns.column + j) * bytesOf(input.element)),
                                          input.element);
             return pair;
           });
           for (Float &sum : sums)
             sum = k.f32(0);
         });
}
