//===- Functions.h - the functions of a source and what they take -*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_IMHSA_COMPILE_FUNCTIONS_H
#define IMHSA_TOOLS_IMHSA_COMPILE_FUNCTIONS_H

#include "runtime/Artifact.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace imhsa::compile {

/// An argument or a result.
struct TensorInfo {
  std::string name; ///< a C, C++ and Python identifier
  mlir::RankedTensorType type;
  /// Numbers, and names where there is a choice; the same name only for dimensions that agree.
  std::vector<std::string> dimensions;

  DLDataType getElementType() const;
  /// "float32", as NumPy has it.
  std::string getElementTypeName() const;
  /// "float32[2, 6, query_dim2, 64]"
  std::string getTypeText() const;
};

/// A function that is compiled.
struct FunctionInfo {
  std::string name;   ///< in the source
  std::string symbol; ///< what C calls it
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::string comment; ///< what stands above it in the source, in lines; UTF-8

  /// "attention(query: float32[2, 6], ...) -> output: float32[2, 6]"
  std::string getSignature() const;
};

/// The public functions of `module` in their order. `source`, the parser's state for `text`, says
/// what the arguments are called and what stands above a function; null where the module was no
/// text.
///
/// It is an error that names the function if it cannot be called from C and Python: arguments and
/// results that are no ranked tensors of element types that DLPack has, and names of functions and
/// arguments that are no identifiers, are reserved, or collide, also once `prefix` and _ are in
/// front of the function.
llvm::Expected<std::vector<FunctionInfo>> describe(mlir::ModuleOp module, llvm::StringRef prefix,
                                                   const mlir::AsmParserState *source,
                                                   llvm::StringRef text);

/// Renames the functions in `module` to their symbols: a name of the source might be one of the C
/// library.
void renameToSymbols(mlir::ModuleOp module, llvm::ArrayRef<FunctionInfo> functions);

} // namespace imhsa::compile

#endif // IMHSA_TOOLS_IMHSA_COMPILE_FUNCTIONS_H
