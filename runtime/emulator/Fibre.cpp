//===- Fibre.cpp - functions that can be left and entered again -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/emulator/Fibre.h"
#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <sys/mman.h>

using namespace imhsa::emulator;
namespace context = boost::context::detail;

static constexpr size_t kGuardBytes = 4096;
static constexpr size_t kStride = StackPool::kStackBytes + kGuardBytes;

StackPool::~StackPool() {
  if (memory)
    munmap(memory, bytes);
}

llvm::Error StackPool::reserve(size_t count) {
  if (count * kStride <= bytes)
    return llvm::Error::success();
  if (memory)
    munmap(memory, bytes);
  bytes = count * kStride;
  void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  memory = mapped == MAP_FAILED ? nullptr : static_cast<char *>(mapped);
  for (size_t i = 0; memory && i < count; ++i)
    if (mprotect(memory + i * kStride, kGuardBytes, PROT_NONE) != 0) {
      munmap(memory, bytes);
      memory = nullptr;
    }
  if (memory)
    return llvm::Error::success();
  bytes = 0;
  return llvm::createStringError(std::error_code(errno, std::generic_category()),
                                 "no memory for the stacks of " + llvm::Twine(count) + " lanes");
}

char *StackPool::getTop(size_t index) const { return memory + (index + 1) * kStride; }

//===----------------------------------------------------------------------===//
// Switching
//===----------------------------------------------------------------------===//

// The address sanitizer has to be told of stacks, and of leaving one for another.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IMHSA_ADDRESS_SANITIZER 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#endif

static void forgetStack([[maybe_unused]] const char *bottom, [[maybe_unused]] size_t bytes) {
#ifdef IMHSA_ADDRESS_SANITIZER
  // What was given up in the middle of a call has left its marks.
  __asan_unpoison_memory_region(bottom, bytes);
#endif
}

static void startSwitch([[maybe_unused]] void **saved, [[maybe_unused]] const void *bottom,
                        [[maybe_unused]] size_t bytes) {
#ifdef IMHSA_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(saved, bottom, bytes);
#endif
}

static void finishSwitch([[maybe_unused]] void *saved, [[maybe_unused]] const void **bottom,
                         [[maybe_unused]] size_t *bytes) {
#ifdef IMHSA_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(saved, bottom, bytes);
#endif
}

void Fibre::start(char *stackTop, void (*newBody)(void *), void *newArgument) {
  body = newBody;
  argument = newArgument;
  insideStack = stackTop - StackPool::kStackBytes;
  forgetStack(insideStack, StackPool::kStackBytes);
  inside =
      context::make_fcontext(stackTop, StackPool::kStackBytes, [](context::transfer_t transfer) {
        auto *fibre = static_cast<Fibre *>(transfer.data);
        finishSwitch(nullptr, &fibre->outsideStack, &fibre->outsideBytes);
        fibre->outside = transfer.fctx;
        fibre->body(fibre->argument);
      });
}

void Fibre::enter() {
  void *saved = nullptr;
  startSwitch(&saved, insideStack, StackPool::kStackBytes);
  inside = context::jump_fcontext(inside, this).fctx;
  finishSwitch(saved, nullptr, nullptr);
}

void Fibre::leave() {
  void *saved = nullptr;
  startSwitch(&saved, outsideStack, outsideBytes);
  outside = context::jump_fcontext(outside, this).fctx;
  finishSwitch(saved, &outsideStack, &outsideBytes);
}
