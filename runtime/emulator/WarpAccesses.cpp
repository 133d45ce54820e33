//===- WarpAccesses.cpp - a warp's accesses put together ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/WarpAccesses.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

using namespace imhsa::emulator;

void WarpAccesses::begin(uint32_t numLanes, Counters &blockCounters) {
  counters = &blockCounters;
  warps.resize(llvm::divideCeil(numLanes, 32));
  for (uint32_t i = 0; i < warps.size(); ++i)
    warps[i].live = llvm::maskTrailingOnes<uint32_t>(std::min(32u, numLanes - 32 * i));
}

void WarpAccesses::add(uint32_t lane, Kind kind, uint64_t address, uint32_t bytes, uint32_t site,
                       uint32_t buffer) {
  Warp &warp = warps[lane / 32];
  uint32_t number = lane % 32;
  if (site >= warp.sites.size())
    warp.sites.resize(site + 1);
  if (!warp.sites[site])
    warp.sites[site] = std::make_unique<SiteState>();
  SiteState &state = *warp.sites[site];
  if (state.records.empty())
    warp.usedSites.push_back(site);

  uint32_t execution = state.executions[number]++;
  if (execution >= state.records.size()) {
    uint32_t index;
    if (!warp.freeRecords.empty()) {
      index = warp.freeRecords.back();
      warp.freeRecords.pop_back();
    } else if (warp.records.size() < kMostRecords) {
      index = warp.records.size();
      warp.records.emplace_back();
    } else {
      index = kNone;
    }
    state.records.push_back(index);
    if (index != kNone) {
      Record &record = warp.records[index];
      record.mask = 0;
      record.site = site;
      record.bytes = bytes;
      record.buffer = buffer;
      record.kind = kind;
    }
  }

  uint32_t index = state.records[execution];
  Record *record = index == kNone ? nullptr : &warp.records[index];
  if (!record || record->kind != kind || record->bytes != bytes) {
    ++counters->notAssembled;
    return;
  }
  record->addresses[number] = address;
  record->mask |= 1u << number;
  // Nobody else can come.
  if ((warp.live & ~record->mask) == 0) {
    count(*record);
    warp.freeRecords.push_back(index);
    state.records[execution] = kNone;
  }
}

void WarpAccesses::count(const Record &record) {
  WarpAccess access{record.mask, record.bytes, record.addresses};
  bool isGlobal = record.kind == Kind::GlobalLoad || record.kind == Kind::GlobalStore;
  WarpAccessCounters counted =
      isGlobal ? countSectors(access) : countBanks(access, record.kind == Kind::SharedLoad);
  switch (record.kind) {
  case Kind::SharedLoad:
    counters->sharedLoads += counted;
    break;
  case Kind::SharedStore:
    counters->sharedStores += counted;
    break;
  case Kind::GlobalLoad:
    counters->globalLoads += counted;
    counters->ofBuffer(record.buffer).sectorsRead += counted.passes;
    break;
  case Kind::GlobalStore:
    counters->globalStores += counted;
    counters->ofBuffer(record.buffer).sectorsWritten += counted.passes;
    break;
  }
  if (counted.passes > counted.fewest)
    counters->sites[record.site] += counted;
}

void WarpAccesses::close(Warp &warp) {
  for (uint32_t site : warp.usedSites) {
    SiteState &state = *warp.sites[site];
    for (uint32_t index : state.records)
      if (index != kNone)
        count(warp.records[index]);
    state.records.clear();
    std::fill(std::begin(state.executions), std::end(state.executions), 0);
  }
  warp.usedSites.clear();
  warp.records.clear();
  warp.freeRecords.clear();
}

void WarpAccesses::met(uint32_t index, uint32_t mask) {
  Warp &warp = warps[index];
  if ((warp.live & ~mask) == 0)
    close(warp);
}

void WarpAccesses::laneExit(uint32_t lane) { warps[lane / 32].live &= ~(1u << lane % 32); }

void WarpAccesses::end() {
  for (Warp &warp : warps)
    close(warp);
}
