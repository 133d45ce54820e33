//===- Library.h - an open library of compiled functions ------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_LIBRARY_H
#define IMHSA_RUNTIME_LIBRARY_H

#include "runtime/Artifact.h"
#include "runtime/HostWorkspaces.h"
#include "runtime/cuda/Gpu.h"

#include <vector>

struct imhsa_function {
  imhsa_library *library;
  const imhsa_entry *entry;
};

/// There is one for each artifact, however often it is opened.
struct imhsa_library {
  explicit imhsa_library(const imhsa_artifact &artifact);

  const imhsa_artifact &artifact;
  /// Of the dynamic linker; null for an artifact that is part of the program.
  void *handle = nullptr;
  /// How often it is open.
  int64_t uses = 1;
  std::vector<imhsa_function> functions;
  imhsa::runtime::HostWorkspaces hostWorkspaces;
  imhsa::runtime::cuda::Gpu gpu;
};

#endif // IMHSA_RUNTIME_LIBRARY_H
