//===- Buffer.h - memory that compiled code reads and writes -----*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_TOOLS_COMMON_BUFFER_H
#define IMHSA_TOOLS_COMMON_BUFFER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <cstring>
#include <memory>

namespace imhsa::run {

/// Bytes, aligned to 64, with a guard behind them that shows a write past the end.
class Buffer {
public:
  static constexpr size_t kAlignment = 64;

  Buffer() = default;

  /// Memory for `size` bytes, not initialised. `what` names it in the error where there is not
  /// enough memory.
  static llvm::Expected<Buffer> allocate(uint64_t size, const llvm::Twine &what) {
    Buffer buffer;
    if (size < std::numeric_limits<uint64_t>::max() - 2 * kAlignment)
      buffer.memory.reset(static_cast<char *>(
          std::aligned_alloc(kAlignment, llvm::alignTo(size, kAlignment) + kAlignment)));
    if (!buffer.memory)
      return llvm::createStringError(what + ": cannot allocate " + llvm::Twine(size) + " bytes");
    buffer.bytes = size;
    std::memset(buffer.data() + size, kGuard, kAlignment);
    return buffer;
  }

  char *data() { return memory.get(); }
  const char *data() const { return memory.get(); }
  uint64_t size() const { return bytes; }
  void fill(unsigned char byte) { std::memset(data(), byte, bytes); }

  /// False if something was written past the end.
  bool isGuardIntact() const {
    return llvm::all_of(llvm::ArrayRef(data() + bytes, kAlignment),
                        [](char byte) { return static_cast<unsigned char>(byte) == kGuard; });
  }

private:
  static constexpr unsigned char kGuard = 0xA5;
  struct Free {
    void operator()(char *memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> memory;
  uint64_t bytes = 0;
};

} // namespace imhsa::run

#endif // IMHSA_TOOLS_COMMON_BUFFER_H
