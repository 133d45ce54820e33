/* Calls the function of cuda.mlir where there is no GPU for it. */

#include "gpu.h"

#include <stdio.h>
#include <string.h>

int main(void) {
  int64_t shape[] = {4};
  float data[4], result[4];
  DLTensor tensor;
  memset(&tensor, 0, sizeof(tensor));
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.ndim = 1;
  tensor.dtype.code = kDLFloat;
  tensor.dtype.bits = 32;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  DLTensor other = tensor;
  other.data = result;
  imhsa_status status = gpu_twice(&tensor, &other, NULL);
  printf("on the host: status %d: %s\n", (int)status, imhsa_last_error());
  tensor.device.device_type = other.device.device_type = kDLCUDA;
  status = gpu_twice(&tensor, &other, NULL);
  printf("on the device: status %d: %s\n", (int)status, imhsa_last_error());
  return 0;
}
