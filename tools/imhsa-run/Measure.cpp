//===- Measure.cpp - progress, time and memory ----------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-run/Measure.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace llvm;
using namespace imhsa::run;

Progress::Progress(bool isEnabled, StringRef what) {
  if (!isEnabled)
    return;
  thread = std::thread([this, what = what.str()] {
    std::unique_lock lock(mutex);
    int seconds = 0;
    for (int next = 2;
         !ended.wait_for(lock, std::chrono::seconds(next - seconds), [&] { return hasEnded; });
         next *= 2) {
      seconds = next;
      errs() << ("imhsa-run: " + what + ", " + Twine(seconds) + " s so far\n").str();
    }
  });
}

Progress::~Progress() {
  {
    std::lock_guard lock(mutex);
    hasEnded = true;
  }
  ended.notify_all();
  if (thread.joinable())
    thread.join();
}

double imhsa::run::timeOf(function_ref<void()> function) {
  auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A line of /proc/self/status such as "VmHWM:   1234 kB", in bytes.
static std::optional<uint64_t> readStatus(StringRef key) {
  auto file = MemoryBuffer::getFileAsStream("/proc/self/status");
  if (!file)
    return std::nullopt;
  StringRef text = (*file)->getBuffer();
  size_t start = text.find(key);
  uint64_t kilobytes;
  if (start == StringRef::npos ||
      text.drop_front(start + key.size()).ltrim().consumeInteger(10, kilobytes))
    return std::nullopt;
  return kilobytes * 1024;
}

PeakMemory::PeakMemory() {
  std::error_code code;
  // Writing 5 sets the peak to what is in use now.
  raw_fd_ostream reset("/proc/self/clear_refs", code);
  if (code)
    return;
  reset << '5';
  reset.close();
  if (reset.has_error())
    reset.clear_error();
  else
    start = readStatus("VmRSS:");
}

std::optional<uint64_t> PeakMemory::growth() const {
  std::optional<uint64_t> peak = readStatus("VmHWM:");
  if (!start || !peak)
    return std::nullopt;
  return *peak > *start ? *peak - *start : 0;
}
