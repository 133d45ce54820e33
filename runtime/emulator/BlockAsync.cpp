//===- BlockAsync.cpp - mbarriers and copies that are under way -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Block.h"
#include <cstring>

using namespace imhsa::emulator;
using llvm::Twine;

static constexpr uint32_t kMbarrierBytes = 8;

//===----------------------------------------------------------------------===//
// mbarriers
//===----------------------------------------------------------------------===//

uint32_t Block::sharedOffset(Lane &lane, uint32_t site, uint64_t address, uint32_t bytes,
                             uint32_t alignment) {
  uint64_t offset = address - reinterpret_cast<uintptr_t>(shared);
  if (offset > sharedBytes || bytes > sharedBytes - offset)
    fail(lane, site, FindingKind::OutOfBounds,
         "expected " + Twine(bytes) + " bytes of the " + Twine(sharedBytes) +
             " bytes of shared memory, found address base + " + Twine(int64_t(offset)));
  if (address % alignment != 0)
    fail(lane, site, FindingKind::Misaligned,
         "expected an address in shared memory aligned to " + Twine(alignment) +
             " bytes, found offset " + Twine(offset));
  return static_cast<uint32_t>(offset);
}

Mbarrier &Block::mbarrier(Lane &lane, uint32_t site, uint64_t address) {
  uint32_t offset = sharedOffset(lane, site, address, kMbarrierBytes, kMbarrierBytes);
  auto found = mbarriers.find(offset);
  if (found == mbarriers.end())
    fail(lane, site, FindingKind::InvalidBarrier,
         "there is no initialised mbarrier at offset " + Twine(offset) + " of shared memory");
  return found->second;
}

void Block::arriveAt(Lane &lane, uint32_t site, uint32_t offset, uint32_t count) {
  Mbarrier &mbarrier = mbarriers[offset];
  if (count == 0 || count > mbarrier.pending)
    fail(lane, site, FindingKind::InvalidOperand,
         Twine(count) + " arrivals at an mbarrier whose current phase expects " +
             Twine(mbarrier.pending) + " more, of " + Twine(mbarrier.expected));
  mbarrier.pending -= count;
  ++progress;
  checkPhase(offset);
}

void Block::checkPhase(uint32_t offset) {
  Mbarrier &mbarrier = mbarriers[offset];
  if (mbarrier.pending != 0 || mbarrier.transactions != 0)
    return;
  ++mbarrier.phase;
  mbarrier.pending = mbarrier.expected;
  ++progress;
  if (checker)
    checker->mbarrierComplete(shared + offset);
  for (Lane &lane : lanes)
    if (lane.state == Lane::Blocked && lane.waiting.kind == Waiting::Mbarrier &&
        lane.waiting.mbarrier == offset)
      wake(lane);
}

void Block::waitForPhase(Lane &lane, uint32_t site, uint32_t offset) {
  lane.waiting = {};
  lane.waiting.kind = Waiting::Mbarrier;
  lane.waiting.site = site;
  lane.waiting.mbarrier = offset;
  lane.state = Lane::Blocked;
  suspend(lane);
  lane.waiting.kind = Waiting::Nothing;
}

// Waits on mbarriers may give up after a time: so they do when nothing else happens.
bool Block::timeOut() {
  bool any = false;
  for (Lane &lane : lanes)
    if (lane.state == Lane::Blocked && lane.waiting.kind == Waiting::Mbarrier) {
      wake(lane);
      any = true;
    }
  return any;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void Block::completeAsync(Lane &lane, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const AsyncOperation &operation = lane.asyncOperations[i];
    switch (operation.kind) {
    case AsyncOperation::Copy:
      std::memcpy(operation.to, operation.from, operation.sourceBytes);
      std::memset(operation.to + operation.sourceBytes, 0, operation.bytes - operation.sourceBytes);
      break;
    case AsyncOperation::Commit:
      break;
    case AsyncOperation::Arrive:
      if (checker)
        checker->copyMbarrierArrived(lane.index);
      // The mbarrier may have been invalidated, or has been told of too many arrivals.
      auto found = mbarriers.find(operation.mbarrier);
      if (found == mbarriers.end() || found->second.pending == 0) {
        report(FindingKind::InvalidBarrier,
               "arrives, when its copies are complete, at an mbarrier that expects no arrival",
               lane, operation.site, nullptr);
        givenUp = launch.stops = true;
        return;
      }
      --found->second.pending;
      ++progress;
      checkPhase(operation.mbarrier);
      break;
    }
  }
  lane.asyncOperations.erase(lane.asyncOperations.begin(), lane.asyncOperations.begin() + count);
}

void Block::completeBulkStores(Lane &lane, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const BulkStore &store = lane.bulkStores[i];
    for (uint32_t byte = 0; byte < store.bytes; ++byte)
      if (store.byteMask >> byte % 16 & 1)
        store.to[byte] = store.from[byte];
  }
  lane.bulkStores.erase(lane.bulkStores.begin(), lane.bulkStores.begin() + count);
}

void Block::completeBulkLoad(size_t index) {
  BulkLoad load = bulkLoads[index];
  bulkLoads.erase(bulkLoads.begin() + index);
  std::memcpy(load.to, load.from, load.bytes);
  ++progress;
  if (checker && load.checked)
    checker->bulkArrived(*load.checked);
  auto found = mbarriers.find(load.mbarrier);
  if (found == mbarriers.end())
    return; // invalidated meanwhile: whoever waits for it has no mbarrier either
  found->second.transactions -= load.bytes;
  checkPhase(load.mbarrier);
}

// Lets time pass: one copy on which others may wait comes to its end.
bool Block::completeSomething() {
  llvm::SmallVector<Lane *, 0> arriving;
  auto isArrive = [](const AsyncOperation &operation) {
    return operation.kind == AsyncOperation::Arrive;
  };
  for (Lane &lane : lanes)
    if (llvm::any_of(lane.asyncOperations, isArrive))
      arriving.push_back(&lane);
  auto numLoads = static_cast<uint32_t>(bulkLoads.size());
  auto numChoices = static_cast<uint32_t>(arriving.size()) + numLoads;
  if (numChoices == 0)
    return false;
  uint32_t choice = random.below(numChoices);
  if (choice < numLoads) {
    completeBulkLoad(choice);
    return true;
  }
  Lane &lane = *arriving[choice - numLoads];
  const AsyncOperation *first = llvm::find_if(lane.asyncOperations, isArrive);
  completeAsync(lane, first - lane.asyncOperations.begin() + 1);
  return true;
}
