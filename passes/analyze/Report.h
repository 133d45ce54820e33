//===- Report.h - what imhsa-analyze tells --------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_PASSES_ANALYZE_REPORT_H
#define IMHSA_PASSES_ANALYZE_REPORT_H

#include "passes/analyze/Cost.h"
#include "passes/analyze/Sizes.h"
#include "llvm/Support/JSON.h"
#include <vector>

namespace imhsa {

/// One way to compute an attention or one of its variants.
struct VariantReport {
  Variant variant;
  Order order;
  bool isThis; ///< the variant that the attention is, in the order it is compiled to
  Cost cost;
};

struct AttentionReport {
  std::string location;
  AttentionShape shape;
  std::vector<VariantReport> variants;
};

struct OperationReport {
  std::string name, location, result;
  double executions;
  MultiplyAdds multiplyAdds; ///< of all executions
  double resultBytes;
};

struct FunctionReport {
  std::string name;
  std::vector<AttentionReport> attentions;
  std::vector<OperationReport> operations;
  std::vector<std::string> calls; ///< functions that are called, and not counted here
  std::vector<Sizes::Assumption> assumptions;
};

/// The report on one function; attentions without landmarks are compared with
/// `landmarks` pooled ones.
FunctionReport reportOn(mlir::func::FuncOp function, Sizes::Defaults defaults, int64_t landmarks);

/// The same numbers for people (three digits) and for programs (all digits).
void printTable(llvm::raw_ostream &os, llvm::ArrayRef<FunctionReport> functions);
llvm::json::Value toJSON(llvm::ArrayRef<FunctionReport> functions);

} // namespace imhsa

#endif // IMHSA_PASSES_ANALYZE_REPORT_H
