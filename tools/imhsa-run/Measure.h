//===- Measure.h - progress, time and memory ---------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_RUN_MEASURE_H
#define IMHSA_TOOLS_IMHSA_RUN_MEASURE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <thread>

namespace imhsa::run {

/// While it lives, says on stderr what is going on: after 2 seconds, then after 4, 8, ...
class Progress {
public:
  Progress(bool isEnabled, llvm::StringRef what);
  ~Progress();

private:
  std::mutex mutex;
  std::condition_variable ended;
  bool hasEnded = false;
  std::thread thread;
};

/// The time that `function` takes, in seconds.
double timeOf(llvm::function_ref<void()> function);

/// By how much the memory of this process has grown, at its peak.
class PeakMemory {
public:
  /// Starts now.
  PeakMemory();

  /// Bytes beyond those at the start; nothing where the system does not say (it is read from
  /// /proc).
  std::optional<uint64_t> growth() const;

private:
  std::optional<uint64_t> start;
};

} // namespace imhsa::run

#endif // IMHSA_TOOLS_IMHSA_RUN_MEASURE_H
