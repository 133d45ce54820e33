//===- Dialect.cpp - the dialect, its attributes and registration ---------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Bufferize.h"
#include "dialect/Imhsa.h"
#include "dialect/RuntimeVerify.h"
#include "dialect/Whole.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace imhsa;

#include "dialect/ImhsaDialect.cpp.inc"
#include "dialect/ImhsaEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/ImhsaAttrs.cpp.inc"

namespace {
// Every operation can be inlined: none refers to the function around it.
struct ImhsaInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const override { return true; }
};
} // namespace

void ImhsaDialect::initialize() {
  addInterfaces<ImhsaInlinerInterface>();
  addOperations<
#define GET_OP_LIST
#include "dialect/ImhsaOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/ImhsaAttrs.cpp.inc"
      >();
}

void imhsa::registerDialect(DialectRegistry &registry) {
  registry.insert<ImhsaDialect>();
  registerBufferizationModels(registry);
  registerRuntimeVerificationModels(registry);
}

//===----------------------------------------------------------------------===//
// Discardable attributes
//===----------------------------------------------------------------------===//

LogicalResult ImhsaDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  if (attr.getName() == kReassociateAttr) {
    if (isa<UnitAttr>(attr.getValue()))
      return success();
    return op->emitOpError() << "attribute '" << kReassociateAttr
                             << "': expected a unit attribute, found " << attr.getValue();
  }
  if (attr.getName() == kKernelsAttr) {
    auto names = dyn_cast<ArrayAttr>(attr.getValue());
    if (isa<ModuleOp>(op) && names && llvm::all_of(names, llvm::IsaPred<StringAttr>))
      return success();
    return op->emitOpError() << "attribute '" << kKernelsAttr
                             << "': expected an array of strings on a module, found "
                             << attr.getValue();
  }
  if (attr.getName() == kWholeAttr) {
    auto blocks = dyn_cast<IntegerAttr>(attr.getValue());
    if (blocks && hasFusedSchedule(op) &&
        llvm::is_contained({1, 2, 4, 8}, blocks.getValue().getSExtValue()))
      return success();
    return op->emitOpError() << "attribute '" << kWholeAttr
                             << "': expected 1, 2, 4 or 8 blocks on an operation with a schedule "
                                "of a fused kind, found "
                             << attr.getValue();
  }
  return op->emitOpError() << "attribute '" << attr.getName().getValue()
                           << "' is not one of the imhsa dialect: expected '" << kReassociateAttr
                           << "', '" << kKernelsAttr << "' or '" << kWholeAttr << "'";
}

LogicalResult ImhsaDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned argIndex,
                                                     NamedAttribute attr) {
  auto error = [&] {
    return op->emitOpError() << "argument " << argIndex << ": attribute '"
                             << attr.getName().getValue() << "'";
  };
  if (attr.getName() != kSizeHintAttr)
    return error() << " is not one of the imhsa dialect: expected '" << kSizeHintAttr << "'";
  auto sizes = dyn_cast<DenseI64ArrayAttr>(attr.getValue());
  if (!sizes)
    return error() << ": expected array<i64: ...>, found " << attr.getValue();
  auto function = dyn_cast<FunctionOpInterface>(op);
  Type type = function && argIndex < function.getNumArguments()
                  ? function.getArgumentTypes()[argIndex]
                  : Type();
  auto shaped = dyn_cast_or_null<ShapedType>(type);
  if (!shaped || !shaped.hasRank())
    return error() << ": expected a ranked argument of a function, found " << type;
  if (shaped.getRank() != sizes.size())
    return error() << ": expected " << shaped.getRank() << " sizes, one for each dimension of "
                   << type << ", found " << sizes.size();
  for (int64_t size : sizes.asArrayRef())
    if (size < 0)
      return error() << ": expected non-negative sizes, found " << size;
  return success();
}

LogicalResult ImhsaDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                        unsigned resultIndex, NamedAttribute attr) {
  return op->emitOpError() << "result " << resultIndex << ": attribute '"
                           << attr.getName().getValue()
                           << "' is not one of the imhsa dialect for results, which has none";
}

//===----------------------------------------------------------------------===//
// #imhsa.pool
//===----------------------------------------------------------------------===//

// One product of sizes; the attribute's verifier has excluded overflow.
static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

int64_t PoolAttr::getNumLandmarks() const { return product(getLandmarks()); }

int64_t PoolAttr::getNumTokens() const {
  return isGrid() ? product(getGrid()) : ShapedType::kDynamic;
}

LogicalResult PoolAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> grid,
                               ArrayRef<int64_t> landmarks) {
  for (auto [name, sizes] : {std::pair("grid", grid), std::pair("landmarks", landmarks)}) {
    int64_t total = 1;
    for (int64_t size : sizes) {
      if (size < 1)
        return emitError() << "[pool_attr_c1] " << name << ": expected sizes of at least 1, found "
                           << size;
      if (llvm::MulOverflow(total, size, total))
        return emitError() << "[pool_attr_c3] " << name
                           << ": the product of its sizes exceeds 63 bits";
    }
  }
  if (grid.empty() ? landmarks.size() != 1 : grid.size() != 2 || landmarks.size() != 2)
    return emitError() << "[pool_attr_c2] expected one number of landmarks, or a grid of 2 "
                          "dimensions with 2 numbers of "
                          "landmarks; found a grid of "
                       << grid.size() << " dimensions and " << landmarks.size()
                       << " numbers of landmarks";
  return success();
}

// pool ::= `<` sizes (`to` sizes)? `>`, where sizes is 49 or 7x7
Attribute PoolAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> first, second;
  SMLoc loc = parser.getCurrentLocation();
  auto sizes = [&](SmallVectorImpl<int64_t> &into) {
    return parser.parseDimensionList(into, /*allowDynamic=*/false, /*withTrailingX=*/false);
  };
  if (parser.parseLess() || sizes(first))
    return {};
  bool hasGrid = succeeded(parser.parseOptionalKeyword("to"));
  if ((hasGrid && sizes(second)) || parser.parseGreater())
    return {};
  auto error = [&] { return parser.emitError(loc); };
  return hasGrid ? PoolAttr::getChecked(error, parser.getContext(), first, second)
                 : PoolAttr::getChecked(error, parser.getContext(), ArrayRef<int64_t>(), first);
}

void PoolAttr::print(AsmPrinter &printer) const {
  printer << '<';
  if (isGrid()) {
    printer.printDimensionList(getGrid());
    printer << " to ";
  }
  printer.printDimensionList(getLandmarks());
  printer << '>';
}
