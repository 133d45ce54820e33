//===- Dimensions.cpp - what the dimensions of tensors are called ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/imhsa-compile/Dimensions.h"
#include "passes/bufferize/Sizes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace imhsa::compile;

/// What a dimension can be the same as: an input and a dimension of it, or -1 and a number.
using Size = std::pair<int64_t, int64_t>;

// What `value`, an index, is, if it is the size of an argument of `entry`, or constant.
static std::optional<Size> getSize(Value value, Block &entry) {
  if (std::optional<int64_t> number = getConstantIntValue(value))
    return Size{-1, *number};
  auto dimOp = value.getDefiningOp<tensor::DimOp>();
  if (!dimOp || !dimOp.getConstantIndex())
    return std::nullopt;
  auto argument = dyn_cast<BlockArgument>(dimOp.getSource());
  if (!argument || argument.getOwner() != &entry)
    return std::nullopt;
  return Size{argument.getArgNumber(), *dimOp.getConstantIndex()};
}

static void nameDimensions(func::FuncOp op, FunctionInfo &function) {
  Block &entry = op.getBody().front();
  llvm::EquivalenceClasses<Size> same;
  // What is checked at run time, in a block that each call passes.
  for (auto check : entry.getOps<cf::AssertOp>()) {
    auto compare = check.getArg().getDefiningOp<arith::CmpIOp>();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
      continue;
    std::optional<Size> a = getSize(compare.getLhs(), entry);
    std::optional<Size> b = getSize(compare.getRhs(), entry);
    if (a && b)
      same.unionSets(*a, *b);
  }
  auto spell = [&](Size size) {
    for (auto member = same.findLeader(size); member != same.member_end(); ++member)
      size = std::min(size, *member);
    auto [input, number] = size;
    std::string text = std::to_string(number);
    return input < 0 ? text : function.inputs[input].name + "_dim" + text;
  };

  for (auto [index, tensor] : llvm::enumerate(function.inputs))
    for (auto [dim, name] : llvm::enumerate(tensor.dimensions))
      if (tensor.type.isDynamicDim(dim))
        name = spell({static_cast<int64_t>(index), static_cast<int64_t>(dim)});
  if (!op.getBody().hasOneBlock())
    return;
  SmallVector<Value> sizes =
      imhsa::resolveDims(entry.getTerminator(), entry.getTerminator()->getOperands());
  auto *next = sizes.begin();
  for (TensorInfo &tensor : function.outputs)
    for (auto [dim, name] : llvm::enumerate(tensor.dimensions))
      if (std::optional<Size> size = getSize(*next++, entry); size && tensor.type.isDynamicDim(dim))
        name = spell(*size);
}

void imhsa::compile::nameDimensions(ModuleOp module, MutableArrayRef<FunctionInfo> functions) {
  // What sizes are computed with.
  module.getContext()
      ->loadDialect<affine::AffineDialect, arith::ArithDialect, tensor::TensorDialect>();
  // Whatever cannot be compiled is reported where it is compiled.
  ScopedDiagnosticHandler silence(module.getContext(), [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager pm(module.getContext(), ModuleOp::getOperationName());
  pm.addPass(createGenerateRuntimeVerificationPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createCanonicalizerPass());
  if (failed(pm.run(*copy)))
    return;
  for (FunctionInfo &function : functions)
    ::nameDimensions(copy->lookupSymbol<func::FuncOp>(function.name), function);
}
