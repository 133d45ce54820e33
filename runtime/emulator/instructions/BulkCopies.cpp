//===- BulkCopies.cpp - copies of many bytes by one lane ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Data Movement and Conversion Instructions: cp.async.bulk",
// "cp.async.bulk.commit_group", "cp.async.bulk.wait_group". Without tensors.

#include "runtime/emulator/instructions/Support.h"
#include <cstring>

using namespace imhsa::emulator;
using llvm::Twine;

static constexpr uint32_t kUnit = 16;

static uint32_t checkSize(Lane *lane, uint32_t site, uint64_t size) {
  auto bytes = static_cast<uint32_t>(size);
  if (bytes % kUnit != 0)
    lane->block->fail(*lane, site, FindingKind::InvalidOperand,
                      "expected a size that is a multiple of 16, found " + Twine(bytes));
  return bytes;
}

static void checkGlobal(Lane *lane, uint32_t site, uint64_t address) {
  if (address % kUnit != 0)
    lane->block->fail(*lane, site, FindingKind::Misaligned,
                      "expected an address in global memory aligned to 16 bytes");
}

// Operands: to (shared), mbarrier, from (global), bytes; and to shared::cluster a mask of blocks,
// a cache hint, whether the mask holds.
template <bool isCluster>
static void load(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  char *to = asPointer(in[0]);
  const char *from = asPointer(in[2]);
  uint32_t bytes = checkSize(lane, site, in[3]);
  if (isCluster && (in[6] & 1) != 0 && (in[4] & 0xFFFF) != 1)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "a multicast to blocks 0x" + llvm::Twine::utohexstr(in[4] & 0xFFFF) +
                   " of the cluster, which has only block 0");
  std::optional<uint32_t> checked;
  if (BlockChecker *checker = block.checker.get()) {
    checked = checker->bulkToShared(lane->index, to, from, bytes, asPointer(in[1]), site);
    if (!checked)
      block.giveUp(*lane);
  }
  block.mbarrier(*lane, site, in[1]);
  uint32_t mbarrier = block.sharedOffset(*lane, site, in[1], 8, 8);
  block.sharedOffset(*lane, site, in[0], bytes, kUnit);
  checkGlobal(lane, site, in[2]);
  std::memset(to, 0xFF, bytes);
  block.bulkLoads.push_back({checked, to, from, bytes, mbarrier});
}

static void store(Lane *lane, uint32_t site, uint64_t to, uint64_t from, uint64_t size,
                  uint32_t byteMask) {
  Block &block = *lane->block;
  uint32_t bytes = checkSize(lane, site, size);
  if (BlockChecker *checker = block.checker.get())
    if (!checker->bulkToGlobal(lane->index, asPointer(to), asPointer(from), bytes, site))
      block.giveUp(*lane);
  block.sharedOffset(*lane, site, from, bytes, kUnit);
  checkGlobal(lane, site, to);
  lane->bulkStores.push_back(
      {site, asPointer(to), asPointer(from), bytes, byteMask, lane->bulkGroup});
}

// Operands: to (global), from (shared), bytes; a cache hint; whether it holds; a mask of bytes.
static void storeAll(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  store(lane, site, in[0], in[1], in[2], 0xFFFF);
}
static void storeMasked(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  store(lane, site, in[0], in[1], in[2], in[5] & 0xFFFF);
}

static void commit(Lane *lane, uint32_t, const uint64_t *, uint64_t *) {
  if (BlockChecker *checker = lane->block->checker.get())
    checker->bulkCommit(lane->index);
  ++lane->bulkGroup;
}

// Operand: how many of the last groups may still be under way. With .read, only the sources need
// have been read; here both happen at once.
template <bool onlyRead>
static void waitGroup(Lane *lane, uint32_t, const uint64_t *in, uint64_t *) {
  auto pending = static_cast<uint32_t>(in[0]);
  if (BlockChecker *checker = lane->block->checker.get())
    checker->bulkWaitGroup(lane->index, pending, onlyRead);
  size_t count = 0;
  while (count < lane->bulkStores.size() &&
         uint64_t(lane->bulkStores[count].group) + pending < lane->bulkGroup)
    ++count;
  lane->block->completeBulkStores(*lane, count);
}

static void nothing(Lane *, uint32_t, const uint64_t *, uint64_t *) {}

void imhsa::emulator::addBulkCopies(InstructionMap &map) {
  map["cp.async.bulk.global.to.shared.cluster"] = {load<true>, 90, true};
  map["cp.async.bulk.global.to.shared.cta"] = {load<false>, 90, true};
  map["cp.async.bulk.shared.cta.to.global"] = {storeAll, 90, true};
  map["cp.async.bulk.shared.cta.to.global.bytemask"] = {storeMasked, 100, true};
  map["cp.async.bulk.commit.group"] = {commit, 90, true};
  map["cp.async.bulk.wait.group"] = {waitGroup<false>, 90};
  map["cp.async.bulk.wait.group.read"] = {waitGroup<true>, 90};
  map["cp.async.bulk.prefetch.L2"] = {nothing, 90};
  for (llvm::StringRef where : {"L1", "L2", "global.L1", "global.L2", "local.L1", "local.L2"})
    map["prefetch." + where.str()] = {nothing};
  map["prefetchu.L1"] = {nothing};
}
