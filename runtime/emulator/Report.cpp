//===- Report.cpp - what the emulator found and counted, as JSON ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Report.h"

using namespace imhsa::emulator;
using llvm::json::Array;
using llvm::json::Object;

static Array toJson(Dim3 dim) { return Array{dim.x, dim.y, dim.z}; }

static Object describeSite(const std::vector<Site> *sites, uint32_t site) {
  Object object;
  if (!sites || site >= sites->size())
    return object;
  // Whatever bytes a name in the kernel has, the report is UTF-8.
  object["instruction"] = llvm::json::fixUTF8((*sites)[site].instruction);
  if (!(*sites)[site].location.empty())
    object["location"] = llvm::json::fixUTF8((*sites)[site].location);
  return object;
}

static Object describeActor(const std::vector<Site> *sites, const Actor &actor) {
  Object object = describeSite(sites, actor.site);
  object["block"] = toJson(actor.block);
  object["thread"] = toJson(actor.thread);
  return object;
}

static Object describeBytes(const MemoryCounters &memory) {
  return Object{{"read", memory.bytesRead}, {"written", memory.bytesWritten}};
}

static Object describeWarps(const WarpAccessCounters &access, llvm::StringRef passes,
                            llvm::StringRef excess) {
  return Object{{"instructions", access.instructions},
                {passes, access.passes},
                {excess, access.passes - access.fewest}};
}

static Object describeBanks(const WarpAccessCounters &access) {
  return describeWarps(access, "wavefronts", "conflicts");
}

static Object describeSectors(const WarpAccessCounters &access) {
  return describeWarps(access, "sectors", "excess_sectors");
}

static Array describeBuffers(const LaunchReport &report) {
  Array array;
  llvm::SmallVector<size_t> order;
  for (size_t i = 0; i < report.buffers.size(); ++i)
    order.push_back(i);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::tie(report.buffers[a].name, a) < std::tie(report.buffers[b].name, b);
  });
  for (size_t i : order) {
    const BufferCounters &counted = report.counters.buffers[i];
    if (!counted.memory.bytesRead && !counted.memory.bytesWritten)
      continue;
    Object object = describeBytes(counted.memory);
    object["name"] = llvm::json::fixUTF8(report.buffers[i].name);
    object["bytes"] = report.buffers[i].bytes;
    object["sectors_read"] = counted.sectorsRead;
    object["sectors_written"] = counted.sectorsWritten;
    array.push_back(std::move(object));
  }
  return array;
}

static Array describeSites(const LaunchReport &report) {
  std::vector<std::pair<uint32_t, WarpAccessCounters>> sites(report.counters.sites.begin(),
                                                             report.counters.sites.end());
  llvm::sort(sites, [](const auto &a, const auto &b) {
    uint64_t excessA = a.second.passes - a.second.fewest;
    uint64_t excessB = b.second.passes - b.second.fewest;
    return std::make_pair(excessB, a.first) < std::make_pair(excessA, b.first);
  });
  Array array;
  for (const auto &[site, access] : sites) {
    Object object = describeSite(report.sites, site);
    object["executions"] = access.instructions;
    object["passes"] = access.passes;
    object["fewest"] = access.fewest;
    array.push_back(std::move(object));
  }
  return array;
}

Object imhsa::emulator::toJson(const LaunchReport &report) {
  Array findings;
  for (const Finding &finding : report.findings.getFindings()) {
    Object object = describeActor(report.sites, finding.actor);
    object["kind"] = getName(finding.kind);
    object["message"] = llvm::json::fixUTF8(finding.message);
    object["count"] = finding.count;
    if (finding.other)
      object["other"] = describeActor(report.sites, *finding.other);
    findings.push_back(std::move(object));
  }

  const Counters &counters = report.counters;
  Object instructions;
  for (size_t i = 0; i < counters.instructions.size(); ++i)
    if (counters.instructions[i])
      instructions[getName(static_cast<InstructionKind>(i))] = counters.instructions[i];
  return Object{{"kernel", llvm::json::fixUTF8(report.kernel)},
                {"grid", ::toJson(report.grid)},
                {"block", ::toJson(report.block)},
                {"shared_bytes", report.sharedBytes},
                {"findings", std::move(findings)},
                {"counters", Object{{"instructions", std::move(instructions)},
                                    {"bytes", Object{{"global", describeBytes(counters.global)},
                                                     {"shared", describeBytes(counters.shared)},
                                                     {"local", describeBytes(counters.local)}}},
                                    {"buffers", describeBuffers(report)},
                                    {"shared_loads", describeBanks(counters.sharedLoads)},
                                    {"shared_stores", describeBanks(counters.sharedStores)},
                                    {"ldmatrix", describeBanks(counters.ldmatrix)},
                                    {"stmatrix", describeBanks(counters.stmatrix)},
                                    {"global_loads", describeSectors(counters.globalLoads)},
                                    {"global_stores", describeSectors(counters.globalStores)},
                                    {"not_assembled", counters.notAssembled},
                                    {"costly_sites", describeSites(report)}}}};
}

void imhsa::emulator::writeReport(llvm::raw_ostream &os, llvm::ArrayRef<LaunchReport> launches) {
  Array array;
  for (const LaunchReport &launch : launches)
    array.push_back(toJson(launch));
  os << llvm::formatv("{0:2}\n", llvm::json::Value(Object{{"launches", std::move(array)}}));
}
