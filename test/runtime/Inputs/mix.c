// An artifact for a CPU, as imhsa-compile would write it for
//
//   mix(x: f32 [?, ?, 8], shift: f32 [?, 8], weight: bf16 [8], keep: bool [?]) -> f32 [?, ?, 8]
//   y[i, j, k] = x[i, j, k] * weight[k] + (keep[j] ? shift[j, k] : 0)
//
// where the second dimension of x, the first of shift and that of keep agree. The workspace
// holds the shift where it is kept. IMHSA_TEST_ABI and IMHSA_TEST_MAGIC make wrong ones, and
// IMHSA_TEST_PRODUCER another.

#include "runtime/Artifact.h"

#include <string.h>

#ifndef IMHSA_TEST_ABI
#define IMHSA_TEST_ABI kImhsaAbi
#endif
#ifndef IMHSA_TEST_MAGIC
#define IMHSA_TEST_MAGIC "imhsa"
#endif
#ifndef IMHSA_TEST_PRODUCER
#define IMHSA_TEST_PRODUCER "test"
#endif

typedef struct {
  char *allocated, *aligned;
  int64_t offset;
  int64_t sizesAndStrides[6];
} Memref;

static int64_t size(const Memref *memref, int dimension) {
  return memref->sizesAndStrides[dimension];
}

static const char *checkSizes(Memref **arguments) {
  const Memref *x = arguments[0], *shift = arguments[1], *keep = arguments[3];
  if (size(shift, 0) != size(x, 1))
    return "dimension 0 of shift differs from dimension 1 of x";
  if (size(keep, 0) != size(x, 1))
    return "dimension 0 of keep differs from dimension 1 of x";
  return NULL;
}

static const char *sizes(void **arguments) {
  Memref **memrefs = (Memref **)arguments;
  const Memref *x = memrefs[0];
  int64_t *result = (int64_t *)memrefs[4]->aligned;
  result[0] = size(x, 0);
  result[1] = size(x, 1);
  result[2] = 8;
  result[3] = size(x, 1) * 8 * sizeof(float);
  return checkSizes(memrefs);
}

static float *at(const Memref *memref, int rank, int64_t i, int64_t j, int64_t k) {
  const int64_t *strides = memref->sizesAndStrides + rank;
  int64_t index = rank == 3 ? i * strides[0] + j * strides[1] + k * strides[2]
                            : j * strides[0] + k * strides[1];
  return (float *)memref->aligned + memref->offset + index;
}

static const char *run(void **arguments) {
  Memref **memrefs = (Memref **)arguments;
  const Memref *x = memrefs[0], *shift = memrefs[1], *weight = memrefs[2], *keep = memrefs[3],
               *y = memrefs[4], *workspace = memrefs[5];
  const char *text = checkSizes(memrefs);
  if (text)
    return text;
  if ((uintptr_t)workspace->aligned % 64 != 0 || size(workspace, 0) < size(x, 1) * 32)
    return "the workspace is too small or not aligned";

  float *kept = (float *)workspace->aligned;
  for (int64_t j = 0; j < size(x, 1); ++j)
    for (int64_t k = 0; k < 8; ++k)
      kept[j * 8 + k] = keep->aligned[j * keep->sizesAndStrides[1]] ? *at(shift, 2, 0, j, k) : 0.0f;
  for (int64_t i = 0; i < size(x, 0); ++i)
    for (int64_t j = 0; j < size(x, 1); ++j)
      for (int64_t k = 0; k < 8; ++k) {
        uint32_t bits = (uint32_t)((uint16_t *)weight->aligned)[k] << 16;
        float factor;
        memcpy(&factor, &bits, sizeof(factor));
        *at(y, 3, i, j, k) = *at(x, 3, i, j, k) * factor + kept[j * 8 + k];
      }
  return NULL;
}

static const int64_t shape3[] = {-1, -1, 8}, shape2[] = {-1, 8}, shape8[] = {8}, shape1[] = {-1};

static const imhsa_tensor_info tensors[] = {
    {"x", {kDLFloat, 32, 1}, 3, 16, shape3},      {"shift", {kDLFloat, 32, 1}, 2, 4, shape2},
    {"weight", {kDLBfloat, 16, 1}, 1, 2, shape8}, {"keep", {kDLBool, 8, 1}, 1, 1, shape1},
    {"y", {kDLFloat, 32, 1}, 3, 16, shape3},
};

static const imhsa_entry entries[] = {
    {"mix", "mix(x, shift, weight, keep) -> y\n\nScales and shifts.", 4, 1, tensors, run, sizes},
};

__attribute__((visibility("default"))) imhsa_artifact imhsa_library_artifact = {
    .magic = IMHSA_TEST_MAGIC,
    .abi = IMHSA_TEST_ABI,
    .device = kDLCPU,
    .producer = IMHSA_TEST_PRODUCER,
    .num_entries = 1,
    .entries = entries,
    .workspace_alignment = 64,
};
