//===- Processor.cpp - what code for the CPU is made for ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/Processor.h"
#include <unistd.h>

using namespace imhsa;

void imhsa::setProcessor(CpuPipelineOptions &options, llvm::Triple::ArchType architecture,
                         llvm::function_ref<bool(llvm::StringRef)> has) {
  if (architecture == llvm::Triple::x86_64) {
    options.lanes = has("avx512f") ? 16 : 8;
    options.convertsToBf16 = has("avx512bf16") && has("avx512vl");
  } else if (architecture == llvm::Triple::aarch64) {
    options.convertsToBf16 = has("bf16");
  }
}

void imhsa::setHostCaches(CpuPipelineOptions &options) {
  // What the system does not tell is 0 or -1.
  long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  // Of the 512 KiB that the default is made for it is 160; tiles are on the stacks of threads.
  if (bytes > 0)
    options.tileBytes = std::clamp<int64_t>(bytes * 5 / 16, 64 << 10, 1 << 20);
}
