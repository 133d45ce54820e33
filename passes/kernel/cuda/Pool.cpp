//===- Pool.cpp - landmarks as segment means ------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A block computes one landmark of one head. Its warps share the tokens of the segment;
// the lanes of a warp share the columns of a token, 16 bytes each where rows are aligned,
// and where a token has fewer columns than that, several tokens. Sums are in f32, added
// in an order that depends on sizes alone: in a lane, across lanes, across warps.

#include "passes/kernel/cuda/KernelBuilder.h"
#include "passes/kernel/cuda/Kernels.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace imhsa;

/// Tokens that a lane has under way at a time.
static constexpr int64_t kUnrolled = 4;

namespace {
/// The tokens of a segment: `count` of them; with a grid, rows of `columns` tokens.
struct Segment {
  Int count;              ///< i32
  Int first;              ///< token, i64
  Int columns, rowStride; ///< i32, on a grid

  /// The token with the number `i` of the segment, i64.
  Int token(Int i) const {
    if (!columns)
      return first + i.wide();
    return first + (i / columns * rowStride + i % columns).wide();
  }
};

class Pooling {
public:
  Pooling(KernelBuilder &k, PoolOp op) : k(k), op(op), dims(tokenDims(op.getInputOrder())) {}

  /// The landmark of a block.
  void emitBlock() {
    Int landmarks = k.i32(op.getPool().getNumLandmarks());
    Int heads = k.size(op.getInput(), dims.head), block = k.block(0);
    landmark = block % landmarks, head = block / landmarks % heads;
    batch = block / landmarks / heads;
    segment = getSegment();
    emitWidths([&](int64_t width) { emitColumns(width); });
  }

  /// The landmarks of a block's share: a thread has columns of a landmark alone, since what is
  /// whole has few tokens.
  void emitShare(const Share &share) {
    batch = share.batch;
    int64_t landmarks = op.getPool().getNumLandmarks(),
            columns = dimSize(op.getInput(), dims.width);
    Tensor out = k.tensor(op.getInit());
    emitWidths([&](int64_t width) {
      int64_t chunks = columns / width;
      Int items = k.size(op.getInput(), dims.head) * (landmarks * chunks);
      Int first = share.rank * k.threads() + k.thread();
      k.loop(first, items, k.i32(share.blocks * k.threads()), [&](Int item) {
        landmark = item / chunks % landmarks, head = item / (chunks * landmarks);
        segment = getSegment();
        Int column = item % chunks * width;
        Float count = countTokens();
        for (auto [i, sum] : llvm::enumerate(sumTokens(column, width, k.i32(0), 1)))
          out.at({batch, head, landmark, column + i}).store(k.fromFloat(sum / count, out.element));
      });
    });
  }

  /// f32 of shared memory: what the warps give.
  static int64_t sharedBytes(PoolOp op, unsigned warps) {
    return 4 * warps * dimSize(op.getInput(), 3);
  }

private:
  /// As many columns at a time as 16 bytes hold; one where rows are not aligned to that.
  void emitWidths(function_ref<void(int64_t)> emit) {
    int64_t bytes = bytesOf(getElementTypeOrSelf(op.getInput())), width = 16 / bytes;
    while (dimSize(op.getInput(), dims.width) % width)
      width /= 2;
    k.when(k.isAligned(op.getInput(), width * bytes), [&] { emit(width); }, [&] { emit(1); });
  }

  /// At least 1.
  Float countTokens() {
    return {k.builder(), arith::SIToFPOp::create(k.builder(), k.builder().getF32Type(),
                                                 max(segment.count, k.i32(1)).value)
                             .getResult()};
  }

  Int wide(int64_t value) {
    return {k.builder(),
            arith::ConstantOp::create(k.builder(), k.builder().getI64IntegerAttr(value))};
  }

  /// From floor(l n / L) up to ceil((l + 1) n / L).
  std::pair<Int, Int> getRange(Int l, Int n, int64_t landmarks) {
    Int end = ((l.wide() + 1) * n.wide() + (landmarks - 1)) / landmarks;
    return {l.wide() * n.wide() / landmarks, end};
  }

  Segment getSegment() {
    PoolAttr pool = op.getPool();
    if (pool.isGrid()) {
      int64_t width = pool.getLandmarks()[1];
      auto [top, bottom] =
          getRange(landmark / width, k.i32(pool.getGrid()[0]), pool.getLandmarks()[0]);
      auto [left, right] = getRange(landmark % width, k.i32(pool.getGrid()[1]), width);
      Int columns = (right - left).narrow();
      return {(bottom - top).narrow() * columns, top * pool.getGrid()[1] + left, columns,
              k.i32(pool.getGrid()[1])};
    }
    Int tokens = k.size(op.getInput(), dims.token);
    if (Value lengths = op.getKeyLengths()) {
      Tensor tensor = k.tensor(lengths);
      Int length = Int(k.builder(), tensor.at({batch}).load(tensor.element)).wide();
      tokens = min(max(length, wide(0)), tokens.wide());
    }
    auto [first, end] = getRange(landmark, tokens, pool.getNumLandmarks());
    return {(end - first).narrow(), first, Int(), Int()};
  }

  /// The whole of the landmark, `width` columns at a time.
  void emitColumns(int64_t width) {
    int64_t columns = dimSize(op.getInput(), dims.width), chunks = columns / width;
    int64_t lanes = std::min<int64_t>(32, llvm::PowerOf2Ceil(chunks)), rows = 32 / lanes;
    Int chunk = k.lane() % lanes, row = k.warp() * rows + k.lane() / lanes;
    Pointer shared = k.shared();
    for (int64_t start = 0; start < chunks; start += lanes) {
      Int mine = chunk + start;
      bool isWhole = start + lanes <= chunks;
      Int column = (isWhole ? mine : min(mine, k.i32(chunks - 1))) * width;
      SmallVector<Float> sums = sumTokens(column, width, row, rows * k.warps());
      for (int64_t mask = lanes; mask < 32; mask *= 2)
        for (Float &x : sums)
          x = x + k.shuffleXor(x, mask);
      Bool writes = k.lane() < lanes;
      if (!isWhole)
        writes = writes & (mine < chunks);
      k.when(writes, [&] {
        Int place = k.warp() * columns + column;
        // 16 bytes at a time. Of two such parts, every other four lanes store the second one first:
        // 8 lanes, which store together, meet all banks.
        int64_t step = std::min<int64_t>(width, 4);
        bool isPair = width == 8;
        Bool swaps = (mine & 4) != 0;
        for (int64_t i = 0; i < width; i += step) {
          Pointer to = shared.at((place + i) * 4);
          SmallVector<Float> part(ArrayRef(sums).slice(i, step));
          if (isPair) {
            to = shared.at(select(swaps, place + (4 - i), place + i) * 4);
            for (auto [x, other] : llvm::zip(part, ArrayRef(sums).slice(4 - i, 4)))
              x = select(swaps, other, x);
          }
          to.store(k.vector(llvm::map_to_vector(part, [](Float x) { return x.value; })));
        }
      });
    }
    k.barrier();
    writeMeans(columns);
  }

  /// The sums of `width` columns from `column` on over tokens first, first + stride, ... of the
  /// segment.
  SmallVector<Float> sumTokens(Int column, int64_t width, Int first, int64_t stride) {
    Tensor input = k.tensor(op.getInput());
    auto type = VectorType::get(width, input.element);
    SmallVector<Float> sums(width, k.f32(0));
    k.loop(first, segment.count, k.i32(kUnrolled * stride), sums,
           [&](Int i, SmallVectorImpl<Float> &sums) {
             SmallVector<Value> loaded;
             for (int64_t u = 0; u < kUnrolled; ++u) {
               Int number = i + u * stride;
               SmallVector<Int> place(4, column);
               place[dims.batch] = batch, place[dims.head] = head;
               place[dims.token] = segment.token(number);
               loaded.push_back(loadWhere(number < segment.count, input.at(place), type));
             }
             for (Value part : loaded)
               for (auto [j, x] : llvm::enumerate(sums))
                 x = x + k.toFloat(k.extract(part, j));
           });
    return sums;
  }

  /// Zeros, and no access, where the condition does not hold.
  Value loadWhere(Bool condition, Pointer pointer, VectorType type) {
    auto &b = k.builder();
    auto branch = scf::IfOp::create(b, type, condition.value, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, pointer.load(type));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, arith::ConstantOp::create(b, b.getZeroAttr(type)).getResult());
    return branch.getResult(0);
  }

  /// Adds what the warps have given, and divides by the number of tokens.
  void writeMeans(int64_t columns) {
    OpBuilder &b = k.builder();
    Tensor out = k.tensor(op.getInit());
    Float count = countTokens();
    Pointer shared = k.shared();
    k.loop(k.thread(), k.i32(columns), k.i32(k.threads()), [&](Int column) {
      Float sum = k.f32(0);
      for (unsigned warp = 0; warp < k.warps(); ++warp)
        sum = sum + k.toFloat(shared.at((column + warp * columns) * 4).load(b.getF32Type()));
      out.at({batch, head, landmark, column}).store(k.fromFloat(sum / count, out.element));
    });
  }

  KernelBuilder &k;
  PoolOp op;
  TokenDims dims;
  Int batch, head, landmark;
  Segment segment;
};
} // namespace

LogicalResult imhsa::lowerPool(OpBuilder &host, PoolOp op, const KernelModule &kernels,
                               StringRef name) {
  unsigned warps = op.getSchedule()->getWarps();
  KernelBuilder k(host, op.getLoc(), kernels, name, warps);
  Pooling(k, op).emitBlock();
  Location loc = op.getLoc();
  TokenDims dims = tokenDims(op.getInputOrder());
  auto multiply = [&](Value a, Value b) { return host.createOrFold<arith::MulIOp>(loc, a, b); };
  Value blocks =
      multiply(k.hostSize(op.getInput(), dims.batch), k.hostSize(op.getInput(), dims.head));
  blocks = multiply(blocks, k.hostIndex(op.getPool().getNumLandmarks()));
  k.launch(blocks, k.hostIndex(1), k.hostIndex(1), Pooling::sharedBytes(op, warps));
  return success();
}

Phase imhsa::getPoolPhase(PoolOp op) {
  auto emit = [op](KernelBuilder &k, const Share &share) { Pooling(k, op).emitShare(share); };
  return {/*sharedBytes=*/0, emit};
}
