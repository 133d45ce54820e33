//===- EntryTypes.cpp - the types that entry functions may have -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/EntryTypes.h"

using namespace mlir;
using llvm::createStringError;
using llvm::Error;

bool imhsa::isEntryElementType(Type type) {
  if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type, IndexType>(type))
    return true;
  return llvm::any_of(ArrayRef<unsigned>{1, 8, 16, 32, 64},
                      [&](unsigned width) { return type.isSignlessInteger(width); });
}

static Error checkTypes(func::FuncOp function, StringRef kind, TypeRange types) {
  for (auto [index, type] : llvm::enumerate(types)) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && !tensor.getEncoding() && imhsa::isEntryElementType(tensor.getElementType()))
      continue;
    std::string message;
    llvm::raw_string_ostream(message)
        << kind << ' ' << index << " of @" << function.getName()
        << ": expected a ranked tensor of f16, bf16, f32, f64, i1, i8, "
           "i16, i32, i64 or index, found "
        << type;
    return createStringError(message);
  }
  return Error::success();
}

Error imhsa::checkEntryTypes(func::FuncOp function) {
  if (Error failed = checkTypes(function, "argument", function.getArgumentTypes()))
    return failed;
  return checkTypes(function, "result", function.getResultTypes());
}
