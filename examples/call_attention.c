/* Calls what imhsa-compile makes of packed_attention.mlir, and compares with the definition in
   double precision. Queries, keys and values are views of one packed array: nothing is copied.

   Linked with the shared library:
     imhsa-compile packed_attention.mlir -o libattention.so --header=attention.h
     cc call_attention.c -I. -I BUILD/include -L. -lattention -lm -Wl,-rpath,. -o call_attention

   Or with the compiled functions and the runtime in the program itself:
     imhsa-compile packed_attention.mlir --emit=object -o attention.o --header=attention.h
     c++ -x c -DEMBEDDED call_attention.c -x none attention.o BUILD/lib/libImhsaRuntime.a
       -I. -I BUILD/include -lm -ldl -lpthread -o call_attention  */

#include "attention.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBatch = 2, kTokens = 197, kHeads = 6, kSize = 64, kLandmarks = 49 };

/* What a projection yields: queries, keys and values beside each other for each token. */
static float packed[kBatch][kTokens][3][kHeads][kSize];
static float output[kBatch][kTokens][kHeads][kSize];
static float pre[kHeads][kHeads], post[kHeads][kHeads];

/*===-----------------------------------------------------------------------===*
 * The definition: docs/mathematics.md
 *===-----------------------------------------------------------------------===*/

typedef double Tokens[kHeads][kTokens][kSize];
typedef double Landmarks[kHeads][kLandmarks][kSize];

/* weights[g,n,m] = sum_s post[g,s] softmax_m(sum_h pre[s,h] query[h,n] . key[h,m] / sqrt(size)),
   for one n; `query` and `key` are [heads][numQueries or numKeys][kSize]. */
static void weigh(const double *query, int numQueries, int n, const double *key, int numKeys,
                  double *weights) {
  static double dots[kHeads][kTokens], soft[kHeads][kTokens];
  for (int h = 0; h < kHeads; ++h)
    for (int m = 0; m < numKeys; ++m) {
      dots[h][m] = 0;
      for (int d = 0; d < kSize; ++d)
        dots[h][m] += query[(h * numQueries + n) * kSize + d] * key[(h * numKeys + m) * kSize + d] /
                      sqrt(kSize);
    }
  for (int s = 0; s < kHeads; ++s) {
    double largest = -INFINITY, sum = 0;
    for (int m = 0; m < numKeys; ++m) {
      soft[s][m] = 0;
      for (int h = 0; h < kHeads; ++h)
        soft[s][m] += pre[s][h] * dots[h][m];
      largest = fmax(largest, soft[s][m]);
    }
    for (int m = 0; m < numKeys; ++m)
      sum += soft[s][m] = exp(soft[s][m] - largest);
    for (int m = 0; m < numKeys; ++m)
      soft[s][m] /= sum;
  }
  for (int g = 0; g < kHeads; ++g)
    for (int m = 0; m < numKeys; ++m) {
      weights[g * numKeys + m] = 0;
      for (int s = 0; s < kHeads; ++s)
        weights[g * numKeys + m] += post[g][s] * soft[s][m];
    }
}

/* result[g,n] = sum_m weights[g,n,m] value[g,m] */
static void attend(const double *query, int numQueries, const double *key, const double *value,
                   int numKeys, double *result) {
  static double weights[kHeads * kTokens];
  for (int n = 0; n < numQueries; ++n) {
    weigh(query, numQueries, n, key, numKeys, weights);
    for (int g = 0; g < kHeads; ++g)
      for (int e = 0; e < kSize; ++e) {
        double sum = 0;
        for (int m = 0; m < numKeys; ++m)
          sum += weights[g * numKeys + m] * value[(g * numKeys + m) * kSize + e];
        result[(g * numQueries + n) * kSize + e] = sum;
      }
  }
}

/* The means of the tokens from floor(l * N / L) up to ceil((l + 1) * N / L). */
static void pool(Tokens tokens, Landmarks landmarks) {
  for (int h = 0; h < kHeads; ++h)
    for (int l = 0; l < kLandmarks; ++l)
      for (int d = 0; d < kSize; ++d) {
        int from = l * kTokens / kLandmarks;
        int to = ((l + 1) * kTokens + kLandmarks - 1) / kLandmarks;
        double sum = 0;
        for (int n = from; n < to; ++n)
          sum += tokens[h][n][d];
        landmarks[h][l][d] = sum / (to - from);
      }
}

/* The relative error of `output`. */
static double compare(void) {
  static Tokens query, key, value, expected;
  static Landmarks queryLandmarks, keyLandmarks, context;
  double difference = 0, norm = 0;
  for (int b = 0; b < kBatch; ++b) {
    for (int n = 0; n < kTokens; ++n)
      for (int h = 0; h < kHeads; ++h)
        for (int d = 0; d < kSize; ++d) {
          query[h][n][d] = packed[b][n][0][h][d];
          key[h][n][d] = packed[b][n][1][h][d];
          value[h][n][d] = packed[b][n][2][h][d];
        }
    pool(query, queryLandmarks);
    pool(key, keyLandmarks);
    attend(&queryLandmarks[0][0][0], kLandmarks, &key[0][0][0], &value[0][0][0], kTokens,
           &context[0][0][0]);
    attend(&query[0][0][0], kTokens, &keyLandmarks[0][0][0], &context[0][0][0], kLandmarks,
           &expected[0][0][0]);
    for (int n = 0; n < kTokens; ++n)
      for (int h = 0; h < kHeads; ++h)
        for (int d = 0; d < kSize; ++d) {
          difference += pow(output[b][n][h][d] - expected[h][n][d], 2);
          norm += pow(expected[h][n][d], 2);
        }
  }
  return sqrt(difference / norm);
}

/*===-----------------------------------------------------------------------===*
 * The call
 *===-----------------------------------------------------------------------===*/

static DLTensor makeTensor(void *data, int rank, int64_t *shape, int64_t *strides) {
  DLTensor tensor;
  memset(&tensor, 0, sizeof(tensor));
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.ndim = rank;
  tensor.dtype.code = kDLFloat;
  tensor.dtype.bits = 32;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  tensor.strides = strides;
  return tensor;
}

static imhsa_status run(const DLTensor *query, const DLTensor *key, const DLTensor *value,
                        const DLTensor *before, const DLTensor *after, DLTensor *result) {
#ifdef EMBEDDED
  /* By name, as for functions that are not known when the program is written. */
  const DLTensor *tensors[] = {query, key, value, before, after, result};
  const imhsa_function *function;
  imhsa_library *library;
  size_t bytes;
  imhsa_status status = imhsa_open_embedded(&attention_artifact, &library);
  if (status == IMHSA_OK)
    status = imhsa_find_function(library, "landmark", &function);
  if (status == IMHSA_OK)
    status = imhsa_get_workspace_size(function, tensors, &bytes);
  if (status == IMHSA_OK) {
    printf("%s\nworkspace: %zu bytes\n", imhsa_function_description(function), bytes);
    status = imhsa_run(function, tensors, NULL);
    imhsa_close(library);
  }
  return status;
#else
  return attention_landmark(query, key, value, before, after, result, NULL);
#endif
}

static float randomNumber(void) { return 2 * (rand() / (float)RAND_MAX) - 1; }

int main(void) {
  float *numbers = &packed[0][0][0][0][0];
  for (size_t i = 0; i < sizeof(packed) / sizeof(float); ++i)
    numbers[i] = 2 * randomNumber();
  for (int i = 0; i < kHeads; ++i)
    for (int j = 0; j < kHeads; ++j) {
      pre[i][j] = (i == j) + 0.2f * randomNumber();
      post[i][j] = (i == j) + 0.2f * randomNumber();
    }

  int64_t shape[] = {kBatch, kTokens, kHeads, kSize}, square[] = {kHeads, kHeads};
  int64_t strides[] = {kTokens * 3 * kHeads * kSize, 3 * kHeads * kSize, kSize, 1};
  DLTensor query = makeTensor(packed[0][0][0], 4, shape, strides);
  DLTensor key = makeTensor(packed[0][0][1], 4, shape, strides);
  DLTensor value = makeTensor(packed[0][0][2], 4, shape, strides);
  DLTensor before = makeTensor(pre, 2, square, NULL), after = makeTensor(post, 2, square, NULL);
  DLTensor result = makeTensor(output, 4, shape, NULL);
  if (run(&query, &key, &value, &before, &after, &result) != IMHSA_OK) {
    fprintf(stderr, "call_attention: %s\n", imhsa_last_error());
    return 1;
  }
  double error = compare();
  printf("output[0][0][0][:4] = %g %g %g %g\nrelative error: %.2g\n", output[0][0][0][0],
         output[0][0][0][1], output[0][0][0][2], output[0][0][0][3], error);

  /* What does not fit is refused, and everything stays usable. */
  shape[1] = 0;
  shape[3] = 32;
  if (run(&query, &key, &value, &before, &after, &result) != IMHSA_OK)
    printf("refused: %s\n", imhsa_last_error());
  return error < 1e-5 ? 0 : 1;
}
