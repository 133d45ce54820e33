//===- Counters.h - what a kernel costs, counted ------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_COUNTERS_H
#define IMHSA_RUNTIME_EMULATOR_COUNTERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace imhsa::emulator {

/// What instructions are counted as.
enum class InstructionKind : uint8_t {
  Load,
  Store,
  Atomic, ///< Volatile loads and stores, too.
  Ldmatrix,
  Stmatrix,
  Mma,
  Shuffle,
  Vote,
  Redux,
  Approximate, ///< ex2, lg2, rcp, rsqrt, tanh, ... of the special function unit.
  Convert,     ///< Between floating-point types, packed.
  /// Floating-point additions, multiplications, divisions and fma, each one; of 16-bit vectors two
  /// elements are one.
  MultiplyAdd,
  Compare, ///< Floating-point minima, maxima, comparisons and selections.
  /// What runs beside them and is not counted elsewhere: whole numbers, their comparisons,
  /// addresses that are not constant, conditional branches. As in the kernel's LLVM IR, before the
  /// optimisations of the way to PTX: more than a GPU executes.
  Integer,
  Barrier,
  WarpSync,
  Fence,
  CopyAsync, ///< cp.async; commit and wait are not counted.
  BulkCopy,  ///< cp.async.bulk, either direction.
  Mbarrier,  ///< Every operation on an mbarrier.
  NumKinds
};

/// The kind's name in the JSON report: `load`, `ldmatrix`, ...
llvm::StringRef getName(InstructionKind kind);

/// Instructions of warps that access memory together.
struct WarpAccessCounters {
  uint64_t instructions = 0; ///< Of warps, with at least one lane.
  /// Passes through memory that they need, and the fewest that accesses of their widths can need:
  /// wavefronts for shared memory, sectors of 32 bytes for global memory.
  uint64_t passes = 0;
  uint64_t fewest = 0;

  WarpAccessCounters &operator+=(const WarpAccessCounters &other) {
    instructions += other.instructions;
    passes += other.passes;
    fewest += other.fewest;
    return *this;
  }
};

struct MemoryCounters {
  uint64_t bytesRead = 0, bytesWritten = 0; ///< By all lanes; an atomic counts for both.
};

/// What goes to and from one buffer of global memory. Sectors are those of warps and of bulk
/// copies; an atomic's are written.
struct BufferCounters {
  MemoryCounters memory;
  uint64_t sectorsRead = 0, sectorsWritten = 0;
};

struct Counters {
  /// In instructions of lanes: a warp-wide one counts 32.
  std::array<uint64_t, size_t(InstructionKind::NumKinds)> instructions{};
  MemoryCounters global, shared, local;
  std::vector<BufferCounters> buffers; ///< The parts of `global`, by number of the buffer.
  /// Bank conflicts are passes - fewest.
  WarpAccessCounters sharedLoads, sharedStores, ldmatrix, stmatrix;
  /// Sectors in excess are passes - fewest.
  WarpAccessCounters globalLoads, globalStores;
  /// The same by site, only for those sites that cost more than the fewest.
  std::map<uint32_t, WarpAccessCounters> sites;
  /// Accesses of lanes that were too far apart to be put together into instructions of a warp.
  uint64_t notAssembled = 0;

  Counters &operator+=(const Counters &other);

  BufferCounters &ofBuffer(uint32_t buffer) {
    if (buffer >= buffers.size())
      buffers.resize(buffer + 1);
    return buffers[buffer];
  }
};

/// An access of a warp: `mask` says which lanes take part, and `addresses` (32 of them) where in
/// bytes.
struct WarpAccess {
  uint32_t mask;
  uint32_t bytes; ///< Of each lane.
  const uint64_t *addresses;
};

/// The passes through shared memory for accesses that are done at one time: 32 banks of words of 4
/// bytes, word w in bank w modulo 32, each bank gives one word in a pass, which any number of
/// lanes may share.
uint32_t countWavefronts(llvm::ArrayRef<uint64_t> addresses, uint32_t bytes);

/// An access to shared memory: all lanes at one time up to 4 bytes, halves of the warp for 8
/// bytes, quarters for 16. Two neighbouring parts of a load are done at one time where in both
/// lanes 2i and 2i + 1, or lanes i and i ^ 2, have the same address: a word that all lanes share
/// takes one pass, 16 bytes take two. (NVIDIA's forum: forums.developer.nvidia.com/t/77228 says
/// the rule, /t/373160 measures it on an A10 and an H100.)
WarpAccessCounters countBanks(const WarpAccess &access, bool isLoad);

/// An access to global memory: the sectors of 32 bytes that it touches, against as many as its
/// distinct bytes fill.
WarpAccessCounters countSectors(const WarpAccess &access);

/// The sectors that `bytes` bytes from `address` on touch.
uint64_t countSectors(uint64_t address, uint64_t bytes);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_COUNTERS_H
