//===- Fibre.h - functions that can be left and entered again --*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Over Boost.Context. Its `fiber` unwinds a stack that is given up by an exception, which
// compiled kernels cannot take; here a stack is simply used again. So nothing that needs a
// destructor may live in a fibre where it suspends itself.

#ifndef IMHSA_RUNTIME_EMULATOR_FIBRE_H
#define IMHSA_RUNTIME_EMULATOR_FIBRE_H

#include "llvm/Support/Error.h"
#include <cstddef>
#include <cstdint>

namespace imhsa::emulator {

/// Stacks, each with a page below it that cannot be touched.
class StackPool {
public:
  /// Bytes of a stack, without its guard. Pages that are never touched cost nothing.
  static constexpr size_t kStackBytes = 1024 * 1024;

  StackPool() = default;
  StackPool(const StackPool &) = delete;
  StackPool &operator=(const StackPool &) = delete;
  ~StackPool();

  /// Makes sure that there are stacks 0 to `count` - 1.
  llvm::Error reserve(size_t count);
  /// The end of stack `index`, where it begins to grow down from.
  char *getTop(size_t index) const;
  /// Where the stacks lie.
  const char *getMemory() const { return memory; }
  size_t getBytes() const { return bytes; }

private:
  char *memory = nullptr;
  size_t bytes = 0;
};

/// A function on a stack of its own.
class Fibre {
public:
  /// Prepares a call of `body(argument)`, which must not return but end in `leave`.
  void start(char *stackTop, void (*body)(void *argument), void *argument);
  /// Goes on where the fibre left, until it leaves again.
  void enter();
  /// To be called in the fibre: goes back to who entered it.
  void leave();

private:
  void *inside = nullptr;
  void *outside = nullptr;
  const char *insideStack = nullptr;  ///< its lowest byte
  const void *outsideStack = nullptr; ///< likewise; known only to the address sanitizer
  size_t outsideBytes = 0;
  void (*body)(void *) = nullptr;
  void *argument = nullptr;
};

} // namespace imhsa::emulator

#endif // IMHSA_RUNTIME_EMULATOR_FIBRE_H
