//===- Report.cpp - costs as a table and as JSON --------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/analyze/Report.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace imhsa;
namespace json = llvm::json;

static StringRef nameOf(Variant variant) {
  switch (variant) {
  case Variant::Plain:
    return "a: plain";
  case Variant::Landmarks:
    return "b: landmarks";
  case Variant::Interaction:
    return "c: interaction";
  case Variant::LandmarksAndInteraction:
    return "d: landmarks, interaction";
  }
  llvm_unreachable("all variants have names");
}

static StringRef nameOf(Order order) {
  switch (order) {
  case Order::Stored:
    return "A V, A stored";
  case Order::Streamed:
    return "A V, streamed";
  case Order::Quadratic:
    return "(A_Q A_K) V";
  case Order::LinearStored:
    return "A_Q (A_K V), stored";
  case Order::Linear:
    return "A_Q (A_K V), streamed";
  }
  llvm_unreachable("all orders have names");
}

// The sizes of an attention under their names.
static SmallVector<std::pair<StringRef, double>> namedSizes(const AttentionShape &shape) {
  SmallVector<std::pair<StringRef, double>> sizes = {
      {"B", shape.batch},       {"H", shape.queryHeads},  {"H'", shape.keyHeads},
      {"G'", shape.valueHeads}, {"G", shape.resultHeads}, {"N", shape.queries},
      {"M", shape.keys},        {"D", shape.headSize},    {"E", shape.valueSize}};
  if (shape.hasLandmarks)
    sizes.push_back({"L", shape.landmarks});
  return sizes;
}

static std::string describe(const Sizes::Assumption &assumption) {
  return llvm::formatv("{0} = {1} ({2})", assumption.what, assumption.size,
                       assumption.hinted ? "imhsa.size_hint" : "default");
}

static MultiplyAdds totalOf(const FunctionReport &function) {
  MultiplyAdds total;
  for (const OperationReport &operation : function.operations)
    total += operation.multiplyAdds;
  return total;
}

static double resultBytesOf(const FunctionReport &function) {
  double bytes = 0;
  for (const OperationReport &operation : function.operations)
    bytes += operation.resultBytes;
  return bytes;
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

namespace {
// Rows of text; the columns are as wide as they must be, the first `left` of
// them aligned to the left.
class Table {
public:
  explicit Table(unsigned left) : left(left) {}
  void add(SmallVector<std::string> row) { rows.push_back(std::move(row)); }
  void print(raw_ostream &os) const {
    SmallVector<size_t> widths(rows.front().size());
    for (const auto &row : rows)
      for (auto [width, cell] : llvm::zip_equal(widths, row))
        width = std::max(width, cell.size());
    for (const auto &row : rows) {
      std::string line;
      for (auto [column, cell] : llvm::enumerate(row)) {
        std::string gap(widths[column] - cell.size(), ' ');
        line += (column < left ? cell + gap : gap + cell) + "  ";
      }
      os << "  " << StringRef(line).rtrim() << '\n';
    }
  }

private:
  unsigned left;
  SmallVector<SmallVector<std::string>> rows;
};
} // namespace

// Three digits, and a prefix of 1000 or 1024; beyond the last prefix an exponent.
static std::string rounded(double number, double base, ArrayRef<StringLiteral> prefixes) {
  size_t prefix = 0;
  for (; number >= base && prefix + 1 < prefixes.size(); ++prefix)
    number /= base;
  int decimals = prefix == 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (number < base)
    os << llvm::format("%.*f", decimals, number);
  else
    os << llvm::format("%.2e", number);
  os << prefixes[prefix];
  return text;
}

static std::string count(double number) {
  return rounded(number, 1000, {"", " k", " M", " G", " T", " P", " E"});
}

static std::string bytes(double number) {
  return rounded(number, 1024, {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"});
}

static void printAttention(raw_ostream &os, const AttentionReport &attention) {
  os << "\nimhsa.attention at " << attention.location << ": " << nameOf(variantOf(attention.shape))
     << '\n';
  for (auto [name, size] : namedSizes(attention.shape))
    os << "  " << name << ' ' << llvm::format("%.0f", size);
  os << "\n\n";

  Table table(3);
  table.add({"", "variant", "order", "scores", "mixing", "products", "FLOPs", "2NLh(d+h)",
             "must move", "stored", "moved", "peak"});
  for (const VariantReport &row : attention.variants) {
    const MultiplyAdds &adds = row.cost.multiplyAdds;
    table.add({row.isThis ? ">" : "", nameOf(row.variant).str(), nameOf(row.order).str(),
               count(adds.scores), count(adds.mixing), count(adds.products), count(adds.flops()),
               row.cost.paperSubtotal ? count(*row.cost.paperSubtotal) : "-",
               bytes(row.cost.operandBytes), bytes(row.cost.storedBytes()),
               bytes(row.cost.movedBytes()), bytes(row.cost.peakBytes())});
  }
  table.print(os);
}

static void printOperations(raw_ostream &os, const FunctionReport &function) {
  Table table(3);
  table.add({"operation", "at", "result", "times", "scores", "mixing", "products", "FLOPs",
             "result bytes"});
  auto add = [&](std::string name, std::string location, std::string result, std::string times,
                 const MultiplyAdds &adds, double resultBytes) {
    table.add({std::move(name), std::move(location), std::move(result), std::move(times),
               count(adds.scores), count(adds.mixing), count(adds.products), count(adds.flops()),
               bytes(resultBytes)});
  };
  for (const OperationReport &op : function.operations)
    add(op.name, op.location, op.result, count(op.executions), op.multiplyAdds, op.resultBytes);
  add("total", "", "", "", totalOf(function), resultBytesOf(function));
  os << '\n';
  table.print(os);
}

void imhsa::printTable(raw_ostream &os, ArrayRef<FunctionReport> functions) {
  os << "Scores, mixing, products and 2NLh(d+h), the paper's subtotal of products and one mixing\n"
        "for each matrix, are multiply-adds; FLOPs are twice the sum of the first three.\n";
  for (const FunctionReport &function : functions) {
    os << "\nfunc @" << function.name << '\n';
    for (const Sizes::Assumption &assumption : function.assumptions)
      os << "  assumed: " << describe(assumption) << '\n';
    for (const std::string &callee : function.calls)
      os << "  not counted: calls of @" << callee << '\n';
    for (const AttentionReport &attention : function.attentions)
      printAttention(os, attention);
    printOperations(os, function);
  }
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

// JSON has no infinity.
static json::Value number(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::max();
}

static json::Object toJSON(const MultiplyAdds &adds) {
  return json::Object{{"scores", number(adds.scores)},
                      {"mixing", number(adds.mixing)},
                      {"products", number(adds.products)}};
}

static json::Object toJSON(const VariantReport &variant) {
  const Cost &cost = variant.cost;
  json::Array intermediates;
  for (const Intermediate &intermediate : cost.intermediates)
    intermediates.push_back(
        json::Object{{"name", intermediate.name}, {"bytes", number(intermediate.bytes)}});
  return json::Object{
      {"variant", nameOf(variant.variant)},
      {"order", nameOf(variant.order)},
      {"this", variant.isThis},
      {"multiply_adds", toJSON(cost.multiplyAdds)},
      {"flops", number(cost.flops())},
      {"paper_subtotal", cost.paperSubtotal ? number(*cost.paperSubtotal) : nullptr},
      {"operand_bytes", number(cost.operandBytes)},
      {"stored_bytes", number(cost.storedBytes())},
      {"moved_bytes", number(cost.movedBytes())},
      {"peak_bytes", number(cost.peakBytes())},
      {"intermediates", std::move(intermediates)}};
}

static json::Object toJSON(const AttentionReport &attention) {
  json::Object sizes;
  for (auto [name, size] : namedSizes(attention.shape))
    sizes[name] = size;
  json::Array variants;
  for (const VariantReport &variant : attention.variants)
    variants.push_back(toJSON(variant));
  return json::Object{{"location", attention.location},
                      {"variant", nameOf(variantOf(attention.shape))},
                      {"sizes", std::move(sizes)},
                      {"variants", std::move(variants)}};
}

static json::Object toJSON(const OperationReport &operation) {
  return json::Object{{"name", operation.name},
                      {"location", operation.location},
                      {"result", operation.result},
                      {"executions", number(operation.executions)},
                      {"multiply_adds", toJSON(operation.multiplyAdds)},
                      {"flops", number(operation.multiplyAdds.flops())},
                      {"result_bytes", number(operation.resultBytes)}};
}

json::Value imhsa::toJSON(ArrayRef<FunctionReport> functions) {
  json::Array all;
  for (const FunctionReport &function : functions) {
    json::Array assumed, attentions, operations, calls;
    for (const Sizes::Assumption &assumption : function.assumptions)
      assumed.push_back(json::Object{{"what", assumption.what},
                                     {"size", assumption.size},
                                     {"from", assumption.hinted ? "imhsa.size_hint" : "default"}});
    for (const std::string &callee : function.calls)
      calls.push_back(callee);
    for (const AttentionReport &attention : function.attentions)
      attentions.push_back(::toJSON(attention));
    for (const OperationReport &operation : function.operations)
      operations.push_back(::toJSON(operation));
    all.push_back(json::Object{{"name", function.name},
                               {"flops", number(totalOf(function).flops())},
                               {"result_bytes", number(resultBytesOf(function))},
                               {"assumed", std::move(assumed)},
                               {"calls_not_counted", std::move(calls)},
                               {"attentions", std::move(attentions)},
                               {"operations", std::move(operations)}});
  }
  return json::Object{{"functions", std::move(all)}};
}
