//===- Workspaces.h - device memory for calls -----------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_CUDA_WORKSPACES_H
#define IMHSA_RUNTIME_CUDA_WORKSPACES_H

#include "runtime/cuda/Kernels.h"

#include <memory>
#include <thread>

namespace imhsa::runtime::cuda {

/// The workspaces of a library in one context, kept from one call to the next. Thread-safe. The
/// context is current whenever a member is called, the destructor included.
///
/// A slot holds one workspace, and an event behind the last call that used it. A call waits, on
/// its stream, for that event, so that a slot can serve any stream at any time: nothing is taken
/// for granted about streams, whose handles the driver uses again. Streams keep to a slot of their
/// own as long as there are not more than `kMaxSlots` of them.
///
/// A call that is captured into a graph leaves the address of its workspace in it, so such a
/// workspace belongs to the capture: calls on the same stream of the same capture share it, and
/// nothing else ever does.
class Workspaces {
public:
  static constexpr size_t kMaxSlots = 16;

  Workspaces(const Driver &driver, const DeviceInfo &device);
  Workspaces(const Workspaces &) = delete;
  ~Workspaces();

  /// What one call uses while it enqueues.
  class Lease {
  public:
    DevicePointer memory = 0;

    /// To be called when all is enqueued.
    imhsa_status finish(const char *what);

  private:
    friend class Workspaces;
    struct Slot *slot = nullptr;
    std::unique_lock<std::mutex> inUse;
    const Driver *driver = nullptr;
    Stream stream = nullptr;
  };

  /// Errors begin with `what`.
  imhsa_status acquire(Stream stream, size_t bytes, const char *what, Lease &lease);

  /// Waits for the calls that use the workspaces, and frees them, those of graphs too.
  void release();

private:
  struct Captured {
    uint64_t capture;
    Stream stream;
    // CU_STREAM_PER_THREAD is a stream for each thread.
    std::thread::id thread;
    DevicePointer memory;
    size_t bytes;
  };

  imhsa_status acquireCaptured(uint64_t capture, Stream stream, size_t bytes, const char *what,
                               DevicePointer &memory);
  imhsa_status takeSlot(Stream stream, const char *what, Slot *&slot);
  imhsa_status grow(Slot &slot, Stream stream, size_t bytes, const char *what);
  void freeMemory(Slot &slot);

  const Driver &driver;
  const DeviceInfo &device;
  // Guards the two lists and which stream a slot is for.
  std::mutex mutex;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Captured> captured;
  uint64_t numCalls = 0;
};

} // namespace imhsa::runtime::cuda

#endif // IMHSA_RUNTIME_CUDA_WORKSPACES_H
