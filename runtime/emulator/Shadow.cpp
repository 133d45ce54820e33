//===- Shadow.cpp - who last used each byte -------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Shadow.h"

#include "llvm/ADT/SmallVector.h"
#include <thread>

using namespace imhsa::emulator;

//===--- Sets --------------------------------------------------------------===//

// Beyond it, sets are forgotten; a group then knows its last access only. Only a kernel that
// never has a barrier of all its lanes gets there.
static constexpr size_t kMostNodes = 1 << 20;

uint32_t AccessSets::push(uint32_t rest, const Access &access) {
  Time latest = access.time;
  if (rest && isKnown(rest))
    latest = std::max(latest, getLatest(rest));
  nodes.push_back({access, latest, rest});
  return firstId + nodes.size() - 1;
}

uint32_t AccessSets::addNew(uint32_t set, const Access &access, Time base) {
  if (nodes.size() >= kMostNodes) {
    forgetAll();
    set = 0;
  }
  uint64_t who = uint64_t(set) << 32 | access.actor;
  uint64_t what = uint64_t(access.time) << 32 | access.site;
  auto [entry, isNew] = added.try_emplace({who, what}, 0);
  if (!isNew)
    return entry->second;

  uint32_t result;
  const Access *before = findIf(set, [&](const Access &a) { return a.actor == access.actor; });
  if (!before) {
    result = push(set, access);
  } else if (before->time == access.time) {
    result = set;
  } else {
    llvm::SmallVector<Access> others;
    findIf(set, [&](const Access &a) {
      if (a.actor != access.actor && a.time > base)
        others.push_back(a);
      return false;
    });
    result = 0;
    for (const Access &a : llvm::reverse(others))
      result = push(result, a);
    result = push(result, access);
  }
  entry->second = result;
  return result;
}

void AccessSets::forgetAll() {
  if (nodes.empty())
    return;
  firstId += nodes.size();
  nodes.clear();
  added.clear();
}

//===--- Groups ------------------------------------------------------------===//

void AccessGroup::addNew(const Access &access, const Clocks &clocks, AccessSets &sets) {
  if (!last.exists()) {
    last = access;
    return;
  }
  if (last.block != access.block) {
    if (clocks.isOrderedInBlock(access.actor, last.block, last.actor, last.time)) {
      last = access;
      set = 0;
      return;
    }
    other = last;
    last = access;
    last.flags |= Access::SeveralBlocks;
    set = 0;
    return;
  }
  // Whatever comes after `access` also comes after what `access` comes after.
  bool isSet = set && sets.isKnown(set);
  if (clocks.isOrdered(access.actor, last.actor, last.time) &&
      (!isSet || sets.getLatest(set) <= clocks.getBase())) {
    last = access;
    set = 0;
    return;
  }
  if (!isSet)
    set = sets.add(0, last, clocks.getBase());
  set = sets.add(set, access, clocks.getBase());
  last = access;
}

const Access *AccessGroup::findUnordered(uint32_t block, uint32_t lane, const Clocks &clocks,
                                         const AccessSets &sets) const {
  if (!last.exists())
    return nullptr;
  auto isUnordered = [&](const Access &access) {
    return access.block == block
               ? !clocks.isOrdered(lane, access.actor, access.time)
               : !clocks.isOrderedInBlock(lane, access.block, access.actor, access.time);
  };
  if (isUnordered(last))
    return &last;
  if (last.is(Access::SeveralBlocks))
    return isUnordered(other) ? &other : nullptr;
  if (last.block != block)
    return nullptr;
  if (set && sets.isKnown(set) && sets.getLatest(set) > clocks.getBase())
    return sets.findIf(set, isUnordered);
  return nullptr;
}

//===--- Pages -------------------------------------------------------------===//

Shadow::Shadow(uint64_t bytes, bool isShared)
    : isShared(isShared), pages(llvm::divideCeil(bytes, kPageBytes)) {}

void Shadow::pause() { std::this_thread::yield(); }

void Shadow::prepare(Page &page, uint32_t cellLog2) {
  uint32_t numCells = kPageBytes >> cellLog2;
  if (page.generation != generation) {
    page.generation = generation;
    page.atomics = nullptr;
    // Blocks that follow each other use memory alike.
    if (page.cells && page.cellLog2 <= cellLog2) {
      std::fill_n(page.cells.get(), kPageBytes >> page.cellLog2, Cell());
      return;
    }
    page.cellLog2 = cellLog2;
    page.cells = std::make_unique<Cell[]>(numCells);
    return;
  }
  // A wide cell says for each of its parts what it said for the whole.
  uint32_t shift = page.cellLog2 - cellLog2;
  auto cells = std::make_unique<Cell[]>(numCells);
  for (uint32_t i = 0; i < numCells; ++i)
    cells[i] = page.cells[i >> shift];
  if (page.atomics) {
    auto atomics = std::make_unique<AccessGroup[]>(numCells);
    for (uint32_t i = 0; i < numCells; ++i)
      atomics[i] = page.atomics[i >> shift];
    page.atomics = std::move(atomics);
  }
  page.cells = std::move(cells);
  page.cellLog2 = cellLog2;
}
