/*===- imhsa-c/Dialects.h - the dialect, for C ------------------*- C -*-===*/
/* Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE. */

#ifndef IMHSA_C_DIALECTS_H
#define IMHSA_C_DIALECTS_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

/** `mlirGetDialectHandle__imhsa__()`. What it registers includes the external models of the
 * operations (one-shot bufferization, runtime verification). */
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Imhsa, imhsa);

/*===----------------------------------------------------------------------===*/
/* #imhsa.pool: how landmarks are pooled from tokens                            */
/*===----------------------------------------------------------------------===*/

/** True if the attribute is a `#imhsa.pool`. */
MLIR_CAPI_EXPORTED bool imhsaAttributeIsAPool(MlirAttribute attribute);

/** The TypeID of `#imhsa.pool`. */
MLIR_CAPI_EXPORTED MlirTypeID imhsaPoolAttrGetTypeID(void);

/** Of a sequence of tokens, with `numGrid` 0 and one number of landmarks, or of a grid, with 2
 * sizes and 2 numbers of landmarks: {56, 56} and {7, 7} is `#imhsa.pool<56x56 to 7x7>`. What breaks
 * a constraint of the attribute is a diagnostic at `location`, and the null attribute. The dialect
 * must be loaded. */
MLIR_CAPI_EXPORTED MlirAttribute imhsaPoolAttrGetChecked(MlirLocation location, intptr_t numGrid,
                                                         const int64_t *grid, intptr_t numLandmarks,
                                                         const int64_t *landmarks);

/** The number of grid dimensions: 2, or 0 for a sequence. */
MLIR_CAPI_EXPORTED intptr_t imhsaPoolAttrGetGridRank(MlirAttribute attribute);

/** The number of tokens in dimension `i` of the grid, less than `imhsaPoolAttrGetGridRank`. */
MLIR_CAPI_EXPORTED int64_t imhsaPoolAttrGetGridSize(MlirAttribute attribute, intptr_t i);

/** The number of dimensions of the landmarks: 1, or 2 on a grid. */
MLIR_CAPI_EXPORTED intptr_t imhsaPoolAttrGetLandmarksRank(MlirAttribute attribute);

/** The number of landmarks in dimension `i`, less than `imhsaPoolAttrGetLandmarksRank`. */
MLIR_CAPI_EXPORTED int64_t imhsaPoolAttrGetLandmarksSize(MlirAttribute attribute, intptr_t i);

/** L, the number of landmarks in all. */
MLIR_CAPI_EXPORTED int64_t imhsaPoolAttrGetNumLandmarks(MlirAttribute attribute);

/*===----------------------------------------------------------------------===*/
/* #imhsa.schedule: the kernel of an operation, and how it is cut into tiles     */
/*===----------------------------------------------------------------------===*/

/** The kind of kernel that computes an operation. */
typedef enum ImhsaKernelKind {
  ImhsaKernelKindGeneral = 0,     /**< `general` */
  ImhsaKernelKindPool = 1,        /**< `pool` */
  ImhsaKernelKindNormalisers = 2, /**< `normalisers` */
  ImhsaKernelKindStream = 3,      /**< `stream` */
  ImhsaKernelKindReadOut = 4      /**< `read_out` */
} ImhsaKernelKind;

/** How products of matrices of f32 are computed. */
typedef enum ImhsaMatrixMath {
  ImhsaMatrixMathExact = 0, /**< `exact` */
  ImhsaMatrixMathTf32 = 1   /**< `tf32` */
} ImhsaMatrixMath;

/** The sizes in a schedule. Those that a kind does not have are 0, and so are `heads` and `columns`
 * that stand for all. */
typedef struct ImhsaScheduleSizes {
  int64_t queries; /**< in a tile */
  int64_t keys;    /**< in a tile */
  int64_t warps;   /**< in a block */
  int64_t stages;  /**< of the ring of tiles that are on their way to shared memory */
  int64_t splits;  /**< independent ranges of keys */
  int64_t heads;   /**< of the result (normalisers: of the scores) in a block */
  int64_t columns; /**< of the value in a block */
} ImhsaScheduleSizes;

/** True if the attribute is a `#imhsa.schedule`. */
MLIR_CAPI_EXPORTED bool imhsaAttributeIsASchedule(MlirAttribute attribute);

/** The TypeID of `#imhsa.schedule`. */
MLIR_CAPI_EXPORTED MlirTypeID imhsaScheduleAttrGetTypeID(void);

/** What a schedule of that kind has that gives no sizes; zeros if there is no such kind. */
MLIR_CAPI_EXPORTED ImhsaScheduleSizes imhsaScheduleDefaultSizes(ImhsaKernelKind kind);

/** A kind that is not in the enumeration, and what breaks a constraint of the attribute, is a
 * diagnostic at `location`, and the null attribute. The dialect must be loaded. */
MLIR_CAPI_EXPORTED MlirAttribute imhsaScheduleAttrGetChecked(MlirLocation location,
                                                             ImhsaKernelKind kind,
                                                             ImhsaScheduleSizes sizes,
                                                             ImhsaMatrixMath math);

/** The kind of kernel. */
MLIR_CAPI_EXPORTED ImhsaKernelKind imhsaScheduleAttrGetKind(MlirAttribute attribute);

/** The sizes. */
MLIR_CAPI_EXPORTED ImhsaScheduleSizes imhsaScheduleAttrGetSizes(MlirAttribute attribute);

/** How products of matrices of f32 are computed. */
MLIR_CAPI_EXPORTED ImhsaMatrixMath imhsaScheduleAttrGetMath(MlirAttribute attribute);

#ifdef __cplusplus
}
#endif

#endif /* IMHSA_C_DIALECTS_H */
