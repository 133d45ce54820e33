//===- Shadow.h - who last used each byte -------------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A cell of shadow memory says who last wrote some bytes, and who read them or changed
// them atomically since. It stands for as many bytes as every access so far used
// together, a power of two up to 16: a page starts with cells as wide as the first access
// to it and splits them when a narrower one comes. So it is exact for each byte, and costs
// one cell for most accesses.

#ifndef IMHSA_RUNTIME_EMULATOR_SHADOW_H
#define IMHSA_RUNTIME_EMULATOR_SHADOW_H

#include "runtime/emulator/Clocks.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"
#include <array>
#include <atomic>

namespace imhsa::emulator {

/// An access by an actor of a block.
struct Access {
  enum Flags : uint16_t {
    Exists = 1,
    InFlight = 2,       ///< An asynchronous copy that is not complete; the actor issued it.
    Copied = 4,         ///< An asynchronous copy that is complete.
    AsyncProxy = 8,     ///< Done by a bulk copy.
    SeveralBlocks = 16, ///< Of a group: blocks other than this one too.
    BlockScope = 32,    ///< Atomic among the lanes of its block only.
    ClusterScope = 64,  ///< Atomic among the lanes of its cluster only.
  };
  uint32_t block = 0; ///< Its number, modulo 2^32.
  Time time = 0;
  uint32_t site = 0;
  uint16_t actor = 0;
  uint16_t flags = 0;

  bool exists() const { return flags & Exists; }
  bool is(Flags flag) const { return flags & flag; }
};

/// Sets of accesses of one block that do not conflict with each other. They are shared: the bytes
/// of a tile that the same lanes read have one set. A set is a list, its last access first.
class AccessSets {
public:
  /// The set `set` (0: empty) and `access`, which replaces an earlier one of the same actor.
  uint32_t add(uint32_t set, const Access &access, Time base) {
    // A lane that runs over a row adds the same to the same set again and again.
    Added &last = lastAdded[(set ^ access.site) % kNumLast];
    if (last.set != set || last.actor != access.actor || last.time != access.time ||
        last.site != access.site || last.result < firstId)
      last = {set, access.actor, access.time, access.site, addNew(set, access, base)};
    return last.result;
  }

  /// Everything so far is ordered before everything that comes.
  void forgetAll();

  /// False if nothing is known of the set any more.
  bool isKnown(uint32_t set) const { return set >= firstId; }

  /// The latest time in the set.
  Time getLatest(uint32_t set) const { return node(set).latest; }

  /// Calls `fn` for the accesses of the set until it returns true; that access, or null.
  template <typename Fn> const Access *findIf(uint32_t set, Fn fn) const {
    for (; set && isKnown(set); set = node(set).rest)
      if (fn(node(set).access))
        return &node(set).access;
    return nullptr;
  }

private:
  struct Node {
    Access access;
    Time latest;
    uint32_t rest;
  };
  struct Added {
    uint32_t set, actor;
    Time time;
    uint32_t site, result;
  };
  const Node &node(uint32_t set) const { return nodes[set - firstId]; }
  uint32_t addNew(uint32_t set, const Access &access, Time base);
  uint32_t push(uint32_t rest, const Access &access);

  uint32_t firstId = 1;
  std::vector<Node> nodes;
  // (set, actor) and (time, site) to the set that `add` gave; and the last of them.
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, uint32_t> added;
  static constexpr uint32_t kNumLast = 32;
  std::array<Added, kNumLast> lastAdded{};
};

/// Accesses to a cell that do not conflict with each other: reads, or atomics. Of several blocks
/// it keeps two of different blocks, of several lanes of one block all.
class AccessGroup {
public:
  void clear() { *this = {}; }
  bool empty() const { return !last.exists(); }
  /// `access` is by a lane, and in order with nothing but what `clocks` says.
  void add(const Access &access, const Clocks &clocks, AccessSets &sets) {
    bool isKnown = last.is(Access::SeveralBlocks) ||
                   (last.block == access.block && last.actor == access.actor &&
                    last.time == access.time && last.exists());
    if (!isKnown)
      addNew(access, clocks, sets);
  }
  /// An access that does not come before what `lane` of block `block` does now, or null.
  const Access *findUnordered(uint32_t block, uint32_t lane, const Clocks &clocks,
                              const AccessSets &sets) const;

  /// One of those that it keeps for which `test` holds, or null.
  template <typename Fn> const Access *findKept(Fn test) const {
    if (last.exists() && test(last))
      return &last;
    return other.exists() && test(other) ? &other : nullptr;
  }

private:
  void addNew(const Access &access, const Clocks &clocks, AccessSets &sets);

  Access last, other;
  uint32_t set = 0; // 0: `last` only
};

struct Cell {
  Access write;
  AccessGroup reads;
};

/// The shadow of a piece of memory.
class Shadow {
public:
  /// `isShared`: used by several host threads at once.
  Shadow(uint64_t bytes, bool isShared);

  /// Nobody has used anything.
  void reset() { ++generation; }

  /// Calls `fn(cell, atomics)` for each cell of [offset, offset + bytes). `atomics` is null where
  /// the cell never saw any, unless `wantsAtomics`.
  template <typename Fn> void visit(uint64_t offset, uint64_t bytes, bool wantsAtomics, Fn fn) {
    while (bytes > 0) {
      uint32_t begin = offset % kPageBytes;
      uint32_t end = static_cast<uint32_t>(std::min<uint64_t>(begin + bytes, kPageBytes));
      visitInPage(pages[offset / kPageBytes], begin, end, wantsAtomics, fn);
      offset += end - begin;
      bytes -= end - begin;
    }
  }

private:
  static constexpr uint32_t kPageBytes = 256;

  struct Page {
    std::atomic<bool> isLocked{false};
    uint8_t cellLog2 = 0;    // log2 of the bytes of a cell
    uint32_t generation = 0; // of the shadow when the page was last used
    std::unique_ptr<Cell[]> cells;
    std::unique_ptr<AccessGroup[]> atomics;
  };

  template <typename Fn>
  void visitInPage(Page &page, uint32_t begin, uint32_t end, bool wantsAtomics, Fn fn) {
    if (isShared)
      while (page.isLocked.exchange(true, std::memory_order_acquire))
        pause();
    uint32_t finest = llvm::countr_zero(begin | end | 16u);
    if (page.generation != generation || page.cellLog2 > finest)
      prepare(page, finest);
    if (wantsAtomics && !page.atomics)
      page.atomics = std::make_unique<AccessGroup[]>(kPageBytes >> page.cellLog2);
    for (uint32_t i = begin >> page.cellLog2, last = end >> page.cellLog2; i < last; ++i)
      fn(page.cells[i], page.atomics ? &page.atomics[i] : nullptr);
    if (isShared)
      page.isLocked.store(false, std::memory_order_release);
  }

  static void pause();
  // Makes a page fit for use, with cells of at most 1 << cellLog2 bytes.
  void prepare(Page &page, uint32_t cellLog2);

  bool isShared;
  uint32_t generation = 1;
  std::vector<Page> pages;
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_SHADOW_H
