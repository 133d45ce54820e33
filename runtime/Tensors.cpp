//===- Tensors.cpp - the tensors of a call --------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "runtime/Tensors.h"
#include "runtime/Error.h"
#include "runtime/Overlap.h"

#include <cstdio>
#include <string>

using namespace imhsa::runtime;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

[[gnu::format(printf, 4, 5)]] static imhsa_status
failTensor(imhsa_status status, const imhsa_entry &entry, int32_t index, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  bool isInput = index < entry.num_inputs;
  return fail(status, "%s: %s %d '%s': %s", entry.name, isInput ? "input" : "output",
              isInput ? index : index - entry.num_inputs, entry.tensors[index].name, text);
}

static std::string typeText(DLDataType type) {
  std::string text;
  switch (type.code) {
  case kDLInt:
    text = "i";
    break;
  case kDLUInt:
    text = "u";
    break;
  case kDLFloat:
    text = "f";
    break;
  case kDLBfloat:
    text = "bf";
    break;
  case kDLComplex:
    text = "complex";
    break;
  case kDLBool:
    text = "bool";
    break;
  default:
    text = "code " + std::to_string(type.code) + " of bits ";
  }
  if (type.code != kDLBool || type.bits != 8)
    text += std::to_string(type.bits);
  if (type.lanes != 1)
    text += " with " + std::to_string(type.lanes) + " lanes";
  return text;
}

static std::string deviceText(DLDevice device) {
  switch (static_cast<int>(device.device_type)) {
  case kDLCPU:
    return "cpu";
  case kDLCUDA:
    return "cuda:" + std::to_string(device.device_id);
  case kDLCUDAHost:
    return "pinned host memory";
  case kDLCUDAManaged:
    return "managed CUDA memory";
  default:
    return "device of type " + std::to_string(static_cast<int>(device.device_type));
  }
}

static std::string listText(const int64_t *values, int32_t count) {
  std::string text = "[";
  for (int32_t i = 0; i < count; ++i)
    text += (i ? ", " : "") + (values[i] == -1 ? "?" : std::to_string(values[i]));
  return text + "]";
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

// Rank and dimensions.
static imhsa_status checkShape(const imhsa_entry &entry, int32_t index, const DLTensor &tensor) {
  const imhsa_tensor_info &info = entry.tensors[index];
  if (tensor.ndim != info.rank)
    return failTensor(IMHSA_INVALID_TENSOR, entry, index, "expected rank %d %s, found rank %d",
                      info.rank, listText(info.shape, info.rank).c_str(), tensor.ndim);
  if (info.rank > 0 && !tensor.shape)
    return failTensor(IMHSA_INVALID_ARGUMENT, entry, index, "shape is null");
  for (int32_t i = 0; i < info.rank; ++i) {
    int64_t expected = info.shape[i], found = tensor.shape[i];
    if (expected == -1 ? found >= 0 : found == expected)
      continue;
    std::string text = expected == -1 ? "any size from 0 up" : std::to_string(expected);
    return failTensor(IMHSA_INVALID_TENSOR, entry, index,
                      "dimension %d: expected %s, found %lld (%s against %s)", i, text.c_str(),
                      static_cast<long long>(found), listText(info.shape, info.rank).c_str(),
                      listText(tensor.shape, info.rank).c_str());
  }
  return IMHSA_OK;
}

static imhsa_status checkElementType(const imhsa_entry &entry, int32_t index, DLDataType found) {
  DLDataType expected = entry.tensors[index].type;
  auto is = [&](DLDataType type) {
    return found.code == type.code && found.bits == type.bits && found.lanes == type.lanes;
  };
  bool isBf16 = expected.code == kDLBfloat && expected.bits == 16;
  if (is(expected) || (isBf16 && is({kDLUInt, 16, expected.lanes})))
    return IMHSA_OK;
  return failTensor(IMHSA_INVALID_TENSOR, entry, index, "expected element type %s%s, found %s",
                    typeText(expected).c_str(), isBf16 ? " (or its bits as u16)" : "",
                    typeText(found).c_str());
}

// `first` is the first tensor of the call, on whose GPU the others must be.
static imhsa_status checkDevice(const imhsa_artifact &artifact, const imhsa_entry &entry,
                                int32_t index, DLDevice found, DLDevice first) {
  DLDeviceType type = found.device_type;
  if (artifact.device == kDLCPU) {
    if (type == kDLCPU || type == kDLCUDAHost)
      return IMHSA_OK;
    return failTensor(IMHSA_INVALID_TENSOR, entry, index, "expected device cpu, found %s",
                      deviceText(found).c_str());
  }
  if (type == kDLCUDA && (index == 0 || found.device_id == first.device_id))
    return IMHSA_OK;
  return failTensor(IMHSA_INVALID_TENSOR, entry, index, "expected device %s, found %s",
                    index == 0 ? "cuda" : deviceText(first).c_str(), deviceText(found).c_str());
}

static bool hasElements(const DLTensor &tensor) {
  for (int32_t i = 0; i < tensor.ndim; ++i)
    if (tensor.shape[i] == 0)
      return false;
  return true;
}

static uintptr_t addressOf(const DLTensor &tensor) {
  return reinterpret_cast<uintptr_t>(tensor.data) + tensor.byte_offset;
}

// Strides and data of a tensor that has elements; says in `memory` where these are.
static imhsa_status checkMemory(const imhsa_entry &entry, int32_t index, const DLTensor &tensor,
                                StridedMemory &memory) {
  const imhsa_tensor_info &info = entry.tensors[index];
  int32_t last = tensor.ndim - 1;
  if (last >= 0 && tensor.shape[last] > 1 && tensor.strides && tensor.strides[last] != 1)
    return failTensor(IMHSA_INVALID_TENSOR, entry, index,
                      "expected stride 1 in the last dimension, found strides %s",
                      listText(tensor.strides, tensor.ndim).c_str());
  if (!tensor.data)
    return failTensor(IMHSA_INVALID_ARGUMENT, entry, index, "data is null");
  uintptr_t address;
  if (__builtin_add_overflow(reinterpret_cast<uintptr_t>(tensor.data), tensor.byte_offset,
                             &address))
    return failTensor(IMHSA_INVALID_TENSOR, entry, index, "byte_offset leaves the address space");
  if (address % info.alignment != 0)
    return failTensor(IMHSA_INVALID_TENSOR, entry, index,
                      "expected an address that is a multiple of %d bytes, found 0x%llx",
                      info.alignment, static_cast<unsigned long long>(address));

  int64_t bytes = info.type.bits / 8 * info.type.lanes;
  int64_t below = 0, above = bytes, rowMajor = bytes, count = bytes;
  bool fits = true;
  for (int32_t i = last; i >= 0; --i) {
    int64_t size = tensor.shape[i], stride = rowMajor, reach;
    fits = fits && !__builtin_mul_overflow(count, size, &count);
    fits = fits && (!tensor.strides || size == 1 ||
                    !__builtin_mul_overflow(tensor.strides[i], bytes, &stride));
    fits = fits && stride > INT64_MIN;
    fits = fits && !__builtin_mul_overflow(stride, size - 1, &reach);
    fits = fits &&
           !__builtin_add_overflow(stride < 0 ? below : above, reach, stride < 0 ? &below : &above);
    fits = fits && !__builtin_mul_overflow(rowMajor, size, &rowMajor);
    if (!fits)
      break;
    if (size > 1)
      memory.dimensions.push_back({stride < 0 ? -stride : stride, size});
  }
  uintptr_t end;
  if (!fits || __builtin_sub_overflow(above, below, &memory.extent) ||
      __builtin_add_overflow(address, static_cast<uintptr_t>(above), &end) ||
      address < -static_cast<uintptr_t>(below))
    return failTensor(IMHSA_INVALID_TENSOR, entry, index,
                      "shape %s with strides %s leaves the address space",
                      listText(tensor.shape, tensor.ndim).c_str(),
                      tensor.strides ? listText(tensor.strides, tensor.ndim).c_str() : "row-major");
  memory.address = address + below;
  memory.bytes = bytes;
  return IMHSA_OK;
}

static imhsa_status checkOverlaps(const imhsa_entry &entry,
                                  const std::vector<StridedMemory> &memories) {
  int32_t count = static_cast<int32_t>(memories.size());
  for (int32_t i = entry.num_inputs; i < count; ++i) {
    if (memories[i].extent == 0)
      continue;
    if (overlapsItself(memories[i]))
      return failTensor(IMHSA_INVALID_TENSOR, entry, i,
                        "the strides place elements over one another");
    for (int32_t j = 0; j < i; ++j)
      if (memories[j].extent != 0 && overlap(memories[i], memories[j]))
        return failTensor(IMHSA_INVALID_TENSOR, entry, i, "overlaps %s '%s'",
                          j < entry.num_inputs ? "input" : "output", entry.tensors[j].name);
  }
  return IMHSA_OK;
}

imhsa_status imhsa::runtime::checkTensors(const imhsa_artifact &artifact, const imhsa_entry &entry,
                                          const DLTensor *const *tensors) {
  int32_t count = entry.num_inputs + entry.num_outputs;
  std::vector<StridedMemory> memories(count);
  for (int32_t i = 0; i < count; ++i) {
    if (!tensors[i])
      return failTensor(IMHSA_INVALID_ARGUMENT, entry, i, "the tensor is null");
    const DLTensor &tensor = *tensors[i];
    if (imhsa_status status = checkDevice(artifact, entry, i, tensor.device, tensors[0]->device))
      return status;
    if (imhsa_status status = checkElementType(entry, i, tensor.dtype))
      return status;
    if (imhsa_status status = checkShape(entry, i, tensor))
      return status;
    if (hasElements(tensor))
      if (imhsa_status status = checkMemory(entry, i, tensor, memories[i]))
        return status;
  }
  return checkOverlaps(entry, memories);
}

imhsa_status imhsa::runtime::checkInputShapes(const imhsa_entry &entry,
                                              const DLTensor *const *inputs) {
  for (int32_t i = 0; i < entry.num_inputs; ++i) {
    if (!inputs[i])
      return failTensor(IMHSA_INVALID_ARGUMENT, entry, i, "the tensor is null");
    if (imhsa_status status = checkShape(entry, i, *inputs[i]))
      return status;
  }
  return IMHSA_OK;
}

imhsa_status imhsa::runtime::checkManagedTensors(const imhsa_entry &entry,
                                                 const DLManagedTensorVersioned *const *tensors) {
  for (int32_t i = 0; i < entry.num_inputs + entry.num_outputs; ++i) {
    if (!tensors[i])
      return failTensor(IMHSA_INVALID_ARGUMENT, entry, i, "the tensor is null");
    DLPackVersion version = tensors[i]->version;
    if (version.major != DLPACK_MAJOR_VERSION)
      return failTensor(IMHSA_INVALID_TENSOR, entry, i, "expected DLPack version %d.x, found %u.%u",
                        DLPACK_MAJOR_VERSION, version.major, version.minor);
    if (i >= entry.num_inputs && tensors[i]->flags & DLPACK_FLAG_BITMASK_READ_ONLY)
      return failTensor(IMHSA_INVALID_TENSOR, entry, i, "the tensor is read-only");
  }
  return IMHSA_OK;
}

imhsa_status imhsa::runtime::checkOutputShape(const imhsa_entry &entry, int32_t index,
                                              const DLTensor &tensor, const int64_t *expected) {
  for (int32_t i = 0; i < tensor.ndim; ++i)
    if (tensor.shape[i] != expected[i])
      return failTensor(
          IMHSA_INVALID_TENSOR, entry, entry.num_inputs + index,
          "dimension %d: expected %lld, found %lld (%s for these inputs against %s)", i,
          static_cast<long long>(expected[i]), static_cast<long long>(tensor.shape[i]),
          listText(expected, tensor.ndim).c_str(), listText(tensor.shape, tensor.ndim).c_str());
  return IMHSA_OK;
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

void Arguments::addTensor(const DLTensor &tensor) {
  add(reinterpret_cast<void *>(addressOf(tensor)), tensor, tensor.strides && hasElements(tensor));
}

void Arguments::addShape(const DLTensor &tensor) { add(nullptr, tensor, false); }

void Arguments::addVector(void *data, int64_t size) {
  auto address = reinterpret_cast<int64_t>(data);
  descriptors.push_back({address, address, 0, size, 1});
  addresses.push_back(descriptors.back().data());
}

void Arguments::add(void *data, const DLTensor &tensor, bool hasStrides) {
  auto address = reinterpret_cast<int64_t>(data);
  std::vector<int64_t> &words = descriptors.emplace_back(3 + 2 * tensor.ndim);
  words[0] = words[1] = address;
  int64_t *sizes = words.data() + 3, *strides = sizes + tensor.ndim;
  // A product of sizes may be too large only where nothing is read.
  for (int64_t i = tensor.ndim - 1, rowMajor = 1; i >= 0; --i) {
    sizes[i] = tensor.shape[i];
    strides[i] = hasStrides && sizes[i] > 1 ? tensor.strides[i] : rowMajor;
    if (__builtin_mul_overflow(rowMajor, sizes[i] > 1 ? sizes[i] : 1, &rowMajor))
      rowMajor = 1;
  }
  addresses.push_back(words.data());
}
