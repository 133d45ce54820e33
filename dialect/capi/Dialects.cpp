//===- Dialects.cpp - the dialect, for C ----------------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "imhsa-c/Dialects.h"
#include "dialect/Imhsa.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/CAPI/Support.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Registration. Upstream's macro for it would leave the external models out.
//===----------------------------------------------------------------------===//

static void insertDialect(MlirDialectRegistry registry) { registerDialect(*unwrap(registry)); }

static MlirDialect loadDialect(MlirContext context) {
  DialectRegistry registry;
  registerDialect(registry);
  unwrap(context)->appendDialectRegistry(registry);
  return wrap(unwrap(context)->getOrLoadDialect<ImhsaDialect>());
}

static MlirStringRef getNamespace() { return wrap(ImhsaDialect::getDialectNamespace()); }

MlirDialectHandle mlirGetDialectHandle__imhsa__() {
  static const MlirDialectRegistrationHooks hooks = {insertDialect, loadDialect, getNamespace};
  return MlirDialectHandle{&hooks};
}

//===----------------------------------------------------------------------===//
// #imhsa.pool
//===----------------------------------------------------------------------===//

static PoolAttr unwrapPool(MlirAttribute attribute) { return cast<PoolAttr>(unwrap(attribute)); }

bool imhsaAttributeIsAPool(MlirAttribute attribute) { return isa<PoolAttr>(unwrap(attribute)); }

MlirTypeID imhsaPoolAttrGetTypeID() { return wrap(PoolAttr::getTypeID()); }

MlirAttribute imhsaPoolAttrGetChecked(MlirLocation location, intptr_t numGrid, const int64_t *grid,
                                      intptr_t numLandmarks, const int64_t *landmarks) {
  Location loc = unwrap(location);
  return wrap(PoolAttr::getChecked([&] { return emitError(loc); }, loc.getContext(),
                                   ArrayRef(grid, numGrid), ArrayRef(landmarks, numLandmarks)));
}

intptr_t imhsaPoolAttrGetGridRank(MlirAttribute attribute) {
  return unwrapPool(attribute).getGrid().size();
}

int64_t imhsaPoolAttrGetGridSize(MlirAttribute attribute, intptr_t i) {
  return unwrapPool(attribute).getGrid()[i];
}

intptr_t imhsaPoolAttrGetLandmarksRank(MlirAttribute attribute) {
  return unwrapPool(attribute).getLandmarks().size();
}

int64_t imhsaPoolAttrGetLandmarksSize(MlirAttribute attribute, intptr_t i) {
  return unwrapPool(attribute).getLandmarks()[i];
}

int64_t imhsaPoolAttrGetNumLandmarks(MlirAttribute attribute) {
  return unwrapPool(attribute).getNumLandmarks();
}

//===----------------------------------------------------------------------===//
// #imhsa.schedule
//===----------------------------------------------------------------------===//

static_assert(ImhsaKernelKindGeneral == static_cast<int>(KernelKind::General) &&
                  ImhsaKernelKindPool == static_cast<int>(KernelKind::Pool) &&
                  ImhsaKernelKindNormalisers == static_cast<int>(KernelKind::Normalisers) &&
                  ImhsaKernelKindStream == static_cast<int>(KernelKind::Stream) &&
                  ImhsaKernelKindReadOut == static_cast<int>(KernelKind::ReadOut) &&
                  getMaxEnumValForKernelKind() == ImhsaKernelKindReadOut,
              "ImhsaKernelKind mirrors KernelKind");
static_assert(ImhsaMatrixMathExact == static_cast<int>(MatrixMath::Exact) &&
                  ImhsaMatrixMathTf32 == static_cast<int>(MatrixMath::Tf32) &&
                  getMaxEnumValForMatrixMath() == ImhsaMatrixMathTf32,
              "ImhsaMatrixMath mirrors MatrixMath");

static ScheduleAttr unwrapSchedule(MlirAttribute attribute) {
  return cast<ScheduleAttr>(unwrap(attribute));
}

static ImhsaScheduleSizes wrap(const ScheduleSizes &sizes) {
  return {sizes.queries, sizes.keys,  sizes.warps,  sizes.stages,
          sizes.splits,  sizes.heads, sizes.columns};
}

bool imhsaAttributeIsASchedule(MlirAttribute attribute) {
  return isa<ScheduleAttr>(unwrap(attribute));
}

MlirTypeID imhsaScheduleAttrGetTypeID() { return wrap(ScheduleAttr::getTypeID()); }

ImhsaScheduleSizes imhsaScheduleDefaultSizes(ImhsaKernelKind kind) {
  std::optional<KernelKind> known = symbolizeKernelKind(kind);
  return wrap(known ? defaultSizes(*known) : ScheduleSizes());
}

MlirAttribute imhsaScheduleAttrGetChecked(MlirLocation location, ImhsaKernelKind kind,
                                          ImhsaScheduleSizes sizes, ImhsaMatrixMath math) {
  Location loc = unwrap(location);
  std::optional<KernelKind> knownKind = symbolizeKernelKind(kind);
  std::optional<MatrixMath> knownMath = symbolizeMatrixMath(math);
  if (!knownKind) {
    emitError(loc) << "kind: expected an ImhsaKernelKind, found " << static_cast<int64_t>(kind);
    return MlirAttribute{nullptr};
  }
  if (!knownMath) {
    emitError(loc) << "math: expected an ImhsaMatrixMath, found " << static_cast<int64_t>(math);
    return MlirAttribute{nullptr};
  }
  return wrap(ScheduleAttr::getChecked([&] { return emitError(loc); }, loc.getContext(), *knownKind,
                                       sizes.queries, sizes.keys, sizes.warps, sizes.stages,
                                       sizes.splits, sizes.heads, sizes.columns, *knownMath));
}

ImhsaKernelKind imhsaScheduleAttrGetKind(MlirAttribute attribute) {
  return static_cast<ImhsaKernelKind>(unwrapSchedule(attribute).getKind());
}

ImhsaScheduleSizes imhsaScheduleAttrGetSizes(MlirAttribute attribute) {
  return wrap(unwrapSchedule(attribute).getSizes());
}

ImhsaMatrixMath imhsaScheduleAttrGetMath(MlirAttribute attribute) {
  return static_cast<ImhsaMatrixMath>(unwrapSchedule(attribute).getMath());
}
