//===- Fences.cpp - order between accesses, and hints ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Parallel Synchronization and Communication Instructions: membar / fence",
// "griddepcontrol"; "Miscellaneous Instructions: nanosleep, setmaxnreg". Launches follow each
// other in one stream, so there is nothing to wait for in griddepcontrol.

#include "runtime/emulator/instructions/Support.h"
#include <atomic>

using namespace imhsa::emulator;

template <FenceKind kind>
static void fence(Lane *lane, uint32_t site, const uint64_t *, uint64_t *) {
  if (BlockChecker *checker = lane->block->checker.get())
    checker->fence(lane->index, kind, site);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

static void nothing(Lane *, uint32_t, const uint64_t *, uint64_t *) {}

static void sleep(Lane *lane, uint32_t, const uint64_t *, uint64_t *) { lane->block->yield(*lane); }

void imhsa::emulator::addFences(InstructionMap &map) {
  map["membar.cta"] = {fence<FenceKind::Block>};
  map["membar.gl"] = {fence<FenceKind::Device>};
  map["membar.sys"] = {fence<FenceKind::System>};
  map["fence.sc.cluster"] = {fence<FenceKind::Cluster>, 90};
  map["fence.mbarrier_init.release.cluster"] = {fence<FenceKind::MbarrierInit>, 90};
  for (llvm::StringRef proxy :
       {"async", "async.global", "async.shared_cta", "async.shared_cluster"})
    map["fence.proxy." + proxy.str()] = {fence<FenceKind::AsyncProxy>, 90};
  map["fence.proxy.alias"] = {fence<FenceKind::System>};
  std::string acquire = "acquire.sync_restrict.space.cluster.scope.cluster";
  std::string release = "release.sync_restrict.space.cta.scope.cluster";
  for (const std::string &order : {acquire, release}) {
    map["fence." + order] = {fence<FenceKind::Cluster>, 90};
    map["fence.proxy.async_generic." + order] = {fence<FenceKind::AsyncProxy>, 90};
  }
  map["griddepcontrol.wait"] = {nothing, 90};
  map["griddepcontrol.launch.dependents"] = {nothing, 90};
  map["setmaxnreg.inc.sync.aligned.u32"] = {nothing, 90};
  map["setmaxnreg.dec.sync.aligned.u32"] = {nothing, 90};
  map["nanosleep"] = {sleep};
}
