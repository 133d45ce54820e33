//===- Finding.h - what the emulator's checks find ----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A finding says what is wrong, in which kernel, block and lane, and at which
// instruction. The machine reports what it sees itself (deadlock, divergence) into the
// same log as the checks of memory.

#ifndef IMHSA_RUNTIME_EMULATOR_FINDING_H
#define IMHSA_RUNTIME_EMULATOR_FINDING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace imhsa::emulator {

/// The three sizes of a grid or block, or the position of a block in its grid or of a lane in its
/// block. Number of a lane or block: x + sizeX * (y + sizeY * z).
struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t volume() const { return uint64_t(x) * y * z; }
};

/// The position that has `number` in a grid or block of `size`.
inline Dim3 getPosition(uint64_t number, Dim3 size) {
  return {uint32_t(number % size.x), uint32_t(number / size.x % size.y),
          uint32_t(number / size.x / size.y)};
}

/// An instruction of the kernels' module, as the user knows it. Sites are numbered from 0; the
/// number is the position in the table that the translation makes.
struct Site {
  std::string instruction; ///< The instruction's text: `llvm.store %3, %5 : i32, !llvm.ptr<3>`.
  std::string location;    ///< `file:line:column`; empty where it is not known.
};

enum class FindingKind {
  OutOfBounds,         ///< Outside every global buffer, or outside the block's shared memory.
  ReadOnly,            ///< A write to a global buffer that may only be read.
  Misaligned,          ///< Address not a multiple of what the instruction requires.
  Uninitialised,       ///< A read of shared memory that nobody wrote.
  CopyNotWaitedFor,    ///< An access to the destination of an asynchronous copy before its wait.
  CopySourceWritten,   ///< A write to the source of an asynchronous copy that is in flight.
  CopyLeftBehind,      ///< A block ends while a bulk copy still reads its shared memory.
  MissingProxyFence,   ///< A bulk copy reads what was written without `fence.proxy.async` between.
  Race,                ///< Two accesses, one a write, that nothing orders.
  InvalidBarrier,      ///< An mbarrier used before its init, or twice initialised in use.
  DivergentBarrier,    ///< Reported by the machine: lanes of one block at different barriers.
  DivergentCollective, ///< Reported by the machine: lanes of one warp at different collectives.
  Deadlock,            ///< Reported by the machine: every lane that lives waits.
  InvalidOperand,      ///< Reported by the machine: an operand that the instruction does not allow.
  Endless,             ///< Reported by the machine: a lane that loops beyond the launch's limit.
};

/// The kind's name in messages and in the JSON report: `out-of-bounds`, `race`, ...
llvm::StringRef getName(FindingKind kind);

/// Says "no site": a position whose instruction is not known.
constexpr uint32_t kNoSite = ~0u;

/// Who did something and where. `site` is kNoSite where the instruction is not known.
struct Actor {
  uint32_t site = kNoSite;
  Dim3 block{0, 0, 0};
  Dim3 thread{0, 0, 0};
};

struct Finding {
  FindingKind kind;
  /// One line that says what was expected and what was found, without kernel, place or actors.
  std::string message;
  Actor actor;
  /// The other access of a race, the copy that was not waited for.
  std::optional<Actor> other;
  /// How often the same (kind, site, other site) was found. The text is that of the first.
  uint64_t count = 1;
};

/// Findings without repetitions, in the order in which they first came. Not thread-safe: a block
/// has its own, which is merged into the launch's when the block ends.
class FindingLog {
public:
  /// Adds a finding, or counts it where the same (kind, site, other site) is there already.
  void add(Finding finding);

  /// True if a finding of this kind at these sites is there; it is counted once more then. Lets
  /// the caller save the making of a message.
  bool countRepeated(FindingKind kind, uint32_t site, uint32_t otherSite);

  void merge(const FindingLog &other);

  /// Orders the findings by site, so that they come in the order of the kernel's text.
  void sort();

  const std::vector<Finding> &getFindings() const { return findings; }
  bool empty() const { return findings.empty(); }

  /// The number of findings with all repetitions.
  uint64_t getTotal() const;

private:
  std::vector<Finding> findings;
  std::map<std::tuple<FindingKind, uint32_t, uint32_t>, size_t> positions;
};

/// Prints the first `limit` findings like a compiler's errors, the location first, and then how
/// many there are in all. Nothing if there are none.
void print(llvm::raw_ostream &os, llvm::StringRef kernel, const std::vector<Site> &sites,
           const FindingLog &log, unsigned limit);

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_FINDING_H
