//===- run.cpp - attention compiled for the CPU in this process -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "embed.h"
#include "runtime/ParallelFor.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/Support/TargetSelect.h"
#include <numeric>

using namespace mlir;

// A memref of row-major data, as compiled functions take it.
template <typename T, int rank>
static StridedMemRefType<T, rank> describe(const T *data, const int64_t (&sizes)[rank]) {
  StridedMemRefType<T, rank> memref = {};
  memref.basePtr = memref.data = const_cast<T *>(data);
  for (int64_t dimension = rank - 1, stride = 1; dimension >= 0; --dimension) {
    memref.sizes[dimension] = sizes[dimension];
    memref.strides[dimension] = stride;
    stride *= sizes[dimension];
  }
  return memref;
}

std::vector<float> runOnCpu(ModuleOp module, const Inputs &inputs) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  ExecutionEngineOptions options;
  auto optimize = makeOptimizingTransformer(/*optLevel=*/3, /*sizeLevel=*/0, nullptr);
  options.transformer = optimize;
  llvm::Expected<std::unique_ptr<ExecutionEngine>> engine =
      ExecutionEngine::create(module, options);
  if (!engine) {
    llvm::logAllUnhandledErrors(engine.takeError(), llvm::errs(), "embed: ");
    return {};
  }
  // The one function of the runtime that code for the CPU calls.
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    symbols[intern("imhsa_parallel_for")] = {llvm::orc::ExecutorAddr::fromPtr(&imhsa_parallel_for),
                                             llvm::JITSymbolFlags::Exported};
    return symbols;
  });

  // Arguments by address; a check that failed comes back as text.
  auto call = [&](const char *name, std::vector<void *> arguments) {
    llvm::Expected<void *> function = (*engine)->lookup(name);
    const char *failure =
        function ? reinterpret_cast<const char *(*)(void **)>(*function)(arguments.data())
                 : "no such function";
    if (!function)
      llvm::consumeError(function.takeError());
    if (failure)
      llvm::errs() << "embed: " << name << ": " << failure << '\n';
    return !failure;
  };

  const int64_t tokens[] = {kBatch, kHeads, inputs.tokens, kSize}, mixing[] = {kHeads, kHeads};
  auto query = describe(inputs.query.data(), tokens), key = describe(inputs.key.data(), tokens);
  auto value = describe(inputs.value.data(), tokens);
  auto pre = describe(inputs.pre.data(), mixing), post = describe(inputs.post.data(), mixing);
  std::vector<void *> arguments = {&query, &key, &value, &pre, &post};

  // First the sizes: each dimension of the result, then the bytes of workspace.
  int64_t sizes[5], count[] = {5};
  auto asked = describe(sizes, count);
  arguments.push_back(&asked);
  if (!call("imhsa_packed_attention_sizes", arguments))
    return {};
  arguments.pop_back();

  int64_t shape[] = {sizes[0], sizes[1], sizes[2], sizes[3]}, bytes[] = {sizes[4]};
  std::vector<float> output(std::accumulate(shape, shape + 4, int64_t(1), std::multiplies<>()));
  // Starts at a multiple of 64, as the pipeline assumes.
  std::vector<char> memory(sizes[4] + 64);
  char *aligned =
      reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
  auto result = describe(output.data(), shape);
  auto workspace = describe(aligned, bytes);
  arguments.push_back(&result);
  arguments.push_back(&workspace);
  return call("imhsa_packed_attention", arguments) ? output : std::vector<float>();
}
