//===- Workspaces.cpp - device memory for calls ---------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/cuda/Workspaces.h"

#include <algorithm>
#include <string>

using namespace imhsa::runtime::cuda;

struct imhsa::runtime::cuda::Slot {
  // For the stream that last asked for it; guarded by the mutex of all slots, with the number of
  // that call.
  Stream stream = nullptr;
  uint64_t lastCall = 0;

  // Held while a call enqueues. Guards what follows.
  std::mutex inUse;
  Event event = nullptr;
  bool isRecorded = false;
  DevicePointer memory = 0;
  size_t bytes = 0;
};

Workspaces::Workspaces(const Driver &driver, const DeviceInfo &device)
    : driver(driver), device(device) {}

Workspaces::~Workspaces() {
  release();
  for (const std::unique_ptr<Slot> &slot : slots)
    driver.cuEventDestroy_v2(slot->event);
}

imhsa_status Workspaces::acquire(Stream stream, size_t bytes, const char *what, Lease &lease) {
  int captureStatus = kCaptureNone;
  uint64_t capture = 0;
  Result result = driver.cuStreamGetCaptureInfo(stream, &captureStatus, &capture);
  if (result == kSuccess && captureStatus == kCaptureInvalidated)
    result = kErrorCaptureInvalidated;
  if (imhsa_status status = driver.check(result, "cuStreamGetCaptureInfo", what))
    return status;
  if (captureStatus != kCaptureNone)
    return bytes == 0 ? IMHSA_OK : acquireCaptured(capture, stream, bytes, what, lease.memory);

  Slot *slot;
  if (imhsa_status status = takeSlot(stream, what, slot))
    return status;
  lease.inUse = std::unique_lock<std::mutex>(slot->inUse);
  if (slot->isRecorded)
    if (imhsa_status status = driver.check(driver.cuStreamWaitEvent(stream, slot->event, 0),
                                           "cuStreamWaitEvent", what))
      return status;
  lease.slot = slot;
  lease.driver = &driver;
  lease.stream = stream;
  if (slot->bytes < bytes)
    if (imhsa_status status = grow(*slot, stream, bytes, what))
      return status;
  lease.memory = bytes == 0 ? 0 : slot->memory;
  return IMHSA_OK;
}

imhsa_status Workspaces::Lease::finish(const char *what) {
  if (!slot)
    return IMHSA_OK;
  Result result = driver->cuEventRecord(slot->event, stream);
  slot->isRecorded |= result == kSuccess;
  return driver->check(result, "cuEventRecord", what);
}

imhsa_status Workspaces::acquireCaptured(uint64_t capture, Stream stream, size_t bytes,
                                         const char *what, DevicePointer &memory) {
  std::lock_guard<std::mutex> lock(mutex);
  std::thread::id thread = std::this_thread::get_id();
  for (const Captured &known : captured)
    if (known.capture == capture && known.stream == stream && known.thread == thread &&
        known.bytes >= bytes) {
      memory = known.memory;
      return IMHSA_OK;
    }
  captured.reserve(captured.size() + 1);
  RelaxedCapture relaxed(driver);
  std::string text = std::string(what) + ": a workspace of " + std::to_string(bytes) + " bytes";
  if (imhsa_status status =
          driver.check(driver.cuMemAlloc_v2(&memory, bytes), "cuMemAlloc", text.c_str()))
    return status;
  captured.push_back({capture, stream, thread, memory, bytes});
  return IMHSA_OK;
}

imhsa_status Workspaces::takeSlot(Stream stream, const char *what, Slot *&slot) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = std::find_if(slots.begin(), slots.end(),
                            [&](const auto &slot) { return slot->stream == stream; });
  if (found == slots.end() && slots.size() < kMaxSlots) {
    auto added = std::make_unique<Slot>();
    slots.reserve(kMaxSlots);
    RelaxedCapture relaxed(driver);
    if (imhsa_status status = driver.check(driver.cuEventCreate(&added->event, kDisableTiming),
                                           "cuEventCreate", what))
      return status;
    slots.push_back(std::move(added));
    found = slots.end() - 1;
  }
  if (found == slots.end())
    found = std::min_element(slots.begin(), slots.end(), [](const auto &a, const auto &b) {
      return a->lastCall < b->lastCall;
    });
  slot = found->get();
  slot->stream = stream;
  slot->lastCall = ++numCalls;
  return IMHSA_OK;
}

imhsa_status Workspaces::grow(Slot &slot, Stream stream, size_t bytes, const char *what) {
  std::string text = std::string(what) + ": a workspace of " + std::to_string(bytes) + " bytes";
  if (!device.hasMemoryPools) {
    freeMemory(slot);
    RelaxedCapture relaxed(driver);
    if (imhsa_status status =
            driver.check(driver.cuMemAlloc_v2(&slot.memory, bytes), "cuMemAlloc", text.c_str()))
      return status;
    slot.bytes = bytes;
    return IMHSA_OK;
  }
  // In the order of the stream, which waits for the last call that used the slot.
  if (slot.memory) {
    DevicePointer old = slot.memory;
    slot.memory = slot.bytes = 0;
    if (imhsa_status status =
            driver.check(driver.cuMemFreeAsync(old, stream), "cuMemFreeAsync", text.c_str()))
      return status;
  }
  if (imhsa_status status = driver.check(driver.cuMemAllocAsync(&slot.memory, bytes, stream),
                                         "cuMemAllocAsync", text.c_str()))
    return status;
  slot.bytes = bytes;
  return IMHSA_OK;
}

void Workspaces::release() {
  std::lock_guard<std::mutex> lock(mutex);
  for (const std::unique_ptr<Slot> &slot : slots) {
    std::lock_guard<std::mutex> inUse(slot->inUse);
    freeMemory(*slot);
  }
  RelaxedCapture relaxed(driver);
  for (const Captured &workspace : captured)
    driver.cuMemFree_v2(workspace.memory);
  captured.clear();
}

void Workspaces::freeMemory(Slot &slot) {
  RelaxedCapture relaxed(driver);
  if (slot.isRecorded)
    driver.cuEventSynchronize(slot.event);
  if (slot.memory)
    driver.cuMemFree_v2(slot.memory);
  slot.memory = slot.bytes = 0;
}
