/* usage: open LIBRARY...: says what is in each library, and calls its function `thrice`. */

#include <imhsa.h>

#include <stdio.h>
#include <string.h>

static imhsa_status describe(const imhsa_function *function) {
  printf("%s\n", imhsa_function_description(function));
  int32_t count = imhsa_num_inputs(function) + imhsa_num_outputs(function);
  for (int32_t i = 0; i < count; ++i) {
    imhsa_tensor_type type;
    imhsa_status status = imhsa_get_tensor_type(function, i, &type);
    if (status != IMHSA_OK)
      return status;
    printf("  %s: type %d.%d, rank %d, alignment %d\n", type.name, type.type.code, type.type.bits,
           (int)type.rank, (int)type.alignment);
  }
  return IMHSA_OK;
}

static imhsa_status callThrice(const imhsa_library *library) {
  float numbers[] = {1, 2, 3}, results[3];
  int64_t shape[] = {3};
  DLTensor x;
  memset(&x, 0, sizeof(x));
  x.data = numbers;
  x.device.device_type = kDLCPU;
  x.ndim = 1;
  x.dtype.code = kDLFloat;
  x.dtype.bits = 32;
  x.dtype.lanes = 1;
  x.shape = shape;
  DLTensor output = x;
  output.data = results;
  const DLTensor *tensors[] = {&x, &output};
  const imhsa_function *function;
  imhsa_status status = imhsa_find_function(library, "thrice", &function);
  if (status == IMHSA_OK)
    status = imhsa_run(function, tensors, NULL);
  if (status == IMHSA_OK)
    printf("thrice: %g %g %g\n", results[0], results[1], results[2]);
  return status;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    imhsa_library *library;
    imhsa_status status = imhsa_open(argv[i], &library);
    if (status == IMHSA_OK) {
      printf("compiled by imhsa %s for device %d, %d functions\n", imhsa_library_producer(library),
             (int)imhsa_library_device(library), (int)imhsa_num_functions(library));
      for (int32_t f = 0; f < imhsa_num_functions(library) && status == IMHSA_OK; ++f)
        status = describe(imhsa_get_function(library, f));
      if (status == IMHSA_OK)
        status = callThrice(library);
      imhsa_close(library);
    }
    if (status != IMHSA_OK) {
      fprintf(stderr, "open: %s\n", imhsa_last_error());
      return 1;
    }
  }
  return 0;
}
