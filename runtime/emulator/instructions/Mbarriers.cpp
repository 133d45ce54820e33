//===- Mbarriers.cpp - barriers in shared memory --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Parallel Synchronization and Communication Instructions: mbarrier" and its
// subsections. A phase is complete when no arrival is pending and the count of transactions is 0.
// The opaque state that an arrival returns holds the phase and the arrivals pending before it.

#include "runtime/emulator/instructions/Support.h"
#include <cstring>

using namespace imhsa::emulator;
using llvm::Twine;

static constexpr uint32_t kBytes = 8;
static constexpr uint32_t kMaxCount = (1 << 20) - 1;
static constexpr unsigned kPendingBits = 20;
// What lies in memory where an mbarrier is, for who looks at it: nothing that is specified.
static constexpr int kOpaque = 0xB5;

//===----------------------------------------------------------------------===//
// Init and invalidation
//===----------------------------------------------------------------------===//

// Operands: address, expected arrivals.
static void init(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  auto count = static_cast<uint32_t>(in[1]);
  if (count < 1 || count > kMaxCount)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "expected a count from 1 to 1048575, found " + Twine(count));
  if (BlockChecker *checker = block.checker.get())
    if (!checker->mbarrierInit(lane->index, asPointer(in[0]), count, site))
      block.giveUp(*lane);
  uint32_t offset = block.sharedOffset(*lane, site, in[0], kBytes, kBytes);
  if (!block.mbarriers.try_emplace(offset, Mbarrier{count, count}).second)
    block.fail(*lane, site, FindingKind::InvalidBarrier,
               "there is an mbarrier at offset " + Twine(offset) +
                   " already, which was not invalidated");
  std::memset(asPointer(in[0]), kOpaque, kBytes);
}

// Operand: address.
static void invalidate(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  if (BlockChecker *checker = block.checker.get())
    if (!checker->mbarrierInvalidate(lane->index, asPointer(in[0]), site))
      block.giveUp(*lane);
  block.mbarrier(*lane, site, in[0]);
  block.mbarriers.erase(block.sharedOffset(*lane, site, in[0], kBytes, kBytes));
}

//===----------------------------------------------------------------------===//
// Arrivals and transactions
//===----------------------------------------------------------------------===//

static void expect(Lane *lane, uint32_t site, uint64_t address, int64_t bytes) {
  Block &block = *lane->block;
  if (BlockChecker *checker = block.checker.get())
    if (!checker->mbarrierExpect(lane->index, asPointer(address), site))
      block.giveUp(*lane);
  Mbarrier &mbarrier = block.mbarrier(*lane, site, address);
  mbarrier.transactions += bytes;
  if (std::abs(mbarrier.transactions) > kMaxCount)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "the mbarrier's count of transactions becomes " + Twine(mbarrier.transactions) +
                   ", outside of -1048575 to 1048575");
}

// Operands: address, bytes.
template <bool completes>
static void transact(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *) {
  Block &block = *lane->block;
  int64_t bytes = static_cast<uint32_t>(in[1]);
  expect(lane, site, in[0], completes ? -bytes : bytes);
  if (completes)
    block.checkPhase(block.sharedOffset(*lane, site, in[0], kBytes, kBytes));
}

namespace {
/// What an arrival does beside arriving.
struct Arrival {
  bool hasCount = false; ///< operand 1 is the number of arrivals, else it is 1
  bool expects = false;  ///< operand 1 is a number of bytes to expect
  bool drops = false;    ///< the arrivals are not expected in later phases
  bool completes = true; ///< may end the phase
};
} // namespace

static void arrive(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out, Arrival kind) {
  Block &block = *lane->block;
  uint32_t count = kind.hasCount ? static_cast<uint32_t>(in[1]) : 1;
  if (kind.expects)
    expect(lane, site, in[0], static_cast<uint32_t>(in[1]));
  if (BlockChecker *checker = block.checker.get())
    if (!checker->mbarrierArrive(lane->index, asPointer(in[0]), site))
      block.giveUp(*lane);
  Mbarrier &mbarrier = block.mbarrier(*lane, site, in[0]);
  out[0] = mbarrier.phase << kPendingBits | mbarrier.pending;
  if (!kind.completes && count >= mbarrier.pending)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "an arrival that must not complete the phase (noComplete), of " + Twine(count) +
                   " where " + Twine(mbarrier.pending) + " are pending");
  if (kind.drops) {
    if (count > mbarrier.expected)
      block.fail(*lane, site, FindingKind::InvalidOperand,
                 "drops " + Twine(count) + " arrivals of an mbarrier that expects " +
                     Twine(mbarrier.expected));
    mbarrier.expected -= count;
  }
  block.arriveAt(*lane, site, block.sharedOffset(*lane, site, in[0], kBytes, kBytes), count);
}

template <bool hasCount, bool expects, bool drops, bool completes>
static void arrive(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  arrive(lane, site, in, out, {hasCount, expects, drops, completes});
}

// Operand: state; result: the arrivals that were pending.
static void pendingCount(Lane *, uint32_t, const uint64_t *in, uint64_t *out) {
  out[0] = in[0] & ((1 << kPendingBits) - 1);
}

//===----------------------------------------------------------------------===//
// Tests and waits
//===----------------------------------------------------------------------===//

// Whether the phase of the state or of the parity is complete.
template <bool isParity> static bool test(Lane *lane, uint32_t site, const uint64_t *in) {
  Block &block = *lane->block;
  Mbarrier &mbarrier = block.mbarrier(*lane, site, in[0]);
  uint64_t phase = isParity ? in[1] & 1 : in[1] >> kPendingBits;
  if (!isParity && phase != mbarrier.phase && phase + 1 != mbarrier.phase)
    block.fail(*lane, site, FindingKind::InvalidOperand,
               "tests for phase " + Twine(phase) + " of an mbarrier in phase " +
                   Twine(mbarrier.phase) + ": expected that or the one before");
  bool isComplete = isParity ? (mbarrier.phase & 1) != phase : mbarrier.phase != phase;
  if (BlockChecker *checker = block.checker.get())
    if (!checker->mbarrierWait(lane->index, asPointer(in[0]), phase & 1, isComplete, site))
      block.giveUp(*lane);
  return isComplete;
}

template <bool isParity>
static void testWait(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  out[0] = test<isParity>(lane, site, in);
  if (out[0] == 0)
    lane->block->yield(*lane);
}

// May return before the phase is complete: it does so the first time, to show who does not ask
// again.
template <bool isParity>
static void tryWait(Lane *lane, uint32_t site, const uint64_t *in, uint64_t *out) {
  Block &block = *lane->block;
  out[0] = test<isParity>(lane, site, in);
  if (out[0] == 0 && lane->hasTried) {
    block.waitForPhase(*lane, site, block.sharedOffset(*lane, site, in[0], kBytes, kBytes));
    out[0] = test<isParity>(lane, site, in);
  }
  lane->hasTried = out[0] == 0;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void imhsa::emulator::addMbarriers(InstructionMap &map) {
  for (llvm::StringRef space : {"", ".shared"}) {
    std::string suffix = space.str();
    map["mbarrier.init" + suffix] = {init, 80, true};
    map["mbarrier.inval" + suffix] = {invalidate, 80, true};
    map["mbarrier.arrive" + suffix] = {arrive<false, false, false, true>, 80, true};
    map["mbarrier.arrive.noComplete" + suffix] = {arrive<true, false, false, false>, 80, true};
    map["mbarrier.arrive.drop" + suffix] = {arrive<false, false, true, true>, 80, true};
    map["mbarrier.arrive.drop.noComplete" + suffix] = {arrive<true, false, true, false>, 80, true};
    map["mbarrier.test.wait" + suffix] = {testWait<false>, 80, true};
  }
  map["mbarrier.pending.count"] = {pendingCount};
  // A block is a cluster of its own, and blocks do not reorder memory: scopes, spaces and relaxed
  // order make no difference to the state.
  for (llvm::StringRef scope : {".scope.cta", ".scope.cluster"})
    for (llvm::StringRef space : {".space.cta", ".space.cluster"}) {
      std::string where = (scope + space).str();
      map["mbarrier.expect.tx" + where] = {transact<false>, 90, true};
      map["mbarrier.complete.tx" + where] = {transact<true>, 90, true};
      for (llvm::StringRef order : {"", ".relaxed"}) {
        std::string suffix = order.str() + where;
        // LLVM gives the count of plain arrivals as an operand.
        map["mbarrier.arrive" + suffix] = {arrive<true, false, false, true>, 80, true};
        map["mbarrier.arrive.drop" + suffix] = {arrive<true, false, true, true>, 80, true};
        map["mbarrier.arrive.expect.tx" + suffix] = {arrive<false, true, false, true>, 90, true};
        map["mbarrier.arrive.drop.expect.tx" + suffix] = {arrive<false, true, true, true>, 90,
                                                          true};
        map["mbarrier.test.wait" + suffix] = {testWait<false>, 80, true};
        map["mbarrier.test.wait.parity" + suffix] = {testWait<true>, 80, true};
        for (llvm::StringRef limit : {"", ".tl"}) {
          map["mbarrier.try.wait" + limit.str() + suffix] = {tryWait<false>, 90, true};
          map["mbarrier.try.wait.parity" + limit.str() + suffix] = {tryWait<true>, 90, true};
        }
      }
    }
}
