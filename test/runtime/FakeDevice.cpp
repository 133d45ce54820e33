//===- FakeDevice.cpp - what the fake CUDA driver keeps -------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "test/runtime/FakeDevice.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

using namespace fake;

State &fake::state() {
  static State &state = *new State;
  return state;
}

std::shared_ptr<Operation> fake::enqueue(StreamState &stream, std::function<void()> execute) {
  auto operation = std::make_shared<Operation>();
  operation->execute = std::move(execute);
  operation->after.swap(stream.waits);
  if (stream.last)
    operation->after.push_back(stream.last);
  stream.last = operation;
  state().pending.push_back(operation);
  return operation;
}

// Runs one operation that may run, at random.
static void step() {
  auto &pending = state().pending;
  std::vector<size_t> ready;
  for (size_t i = 0; i < pending.size(); ++i)
    if (std::all_of(pending[i]->after.begin(), pending[i]->after.end(),
                    [](auto &before) { return before->isDone; }))
      ready.push_back(i);
  size_t chosen = ready[state().random() % ready.size()];
  auto operation = pending[chosen];
  pending.erase(pending.begin() + chosen);
  operation->execute();
  operation->isDone = true;
  operation->after.clear();
}

void fake::runUntil(const Operation *operation) {
  while (operation ? !operation->isDone : !state().pending.empty())
    step();
}

// Whether a range is what the driver allocated.
static bool isAllocated(const float *array, int64_t size) {
  auto address = reinterpret_cast<DevicePointer>(array);
  auto next = state().allocations.upper_bound(address);
  if (next == state().allocations.begin())
    return false;
  --next;
  return address + size * sizeof(float) <= next->first + next->second;
}

static void execute(bool isFinish, const float *from, float *to, int64_t size) {
  // The workspace is what `stage` writes and `finish` reads.
  if (!isAllocated(isFinish ? from : to, size)) {
    ++state().counts.badAccesses;
    return;
  }
  for (int64_t i = 0; i < size; ++i)
    to[i] = isFinish ? 2 * from[i] + 1 : from[i];
}

DevicePointer fake::allocate(size_t bytes) {
  void *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(memory, 0xdb, bytes);
  ++state().counts.allocations;
  return reinterpret_cast<DevicePointer>(memory);
}

void fake::release(DevicePointer memory) {
  state().allocations.erase(memory);
  std::free(reinterpret_cast<void *>(memory));
  --state().counts.allocations;
}

static bool isPtx(const std::string &image) { return image.find(".entry ") != std::string::npos; }

bool fake::isImage(const char *image) {
  return std::strncmp(image, "fake ", 5) == 0 ||
         (std::strncmp(image, "//", 2) == 0 && isPtx(image));
}

// The bytes of the parameters between parentheses, such as
//   .param .u64 kernel_param_0,
//   .param .align 8 .b8 kernel_param_1[16]
static std::vector<size_t> parseParameters(const std::string &list) {
  std::vector<size_t> sizes;
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line, ',');) {
    size_t at = line.find_first_of("0123456789", line.find_last_of('.'));
    if (line.find(".param") == std::string::npos || at == std::string::npos)
      continue;
    size_t bytes = std::strtoul(line.c_str() + at, nullptr, 10) / 8, array = line.find('[');
    sizes.push_back(array == std::string::npos
                        ? bytes
                        : bytes * std::strtoul(line.c_str() + array + 1, nullptr, 10));
  }
  return sizes;
}

std::unique_ptr<KernelState> fake::findKernel(const ModuleState &module, const char *name) {
  KernelState kernel = {name, module.context, 0, 0, {}};
  if (isPtx(module.image)) {
    size_t start = module.image.find(".entry " + kernel.name + "(");
    if (start == std::string::npos)
      return nullptr;
    start = module.image.find('(', start);
    kernel.parameters =
        parseParameters(module.image.substr(start + 1, module.image.find(')', start) - start));
  } else if (kernel.name == "finish") {
    kernel.staticShared = 1024;
  } else if (kernel.name != "stage") {
    return nullptr;
  }
  kernel.dynamicShared = 48 * 1024 - kernel.staticShared;
  return std::make_unique<KernelState>(std::move(kernel));
}

std::function<void()> fake::makeWork(const KernelState &kernel, void **arguments) {
  if (kernel.name == "stage" || kernel.name == "finish")
    return [isFinish = kernel.name == "finish", from = *static_cast<float **>(arguments[0]),
            to = *static_cast<float **>(arguments[1]),
            size = *static_cast<int64_t *>(arguments[2])] { execute(isFinish, from, to, size); };
  // PTX is not executed, but its arguments are read, as the driver does.
  std::vector<std::vector<char>> values;
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    auto *value = static_cast<const char *>(arguments[i]);
    values.emplace_back(value, value + kernel.parameters[i]);
  }
  return [values = std::move(values)] {};
}
