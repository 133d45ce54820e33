//===- Schedule.h - the sizes in a schedule -------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_SCHEDULE_H
#define IMHSA_DIALECT_SCHEDULE_H

#include "dialect/Scores.h"
#include "llvm/ADT/ArrayRef.h"

namespace imhsa {

/// The sizes in a `#imhsa.schedule`. A size that a kind of kernel does not have is 0 there, and so
/// are `heads` and `columns` that stand for all, and sizes of `general` that `imhsa-tile` chooses.
struct ScheduleSizes {
  int64_t queries = 0; ///< in a tile
  int64_t keys = 0;    ///< in a tile
  int64_t warps = 0;   ///< in a block
  int64_t stages = 0;  ///< of the ring of tiles that are on their way to shared memory
  int64_t splits = 0;  ///< independent ranges of keys
  int64_t heads = 0;   ///< of the result (normalisers: of the scores) in a block; 0 for all
  int64_t columns = 0; ///< of the value in a block; 0 for all
};

/// A size of a schedule: what it is called, where it stands, what it may be.
struct ScheduleSize {
  llvm::StringLiteral name;       ///< in the text of the attribute
  int64_t ScheduleSizes::*member; ///< that has it
  int64_t least, most, multiple;  ///< for kinds other than `general`, which knows no upper bound
  /// For each kind, in the order of `KernelKind`; -1 where the kind does not have it.
  int64_t defaults[5];

  /// True if schedules of this kind have it.
  bool isOf(KernelKind kind) const { return defaults[static_cast<unsigned>(kind)] >= 0; }
};

/// All of them, in the order in which they are printed.
llvm::ArrayRef<ScheduleSize> allScheduleSizes();

/// What a schedule that gives no sizes has.
ScheduleSizes defaultSizes(KernelKind kind);

} // namespace imhsa

#endif // IMHSA_DIALECT_SCHEDULE_H
