//===- Tensors.h - the tensors of a call ----------------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_RUNTIME_TENSORS_H
#define IMHSA_RUNTIME_TENSORS_H

#include "runtime/Artifact.h"

#include <deque>
#include <vector>

namespace imhsa::runtime {

/// Checks everything about the tensors of a call that does not need the compiled code: inputs, then
/// outputs. Errors name the function, the tensor, what was expected and what was found.
imhsa_status checkTensors(const imhsa_artifact &artifact, const imhsa_entry &entry,
                          const DLTensor *const *tensors);

/// Checks nothing but the shapes of the inputs.
imhsa_status checkInputShapes(const imhsa_entry &entry, const DLTensor *const *inputs);

/// Checks that tensors of DLPack 1.x can be read, and that outputs may be written.
imhsa_status checkManagedTensors(const imhsa_entry &entry,
                                 const DLManagedTensorVersioned *const *tensors);

/// Keeps the error that output `index` does not have the shape that goes with the inputs.
imhsa_status checkOutputShape(const imhsa_entry &entry, int32_t index, const DLTensor &tensor,
                              const int64_t *expected);

/// The arguments of a compiled function: addresses of memref descriptors.
class Arguments {
public:
  /// Of a checked tensor. Where a stride does not matter it is that of a row-major array.
  void addTensor(const DLTensor &tensor);
  /// Of one that has only its shape.
  void addShape(const DLTensor &tensor);
  /// A vector.
  void addVector(void *data, int64_t size);
  /// Anything else.
  void add(void *argument) { addresses.push_back(argument); }

  void **data() { return addresses.data(); }

private:
  void add(void *data, const DLTensor &tensor, bool hasStrides);

  // Their addresses stay as more are added.
  std::deque<std::vector<int64_t>> descriptors;
  std::vector<void *> addresses;
};

} // namespace imhsa::runtime

#endif // IMHSA_RUNTIME_TENSORS_H
