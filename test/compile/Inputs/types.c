/* Calls each function of types.mlir, and each once with what it does not take. */

#include "types.h"

#include <stdio.h>
#include <string.h>

static DLTensor makeTensor(void *data, int code, int bits, int rank, int64_t *shape) {
  DLTensor tensor;
  memset(&tensor, 0, sizeof(tensor));
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.ndim = rank;
  tensor.dtype.code = (uint8_t)code;
  tensor.dtype.bits = (uint8_t)bits;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  return tensor;
}

static void report(const char *name, imhsa_status status) {
  if (status == IMHSA_OK)
    printf("%s: ok\n", name);
  else
    printf("%s: status %d: %s\n", name, (int)status, imhsa_last_error());
}

int main(void) {
  int64_t three[] = {3}, four[] = {4}, two[] = {2};

  uint16_t half[] = {0x3c00, 0x4000, 0xc200},
           brain[] = {0x3f80, 0x4000, 0xbf00}; /* 1 2 -3, 1 2 -.5 */
  float sums[3];
  DLTensor x = makeTensor(half, kDLFloat, 16, 1, three);
  DLTensor y = makeTensor(brain, kDLBfloat, 16, 1, three);
  DLTensor bits = makeTensor(brain, kDLUInt, 16, 1, three);
  DLTensor sum = makeTensor(sums, kDLFloat, 32, 1, three);
  report("halves", types_halves(&x, &y, &sum, NULL));
  printf("%g %g %g\n", sums[0], sums[1], sums[2]);
  memset(sums, 0, sizeof(sums));
  report("halves with bits", types_halves(&x, &bits, &sum, NULL));
  printf("%g %g %g\n", sums[0], sums[1], sums[2]);
  report("halves exchanged", types_halves(&y, &x, &sum, NULL));
  report("halves with null", types_halves(&x, NULL, &sum, NULL));

  uint8_t flags[] = {1, 0, 1, 1}, inverse[4];
  int64_t count = -1;
  DLTensor in = makeTensor(flags, kDLBool, 8, 1, four);
  DLTensor out = makeTensor(inverse, kDLBool, 8, 1, four);
  DLTensor number = makeTensor(&count, kDLInt, 64, 0, NULL);
  report("flags", types_flags(&in, &out, &number, NULL));
  printf("%d %d %d %d, %d set\n", inverse[0], inverse[1], inverse[2], inverse[3], (int)count);

  double one = 1, e = 0;
  DLTensor exponent = makeTensor(&one, kDLFloat, 64, 0, NULL);
  DLTensor power = makeTensor(&e, kDLFloat, 64, 0, NULL);
  report("scalar", types_scalar(&exponent, &power, NULL));
  printf("%.12f\n", e);

  int64_t numbers[] = {0, 0};
  DLTensor constant = makeTensor(numbers, kDLInt, 64, 1, two);
  report("constant", types_constant(&constant, NULL));
  printf("%d %d\n", (int)numbers[0], (int)numbers[1]);

  report("check", types_check(&in, NULL));
  flags[0] = 0;
  report("check", types_check(&in, NULL));

  float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
  DLTensor left = makeTensor(a, kDLFloat, 32, 1, four),
           right = makeTensor(b, kDLFloat, 32, 1, four);
  report("add", types_add(&left, &right, &left, NULL));
  DLTensor total = makeTensor(sums, kDLFloat, 32, 1, three);
  left.shape = three;
  report("add", types_add(&left, &right, &total, NULL));
  right.shape = three;
  report("add", types_add(&left, &right, &total, NULL));
  printf("%g %g %g\n", sums[0], sums[1], sums[2]);
  return 0;
}
