//===- RidingPool.cpp - landmarks from keys that come by anyway -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/kernel/cuda/RidingPool.h"

using namespace mlir;
using namespace imhsa;

RidingPool::RidingPool(KernelBuilder &k, PoolOp op, TileShape tile, int64_t heads, Int batch,
                       Int firstHead, Int tokens, Int split, int64_t splits, Bool isOwn)
    : k(k), input(k.tensor(op.getInput())), output(k.tensor(op.getInit())),
      dims(tokenDims(op.getInputOrder())), tile(tile), landmarks(op.getPool().getNumLandmarks()),
      width(dimSize(op.getInput(), dims.width)), batch(batch), firstHead(firstHead), tokens(tokens),
      firstLandmark(split * landmarks / splits), lastLandmark((split + 1) * landmarks / splits),
      isOwn(isOwn) {
  int64_t pairs = llvm::divideCeil(width, 2), count = heads * pairs;
  for (int64_t start = 0; start < count; start += k.threads()) {
    Int item = k.thread() + start;
    Bool isItem = k.boolean(true);
    if (start + k.threads() > count) {
      isItem = item < count;
      item = min(item, k.i32(count - 1));
    }
    items.push_back({item / pairs, item % pairs * 2, isItem});
  }
}

Int RidingPool::partStart(Int landmark) const {
  return (landmark.wide() * tokens.wide() / landmarks).narrow();
}

Int RidingPool::landmarksBefore(Int token) const {
  Int most = (token.wide() * landmarks - 1) / max(tokens, k.i32(1)).wide();
  return select(token == 0, k.i32(0), most.narrow());
}

SmallVector<Float> RidingPool::zeros() const {
  return SmallVector<Float>(2 * items.size(), k.f32(0));
}

std::array<Float, 2> RidingPool::loadPair(const Columns &columns, Int row, SharedTiles keys) const {
  int64_t inChunk = tile.elementsOfChunk();
  Type pair = VectorType::get(2, input.element);
  Value loaded = keys.tile(columns.head)
                     .at(tile.offset(row, columns.column / inChunk))
                     .at(columns.column % inChunk * tile.elementBytes)
                     .load(pair);
  return {k.toFloat(k.extract(loaded, 0)), k.toFloat(k.extract(loaded, 1))};
}

// Tokens from `from` to `to` of the tile that starts at token `first`.
void RidingPool::addTokens(SmallVectorImpl<Float> &sums, Int from, Int to, Int first,
                           SharedTiles keys) const {
  k.loop(from - first, to - first, k.i32(1), sums, [&](Int row, SmallVectorImpl<Float> &sums) {
    for (auto [i, columns] : llvm::enumerate(items))
      for (auto [j, x] : llvm::enumerate(loadPair(columns, row, keys)))
        sums[2 * i + j] = sums[2 * i + j] + x;
  });
}

void RidingPool::write(
    SmallVectorImpl<Float> &sums, Int l,
    llvm::function_ref<std::array<Float, 2>(const Columns &, Int, Bool)> behind) const {
  Int start = partStart(l), end = partStart(l + 1);
  // Whether the next segment shares a token with this one.
  Bool isShared = (l + 1).wide() * tokens.wide() != end.wide() * landmarks;
  Int count = end - start + select(isShared, k.i32(1), k.i32(0));
  ImplicitLocOpBuilder &b = k.builder();
  Float size(b, arith::SIToFPOp::create(b, b.getF32Type(), max(count, k.i32(1)).value));
  Pointer to = output.at({batch, firstHead, l});
  for (auto [i, columns] : llvm::enumerate(items)) {
    std::array<Float, 2> last = behind(columns, end, isShared);
    Float &low = sums[2 * i], &high = sums[2 * i + 1];
    std::array<Float, 2> total = {low + last[0], high + last[1]};
    Pointer place =
        to.at(columns.head.wide() * output.stride(1)).at(columns.column.wide() * output.stride(3));
    for (unsigned j = 0; j < 2; ++j) {
      Float mean(b, arith::DivFOp::create(b, total[j].value, size.value));
      k.when(columns.isOwn & (columns.column + j < width),
             [&] { place.at(output.stride(3) * j).store(k.fromFloat(mean, output.element)); });
    }
    low = high = k.f32(0);
  }
}

void RidingPool::add(SmallVectorImpl<Float> &sums, Int first, SharedTiles keys) const {
  Int end = select(isOwn, min(first + tile.rows, lastToken()), first);
  Int current = max(landmarksBefore(first), firstLandmark);
  Int next = select(isOwn, max(landmarksBefore(end), firstLandmark), current);
  k.loop(current, next, k.i32(1), sums, [&](Int l, SmallVectorImpl<Float> &sums) {
    addTokens(sums, max(partStart(l), first), partStart(l + 1), first, keys);
    write(sums, l, [&](const Columns &columns, Int token, Bool isShared) {
      std::array<Float, 2> pair = loadPair(columns, token - first, keys);
      return std::array<Float, 2>{select(isShared, pair[0], k.f32(0)),
                                  select(isShared, pair[1], k.f32(0))};
    });
  });
  addTokens(sums, max(partStart(next), first), end, first, keys);
}

void RidingPool::finish(SmallVectorImpl<Float> &sums) const {
  Int end = lastToken();
  Int current = max(landmarksBefore(end), firstLandmark);
  k.loop(select(isOwn, current, lastLandmark), lastLandmark, k.i32(1), sums,
         [&](Int l, SmallVectorImpl<Float> &sums) {
           write(sums, l, [&](const Columns &columns, Int token, Bool isShared) {
             Pointer row = input.base.at(batch.wide() * input.stride(dims.batch))
                               .at((firstHead + columns.head).wide() * input.stride(dims.head))
                               .at(token.wide() * input.stride(dims.token));
             std::array<Float, 2> pair;
             for (unsigned j = 0; j < 2; ++j)
               pair[j] = k.loadFloatWhere(isShared & (columns.column + j < width),
                                          row.at((columns.column + j) * bytesOf(input.element)),
                                          input.element);
             return pair;
           });
         });
}
