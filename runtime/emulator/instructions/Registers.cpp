//===- Registers.cpp - special registers ----------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// PTX manual, "Special Registers". The blocks of a cluster are in a row. Blocks all run on SM 0
// of 1.

#include "runtime/emulator/instructions/Support.h"
#include "llvm/ADT/StringSwitch.h"
#include <chrono>

using namespace imhsa::emulator;

std::optional<SpecialRegister> imhsa::emulator::findSpecialRegister(llvm::StringRef name) {
  using R = SpecialRegister;
  return llvm::StringSwitch<std::optional<R>>(name)
      .Case("tid.x", R::TidX)
      .Case("tid.y", R::TidY)
      .Case("tid.z", R::TidZ)
      .Case("ntid.x", R::NtidX)
      .Case("ntid.y", R::NtidY)
      .Case("ntid.z", R::NtidZ)
      .Cases({"ctaid.x"}, R::CtaidX)
      .Cases({"clusterid.x"}, R::ClusterIdX)
      .Cases({"ctaid.y", "clusterid.y"}, R::CtaidY)
      .Cases({"ctaid.z", "clusterid.z"}, R::CtaidZ)
      .Cases({"nctaid.x"}, R::NctaidX)
      .Cases({"nclusterid.x"}, R::NclusterX)
      .Cases({"nctaid.y", "nclusterid.y"}, R::NctaidY)
      .Cases({"nctaid.z", "nclusterid.z"}, R::NctaidZ)
      .Cases({"cluster.ctaid.x", "cluster.ctarank"}, R::ClusterRank)
      .Cases({"cluster.ctaid.y", "cluster.ctaid.z"}, R::Zero)
      .Cases({"cluster.nctaid.x", "cluster.nctarank"}, R::ClusterBlocks)
      .Cases({"cluster.nctaid.y", "cluster.nctaid.z"}, R::One)
      .Case("laneid", R::LaneId)
      .Case("warpid", R::WarpId)
      .Case("nwarpid", R::NwarpId)
      .Case("warpsize", R::WarpSize)
      .Case("smid", R::SmId)
      .Case("nsmid", R::NsmId)
      .Case("gridid", R::GridId)
      .Case("lanemask.eq", R::LaneMaskEq)
      .Case("lanemask.le", R::LaneMaskLe)
      .Case("lanemask.lt", R::LaneMaskLt)
      .Case("lanemask.ge", R::LaneMaskGe)
      .Case("lanemask.gt", R::LaneMaskGt)
      .Case("dynamic_smem_size", R::DynamicSmemSize)
      .Cases({"total_smem_size", "aggr_smem_size"}, R::TotalSmemSize)
      .Default(std::nullopt);
}

// Nanoseconds stand for cycles too.
static uint64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void imhsa::emulator::addRegisters(InstructionMap &map) {
  auto clock = [](Lane *, uint32_t, const uint64_t *, uint64_t *out) { out[0] = now(); };
  for (llvm::StringRef name : {"clock", "clock64", "globaltimer", "globaltimer.lo"})
    map["read.ptx.sreg." + name.str()] = {clock};
  map["read.ptx.sreg.clock.hi"] = map["read.ptx.sreg.globaltimer.hi"] = {
      [](Lane *, uint32_t, const uint64_t *, uint64_t *out) { out[0] = now() >> 32; }};
}
