//===- Processor.h - what code for the CPU is made for ------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_PROCESSOR_H
#define IMHSA_TOOLS_COMMON_PROCESSOR_H

#include "passes/Pipelines.h"
#include "llvm/TargetParser/Triple.h"

namespace imhsa {

/// Sets the options that say what a processor has, of an architecture and with the features that
/// `has` tells, by LLVM's names.
void setProcessor(CpuPipelineOptions &options, llvm::Triple::ArchType architecture,
                  llvm::function_ref<bool(llvm::StringRef)> has);

/// Sets those that this processor is known for: its second-level cache.
void setHostCaches(CpuPipelineOptions &options);

} // namespace imhsa

#endif // IMHSA_TOOLS_COMMON_PROCESSOR_H
