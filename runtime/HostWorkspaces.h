//===- HostWorkspaces.h - memory for calls on a CPU -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_HOSTWORKSPACES_H
#define IMHSA_RUNTIME_HOSTWORKSPACES_H

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace imhsa::runtime {

/// The workspaces of a library, kept from one call to the next. Each call under way has one of its
/// own; of those that are free, at most `kMaxKept` are kept. Thread-safe.
class HostWorkspaces {
public:
  static constexpr size_t kMaxKept = 16;

  struct Block {
    /// Null if there is no memory, or if no bytes were asked for.
    void *data = nullptr;
    size_t bytes = 0;
    /// How often `release` had been called.
    uint64_t epoch = 0;
  };

  /// `alignment` is a power of two.
  explicit HostWorkspaces(size_t alignment) : alignment(alignment) {}
  ~HostWorkspaces() { release(); }

  /// A block of at least `bytes`, with any content. One that is kept, if it is large enough; else
  /// a new one of just that size instead of one that is kept.
  Block take(size_t bytes);
  void giveBack(Block block);

  /// Frees what is kept now, and what is taken as it comes back.
  void release();

private:
  void free(const Block &block);

  const size_t alignment;
  std::mutex mutex;
  std::vector<Block> kept;
  uint64_t epoch = 0;
};

} // namespace imhsa::runtime

#endif // IMHSA_RUNTIME_HOSTWORKSPACES_H
