//===- Clocks.h - what happened before what in a block -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Vector clocks over the actors of a block: its lanes, and one agent for each mbarrier,
// in whose name asynchronous copies write. They are cheap because nearly all
// synchronisation is a barrier of all lanes: one number, the base, then says what every
// lane knows of every other, and only what lies beyond it needs vectors, which the lanes
// that met share.
//
// Times of all actors of a block come from one counter, so that they can be compared with
// the base. An access has the time of its actor then; (actor, time) is its epoch. An actor
// gets a new time whenever others learn what it has done so far.

#ifndef IMHSA_RUNTIME_EMULATOR_CLOCKS_H
#define IMHSA_RUNTIME_EMULATOR_CLOCKS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace imhsa::emulator {

using Time = uint32_t;

/// What is known of a block: of all its lanes up to the base, of each actor what `ordered` says.
struct BlockKnowledge {
  Time base = 0;
  std::vector<Time> ordered;
};

/// What is known of blocks, by number.
using Blocks = std::map<uint32_t, std::shared_ptr<const BlockKnowledge>>;

/// Adds what `from` knows.
void join(Blocks &into, const Blocks &from);

/// For each actor, up to which time its accesses are known; zero beyond the end. `fenced` is the
/// part of it that a fence has also made visible to the asynchronous proxy. `others` is what is
/// known of other blocks, null if nothing.
struct Knowledge {
  std::vector<Time> ordered, fenced;
  std::shared_ptr<const Blocks> others;

  void join(const Knowledge &other);
};

class Clocks {
public:
  /// Starts a block: nobody knows anything of anybody.
  void begin(uint32_t numLanes);

  /// A new actor that is no lane.
  uint32_t addAgent();

  /// The time of what the actor does now.
  Time now(uint32_t actor) const { return own[actor]; }

  /// Up to here, all lanes know what all lanes did.
  Time getBase() const { return base; }

  /// Whether that access comes before whatever `lane` does now.
  bool isOrdered(uint32_t lane, uint32_t actor, Time time) const {
    if (actor == lane || (actor < numLanes && time <= base))
      return true;
    const Knowledge *k = known[lane].get();
    return k && actor < k->ordered.size() && k->ordered[actor] >= time;
  }

  /// The same for an access in another block.
  bool isOrderedInBlock(uint32_t lane, uint32_t block, uint32_t actor, Time time) const;

  /// The same for what `lane` lets the asynchronous proxy do: a `fence.proxy.async` must stand on
  /// the way from that access to here.
  bool isFenced(uint32_t lane, uint32_t actor, Time time) const {
    const Knowledge *k = known[lane].get();
    return k && actor < k->fenced.size() && k->fenced[actor] >= time;
  }

  /// These lanes (each once) wait for each other, and for those whose knowledge is in `arrived`.
  void meet(llvm::ArrayRef<uint32_t> lanes, const Knowledge &arrived = {});

  /// Adds to `knowledge` what the lane did and knows.
  void release(uint32_t lane, Knowledge &knowledge);

  /// `knowledge`, which came from this block, for those of other blocks; `base` is the base then.
  static Blocks describe(uint32_t block, Time base, const Knowledge &knowledge);

  /// The lane, which is in `block`, learns what is known of blocks.
  void acquire(uint32_t lane, uint32_t block, const Blocks &blocks);

  /// The lane learns what is in `knowledge`.
  void acquire(uint32_t lane, const Knowledge &knowledge);

  /// An agent acts: the time of what it does, added to `knowledge`.
  Time act(uint32_t agent, Knowledge &knowledge);

  /// `fence.proxy.async` by the lane.
  void fenceProxy(uint32_t lane);

private:
  void addLane(uint32_t lane, Knowledge &knowledge) const;

  uint32_t numLanes = 0;
  Time base = 0, last = 0;
  std::vector<Time> own;                               // by actor
  std::vector<std::shared_ptr<const Knowledge>> known; // by lane; null: nothing beyond the base
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_CLOCKS_H
