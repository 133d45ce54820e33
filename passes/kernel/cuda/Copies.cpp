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
  int64_t columns = dimSize(memref, dims.width);
  validColumns = k.i32(columns);
  headStride = tensor.stride(dims.head);
  rowStride = tensor.stride(dims.token);
  origin = tensor.base.at(batch.wide() * tensor.stride(dims.batch) + firstHead.wide() * headStride);
  // Whole chunks, of the same type on both sides, can be copied as they are.
  bool hasWholeChunks = columns * bytesOf(element) % 16 == 0;
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

static Place getPlace(KernelBuilder &k, TileShape shape, int64_t turn) {
  int64_t chunks = shape.chunks(), rows = shape.rows, threads = k.threads();
  if (threads % chunks == 0) {
    Int row = k.thread() / chunks, chunk = k.thread() % chunks;
    int64_t step = threads / chunks, first = turn * step;
    if (rows % step == 0)
      return {k.i32(0), row, chunk, first / rows, first % rows, true};
    if (step % rows == 0)
      return {row / rows, row % rows, chunk, first / rows, 0, true};
  }
  Int item = k.thread() + turn * threads, row = item / chunks;
  return {row / rows, row % rows, item % chunks};
}

static void copyAsIs(KernelBuilder &k, const TokenRows &source, Pointer first, int64_t heads,
                     llvm::function_ref<Bool(Int)> isValid, SharedTiles target) {
  TileShape shape = target.shape;
  int64_t items = heads * shape.rows * shape.chunks(), threads = k.threads();
  Place before;
  Pointer from;
  for (int64_t turn = 0; turn * threads < items; ++turn) {
    Place place = getPlace(k, shape, turn);
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
      NVVM::CpAsyncOp::create(k.builder(), to.value, from.value, 16,
                              NVVM::LoadCacheModifierKind::CG,
                              select(valid, k.i32(16), k.i32(0)).value);
    };
    if ((turn + 1) * threads <= items)
      copy();
    else
      k.when(k.thread() + turn * threads < items, copy);
  }
}

static void copyConverted(KernelBuilder &k, const TokenRows &source, Pointer first, int64_t heads,
                          llvm::function_ref<Bool(Int)> isValid, SharedTiles target, Type type) {
  TileShape shape = target.shape;
  int64_t chunks = shape.chunks(), elements = shape.elementsOfChunk();
  int64_t items = heads * shape.rows * chunks;
  unsigned bytes = bytesOf(source.element);
  k.loop(k.thread(), k.i32(items), k.i32(k.threads()), [&](Int item) {
    Int row = item / chunks, chunk = item % chunks, head = row / shape.rows;
    row = row % shape.rows;
    Bool valid = isValid(row);
    Pointer from = first.at(head.wide() * source.headStride)
                       .at(row.wide() * source.rowStride)
                       .at(chunk * (elements * bytes));
    SmallVector<Float> values;
    for (int64_t i = 0; i < elements; ++i)
      values.push_back(k.loadFloatWhere(valid & (chunk * elements + i < source.validColumns),
                                        from.at(i * bytes), source.element));
    SmallVector<Value> words;
    if (shape.elementBytes == 4)
      words = llvm::map_to_vector(values, [](Float x) { return x.value; });
    else
      for (int64_t i = 0; i < elements; i += 2)
        words.push_back(k.pack(values[i], values[i + 1], type));
    target.tile(head).at(shape.offset(row, chunk)).store(k.vector(words));
  });
}

void imhsa::copyTiles(KernelBuilder &k, const TokenRows &source, Int firstRow, int64_t heads,
                      llvm::function_ref<Bool(Int)> isValid, SharedTiles target, Type type) {
  Pointer first = source.origin.at(firstRow.wide() * source.rowStride);
  auto asIs = [&] { copyAsIs(k, source, first, heads, isValid, target); };
  auto converted = [&] { copyConverted(k, source, first, heads, isValid, target, type); };
  if (bytesOf(source.element) != target.shape.elementBytes ||
      (type.isF16() && source.element.isBF16()))
    converted();
  else
    k.when(source.isAligned, asIs, converted);
}

void imhsa::commitCopies(KernelBuilder &k) { NVVM::CpAsyncCommitGroupOp::create(k.builder()); }
void imhsa::waitForCopies(KernelBuilder &k, unsigned pending) {
  NVVM::CpAsyncWaitGroupOp::create(k.builder(), pending);
}
