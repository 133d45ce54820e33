//===- HostWorkspaces.cpp - memory for calls on a CPU ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/HostWorkspaces.h"

#include <algorithm>
#include <new>

using namespace imhsa::runtime;

HostWorkspaces::Block HostWorkspaces::take(size_t bytes) {
  Block block;
  if (bytes == 0)
    return block;
  {
    std::lock_guard<std::mutex> lock(mutex);
    kept.reserve(kMaxKept);
    // The smallest that is large enough, or else the largest, to be replaced.
    auto rank = [&](const Block &kept) {
      return kept.bytes >= bytes ? kept.bytes - bytes : SIZE_MAX - kept.bytes;
    };
    auto best = std::min_element(kept.begin(), kept.end(),
                                 [&](const Block &a, const Block &b) { return rank(a) < rank(b); });
    if (best != kept.end()) {
      block = *best;
      kept.erase(best);
    }
    if (block.bytes >= bytes)
      return block;
    block.epoch = epoch;
  }
  free(block);
  block.data = ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
  block.bytes = bytes;
  return block;
}

void HostWorkspaces::giveBack(Block block) {
  if (!block.data)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (block.epoch == epoch && kept.size() < kMaxKept) {
      kept.push_back(block);
      return;
    }
  }
  free(block);
}

void HostWorkspaces::release() {
  std::lock_guard<std::mutex> lock(mutex);
  ++epoch;
  for (const Block &block : kept)
    free(block);
  kept.clear();
}

void HostWorkspaces::free(const Block &block) {
  ::operator delete(block.data, std::align_val_t(alignment));
}
