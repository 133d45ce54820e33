//===- Finding.cpp - what the emulator's checks find ----------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Finding.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace imhsa::emulator;

llvm::StringRef imhsa::emulator::getName(FindingKind kind) {
  switch (kind) {
  case FindingKind::OutOfBounds:
    return "out-of-bounds";
  case FindingKind::ReadOnly:
    return "read-only";
  case FindingKind::Misaligned:
    return "misaligned";
  case FindingKind::Uninitialised:
    return "uninitialised";
  case FindingKind::CopyNotWaitedFor:
    return "copy-not-waited-for";
  case FindingKind::CopySourceWritten:
    return "copy-source-written";
  case FindingKind::CopyLeftBehind:
    return "copy-left-behind";
  case FindingKind::MissingProxyFence:
    return "missing-proxy-fence";
  case FindingKind::Race:
    return "race";
  case FindingKind::InvalidBarrier:
    return "invalid-barrier";
  case FindingKind::DivergentBarrier:
    return "divergent-barrier";
  case FindingKind::DivergentCollective:
    return "divergent-collective";
  case FindingKind::Deadlock:
    return "deadlock";
  case FindingKind::InvalidOperand:
    return "invalid-operand";
  case FindingKind::Endless:
    return "endless";
  }
  llvm_unreachable("not a kind of finding");
}

//===--- The log -----------------------------------------------------------===//

static std::tuple<FindingKind, uint32_t, uint32_t> getKey(const Finding &finding) {
  return {finding.kind, finding.actor.site, finding.other ? finding.other->site : kNoSite};
}

void FindingLog::add(Finding finding) {
  auto [entry, isNew] = positions.try_emplace(getKey(finding), findings.size());
  if (isNew)
    findings.push_back(std::move(finding));
  else
    findings[entry->second].count += finding.count;
}

bool FindingLog::countRepeated(FindingKind kind, uint32_t site, uint32_t otherSite) {
  auto entry = positions.find({kind, site, otherSite});
  if (entry == positions.end())
    return false;
  ++findings[entry->second].count;
  return true;
}

void FindingLog::merge(const FindingLog &other) {
  auto order = [](const Finding &finding) {
    const Actor &actor = finding.actor;
    return std::make_tuple(actor.block.z, actor.block.y, actor.block.x);
  };
  for (const Finding &finding : other.findings) {
    auto [entry, isNew] = positions.try_emplace(getKey(finding), findings.size());
    if (isNew) {
      findings.push_back(finding);
      continue;
    }
    // Of blocks that run at one time, the one with the lowest number is shown.
    Finding &known = findings[entry->second];
    uint64_t count = known.count + finding.count;
    if (order(finding) < order(known))
      known = finding;
    known.count = count;
  }
}

void FindingLog::sort() {
  auto order = [](const Finding &finding) {
    uint32_t other = finding.other ? finding.other->site : kNoSite;
    return std::make_tuple(finding.actor.site, finding.kind, other);
  };
  llvm::sort(findings, [&](const Finding &a, const Finding &b) { return order(a) < order(b); });
  for (size_t i = 0; i < findings.size(); ++i)
    positions[getKey(findings[i])] = i;
}

uint64_t FindingLog::getTotal() const {
  uint64_t total = 0;
  for (const Finding &finding : findings)
    total += finding.count;
  return total;
}

//===--- Printing ----------------------------------------------------------===//

static void printPlace(llvm::raw_ostream &os, const std::vector<Site> &sites, uint32_t site) {
  if (site < sites.size() && !sites[site].location.empty())
    os << sites[site].location << ": ";
}

static void printInstruction(llvm::raw_ostream &os, const std::vector<Site> &sites, uint32_t site) {
  if (site < sites.size())
    os << "  " << llvm::StringRef(sites[site].instruction).trim() << '\n';
}

static void printActor(llvm::raw_ostream &os, const Actor &actor) {
  os << "block (" << actor.block.x << ", " << actor.block.y << ", " << actor.block.z
     << "), thread (" << actor.thread.x << ", " << actor.thread.y << ", " << actor.thread.z << ')';
}

void imhsa::emulator::print(llvm::raw_ostream &os, llvm::StringRef kernel,
                            const std::vector<Site> &sites, const FindingLog &log, unsigned limit) {
  const std::vector<Finding> &findings = log.getFindings();
  for (const Finding &finding : llvm::ArrayRef(findings).take_front(limit)) {
    printPlace(os, sites, finding.actor.site);
    os << "error: " << getName(finding.kind) << ": " << finding.message << "; kernel " << kernel
       << ", ";
    printActor(os, finding.actor);
    if (finding.count > 1)
      os << ", and " << finding.count - 1 << " more like it";
    os << '\n';
    printInstruction(os, sites, finding.actor.site);
    if (!finding.other)
      continue;
    printPlace(os, sites, finding.other->site);
    os << "note: the other is ";
    printActor(os, *finding.other);
    os << '\n';
    printInstruction(os, sites, finding.other->site);
  }
  if (!findings.empty())
    os << "kernel " << kernel << ": " << findings.size()
       << (findings.size() == 1 ? " finding, " : " findings, ") << log.getTotal()
       << " with repetitions";
  if (findings.size() > limit)
    os << "; the first " << limit << " are shown";
  if (!findings.empty())
    os << '\n';
}
