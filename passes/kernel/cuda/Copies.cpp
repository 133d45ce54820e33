//===- Copies.cpp - tiles from global to shared memory --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/Copies.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace imhsa;

TokenRows::TokenRows(KernelBuilder &k, Value memref, DimOrder order, Int batch, Int firstHead) {
  TokenDims dims = tokenDims(order);
  Tensor tensor = k.tensor(memref);
  element = tensor.element;
  // Another operand may tell what this one's type does not.
  int64_t columns = dimSize(memref, dims.width);
  validColumns = k.size(memref, dims.width);
  headStride = tensor.stride(dims.head);
  rowStride = tensor.stride(dims.token);
  origin = tensor.base.at(batch.wide() * tensor.stride(dims.batch) + firstHead.wide() * headStride);
  // Whole chunks, of the same type on both sides, can be copied as they are.
  bool hasWholeChunks = !ShapedType::isDynamic(columns) && columns * bytesOf(element) % 16 == 0;
  isAligned = hasWholeChunks ? k.isAligned(memref, 16) : k.boolean(false);
}

void TokenRows::selectColumns(Int first, int64_t count) {
  origin = origin.at(first * bytesOf(element));
  validColumns = min(validColumns - first, first.same(count));
}

namespace {
/// The chunk that a thread copies in one turn: head and row are sums of what depends on the thread
/// and what does not.
struct Place {
  Int head, row, chunk;
  int64_t headShift = 0, rowShift = 0;
  /// Whether the first part is the same in all turns.
  bool isRegular = false;
};
} // namespace

static Place getPlace(KernelBuilder &k, const ThreadGroup &group, TileShape shape, int64_t turn) {
  auto [thread, threads] = group;
  int64_t chunks = shape.chunks(), rows = shape.rows;
  if (threads % chunks == 0) {
    Int row = thread / chunks, chunk = thread % chunks;
    int64_t step = threads / chunks, first = turn * step;
    if (rows % step == 0)
      return {k.i32(0), row, chunk, first / rows, first % rows, true};
    if (step % rows == 0)
      return {row / rows, row % rows, chunk, first / rows, 0, true};
  }
  Int item = thread + turn * threads, row = item / chunks;
  return {row / rows, row % rows, item % chunks};
}

static void copyAsIs(KernelBuilder &k, ThreadGroup group, const TokenRows &source, Pointer first,
                     int64_t heads, llvm::function_ref<Bool(Int)> isValid, SharedTiles target) {
  group.thread = k.here(group.thread);
  TileShape shape = target.shape;
  int64_t items = heads * shape.rows * shape.chunks(), threads = group.threads;
  Place before;
  Pointer from;
  for (int64_t turn = 0; turn * threads < items; ++turn) {
    Place place = getPlace(k, group, shape, turn);
    // One address after the other, from the one before: all at once would take many registers.
    bool isStep = turn > 0 && place.isRegular;
    if (!isStep)
      from = first.at(place.head.wide() * source.headStride)
                 .at(place.row.wide() * source.rowStride)
                 .at(place.chunk * 16);
    from = from.at(source.headStride * (place.headShift - (isStep ? before.headShift : 0)) +
                   source.rowStride * (place.rowShift - (isStep ? before.rowShift : 0)));
    before = place;
    auto copy = [&] {
      Bool valid = isValid(place.row + place.rowShift);
      if (source.validColumns.known() != shape.columns)
        valid = valid & (place.chunk * shape.elementsOfChunk() < source.validColumns);
      // The swizzle repeats after 8 rows.
      int64_t rows = place.rowShift - place.rowShift % 8;
      Pointer to = target.tile(place.head)
                       .at(place.headShift * shape.bytes() + rows * shape.rowBytes())
                       .at(shape.offset(place.row + place.rowShift % 8, place.chunk));
      NVVM::CpAsyncOp::create(k.builder(), to.get(), from.get(), 16,
                              NVVM::LoadCacheModifierKind::CG,
                              select(valid, k.i32(16), k.i32(0)).value);
    };
    if ((turn + 1) * threads <= items)
      copy();
    else
      k.when(group.thread + turn * threads < items, copy);
  }
}

// Elements of the source for one chunk of the target, in vectors where rows are aligned.
static SmallVector<Float> loadChunk(KernelBuilder &k, const TokenRows &source, Pointer from,
                                    Bool isValid, Int column, int64_t elements, bool inVectors) {
  SmallVector<Float> values;
  unsigned bytes = bytesOf(source.element);
  if (!inVectors) {
    for (int64_t i = 0; i < elements; ++i)
      values.push_back(k.loadFloatWhere(isValid & (column + i < source.validColumns),
                                        from.at(i * bytes), source.element));
    return values;
  }
  auto type = VectorType::get(16 / bytes, source.element);
  for (int64_t i = 0; i < elements; i += type.getNumElements()) {
    Bool isThere = isValid & (column + i < source.validColumns);
    Value loaded = k.loadWhere(isThere, from.at(i * bytes), type);
    for (int64_t j = 0; j < type.getNumElements(); ++j)
      values.push_back(k.toFloat(k.extract(loaded, j)));
  }
  return values;
}

static void copyConverted(KernelBuilder &k, const ThreadGroup &group, const TokenRows &source,
                          Pointer first, int64_t heads, llvm::function_ref<Bool(Int)> isValid,
                          SharedTiles target, Type type, bool inVectors) {
  TileShape shape = target.shape;
  // In vectors, a lane takes 16 bytes of the source, so that neighbours share whole sectors: half a
  // chunk where f32 become 16-bit elements.
  bool inHalves = inVectors && bytesOf(source.element) == 2 * shape.elementBytes;
  int64_t parts = inHalves ? 2 : 1, elements = shape.elementsOfChunk() / parts;
  int64_t chunks = shape.chunks() * parts;
  int64_t items = heads * shape.rows * chunks, threads = group.threads;
  // So many parts of a thread are under way together.
  int64_t together = inVectors ? std::min<int64_t>(4, llvm::divideCeil(items, threads)) : 1;
  k.loop(k.here(group.thread), k.i32(items), k.i32(together * threads), [&](Int start) {
    SmallVector<SmallVector<Float>> loaded;
    SmallVector<std::pair<Bool, Pointer>> places;
    for (int64_t turn = 0; turn < together; ++turn) {
      Int item = start + turn * threads;
      Int row = item / chunks, chunk = item % chunks, head = row / shape.rows;
      row = row % shape.rows;
      Bool isOwn = turn ? item < items : k.boolean(true);
      Pointer from = first.at(head.wide() * source.headStride)
                         .at(row.wide() * source.rowStride)
                         .at(chunk * (elements * bytesOf(source.element)));
      loaded.push_back(
          loadChunk(k, source, from, isOwn & isValid(row), chunk * elements, elements, inVectors));
      Int inChunk = chunk % parts * (elements * shape.elementBytes);
      places.push_back({isOwn, target.tile(head).at(shape.offset(row, chunk / parts)).at(inChunk)});
    }
    for (int64_t turn = 0; turn < together; ++turn) {
      ArrayRef<Float> values = loaded[turn];
      SmallVector<Value> words;
      for (int64_t i = 0; i < elements; i += shape.elementBytes == 4 ? 1 : 2)
        words.push_back(shape.elementBytes == 4 ? values[i].value
                                                : k.pack(values[i], values[i + 1], type));
      k.when(places[turn].first, [&] { places[turn].second.store(k.vector(words)); });
    }
  });
}

void imhsa::copyTiles(KernelBuilder &k, const ThreadGroup &group, const TokenRows &source,
                      Int firstRow, int64_t heads, llvm::function_ref<Bool(Int)> isValid,
                      SharedTiles target, Type type) {
  Pointer first = source.origin.at(firstRow.wide() * source.rowStride);
  auto converted = [&](bool inVectors) {
    copyConverted(k, group, source, first, heads, isValid, target, type, inVectors);
  };
  auto inChunks = [&] {
    if (bytesOf(source.element) == target.shape.elementBytes)
      copyAsIs(k, group, source, first, heads, isValid, target);
    else
      converted(/*inVectors=*/true);
  };
  k.when(source.isAligned, inChunks, [&] { converted(/*inVectors=*/false); });
}

void imhsa::copyTiles(KernelBuilder &k, const TokenRows &source, Int firstRow, int64_t heads,
                      llvm::function_ref<Bool(Int)> isValid, SharedTiles target, Type type) {
  copyTiles(k, ThreadGroup::block(k), source, firstRow, heads, isValid, target, type);
}

void imhsa::commitCopies(KernelBuilder &k) { NVVM::CpAsyncCommitGroupOp::create(k.builder()); }
void imhsa::waitForCopies(KernelBuilder &k, unsigned pending) {
  NVVM::CpAsyncWaitGroupOp::create(k.builder(), pending);
}
