//===- Kernel.h - a kernel that the emulator can run -----------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_EMULATOR_KERNEL_H
#define IMHSA_RUNTIME_EMULATOR_KERNEL_H

#include "runtime/emulator/Finding.h"

namespace imhsa::emulator {

/// A parameter of a kernel.
struct Parameter {
  std::string type;       ///< as LLVM writes it: "i32", "float", "ptr addrspace(1)"
  uint64_t bytes = 0;     ///< that args[i] points at
  bool isPointer = false; ///< to memory of the device
};

/// A compiled kernel. One call of `run` is one lane.
struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  void (*run)(void **args) = nullptr; ///< args[i] points at argument i, as for cuLaunchKernel
  /// Whether lanes may wait for each other (barriers, collectives, mbarriers, atomics to spin on):
  /// they are then fibres, and otherwise run one after the other.
  bool hasMeetings = false;
  bool flushesDenormals = false; ///< f32, by the function's denormal mode
  /// What the kernel says of its blocks: nvvm.reqntid and nvvm.maxntid.
  std::optional<Dim3> requiredBlock, maxBlock;
  /// Neighbours in x that form a cluster: nvvm.cluster_dim.
  uint32_t clusterBlocks = 1;
  uint32_t staticShared = 0; ///< bytes
  bool usesDynamicShared = false;
  uint32_t dynamicAlignment = 16; ///< dynamic shared memory begins behind the static, aligned
  /// Where each shared variable of the module lies in a block of this kernel, in the order in
  /// which the translation numbers them.
  std::vector<uint32_t> sharedOffsets;
  const std::vector<Site> *sites = nullptr; ///< of the whole module
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_KERNEL_H
