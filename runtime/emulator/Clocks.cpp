//===- Clocks.cpp - what happened before what in a block ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Clocks.h"

#include "llvm/ADT/STLExtras.h"
#include <algorithm>

using namespace imhsa::emulator;

static void joinTimes(std::vector<Time> &into, llvm::ArrayRef<Time> from) {
  if (into.size() < from.size())
    into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

static void raise(std::vector<Time> &times, uint32_t actor, Time time) {
  if (times.size() <= actor)
    times.resize(actor + 1);
  times[actor] = std::max(times[actor], time);
}

void imhsa::emulator::join(Blocks &into, const Blocks &from) {
  for (const auto &[block, knowledge] : from) {
    std::shared_ptr<const BlockKnowledge> &known = into[block];
    if (!known) {
      known = knowledge;
    } else if (known != knowledge) {
      auto joined = std::make_shared<BlockKnowledge>(*known);
      joined->base = std::max(joined->base, knowledge->base);
      joinTimes(joined->ordered, knowledge->ordered);
      known = std::move(joined);
    }
  }
}

void Knowledge::join(const Knowledge &other) {
  joinTimes(ordered, other.ordered);
  joinTimes(fenced, other.fenced);
  if (!others) {
    others = other.others;
  } else if (other.others && other.others != others) {
    auto joined = std::make_shared<Blocks>(*others);
    emulator::join(*joined, *other.others);
    others = std::move(joined);
  }
}

void Clocks::begin(uint32_t lanes) {
  numLanes = lanes;
  base = 0;
  last = 1;
  own.assign(lanes, last);
  known.assign(lanes, nullptr);
}

uint32_t Clocks::addAgent() {
  own.push_back(++last);
  return own.size() - 1;
}

void Clocks::addLane(uint32_t lane, Knowledge &knowledge) const {
  if (known[lane])
    knowledge.join(*known[lane]);
  raise(knowledge.ordered, lane, own[lane]);
}

void Clocks::meet(llvm::ArrayRef<uint32_t> lanes, const Knowledge &arrived) {
  auto joined = std::make_shared<Knowledge>(arrived);
  // Lanes that met before share what they know: to join it once is enough.
  const Knowledge *before = nullptr;
  for (uint32_t lane : lanes)
    if (known[lane] && known[lane].get() != before) {
      before = known[lane].get();
      joined->join(*before);
    }
  ++last;
  if (lanes.size() == numLanes) {
    base = last - 1;
    // What is left to know lies with agents, with the proxy, and in other blocks.
    if (joined->ordered.size() <= numLanes && joined->fenced.empty() && !joined->others)
      joined = nullptr;
  } else {
    for (uint32_t lane : lanes)
      raise(joined->ordered, lane, own[lane]);
  }
  for (uint32_t lane : lanes) {
    own[lane] = last;
    known[lane] = joined;
  }
}

void Clocks::release(uint32_t lane, Knowledge &knowledge) {
  addLane(lane, knowledge);
  own[lane] = ++last;
}

void Clocks::acquire(uint32_t lane, const Knowledge &knowledge) {
  auto joined = std::make_shared<Knowledge>(knowledge);
  if (known[lane])
    joined->join(*known[lane]);
  known[lane] = std::move(joined);
}

bool Clocks::isOrderedInBlock(uint32_t lane, uint32_t block, uint32_t actor, Time time) const {
  const Knowledge *k = known[lane].get();
  if (!k || !k->others)
    return false;
  auto found = k->others->find(block);
  if (found == k->others->end())
    return false;
  const BlockKnowledge &of = *found->second;
  return (actor < numLanes && time <= of.base) ||
         (actor < of.ordered.size() && of.ordered[actor] >= time);
}

Blocks Clocks::describe(uint32_t block, Time base, const Knowledge &knowledge) {
  Blocks blocks;
  if (knowledge.others)
    blocks = *knowledge.others;
  blocks[block] = std::make_shared<BlockKnowledge>(BlockKnowledge{base, knowledge.ordered});
  return blocks;
}

void Clocks::acquire(uint32_t lane, uint32_t block, const Blocks &blocks) {
  Knowledge knowledge;
  auto others = std::make_shared<Blocks>(blocks);
  if (auto own = others->find(block); own != others->end()) {
    knowledge.ordered = own->second->ordered;
    others->erase(own);
  }
  if (!others->empty())
    knowledge.others = std::move(others);
  acquire(lane, knowledge);
}

Time Clocks::act(uint32_t agent, Knowledge &knowledge) {
  own[agent] = ++last;
  raise(knowledge.ordered, agent, last);
  return last;
}

void Clocks::fenceProxy(uint32_t lane) {
  auto joined = std::make_shared<Knowledge>();
  addLane(lane, *joined);
  joinTimes(joined->fenced, joined->ordered);
  for (uint32_t other = 0; other < numLanes; ++other)
    raise(joined->fenced, other, base);
  own[lane] = ++last;
  known[lane] = std::move(joined);
}
