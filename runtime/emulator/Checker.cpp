//===- Checker.cpp - the emulator's checking mode -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/CheckerState.h"

#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace imhsa::emulator;

//===--- The launch --------------------------------------------------------===//

LaunchState::LaunchState(LaunchInfo launchInfo, CheckOptions options)
    : info(std::move(launchInfo)), options(options) {
  llvm::sort(info.buffers, [](const GlobalBuffer &a, const GlobalBuffer &b) {
    return std::less<>()(a.address, b.address);
  });
  for (const GlobalBuffer &buffer : info.buffers)
    regions.push_back({static_cast<const char *>(buffer.address), buffer.bytes,
                       buffer.writable && options.checkOrder
                           ? std::make_unique<Shadow>(buffer.bytes, /*isShared=*/true)
                           : nullptr,
                       buffer.writable});
}

LaunchChecker::LaunchChecker(LaunchInfo info, CheckOptions options)
    : state(std::make_unique<LaunchState>(std::move(info), options)) {}

LaunchChecker::~LaunchChecker() = default;

std::unique_ptr<BlockChecker> LaunchChecker::makeBlockChecker() {
  return std::make_unique<BlockChecker>(*state);
}

LaunchReport LaunchChecker::finish() {
  LaunchReport report;
  report.kernel = state->info.kernel;
  report.grid = state->info.grid;
  report.block = state->info.block;
  report.sharedBytes = state->info.sharedBytes;
  report.findings = std::move(state->findings);
  report.findings.sort();
  report.counters = std::move(state->counters);
  for (size_t i = 0; i < report.counters.buffers.size(); ++i)
    report.buffers.push_back({state->info.buffers[i].name, state->info.buffers[i].bytes});
  report.sites = state->info.sites;
  return report;
}

//===--- The block ---------------------------------------------------------===//

BlockState::BlockState(LaunchState &launch)
    : launch(launch), numLanes(launch.info.block.volume()), checksOrder(launch.options.checkOrder),
      counts(launch.options.count), sharedShadow(launch.info.sharedBytes, /*isShared=*/false) {}

void BlockState::begin(Dim3 block, const void *sharedMemory) {
  place = block;
  Dim3 grid = launch.info.grid;
  number = block.x + grid.x * (block.y + grid.y * block.z);
  shared = static_cast<const char *>(sharedMemory);
  numLive = numLanes;
  clocks.begin(numLanes);
  sets.forgetAll();
  sharedShadow.reset();
  warpAccesses.begin(numLanes, counters);
}

void BlockState::end() {
  warpAccesses.end();
  for (auto &[lane, lanes] : copies) {
    if (!lanes.openBulk.empty())
      lanes.bulkGroups.push_back({std::move(lanes.openBulk)});
    for (const CopyGroup &group : lanes.bulkGroups)
      for (const Copy &copy : group.copies)
        if (!group.areSourcesRead && numLive == 0)
          report(FindingKind::CopyLeftBehind,
                 "the block ends while this copy may still read its shared memory: there is no "
                 "wait_group for it",
                 {lane, copy.source, copy.bytes, AccessKind::Read, copy.issued.site});
  }
  copies.clear();
  fences.clear();
  released.clear();
  arrivals.clear();
  mbarriers.clear();
  agentLanes.clear();
  bulkCopies.clear();
  sources.clear();

  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.findings.merge(findings);
  if (counts)
    launch.counters += counters;
  findings = {};
  counters = {};
}

BlockChecker::BlockChecker(LaunchState &launch) : state(std::make_unique<BlockState>(launch)) {}
BlockChecker::~BlockChecker() = default;

void BlockChecker::begin(Dim3 block, const void *sharedMemory) {
  state->begin(block, sharedMemory);
}
void BlockChecker::end() { state->end(); }
void BlockChecker::laneExit(uint32_t lane) {
  --state->numLive;
  state->warpAccesses.laneExit(lane);
}

//===--- Findings ----------------------------------------------------------===//

Actor BlockState::getActor(uint32_t lane, uint32_t site) const {
  return {site, place, getPosition(lane, launch.info.block)};
}

Actor BlockState::getActor(const Access &access) const {
  uint32_t lane = access.actor < numLanes ? access.actor : agentLanes[access.actor - numLanes];
  return {access.site, getPosition(access.block, launch.info.grid),
          getPosition(lane, launch.info.block)};
}

void BlockState::report(FindingKind kind, const llvm::Twine &message, const Request &request,
                        const Access *other) {
  if (findings.countRepeated(kind, request.site, other ? other->site : kNoSite))
    return;
  Finding finding{kind, message.str(), getActor(request.lane, request.site), std::nullopt, 1};
  if (other)
    finding.other = getActor(*other);
  findings.add(std::move(finding));
}

void BlockChecker::report(FindingKind kind, llvm::StringRef message, uint32_t lane, uint32_t site,
                          std::optional<uint32_t> otherLane, uint32_t otherSite) {
  Finding finding{kind, message.str(), state->getActor(lane, site), std::nullopt, 1};
  if (otherLane)
    finding.other = state->getActor(*otherLane, otherSite);
  state->findings.add(std::move(finding));
}

static llvm::StringRef getVerb(AccessKind kind) {
  switch (kind) {
  case AccessKind::Read:
    return "read";
  case AccessKind::Write:
    return "write";
  case AccessKind::Atomic:
    return "atomic access";
  case AccessKind::AtomicRead:
    return "atomic read";
  case AccessKind::AtomicWrite:
    return "atomic write";
  }
  llvm_unreachable("not a kind of access");
}

static std::string describeSize(const Request &request) {
  return (getVerb(request.kind) + " of " + llvm::Twine(request.bytes) +
          (request.bytes == 1 ? " byte" : " bytes"))
      .str();
}

std::string BlockState::describe(const Request &request) const {
  std::string what = describeSize(request) + " at ";
  if (isInShared(request.address))
    return what + "shared memory + " + std::to_string(request.address - shared);
  for (const GlobalBuffer &buffer : launch.info.buffers)
    if (uint64_t offset = request.address - static_cast<const char *>(buffer.address);
        offset < buffer.bytes)
      return what + buffer.name + " + " + std::to_string(offset);
  return what + "address 0x" + llvm::utohexstr(reinterpret_cast<uintptr_t>(request.address));
}

//===--- Bounds and alignment ----------------------------------------------===//

// Says where an address lies that is in none of the pieces of memory: relative to the nearest.
static std::string describeOutside(const Request &request, const LaunchInfo &info,
                                   const char *shared, bool mustBeShared) {
  auto address = reinterpret_cast<uint64_t>(request.address);
  std::string nearest;
  uint64_t distance = ~0ull;
  auto consider = [&](llvm::StringRef name, const void *memory, uint64_t bytes) {
    auto begin = reinterpret_cast<uint64_t>(memory), end = begin + bytes;
    bool isBefore = address < begin;
    uint64_t away = isBefore ? begin - address : address < end ? 0 : address - end;
    if (away >= distance)
      return;
    distance = away;
    if (isBefore)
      nearest = (llvm::Twine(away) + " bytes before " + name + " (" + llvm::Twine(bytes) +
                 (bytes == 1 ? " byte)" : " bytes)"))
                    .str();
    else
      nearest = ("at byte " + llvm::Twine(address - begin) + " of " + name + ", which has " +
                 llvm::Twine(bytes) + (bytes == 1 ? " byte" : " bytes"))
                    .str();
  };
  if (info.sharedBytes)
    consider("shared memory", shared, info.sharedBytes);
  if (!mustBeShared)
    for (const GlobalBuffer &buffer : info.buffers)
      consider(buffer.name, buffer.address, buffer.bytes);

  std::string what = describeSize(request) + ' ';
  constexpr uint64_t kNull = 4096;
  if (address < kNull)
    return what + "at address " + std::to_string(address) + ", which is null";
  if (nearest.empty())
    return what + (mustBeShared ? "of shared memory, of which the block has none"
                                : "of global memory, of which the launch has none");
  return what + nearest;
}

bool BlockState::locateSlowly(const Request &request, uint32_t alignment, bool mustBeShared,
                              Place &found) {
  const LaunchInfo &info = launch.info;
  const Region *region = nullptr;
  auto isWithin = [&](const void *memory, uint64_t bytes) {
    found.offset = request.address - static_cast<const char *>(memory);
    return fits(request, bytes, found.offset);
  };
  if (isWithin(shared, info.sharedBytes)) {
    found.space = Space::Shared;
    found.shadow = checksOrder ? &sharedShadow : nullptr;
  } else if (!mustBeShared && isWithin(info.localMemory, info.localBytes)) {
    found.space = Space::Local;
    found.shadow = nullptr;
  } else {
    // The last one that does not begin behind the address.
    auto next = std::upper_bound(
        launch.regions.begin(), launch.regions.end(), request.address,
        [](const char *address, const Region &r) { return std::less<>()(address, r.begin); });
    if (mustBeShared || next == launch.regions.begin() ||
        !isWithin(std::prev(next)->begin, std::prev(next)->bytes)) {
      report(FindingKind::OutOfBounds, describeOutside(request, info, shared, mustBeShared),
             request);
      return false;
    }
    region = &*std::prev(next);
    found.space = Space::Global;
    found.buffer = region - launch.regions.data();
    found.shadow = region->shadow.get();
    if (request.site != kNoSite) {
      if (request.site >= lastRegions.size())
        lastRegions.resize(request.site + 1);
      lastRegions[request.site] = found.buffer;
    }
  }
  if (reinterpret_cast<uintptr_t>(request.address) & (alignment - 1)) {
    report(FindingKind::Misaligned,
           describe(request) + ", an address that is no multiple of " + llvm::Twine(alignment),
           request);
    return false;
  }
  if (region && writes(request.kind) && !region->isWritable) {
    report(FindingKind::ReadOnly, describe(request) + ", which may only be read", request);
    return false;
  }
  return true;
}

//===--- Counting ----------------------------------------------------------===//

void BlockState::countBytes(const Place &where, uint64_t bytesRead, uint64_t bytesWritten) {
  auto add = [&](MemoryCounters &memory) {
    memory.bytesRead += bytesRead;
    memory.bytesWritten += bytesWritten;
  };
  add(where.space == Space::Global   ? counters.global
      : where.space == Space::Shared ? counters.shared
                                     : counters.local);
  if (where.space == Space::Global)
    add(counters.ofBuffer(where.buffer).memory);
}

void BlockState::countAccess(const Request &request, const Place &where) {
  countBytes(where, reads(request.kind) ? request.bytes : 0,
             writes(request.kind) ? request.bytes : 0);
  if (where.space == Space::Local)
    return;
  // Banks go by the offset: the block's shared memory starts at bank 0.
  using Kind = WarpAccesses::Kind;
  bool isRead = !writes(request.kind);
  if (where.space == Space::Shared)
    warpAccesses.add(request.lane, isRead ? Kind::SharedLoad : Kind::SharedStore, where.offset,
                     request.bytes, request.site);
  else
    warpAccesses.add(request.lane, isRead ? Kind::GlobalLoad : Kind::GlobalStore,
                     reinterpret_cast<uint64_t>(request.address), request.bytes, request.site,
                     where.buffer);
}

bool BlockChecker::access(uint32_t lane, const void *address, uint32_t bytes, uint32_t alignment,
                          AccessKind kind, uint32_t site) {
  if (isAtomic(kind))
    return atomic(lane, address, bytes, alignment, kind, MemoryOrder::Relaxed, Scope::Device, site);
  Request request{lane, static_cast<const char *>(address), bytes, kind, site};
  Place where;
  if (!state->locate(request, alignment, /*mustBeShared=*/false, where))
    return false;
  if (where.shadow)
    state->checkOrder(request, where);
  if (state->counts) {
    state->countInstruction(kind == AccessKind::Read ? InstructionKind::Load
                                                     : InstructionKind::Store);
    state->countAccess(request, where);
  }
  return true;
}

bool BlockChecker::matrix(uint32_t firstLane, llvm::ArrayRef<const void *> rows, unsigned matrices,
                          AccessKind kind, uint32_t site) {
  constexpr uint32_t kRowBytes = 16, kRows = 8;
  bool isRead = kind == AccessKind::Read;
  WarpAccessCounters counted;
  counted.instructions = 1;
  for (unsigned matrix = 0; matrix < matrices; ++matrix) {
    llvm::SmallVector<uint64_t, kRows> addresses;
    for (unsigned row = kRows * matrix; row < kRows * (matrix + 1); ++row) {
      Request request{firstLane + row, static_cast<const char *>(rows[row]), kRowBytes, kind, site};
      Place where;
      if (!state->locate(request, kRowBytes, /*mustBeShared=*/true, where))
        return false;
      if (where.shadow)
        state->checkOrder(request, where);
      addresses.push_back(where.offset);
    }
    counted.passes += countWavefronts(addresses, kRowBytes);
    ++counted.fewest;
  }
  if (!state->counts)
    return true;
  Counters &counters = state->counters;
  state->countInstruction(isRead ? InstructionKind::Ldmatrix : InstructionKind::Stmatrix, 32);
  (isRead ? counters.shared.bytesRead : counters.shared.bytesWritten) +=
      kRowBytes * kRows * matrices;
  (isRead ? counters.ldmatrix : counters.stmatrix) += counted;
  if (counted.passes > counted.fewest)
    counters.sites[site] += counted;
  return true;
}

void BlockChecker::executed(uint32_t lane, InstructionKind kind, uint64_t number) {
  if (state->counts)
    state->countInstruction(kind, number);
}
