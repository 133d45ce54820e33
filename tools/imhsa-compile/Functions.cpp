//===- Functions.cpp - the functions of a source and what they take -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Functions.h"
#include "tools/common/EntryTypes.h"
#include "tools/imhsa-compile/Dimensions.h"
#include "tools/imhsa-compile/Names.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace imhsa::compile;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

DLDataType TensorInfo::getElementType() const {
  Type element = type.getElementType();
  auto make = [](int code, unsigned bits) {
    return DLDataType{static_cast<uint8_t>(code), static_cast<uint8_t>(bits), /*lanes=*/1};
  };
  if (element.isBF16())
    return make(kDLBfloat, 16);
  if (isa<FloatType>(element))
    return make(kDLFloat, element.getIntOrFloatBitWidth());
  if (element.isInteger(1))
    return make(kDLBool, 8);
  return make(kDLInt, element.isIndex() ? 64 : element.getIntOrFloatBitWidth());
}

std::string TensorInfo::getElementTypeName() const {
  DLDataType element = getElementType();
  if (element.code == kDLBool)
    return "bool";
  StringRef kind = element.code == kDLFloat    ? "float"
                   : element.code == kDLBfloat ? "bfloat"
                                               : "int";
  return (kind + Twine(static_cast<unsigned>(element.bits))).str();
}

std::string TensorInfo::getTypeText() const {
  return getElementTypeName() + "[" + llvm::join(dimensions, ", ") + "]";
}

std::string FunctionInfo::getSignature() const {
  std::string text = name + "(";
  llvm::raw_string_ostream stream(text);
  auto print = [&](const TensorInfo &tensor) {
    stream << tensor.name << ": " << tensor.getTypeText();
  };
  llvm::interleaveComma(inputs, stream, print);
  stream << ')';
  if (!outputs.empty())
    stream << " -> ";
  llvm::interleaveComma(outputs, stream, print);
  return text;
}

//===----------------------------------------------------------------------===//
// What the source says
//===----------------------------------------------------------------------===//

// "query" for %query; empty for numbers, and where nobody knows.
static std::string nameInSource(BlockArgument argument, const AsmParserState *source) {
  StringRef name;
  auto loc = dyn_cast<NameLoc>(argument.getLoc());
  if (loc && isIdentifier(loc.getName())) {
    name = loc.getName();
  } else if (source) {
    if (const auto *block = source->getBlockDef(argument.getOwner())) {
      llvm::SMRange range = block->arguments[argument.getArgNumber()].loc;
      name = StringRef(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
      name.consume_front("%");
    }
  }
  return llvm::isDigit(name.empty() ? '0' : name.front()) ? "" : name.str();
}

// The lines of the comment that ends on the line above `function`.
static std::string commentAbove(func::FuncOp function, const AsmParserState *source,
                                StringRef text) {
  const auto *definition = source ? source->getOpDef(function) : nullptr;
  if (!definition)
    return "";
  StringRef before = text.take_front(definition->loc.Start.getPointer() - text.data());
  auto takeLine = [&] {
    auto [rest, line] = before.rsplit('\n');
    if (rest.size() == before.size())
      std::swap(rest, line);
    before = rest;
    return line.trim();
  };
  if (!takeLine().empty())
    return "";
  SmallVector<std::string> lines;
  while (!before.empty()) {
    StringRef line = takeLine();
    if (!line.starts_with("//"))
      break;
    line = line.ltrim('/');
    line.consume_front(" ");
    lines.push_back(llvm::json::fixUTF8(line));
  }
  return llvm::join(llvm::reverse(lines), "\n");
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

// What makes `name` no good, or empty.
static std::string faultOf(StringRef name) {
  if (!isIdentifier(name))
    return "is no identifier of C and Python: expected letters, digits and _, and no digit first";
  StringRef language = keywordLanguage(name);
  return language.empty() ? "" : ("is reserved in " + language).str();
}

static Expected<FunctionInfo> describeOne(func::FuncOp op, StringRef prefix,
                                          const AsmParserState *source, StringRef text) {
  if (Error failed = imhsa::checkEntryTypes(op))
    return std::move(failed);
  FunctionInfo function;
  function.name = op.getName();
  if (std::string fault = faultOf(function.name); !fault.empty())
    return createStringError("@" + function.name + ": the name " + fault);
  function.symbol = (prefix + "_" + function.name).str();
  function.comment = commentAbove(op, source, text);

  // What the C function, and the Python function, call what they take besides.
  llvm::StringMap<std::string> taken = {
      {"stream", "a parameter of every compiled function"},
      {"out", "a parameter of every compiled function in Python"}};
  auto add = [&](std::vector<TensorInfo> &tensors, std::string kind, std::string name,
                 Type type) -> Error {
    std::string what = kind + " " + std::to_string(tensors.size());
    std::string fault = faultOf(name);
    if (auto found = taken.find(name); fault.empty() && found != taken.end())
      fault = "is also the name of " + found->second;
    if (!fault.empty())
      return createStringError(what + " of @" + op.getName() + ": the name '" + name + "' " +
                               fault);
    taken[name] = what;
    tensors.push_back({std::move(name), cast<RankedTensorType>(type), {}});
    TensorInfo &tensor = tensors.back();
    for (auto [dim, size] : llvm::enumerate(tensor.type.getShape()))
      tensor.dimensions.push_back(ShapedType::isDynamic(size)
                                      ? tensor.name + "_dim" + std::to_string(dim)
                                      : std::to_string(size));
    return Error::success();
  };
  for (BlockArgument argument : op.getArguments()) {
    std::string name = nameInSource(argument, source);
    if (name.empty())
      name = "arg" + std::to_string(argument.getArgNumber());
    // MLIR allows these in names, too.
    for (char &c : name)
      if (c == '$' || c == '.' || c == '-')
        c = '_';
    if (Error failed = add(function.inputs, "argument", std::move(name), argument.getType()))
      return std::move(failed);
  }
  for (auto [index, type] : llvm::enumerate(op.getResultTypes())) {
    std::string name = op.getNumResults() == 1 ? "output" : "output" + std::to_string(index);
    if (Error failed = add(function.outputs, "result", std::move(name), type))
      return std::move(failed);
  }
  return function;
}

// No two functions, nor anything else that there is once they are compiled, share a name.
static Error checkCollisions(ArrayRef<FunctionInfo> functions, StringRef prefix) {
  llvm::StringMap<std::string> taken;
  taken[(prefix + "_artifact").str()] = "what imhsa_open_embedded takes";
  for (const FunctionInfo &function : functions) {
    if (auto found = taken.find(function.symbol); found != taken.end())
      return createStringError("@" + function.name + ": its name in C, " + function.symbol +
                               ", is also that of " + found->second);
    taken[function.symbol] = "@" + function.name;
  }
  for (const FunctionInfo &function : functions)
    if (auto found = taken.find(function.symbol + "_sizes"); found != taken.end())
      return createStringError(found->second +
                               ": the name is that of the function that computes "
                               "the sizes of the results of @" +
                               function.name);
  return Error::success();
}

Expected<std::vector<FunctionInfo>> imhsa::compile::describe(ModuleOp module, StringRef prefix,
                                                             const AsmParserState *source,
                                                             StringRef text) {
  std::vector<FunctionInfo> functions;
  for (auto op : module.getOps<func::FuncOp>()) {
    if (!op.isPublic())
      continue;
    Expected<FunctionInfo> function = describeOne(op, prefix, source, text);
    if (!function)
      return function.takeError();
    functions.push_back(std::move(*function));
  }
  if (functions.empty())
    return createStringError("the module has no public func.func to compile");
  if (Error failed = checkCollisions(functions, prefix))
    return std::move(failed);
  nameDimensions(module, functions);
  return functions;
}

void imhsa::compile::renameToSymbols(ModuleOp module, ArrayRef<FunctionInfo> functions) {
  SymbolTable table(module);
  auto rename = [&](Operation *op, const Twine &name) {
    // Fails only where an operation of an unknown dialect might use the name.
    LogicalResult renamed = table.rename(op, StringAttr::get(module.getContext(), name));
    assert(succeeded(renamed) && "all dialects are registered");
    (void)renamed;
  };
  // First out of the way of each other, and whatever else has such a name out of theirs.
  SmallVector<Operation *> ops;
  for (auto [index, function] : llvm::enumerate(functions)) {
    ops.push_back(table.lookup(function.name));
    rename(ops.back(), "imhsa." + Twine(index));
  }
  for (auto [op, function] : llvm::zip_equal(ops, functions)) {
    if (Operation *other = table.lookup(function.symbol))
      (void)table.renameToUnique(other, {});
    rename(op, function.symbol);
  }
}
