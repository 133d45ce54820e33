//===- embed.cpp - attention compiled inside a program --------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Builds a function with an attention, and runs a pipeline on it:
//   embed CHIP > attention.ptx    prints the PTX for a GPU
//   embed                         runs the code for this CPU, and compares with the definition

#include "embed.h"
#include "dialect/Imhsa.h"
#include "passes/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <random>

using namespace mlir;

// func.func @attention(query, key, value: [2,6,?,64], pre, post: [6,6]) -> [2,6,?,64], all in f32:
// self-attention with 49 landmarks, heads mixed around both softmaxes.
static OwningOpRef<ModuleOp> buildModule(MLIRContext &context) {
  ImplicitLocOpBuilder builder(UnknownLoc::get(&context), &context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder);
  builder.setInsertionPointToStart(module->getBody());

  auto tokens =
      RankedTensorType::get({kBatch, kHeads, ShapedType::kDynamic, kSize}, builder.getF32Type());
  auto mixing = RankedTensorType::get({kHeads, kHeads}, builder.getF32Type());
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
  auto landmarks = imhsa::PoolAttr::get(&context, kLandmarks);
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

static bool compileForCpu(ModuleOp module) {
  PassManager pm(module.getContext());
  imhsa::buildCpuPipeline(pm, imhsa::CpuPipelineOptions());
  return succeeded(pm.run(module));
}

static bool compileForGpu(ModuleOp module, const char *chip) {
  imhsa::CudaPipelineOptions options;
  options.chip = chip;
  PassManager pm(module.getContext());
  imhsa::buildCudaPipeline(pm, options);
  return succeeded(pm.run(module));
}

static Inputs makeInputs(int64_t tokens) {
  std::mt19937 engine(std::random_device{}());
  std::normal_distribution<float> normal;
  auto fill = [&](int64_t size) {
    std::vector<float> data(size);
    for (float &element : data)
      element = normal(engine);
    return data;
  };
  int64_t size = kBatch * kHeads * tokens * kSize, mixing = kHeads * kHeads;
  return {tokens, fill(size), fill(size), fill(size), fill(mixing), fill(mixing)};
}

static double relativeError(const std::vector<float> &found, const std::vector<double> &expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  return std::sqrt(difference / norm);
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  imhsa::registerPipelineDialects(registry);
  MLIRContext context(registry);
  context.loadDialect<func::FuncDialect, imhsa::ImhsaDialect, tensor::TensorDialect>();

  // Errors and remarks go to standard error; a handler of the context's diagnostics can take them.
  OwningOpRef<ModuleOp> module = buildModule(context);
  if (failed(verify(*module)))
    return 1;
  if (argc > 1) {
    if (!compileForGpu(*module, argv[1]))
      return 1;
    llvm::outs() << getPtx(*module);
    return 0;
  }

  if (!compileForCpu(*module))
    return 1;
  Inputs inputs = makeInputs(/*tokens=*/197);
  std::vector<float> output = runOnCpu(*module, inputs);
  std::vector<double> expected = defineAttention(inputs);
  if (output.size() != expected.size())
    return 1;
  double error = relativeError(output, expected);
  llvm::outs() << "relative error: " << llvm::format("%.1e", error) << '\n';
  return error < 5e-6 ? 0 : 1;
}
