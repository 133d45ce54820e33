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

void Fibre::start(char *stackTop, void (*newBody)(void *), void *newArgument) {
  body = newBody;
  argument = newArgument;
  inside =
      context::make_fcontext(stackTop, StackPool::kStackBytes, [](context::transfer_t transfer) {
        auto *fibre = static_cast<Fibre *>(transfer.data);
        fibre->outside = transfer.fctx;
        fibre->body(fibre->argument);
      });
}

void Fibre::enter() { inside = context::jump_fcontext(inside, this).fctx; }

void Fibre::leave() { outside = context::jump_fcontext(outside, this).fctx; }
