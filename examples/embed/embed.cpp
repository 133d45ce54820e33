//===- embed.cpp - attention compiled to PTX inside a program -------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Builds a function with an attention, runs the pipeline on it, and prints the PTX:
//   embed [CHIP] > attention.ptx

#include "dialect/Imhsa.h"
#include "passes/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

// func.func @attention(query, key, value: [2,6,?,64], pre, post: [6,6]) -> [2,6,?,64], all in f32:
// self-attention with 49 landmarks, heads mixed around both softmaxes.
static OwningOpRef<ModuleOp> buildModule(MLIRContext &context) {
  ImplicitLocOpBuilder builder(UnknownLoc::get(&context), &context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder);
  builder.setInsertionPointToStart(module->getBody());

  auto tokens = RankedTensorType::get({2, 6, ShapedType::kDynamic, 64}, builder.getF32Type());
  auto mixing = RankedTensorType::get({6, 6}, builder.getF32Type());
  FunctionType type = builder.getFunctionType({tokens, tokens, tokens, mixing, mixing}, tokens);
  auto function = func::FuncOp::create(builder, "attention", type);
  builder.setInsertionPointToStart(function.addEntryBlock());

  Value query = function.getArgument(0), key = function.getArgument(1);
  Value value = function.getArgument(2);
  imhsa::Interaction interaction;
  interaction.pre = function.getArgument(3);
  interaction.post = function.getArgument(4);
  Value numTokens = tensor::DimOp::create(builder, query, 2);
  Value init = tensor::EmptyOp::create(builder, tokens, numTokens);
  auto landmarks = imhsa::PoolAttr::get(&context, 49);
  auto attention =
      imhsa::AttentionOp::create(builder, query, key, value, landmarks,
                                 /*keyLess=*/interaction, /*queryLess=*/interaction, init);
  func::ReturnOp::create(builder, attention.getResults());
  return module;
}

// The PTX of all kernels of a module that went through the pipeline.
static std::string getPtx(ModuleOp module) {
  std::string ptx;
  module.walk([&](gpu::BinaryOp binary) {
    for (auto object : binary.getObjects().getAsRange<gpu::ObjectAttr>())
      ptx += object.getObject().getValue().rtrim('\0');
  });
  return ptx;
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  imhsa::registerPipelineDialects(registry);
  MLIRContext context(registry);
  context.loadDialect<func::FuncDialect, imhsa::ImhsaDialect, tensor::TensorDialect>();

  OwningOpRef<ModuleOp> module = buildModule(context);
  if (failed(verify(*module)))
    return 1;

  // Errors and remarks go to standard error; a handler of the context's diagnostics can take them.
  imhsa::CudaPipelineOptions options;
  options.chip = argc > 1 ? argv[1] : "sm_80";
  PassManager pm(&context);
  imhsa::buildCudaPipeline(pm, options);
  if (failed(pm.run(*module)))
    return 1;
  llvm::outs() << getPtx(*module);
  return 0;
}
