//===- Analyze.cpp - FLOPs, bytes and memory of the operations ------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/analyze/Report.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_ANALYZEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

// Line and column, as the input has them.
static std::string locationOf(Operation *op) {
  auto place = op->getLoc()->findInstanceOf<FileLineColLoc>();
  return place ? llvm::formatv("{0}:{1}", place.getLine(), place.getColumn()).str() : "unknown";
}

static AttentionReport reportOn(AttentionOp op, int64_t landmarks, Sizes &sizes) {
  static constexpr Variant variants[] = {Variant::Plain, Variant::Landmarks, Variant::Interaction,
                                         Variant::LandmarksAndInteraction};
  static constexpr Order exact[] = {Order::Stored, Order::Streamed};
  static constexpr Order summarised[] = {Order::Quadratic, Order::LinearStored, Order::Linear};

  AttentionReport report = {locationOf(op), shapeOf(op, sizes), {}};
  for (Variant variant : variants) {
    AttentionShape shape = asVariant(report.shape, variant, static_cast<double>(landmarks));
    ArrayRef<Order> orders = shape.hasLandmarks ? ArrayRef<Order>(summarised) : exact;
    for (Order order : orders) {
      bool isThis = variant == variantOf(report.shape) && order == orders.back();
      report.variants.push_back({variant, order, isThis, costOf(shape, order)});
    }
  }
  return report;
}

static OperationReport reportOn(DestinationStyleOpInterface op, const MultiplyAdds &once,
                                Sizes &sizes) {
  OperationReport report;
  report.name = op->getName().getStringRef();
  report.location = locationOf(op);
  report.executions = sizes.executionsOf(op);
  report.multiplyAdds = once * report.executions;
  report.resultBytes = 0;
  llvm::raw_string_ostream stream(report.result);
  llvm::interleaveComma(op.getDpsInits(), stream, [&](Value result) {
    auto type = cast<ShapedType>(result.getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      stream << sizes.of(result, dim) << 'x';
    stream << type.getElementType();
    report.resultBytes += sizes.bytesOf(result);
  });
  return report;
}

FunctionReport imhsa::reportOn(func::FuncOp function, Sizes::Defaults defaults, int64_t landmarks) {
  FunctionReport report;
  report.name = function.getName();
  Sizes sizes(function, defaults);
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto call = dyn_cast<func::CallOp>(op);
        call && !llvm::is_contained(report.calls, call.getCallee()))
      report.calls.push_back(call.getCallee().str());
    if (auto attention = dyn_cast<AttentionOp>(op))
      report.attentions.push_back(::reportOn(attention, landmarks, sizes));
    if (std::optional<MultiplyAdds> once = multiplyAddsOf(op, sizes))
      report.operations.push_back(::reportOn(cast<DestinationStyleOpInterface>(op), *once, sizes));
  });
  report.assumptions.assign(sizes.getAssumptions().begin(), sizes.getAssumptions().end());
  return report;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct AnalyzePass : imhsa::impl::AnalyzePassBase<AnalyzePass> {
  using AnalyzePassBase::AnalyzePassBase;

  LogicalResult initialize(MLIRContext *context) override {
    for (const auto *option : {&landmarks, &dynamicSize, &dynamicBatch})
      if (*option < 1)
        return emitError(UnknownLoc::get(context))
               << getArgument() << ": option '" << option->getArgStr()
               << "' expects a number of at least 1, found " << option->getValue();
    return success();
  }

  void runOnOperation() override {
    SmallVector<FunctionReport> functions;
    getOperation()->walk([&](func::FuncOp function) {
      if (!function.isExternal())
        functions.push_back(reportOn(function, {dynamicBatch, dynamicSize}, landmarks));
    });
    markAllAnalysesPreserved();
    write(table, [&](raw_ostream &os) { printTable(os, functions); });
    write(json, [&](raw_ostream &os) { os << llvm::formatv("{0:2}\n", toJSON(functions)); });
  }

  // Opens the file that an option names, `-` for the standard output, and writes it.
  void write(StringRef file, llvm::function_ref<void(raw_ostream &)> print) {
    if (file.empty())
      return;
    std::string error;
    std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(file, &error);
    if (!output) {
      emitError(getOperation()->getLoc()) << getArgument() << ": " << error;
      return signalPassFailure();
    }
    print(output->os());
    output->keep();
  }
};
} // namespace
