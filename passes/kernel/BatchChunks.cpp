//===- BatchChunks.cpp - launches chunk of the batch by chunk -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/BatchChunks.h"
#include "dialect/Imhsa.h"
#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Which operations
//===----------------------------------------------------------------------===//

namespace {
/// What an operation is to the loop: its operands with a batch dimension, and which that is.
using BatchDims = llvm::MapVector<Value, unsigned>;

struct Member {
  Operation *op;
  BatchDims batched;
  /// Without one; every chunk has them whole.
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
  Member member = {op, {}, {}};
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

namespace {
/// Operations one after the other that may go through the batch together.
class Group {
public:
  /// Adds an operation, if with it every batch element is still independent of the others.
  LogicalResult add(const Member &member) {
    if (!members.empty() && !llvm::any_of(member.batched, [&](auto entry) {
          auto found = batched.find(entry.first);
          return found != batched.end() && found->second == entry.second;
        }))
      return failure(); // Not known to be of the same batch.
    Group together = *this;
    together.members.push_back(member);
    for (auto [value, dim] : member.batched)
      if (!together.batched.insert({value, dim}).second && together.batched[value] != dim)
        return failure();
    together.whole.insert_range(member.whole);
    if (!together.isIndependent())
      return failure();
    *this = std::move(together);
    return success();
  }

  ArrayRef<Member> getMembers() const { return members; }
  const BatchDims &getBatched() const { return batched; }

  /// What more than one operation reads and none writes, but for what they write themselves.
  SmallVector<Value> getReadAgain() const {
    DenseSet<Value> written = getWritten();
    SmallVector<Value> result;
    for (auto [value, dim] : batched) {
      auto reads = [&, value = value](const Member &m) { return m.batched.contains(value); };
      if (!written.contains(value) && llvm::count_if(members, reads) > 1)
        result.push_back(value);
    }
    return result;
  }

private:
  DenseSet<Value> getWritten() const {
    DenseSet<Value> written;
    for (const Member &member : members) {
      SmallVector<MemoryEffects::EffectInstance> effects;
      cast<MemoryEffectOpInterface>(member.op).getEffects(effects);
      for (MemoryEffects::EffectInstance &effect : effects)
        if (isa<MemoryEffects::Write>(effect.getEffect()))
          written.insert(effect.getValue());
    }
    return written;
  }

  // What is written is seen by others only as the same memref, batch element by batch element.
  bool isIndependent() const {
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

  SmallVector<Member> members;
  BatchDims batched;
  llvm::SetVector<Value> whole;
};
} // namespace

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
static Value computeChunk(Host &host, const Group &group, Value batch, const ChipResources &chip) {
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
  for (const Member &member : group.getMembers()) {
    Value blocks = countBlocks(host, member.op);
    fewest = fewest ? host.make<arith::MinUIOp>(fewest, blocks) : blocks;
  }
  // Blocks for all multiprocessors, or the whole batch.
  Value blocks = host.make<arith::MulIOp>(fits, fewest);
  Value isEnough = host.b.createOrFold<arith::CmpIOp>(host.loc, arith::CmpIPredicate::uge, blocks,
                                                      host.constant(chip.multiprocessors));
  Value chunk = host.b.createOrFold<arith::SelectOp>(host.loc, isEnough, fits, batch);
  return host.make<arith::MaxUIOp>(chunk, one);
}

static void emitLoop(const Group &group, const ChipResources &chip, int64_t size) {
  Operation *last = group.getMembers().back().op;
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
  for (const Member &member : group.getMembers()) {
    b.clone(*member.op, parts);
    member.op->erase();
  }
}

unsigned imhsa::chunkBatches(func::FuncOp function, const ChipResources &chip, int64_t size) {
  SmallVector<Group> groups;
  function.walk([&](Block *block) {
    Group group;
    auto finish = [&] {
      if (group.getMembers().size() > 1 && !group.getReadAgain().empty())
        groups.push_back(group);
      group = Group();
    };
    for (Operation &op : *block) {
      if (!hasFusedSchedule(&op)) {
        // Views and arithmetic between them; the loop stands where the last of them is.
        if (!isMemoryEffectFree(&op))
          finish();
        continue;
      }
      FailureOr<Member> member = getMember(&op);
      if (failed(member)) {
        finish();
      } else if (failed(group.add(*member))) {
        finish();
        (void)group.add(*member);
      }
    }
    finish();
  });
  for (const Group &group : groups)
    emitLoop(group, chip, size);
  return groups.size();
}
