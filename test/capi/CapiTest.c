/*===- CapiTest.c - the C interface of dialect and passes ------*- C -*-===*/
/* Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE. */
/*                                                                              */
/* Without arguments: what each part does, checked by FileCheck below.          */
/* With a file and a pipeline: what `imhsa-opt` would print, in a context that  */
/* holds nothing but what `mlirRegisterImhsaPipelineDialects` registers.        */

#include "imhsa-c/Dialects.h"
#include "imhsa-c/Passes.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Diagnostics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static MlirStringRef text(const char *string) { return mlirStringRefCreateFromCString(string); }

static void print(MlirStringRef part, void *file) { fwrite(part.data, 1, part.length, file); }

static MlirLogicalResult printDiagnostic(MlirDiagnostic diagnostic, void *unused) {
  (void)unused;
  const char *kinds[] = {"error", "warning", "note", "remark"};
  fprintf(stderr, "%s: ", kinds[mlirDiagnosticGetSeverity(diagnostic)]);
  mlirDiagnosticPrint(diagnostic, print, stderr);
  fputc('\n', stderr);
  return mlirLogicalResultSuccess();
}

static void printAttribute(MlirAttribute attribute) {
  if (mlirAttributeIsNull(attribute))
    fputs("null", stderr);
  else
    mlirAttributePrint(attribute, print, stderr);
  fputc('\n', stderr);
}

static MlirContext createContext(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterImhsaPipelineDialects(registry);
  MlirContext context = mlirContextCreateWithRegistry(registry, /*threadingEnabled=*/false);
  mlirDialectRegistryDestroy(registry);
  mlirContextAttachDiagnosticHandler(context, printDiagnostic, NULL, NULL);
  return context;
}

// CHECK-LABEL: testRegistration
static void testRegistration(void) {
  fprintf(stderr, "testRegistration\n");
  MlirDialectHandle handle = mlirGetDialectHandle__imhsa__();
  print(mlirDialectHandleGetNamespace(handle), stderr);
  fputc('\n', stderr);
  // CHECK-NEXT: imhsa

  MlirContext context = mlirContextCreate();
  intptr_t before = mlirContextGetNumRegisteredDialects(context);
  mlirDialectHandleRegisterDialect(handle, context);
  mlirDialectHandleRegisterDialect(handle, context);
  fprintf(stderr, "registered: %" PRIdPTR "\n",
          mlirContextGetNumRegisteredDialects(context) - before);
  // CHECK-NEXT: registered: 1
  MlirDialect loaded = mlirDialectHandleLoadDialect(handle, context);
  MlirDialect again = mlirContextGetOrLoadDialect(context, text("imhsa"));
  fprintf(stderr, "loaded: %d\n", !mlirDialectIsNull(loaded) && mlirDialectEqual(loaded, again));
  // CHECK-NEXT: loaded: 1
  mlirContextDestroy(context);
}

// CHECK-LABEL: testPool
static void testPool(MlirContext context) {
  fprintf(stderr, "testPool\n");
  MlirLocation unknown = mlirLocationUnknownGet(context);
  int64_t grid[] = {56, 28}, landmarks[] = {7, 5};

  MlirAttribute sequence = imhsaPoolAttrGetChecked(unknown, 0, NULL, 1, landmarks);
  printAttribute(sequence);
  // CHECK-NEXT: #imhsa.pool<7>
  fprintf(stderr, "%" PRIdPTR " %" PRIdPTR " %" PRId64 "\n", imhsaPoolAttrGetGridRank(sequence),
          imhsaPoolAttrGetLandmarksRank(sequence), imhsaPoolAttrGetNumLandmarks(sequence));
  // CHECK-NEXT: 0 1 7

  MlirAttribute onGrid = imhsaPoolAttrGetChecked(unknown, 2, grid, 2, landmarks);
  printAttribute(onGrid);
  // CHECK-NEXT: #imhsa.pool<56x28 to 7x5>
  for (intptr_t i = 0; i < imhsaPoolAttrGetGridRank(onGrid); ++i)
    fprintf(stderr, "%" PRId64 " to %" PRId64 "\n", imhsaPoolAttrGetGridSize(onGrid, i),
            imhsaPoolAttrGetLandmarksSize(onGrid, i));
  // CHECK-NEXT: 56 to 7
  // CHECK-NEXT: 28 to 5
  fprintf(stderr, "%" PRId64 "\n", imhsaPoolAttrGetNumLandmarks(onGrid));
  // CHECK-NEXT: 35

  MlirAttribute parsed = mlirAttributeParseGet(context, text("#imhsa.pool<56x28 to 7x5>"));
  fprintf(stderr, "%d %d %d %d\n", mlirAttributeEqual(parsed, onGrid),
          imhsaAttributeIsAPool(parsed), imhsaAttributeIsASchedule(parsed),
          imhsaAttributeIsAPool(mlirUnitAttrGet(context)));
  // CHECK-NEXT: 1 1 0 0
  fprintf(stderr, "%d\n",
          mlirTypeIDEqual(mlirAttributeGetTypeID(parsed), imhsaPoolAttrGetTypeID()));
  // CHECK-NEXT: 1

  landmarks[1] = 0;
  printAttribute(imhsaPoolAttrGetChecked(unknown, 2, grid, 2, landmarks));
  // CHECK-NEXT: error: [pool_attr_c1] landmarks: expected sizes of at least 1, found 0
  // CHECK-NEXT: null
  printAttribute(imhsaPoolAttrGetChecked(unknown, 2, grid, 1, landmarks));
  // CHECK-NEXT: error: [pool_attr_c2]
  // CHECK-NEXT: null
}

// CHECK-LABEL: testSchedule
static void testSchedule(MlirContext context) {
  fprintf(stderr, "testSchedule\n");
  MlirLocation unknown = mlirLocationUnknownGet(context);
  ImhsaScheduleSizes sizes = imhsaScheduleDefaultSizes(ImhsaKernelKindGeneral);
  sizes.queries = 32, sizes.keys = 256, sizes.splits = 4;
  MlirAttribute schedule =
      imhsaScheduleAttrGetChecked(unknown, ImhsaKernelKindGeneral, sizes, ImhsaMatrixMathExact);
  printAttribute(schedule);
  // CHECK-NEXT: #imhsa.schedule<general, queries = 32, keys = 256, splits = 4>
  fprintf(stderr, "%d %d %d\n", imhsaAttributeIsASchedule(schedule),
          imhsaAttributeIsAPool(schedule),
          mlirTypeIDEqual(mlirAttributeGetTypeID(schedule), imhsaScheduleAttrGetTypeID()));
  // CHECK-NEXT: 1 0 1
  sizes.keys = -1;
  printAttribute(
      imhsaScheduleAttrGetChecked(unknown, ImhsaKernelKindGeneral, sizes, ImhsaMatrixMathExact));
  // CHECK-NEXT: error: [schedule_attr_c1] keys: expected at least 0, found -1
  // CHECK-NEXT: null

  sizes = imhsaScheduleDefaultSizes(ImhsaKernelKindStream);
  sizes.warps = 8, sizes.columns = 32;
  schedule = imhsaScheduleAttrGetChecked(unknown, ImhsaKernelKindStream, sizes, ImhsaMatrixMathTf32);
  printAttribute(schedule);
  // CHECK-NEXT: #imhsa.schedule<stream, warps = 8, columns = 32, math = tf32>
  sizes = imhsaScheduleAttrGetSizes(schedule);
  fprintf(stderr, "%d %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
          imhsaScheduleAttrGetKind(schedule), imhsaScheduleAttrGetMath(schedule), sizes.queries,
          sizes.warps, sizes.splits, sizes.heads, sizes.columns);
  // CHECK-NEXT: 3 1 64 8 1 0 32
  printAttribute(
      imhsaScheduleAttrGetChecked(unknown, (ImhsaKernelKind)77, sizes, ImhsaMatrixMathExact));
  // CHECK-NEXT: error: kind: expected an ImhsaKernelKind, found 77
  // CHECK-NEXT: null
  printAttribute(
      imhsaScheduleAttrGetChecked(unknown, ImhsaKernelKindStream, sizes, (ImhsaMatrixMath)2));
  // CHECK-NEXT: error: math: expected an ImhsaMatrixMath, found 2
  // CHECK-NEXT: null
  sizes = imhsaScheduleDefaultSizes((ImhsaKernelKind)77);
  fprintf(stderr, "%" PRId64 "\n", sizes.queries);
  // CHECK-NEXT: 0
}

static MlirNamedAttribute named(MlirContext context, const char *name, MlirAttribute attribute) {
  return mlirNamedAttributeGet(mlirIdentifierGet(context, text(name)), attribute);
}

/* The arguments of a block as an operation that pools the first into the second. */
static MlirOperation createPool(MlirContext context, MlirBlock block, MlirType result,
                                int64_t numLandmarks) {
  MlirLocation unknown = mlirLocationUnknownGet(context);
  MlirValue operands[] = {mlirBlockGetArgument(block, 0), mlirBlockGetArgument(block, 1)};
  int32_t segments[] = {1, 0, 1};
  MlirNamedAttribute attributes[] = {
      named(context, "pool", imhsaPoolAttrGetChecked(unknown, 0, NULL, 1, &numLandmarks)),
      named(context, "operandSegmentSizes", mlirDenseI32ArrayGet(context, 3, segments))};
  MlirOperationState state = mlirOperationStateGet(text("imhsa.pool"), unknown);
  mlirOperationStateAddOperands(&state, 2, operands);
  mlirOperationStateAddAttributes(&state, 2, attributes);
  mlirOperationStateAddResults(&state, 1, &result);
  MlirOperation pool = mlirOperationCreate(&state);
  mlirBlockAppendOwnedOperation(block, pool);
  return pool;
}

// CHECK-LABEL: testOperation
static void testOperation(MlirContext context) {
  fprintf(stderr, "testOperation\n");
  MlirLocation unknown = mlirLocationUnknownGet(context);
  int64_t tokens[] = {1, 2, 12, 8}, landmarks[] = {1, 2, 3, 8};
  MlirType f32 = mlirF32TypeGet(context);
  MlirType types[] = {mlirRankedTensorTypeGet(4, tokens, f32, mlirAttributeGetNull()),
                      mlirRankedTensorTypeGet(4, landmarks, f32, mlirAttributeGetNull())};
  MlirLocation locations[] = {unknown, unknown};
  MlirBlock block = mlirBlockCreate(2, types, locations);
  MlirOperation pool = createPool(context, block, types[1], 3);
  mlirOperationPrint(pool, print, stderr);
  fprintf(stderr, "\nvalid: %d\n", mlirOperationVerify(pool));
  /* CHECK-NEXT: imhsa.pool #imhsa.pool<3> ins({{.*}} : tensor<1x2x12x8xf32>) outs({{.*}} :
   * tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32> */
  // CHECK-NEXT: valid: 1
  pool = createPool(context, block, types[1], 4);
  fprintf(stderr, "valid: %d\n", mlirOperationVerify(pool));
  // CHECK-NEXT: error: 'imhsa.pool' op [pool_c2]
  // CHECK: valid: 0
  mlirBlockDestroy(block);
}

static const char *const attention =
    "func.func @attend(%t: tensor<1x2x12x8xf32>, %init: tensor<1x2x12x8xf32>) -> "
    "tensor<1x2x12x8xf32> {\n"
    "  %0 = imhsa.attention ins(%t, %t, %t : tensor<1x2x12x8xf32>, tensor<1x2x12x8xf32>,\n"
    "                           tensor<1x2x12x8xf32>)\n"
    "         landmarks(#imhsa.pool<3>) outs(%init : tensor<1x2x12x8xf32>) -> "
    "tensor<1x2x12x8xf32>\n"
    "  return %0 : tensor<1x2x12x8xf32>\n"
    "}\n";

// CHECK-LABEL: testPasses
static void testPasses(MlirContext context) {
  fprintf(stderr, "testPasses\n");
  MlirModule module = mlirModuleCreateParse(context, text(attention));
  MlirPassManager pm = mlirPassManagerCreate(context);
  MlirOpPassManager functions = mlirPassManagerGetNestedUnder(pm, text("func.func"));
  mlirOpPassManagerAddOwnedPass(functions, mlirCreateImhsaDecomposePass());
  /* By its name, a pass has options. */
  mlirRegisterImhsaReorderContractionsPass();
  MlirLogicalResult parsed = mlirOpPassManagerAddPipeline(
      functions, text("imhsa-reorder-contractions{allow-reassociation=true byte-weight=16}"), print,
      stderr);
  mlirOpPassManagerAddOwnedPass(functions, mlirCreateImhsaFusePass());
  MlirLogicalResult ran = mlirPassManagerRunOnOp(pm, mlirModuleGetOperation(module));
  fprintf(stderr, "%d %d\n", mlirLogicalResultIsSuccess(parsed), mlirLogicalResultIsSuccess(ran));
  // CHECK-NEXT: remark: product of 3 factors reordered
  // CHECK-NEXT: 1 1
  mlirOperationPrint(mlirModuleGetOperation(module), print, stderr);
  // CHECK: imhsa.pool #imhsa.pool<3>
  // CHECK: imhsa.attention
  // CHECK: imhsa.attention
  // CHECK-NOT: imhsa.
  mlirPassManagerDestroy(pm);
  mlirModuleDestroy(module);
}

/* Runs a pipeline, given as text, on a module. */
static int runPipeline(MlirContext context, MlirModule module, const char *pipeline) {
  MlirPassManager pm = mlirPassManagerCreate(context);
  int failed =
      mlirLogicalResultIsFailure(mlirOpPassManagerAddPipeline(mlirPassManagerGetAsOpPassManager(pm),
                                                              text(pipeline), print, stderr)) ||
      mlirLogicalResultIsFailure(mlirPassManagerRunOnOp(pm, mlirModuleGetOperation(module)));
  mlirPassManagerDestroy(pm);
  return failed;
}

// CHECK-LABEL: testPipelines
static void testPipelines(MlirContext context) {
  fprintf(stderr, "testPipelines\n");
  MlirModule module = mlirModuleCreateParse(context, text(attention));
  fprintf(stderr, "\nfailed: %d\n", runPipeline(context, module, "imhsa-cuda-pipeline"));
  // CHECK: 'imhsa-cuda-pipeline' does not refer to a registered pass or pass pipeline
  // CHECK: failed: 1
  for (int twice = 0; twice < 2; ++twice) {
    mlirRegisterImhsaPasses();
    mlirRegisterImhsaPipelines();
  }
  fprintf(stderr, "failed: %d\n", runPipeline(context, module, "imhsa-cuda-pipeline{chip=sm_70}"));
  // CHECK: error: option 'chip': 'sm_70' is older than sm_80
  // CHECK: failed: 1
  mlirModuleDestroy(module);

  module = mlirModuleCreateParse(context, text(attention));
  int failed = runPipeline(context, module, "imhsa-cuda-pipeline{chip=sm_80},imhsa-print-ptx");
  fprintf(stderr, "failed: %d\n", failed);
  // CHECK: failed: 0
  mlirModuleDestroy(module);
}

static int runFile(MlirContext context, const char *path, const char *pipeline) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  char *source = NULL;
  size_t size = 0, read = 0;
  do {
    source = realloc(source, size + 4096);
    read = fread(source + size, 1, 4095, file);
    size += read;
  } while (read);
  source[size] = 0;
  fclose(file);

  mlirRegisterImhsaPasses();
  mlirRegisterImhsaPipelines();
  MlirModule module = mlirModuleCreateParse(context, text(source));
  free(source);
  int failed = mlirModuleIsNull(module) || runPipeline(context, module, pipeline);
  if (!failed) {
    mlirOperationPrint(mlirModuleGetOperation(module), print, stdout);
    putchar('\n');
  }
  mlirModuleDestroy(module);
  return failed;
}

int main(int argc, char **argv) {
  MlirContext context = createContext();
  int failed = 0;
  if (argc == 3) {
    failed = runFile(context, argv[1], argv[2]);
  } else {
    testRegistration();
    mlirDialectHandleLoadDialect(mlirGetDialectHandle__imhsa__(), context);
    testPool(context);
    testSchedule(context);
    testOperation(context);
    testPasses(context);
    testPipelines(context);
  }
  mlirContextDestroy(context);
  return failed;
}
