//===- SizeHint.cpp - sizes that a cost model assumes ---------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/reorder/SizeHint.h"
#include "dialect/Imhsa.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace imhsa;

// The hint for one dimension of a function argument.
static std::optional<int64_t> hintOfArgument(Value value, int64_t dim) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto function = argument && argument.getOwner()->isEntryBlock()
                      ? dyn_cast_or_null<FunctionOpInterface>(argument.getOwner()->getParentOp())
                      : FunctionOpInterface();
  if (!function)
    return std::nullopt;
  auto hint = function.getArgAttrOfType<DenseI64ArrayAttr>(argument.getArgNumber(), kSizeHintAttr);
  if (!hint || dim < 0 || dim >= hint.size() || hint[dim] == 0)
    return std::nullopt;
  return hint[dim];
}

std::optional<int64_t> imhsa::sizeHint(Value tensor, unsigned dim) {
  // The size as an affine function of the sizes of function arguments.
  auto isHinted = [](Value value, std::optional<int64_t> dim, ValueBoundsConstraintSet &) {
    return dim && hintOfArgument(value, *dim).has_value();
  };
  AffineMap size;
  ValueDimList arguments;
  if (failed(ValueBoundsConstraintSet::computeBound(size, arguments, presburger::BoundType::EQ,
                                                    {tensor, dim}, isHinted)))
    return std::nullopt;
  Builder builder(tensor.getContext());
  SmallVector<Attribute> hints, result;
  for (auto [value, dim] : arguments) {
    std::optional<int64_t> hint = dim ? hintOfArgument(value, *dim) : std::nullopt;
    if (!hint)
      return std::nullopt;
    hints.push_back(builder.getIndexAttr(*hint));
  }
  if (failed(size.constantFold(hints, result)))
    return std::nullopt;
  return std::max<int64_t>(cast<IntegerAttr>(result.front()).getInt(), 0);
}
