//===- Given.cpp - schedules that an option gives -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/schedule/Given.h"
#include "mlir/AsmParser/AsmParser.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace imhsa;

FailureOr<SmallVector<ScheduleAttr>> imhsa::parseSchedules(Operation *root, StringRef text) {
  SmallVector<ScheduleAttr> result;
  for (StringRef one : llvm::split(text, ';')) {
    if (one.trim().empty())
      continue;
    std::string whole = ("#imhsa.schedule<" + one.trim() + ">").str();
    auto schedule = dyn_cast_or_null<ScheduleAttr>(parseAttribute(whole, root->getContext()));
    if (!schedule) {
      return emitError(root->getLoc())
             << "option 'schedules': expected what stands in #imhsa.schedule<...>, found '"
             << one.trim() << "'";
    }
    result.push_back(schedule);
  }
  return result;
}

bool imhsa::isKindOf(Operation *op, KernelKind kind) {
  switch (kind) {
  case KernelKind::General:
    return true;
  case KernelKind::Pool:
    return isa<PoolOp>(op);
  case KernelKind::Normalisers:
    return isa<LogSumExpOp>(op);
  case KernelKind::Stream:
  case KernelKind::ReadOut:
    return isa<AttentionOp>(op);
  }
  llvm_unreachable("all kinds are named");
}
