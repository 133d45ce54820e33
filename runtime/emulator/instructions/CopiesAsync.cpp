//===- CopiesAsync.cpp - asynchronous copies of a lane --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Data Movement and Conversion Instructions: cp.async", "cp.async.commit_group",
// "cp.async.wait_group / cp.async.wait_all"; "cp.async.mbarrier.arrive".

#include "runtime/emulator/instructions/Support.h"
#include <cstring>

using namespace imhsa::emulator;
using llvm::Twine;

// Operands: to (shared), from (global), and with hasSourceSize how many bytes are read; the rest
// of the destination becomes zero.
template <uint32_t bytes, bool hasSourceSize>
static void copy(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  char *to = asPointer(in[0]);
  const char *from = asPointer(in[1]);
  uint32_t sourceBytes = hasSourceSize ? static_cast<uint32_t>(in[2]) : bytes;
  if (sourceBytes > bytes)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "expected to read at most the " + Twine(bytes) + " bytes that are copied, found " +
                   Twine(sourceBytes));
  if (BlockChecker *checker = block.checker.get())
    if (!checker->copyAsync(lane->index, to, bytes, from, sourceBytes, site))
      block.giveUp(*lane);
  block.sharedOffset(*lane, site, in[0], bytes, bytes);
  // Who reads too early gets NaN.
  std::memset(to, 0xFF, bytes);
  lane->asyncOperations.push_back(
      {AsyncOperation::Copy, site, to, from, bytes, sourceBytes, /*mbarrier=*/0});
}

static void commit(Lane *lane, uint32_t site, const uint64_t *, uint64_t *) {
  if (BlockChecker *checker = lane->block->checker.get())
    checker->copyCommit(lane->index);
  lane->asyncOperations.push_back({AsyncOperation::Commit, site, nullptr, nullptr, 0, 0, 0});
}

// Operand: how many of the last groups may still be under way.
static void waitGroup(Lane *lane, uint32_t, const uint64_t *in, uint64_t *) {
  auto pending = static_cast<uint32_t>(in[0]);
  size_t end = 0;
  uint32_t groups = 0;
  for (size_t i = lane->asyncOperations.size(); i-- > 0;)
    if (lane->asyncOperations[i].kind == AsyncOperation::Commit && groups++ == pending)
      end = i + 1;
  lane->block->completeAsync(*lane, end);
  if (BlockChecker *checker = lane->block->checker.get())
    checker->copyWaitGroup(lane->index, pending);
}

static void waitAll(Lane *lane, uint32_t, const uint64_t *, uint64_t *) {
  lane->block->completeAsync(*lane, lane->asyncOperations.size());
  if (BlockChecker *checker = lane->block->checker.get())
    checker->copyWaitAll(lane->index);
}

// Operand: mbarrier. An arrival at it, when all copies of the lane so far are complete; without
// .noinc its phase expects one arrival more for that.
template <bool increments>
static void arrive(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  if (BlockChecker *checker = block.checker.get())
    if (!checker->copyMbarrierArrive(lane->index, asPointer(in[0]), site))
      block.giveUp(*lane);
  Mbarrier &mbarrier = block.mbarrier(*lane, site, in[0]);
  if (increments)
    ++mbarrier.pending;
  AsyncOperation operation{AsyncOperation::Arrive, site, nullptr, nullptr, 0, 0, 0};
  operation.mbarrier = block.sharedOffset(*lane, site, in[0], 8, 8);
  lane->asyncOperations.push_back(operation);
}

template <uint32_t bytes> static void addCopy(InstructionMap &map, const std::string &cache) {
  std::string name = "cp.async." + cache + ".shared.global." + std::to_string(bytes);
  map[name] = {copy<bytes, false>, 80, true};
  map[name + ".s"] = {copy<bytes, true>, 80, true};
}

void imhsa::emulator::addCopiesAsync(InstructionMap &map) {
  addCopy<4>(map, "ca");
  addCopy<8>(map, "ca");
  addCopy<16>(map, "ca");
  addCopy<16>(map, "cg");
  map["cp.async.commit.group"] = {commit};
  map["cp.async.wait.group"] = {waitGroup};
  map["cp.async.wait.all"] = {waitAll};
  map["cp.async.mbarrier.arrive"] =
      map["cp.async.mbarrier.arrive.shared"] = {arrive<true>, 80, true};
  map["cp.async.mbarrier.arrive.noinc"] =
      map["cp.async.mbarrier.arrive.noinc.shared"] = {arrive<false>, 80, true};
}
