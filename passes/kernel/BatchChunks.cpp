//===- BatchChunks.cpp - launches chunk of the batch by chunk -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/BatchChunks.h"
#include "dialect/Imhsa.h"
#include "passes/kernel/BatchGroup.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

namespace {
/// Arithmetic on sizes on the host.
struct Host {
  OpBuilder &b;
  Location loc;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value size(Value memref, unsigned dim) { return b.createOrFold<memref::DimOp>(loc, memref, dim); }
  template <typename OpTy> Value make(Value x, Value y) { return b.createOrFold<OpTy>(loc, x, y); }
  Value ceilDiv(Value x, int64_t y) {
    return make<arith::DivUIOp>(make<arith::AddIOp>(x, constant(y - 1)), constant(y));
  }
};
} // namespace

// Blocks that an operation gives for a batch element, at least.
static Value countBlocks(Host &host, Operation *op) {
  auto schedule = op->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  if (auto pool = dyn_cast<PoolOp>(op))
    return host.make<arith::MulIOp>(
        host.size(pool.getInput(), tokenDims(pool.getInputOrder()).head),
        host.constant(pool.getPool().getNumLandmarks()));
  auto attention = dyn_cast<AttentionOp>(op);
  Scores scores = attention ? attention.getScores() : cast<LogSumExpOp>(op).getScores();
  Value tiles = host.ceilDiv(host.size(scores.query, tokenDims(scores.queryOrder).token),
                             schedule.getQueries());
  return host.make<arith::MulIOp>(tiles, host.constant(std::max<int64_t>(1, schedule.getSplits())));
}

// How many batch elements a chunk has.
static Value computeChunk(Host &host, const BatchGroup &group, Value batch,
                          const ChipResources &chip) {
  Value bytes = host.constant(0);
  for (Value value : group.getReadAgain()) {
    auto type = cast<MemRefType>(value.getType());
    Value size = host.constant(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (dim != group.getBatched().lookup(value))
        size = host.make<arith::MulIOp>(size, host.size(value, dim));
    bytes = host.make<arith::AddIOp>(bytes, size);
  }
  Value one = host.constant(1);
  Value fits = host.make<arith::DivUIOp>(host.constant(chip.cacheBytes / 2),
                                         host.make<arith::MaxUIOp>(bytes, one));
  Value fewest;
  for (Operation *op : group.getOperations()) {
    Value blocks = countBlocks(host, op);
    fewest = fewest ? host.make<arith::MinUIOp>(fewest, blocks) : blocks;
  }
  // Blocks for all multiprocessors, or the whole batch.
  Value blocks = host.make<arith::MulIOp>(fits, fewest);
  Value isEnough = host.b.createOrFold<arith::CmpIOp>(host.loc, arith::CmpIPredicate::uge, blocks,
                                                      host.constant(chip.multiprocessors));
  Value chunk = host.b.createOrFold<arith::SelectOp>(host.loc, isEnough, fits, batch);
  return host.make<arith::MaxUIOp>(chunk, one);
}

// With what reads none of the group's buffers, nothing tells that it is of the same batch.
static LogicalResult addToChunk(BatchGroup &group, Operation *op) {
  BatchGroup together = group;
  if (failed(together.add(op)) || !together.isOfOneBatch())
    return failure();
  group = std::move(together);
  return success();
}

static void emitLoop(const BatchGroup &group, const ChipResources &chip, int64_t size) {
  Operation *last = group.getOperations().back();
  OpBuilder b(last);
  Host host{b, last->getLoc()};
  auto [first, dim] = group.getBatched().front();
  Value batch = host.size(first, dim);
  Value chunk = size ? host.constant(size) : computeChunk(host, group, batch, chip);
  auto loop = scf::ForOp::create(b, host.loc, host.constant(0), batch, chunk);
  b.setInsertionPointToStart(loop.getBody());
  Value start = loop.getInductionVar();
  Value count = host.make<arith::MinUIOp>(chunk, host.make<arith::SubIOp>(batch, start));
  IRMapping parts;
  for (auto [value, dim] : group.getBatched()) {
    SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, host.loc, value);
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    offsets[dim] = start, sizes[dim] = count;
    parts.map(value,
              memref::SubViewOp::create(b, host.loc, value, offsets, sizes, strides).getResult());
  }
  for (Operation *op : group.getOperations()) {
    b.clone(*op, parts);
    op->erase();
  }
}

unsigned imhsa::chunkBatches(func::FuncOp function, const ChipResources &chip, int64_t size) {
  SmallVector<BatchGroup> groups;
  function.walk([&](Block *block) {
    BatchGroup group;
    auto finish = [&] {
      if (group.getOperations().size() > 1 && !group.getReadAgain().empty())
        groups.push_back(group);
      group = BatchGroup();
    };
    for (Operation &op : *block) {
      if (!hasFusedSchedule(&op)) {
        // Views and arithmetic between them; the loop stands where the last of them is.
        if (!touchesNoMemory(&op))
          finish();
        continue;
      }
      if (failed(addToChunk(group, &op))) {
        finish();
        (void)addToChunk(group, &op);
      }
    }
    finish();
  });
  for (const BatchGroup &group : groups)
    emitLoop(group, chip, size);
  return groups.size();
}
