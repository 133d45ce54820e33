//===- Syntax.cpp - custom directives of the assembly format --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"

using namespace mlir;
using namespace imhsa;

using OptionalOperand = std::optional<OpAsmParser::UnresolvedOperand>;

//===----------------------------------------------------------------------===//
// order(query = bnhd, output = bnhd): only what is not the default
//===----------------------------------------------------------------------===//

namespace {
struct NamedOrder {
  StringRef name;
  DimOrderAttr *attr;
};
} // namespace

static ParseResult parseOrders(OpAsmParser &parser, ArrayRef<NamedOrder> orders) {
  if (failed(parser.parseOptionalKeyword("order")))
    return success();
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name, value;
    if (parser.parseKeyword(&name))
      return failure();
    const NamedOrder *order =
        llvm::find_if(orders, [&](const NamedOrder &o) { return o.name == name; });
    if (order == orders.end()) {
      InFlightDiagnostic error = parser.emitError(loc) << "order: expected one of ";
      llvm::interleaveComma(orders, error,
                            [&](const NamedOrder &o) { error << '\'' << o.name << '\''; });
      return error << ", found '" << name << "'";
    }
    if (*order->attr)
      return parser.emitError(loc) << "order: '" << name << "' is given twice";
    if (parser.parseEqual())
      return failure();
    loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&value))
      return failure();
    std::optional<DimOrder> symbol = symbolizeDimOrder(value);
    if (!symbol)
      return parser.emitError(loc)
             << "order: expected 'bhnd' or 'bnhd' for '" << name << "', found '" << value << "'";
    *order->attr = DimOrderAttr::get(parser.getContext(), *symbol);
    return success();
  });
}

static void printOrders(OpAsmPrinter &printer,
                        ArrayRef<std::pair<StringRef, DimOrderAttr>> orders) {
  SmallVector<std::pair<StringRef, DimOrderAttr>> shown;
  for (auto [name, attr] : orders)
    if (attr && attr.getValue() != DimOrder::BHND)
      shown.emplace_back(name, attr);
  if (shown.empty())
    return;
  printer << " order(";
  llvm::interleaveComma(shown, printer, [&](auto order) {
    printer << order.first << " = " << stringifyDimOrder(order.second.getValue());
  });
  printer << ')';
}

static ParseResult parseAttentionOrder(OpAsmParser &parser, DimOrderAttr &query, DimOrderAttr &key,
                                       DimOrderAttr &value, DimOrderAttr &output) {
  return parseOrders(parser,
                     {{"query", &query}, {"key", &key}, {"value", &value}, {"output", &output}});
}
static void printAttentionOrder(OpAsmPrinter &printer, Operation *, DimOrderAttr query,
                                DimOrderAttr key, DimOrderAttr value, DimOrderAttr output) {
  printOrders(printer, {{"query", query}, {"key", key}, {"value", value}, {"output", output}});
}

static ParseResult parseScoresOrder(OpAsmParser &parser, DimOrderAttr &query, DimOrderAttr &key) {
  return parseOrders(parser, {{"query", &query}, {"key", &key}});
}
static void printScoresOrder(OpAsmPrinter &printer, Operation *, DimOrderAttr query,
                             DimOrderAttr key) {
  printOrders(printer, {{"query", query}, {"key", key}});
}

static ParseResult parsePoolOrder(OpAsmParser &parser, DimOrderAttr &input) {
  return parseOrders(parser, {{"input", &input}});
}
static void printPoolOrder(OpAsmPrinter &printer, Operation *, DimOrderAttr input) {
  printOrders(printer, {{"input", input}});
}

//===----------------------------------------------------------------------===//
// landmarks(#imhsa.pool<49>) or landmarks(%q, %k : type, type)
//===----------------------------------------------------------------------===//

static ParseResult parseLandmarks(OpAsmParser &parser, PoolAttr &pool, OptionalOperand &query,
                                  Type &queryType, OptionalOperand &key, Type &keyType) {
  OpAsmParser::UnresolvedOperand first;
  OptionalParseResult operand = parser.parseOptionalOperand(first);
  if (!operand.has_value()) {
    SMLoc loc = parser.getCurrentLocation();
    Attribute attr;
    if (parser.parseAttribute(attr))
      return failure();
    if (!(pool = dyn_cast<PoolAttr>(attr)))
      return parser.emitError(loc)
             << "landmarks: expected #imhsa.pool<...> or two operands, found " << attr;
    return success();
  }
  query = first;
  key.emplace();
  return failure(failed(*operand) || parser.parseComma() || parser.parseOperand(*key) ||
                 parser.parseColonType(queryType) || parser.parseComma() ||
                 parser.parseType(keyType));
}

static void printLandmarks(OpAsmPrinter &printer, Operation *, PoolAttr pool, Value query, Type,
                           Value key, Type) {
  if (pool)
    printer << pool;
  else
    printer << query << ", " << key << " : " << query.getType() << ", " << key.getType();
}

//===----------------------------------------------------------------------===//
// interaction(pre = %w : type, pre_bias = ..., post = ..., post_bias = ...)
//===----------------------------------------------------------------------===//

namespace {
struct NamedOperand {
  StringRef name;
  OptionalOperand *operand;
  Type *type;
};
} // namespace

static ParseResult parseNamedOperands(OpAsmParser &parser, ArrayRef<NamedOperand> operands) {
  return parser.parseCommaSeparatedList([&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    const NamedOperand *found =
        llvm::find_if(operands, [&](const NamedOperand &o) { return o.name == name; });
    if (found == operands.end()) {
      InFlightDiagnostic error = parser.emitError(loc) << "interaction: expected one of ";
      llvm::interleaveComma(operands, error,
                            [&](const NamedOperand &o) { error << '\'' << o.name << '\''; });
      return error << ", found '" << name << "'";
    }
    if (*found->operand)
      return parser.emitError(loc) << "interaction: '" << name << "' is given twice";
    found->operand->emplace();
    return failure(parser.parseEqual() || parser.parseOperand(**found->operand) ||
                   parser.parseColonType(*found->type));
  });
}

static void printNamedOperands(OpAsmPrinter &printer,
                               ArrayRef<std::pair<StringRef, Value>> operands) {
  llvm::interleaveComma(
      llvm::make_filter_range(operands,
                              [](auto operand) { return static_cast<bool>(operand.second); }),
      printer, [&](auto operand) {
        printer << operand.first << " = " << operand.second << " : " << operand.second.getType();
      });
}

static ParseResult parseInteraction(OpAsmParser &parser, OptionalOperand &pre, Type &preType,
                                    OptionalOperand &preBias, Type &preBiasType,
                                    OptionalOperand &post, Type &postType,
                                    OptionalOperand &postBias, Type &postBiasType) {
  return parseNamedOperands(parser, {{"pre", &pre, &preType},
                                     {"pre_bias", &preBias, &preBiasType},
                                     {"post", &post, &postType},
                                     {"post_bias", &postBias, &postBiasType}});
}
static void printInteraction(OpAsmPrinter &printer, Operation *, Value pre, Type, Value preBias,
                             Type, Value post, Type, Value postBias, Type) {
  printNamedOperands(
      printer, {{"pre", pre}, {"pre_bias", preBias}, {"post", post}, {"post_bias", postBias}});
}

static ParseResult parsePreInteraction(OpAsmParser &parser, OptionalOperand &pre, Type &preType,
                                       OptionalOperand &preBias, Type &preBiasType) {
  return parseNamedOperands(parser,
                            {{"pre", &pre, &preType}, {"pre_bias", &preBias, &preBiasType}});
}
static void printPreInteraction(OpAsmPrinter &printer, Operation *, Value pre, Type, Value preBias,
                                Type) {
  printNamedOperands(printer, {{"pre", pre}, {"pre_bias", preBias}});
}

//===----------------------------------------------------------------------===//
// window(left, right)
//===----------------------------------------------------------------------===//

static ParseResult parseWindow(OpAsmParser &parser, DenseI64ArrayAttr &window) {
  int64_t left, right;
  if (parser.parseInteger(left) || parser.parseComma() || parser.parseInteger(right))
    return failure();
  window = DenseI64ArrayAttr::get(parser.getContext(), {left, right});
  return success();
}

static void printWindow(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr window) {
  llvm::interleaveComma(window.asArrayRef(), printer);
}

#define GET_OP_CLASSES
#include "dialect/ImhsaOps.cpp.inc"
