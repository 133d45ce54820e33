//===- LinalgToLoops.cpp - linalg on memrefs as loops that vectorise ------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/kernel/LoopOrder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_LINALGTOLOOPSPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {

// Emits the loops of one operation, outermost first.
class LoopEmitter {
public:
  LoopEmitter(OpBuilder &b, linalg::LinalgOp op, LoopOrder order)
      : b(b), op(op), loc(op.getLoc()), order(std::move(order)), maps(op.getIndexingMapsArray()),
        types(op.getIteratorTypesArray()) {
    for (const Range &range : op.createLoopRanges(b, loc))
      extents.push_back(getValueOrCreateConstantIndexOp(b, loc, range.size));
    lower.assign(extents.size(), constant(0));
    upper = extents;
    indices.assign(extents.size(), Value());
    inputs.assign(1, SmallVector<Value>(op.getNumDpsInputs()));
  }

  void emit() { emitLoops(0, {}); }

private:
  using Values = SmallVector<Value>;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  Value apply(AffineExpr expr, ValueRange operands) {
    AffineMap map = AffineMap::get(operands.size(), 0, expr);
    return getValueOrCreateConstantIndexOp(
        b, loc, affine::makeComposedFoldedAffineApply(b, loc, map, getAsOpFoldResult(operands)));
  }

  // True if the loops so far give all the dimensions that `map` uses.
  bool isBound(AffineMap map) {
    for (unsigned dim = 0; dim < indices.size(); ++dim)
      if (map.isFunctionOfDim(dim) && !indices[dim])
        return false;
    return true;
  }

  bool uses(OpOperand &operand, unsigned dim) {
    return maps[operand.getOperandNumber()].isFunctionOfDim(dim);
  }

  // The indices of copy `copy` of an unrolled body.
  Values indicesOf(unsigned copy) {
    Values result = indices;
    if (copy != 0)
      result[*order.unrolled] =
          apply(b.getAffineDimExpr(0) + copy, ValueRange(indices[*order.unrolled]));
    return result;
  }

  Values accessIndices(OpOperand &operand, ValueRange at) {
    Values result;
    AffineMap map = maps[operand.getOperandNumber()];
    for (AffineExpr expr : map.getResults())
      result.push_back(apply(expr, at));
    return result;
  }

  // Reads each input as soon as the loops so far say where: what does not change
  // in an inner loop is not read there.
  void loadInputs() {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      unsigned number = operand->getOperandNumber();
      if (inputs[0][number] || !op.payloadUsesValueFromOperand(operand) || !isBound(maps[number]))
        continue;
      for (unsigned copy = 0; copy < inputs.size(); ++copy) {
        if (copy != 0 && !uses(*operand, *order.unrolled))
          inputs[copy][number] = inputs[0][number];
        else if (op.isScalar(operand))
          inputs[copy][number] = operand->get();
        else
          inputs[copy][number] = memref::LoadOp::create(b, loc, operand->get(),
                                                        accessIndices(*operand, indicesOf(copy)));
      }
    }
  }

  // From here on all loops are reductions: what they compute stays in registers.
  // Without loops, an element that the body does not use is not read.
  Values loadOutputs(bool loopsFollow) {
    Values result;
    for (OpOperand &operand : op.getDpsInitsMutable())
      result.push_back(
          loopsFollow || op.payloadUsesValueFromOperand(&operand)
              ? memref::LoadOp::create(b, loc, operand.get(), accessIndices(operand, indices))
                    .getResult()
              : Value());
    return result;
  }

  void storeOutputs(ValueRange values) {
    for (auto [operand, value] : llvm::zip_equal(op.getDpsInitsMutable(), values))
      memref::StoreOp::create(b, loc, value, operand.get(), accessIndices(operand, indices));
  }

  bool isBeforeOutputs() {
    for (OpOperand &operand : op.getDpsInitsMutable())
      if (!isBound(maps[operand.getOperandNumber()]))
        return true;
    for (auto [dim, type] : llvm::enumerate(types))
      if (type == utils::IteratorType::parallel && !indices[dim])
        return true;
    return false;
  }

  // The loops from `depth` on, and the body. `outputs` are the values that the
  // reductions around them carry, empty as long as parallel loops follow.
  Values emitLoops(unsigned depth, Values outputs) {
    SmallVector<Values> before = inputs;
    loadInputs();
    if (outputs.empty() && !isBeforeOutputs()) {
      storeOutputs(emitRest(depth, loadOutputs(depth < order.loops.size())));
      outputs = {};
    } else {
      outputs = emitRest(depth, outputs);
    }
    inputs = before;
    return outputs;
  }

  Values emitRest(unsigned depth, Values outputs) {
    if (depth == order.loops.size())
      return emitBody(outputs);
    LoopOrder::Loop loop = order.loops[depth];
    unsigned dim = loop.dim;
    if (loop.blockSize != 0) {
      // A block: the loop over the dimension further in runs from here to its end.
      Value from = lower[dim], to = upper[dim];
      emitFor(from, to, loop.blockSize, outputs, [&](Value start, Values carried) {
        lower[dim] = start;
        AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
        AffineMap end = AffineMap::get(2, 0, {d0 + loop.blockSize, d1}, b.getContext());
        upper[dim] = getValueOrCreateConstantIndexOp(
            b, loc, affine::makeComposedFoldedAffineMin(b, loc, end, {start, to}));
        return emitLoops(depth + 1, carried);
      });
      lower[dim] = from;
      upper[dim] = to;
      return {};
    }

    auto inner = [&](Value index, Values carried) {
      indices[dim] = index;
      carried = emitLoops(depth + 1, carried);
      indices[dim] = Value();
      return carried;
    };
    if (order.unrolled != dim)
      return emitFor(lower[dim], upper[dim], 1, outputs, inner);

    // Whole groups of `unrollFactor`, then what remains.
    AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
    int64_t factor = order.unrollFactor;
    Value middle = order.hasRemainder
                       ? apply(d0 + (d1 - d0).floorDiv(factor) * factor, {lower[dim], upper[dim]})
                       : upper[dim];
    inputs.resize(factor, inputs[0]);
    outputs = emitFor(lower[dim], middle, factor, outputs, inner);
    inputs.resize(1);
    if (!order.hasRemainder)
      return outputs;
    return emitFor(middle, upper[dim], 1, outputs, inner);
  }

  Values emitFor(Value from, Value to, int64_t step, Values outputs,
                 function_ref<Values(Value, Values)> body) {
    auto fromConstant = getConstantIntValue(from), toConstant = getConstantIntValue(to);
    if (fromConstant && toConstant && *fromConstant >= *toConstant)
      return outputs;
    auto loop =
        scf::ForOp::create(b, loc, from, to, constant(step), outputs,
                           [&](OpBuilder &, Location, Value index, ValueRange carried) {
                             scf::YieldOp::create(b, loc, body(index, llvm::to_vector(carried)));
                           });
    return Values(loop.getResults());
  }

  Values emitBody(Values outputs) {
    for (unsigned copy = 0; copy < inputs.size(); ++copy)
      outputs = emitCopy(copy, outputs);
    return outputs;
  }

  Values emitCopy(unsigned copy, ValueRange outputs) {
    IRMapping mapping;
    for (OpOperand *operand : op.getDpsInputOperands())
      mapping.map(op.getMatchingBlockArgument(operand), inputs[copy][operand->getOperandNumber()]);
    for (auto [operand, value] : llvm::zip_equal(op.getDpsInitsMutable(), outputs))
      mapping.map(op.getMatchingBlockArgument(&operand), value);
    Values at = indicesOf(copy);
    for (Operation &bodyOp : op.getBlock()->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(bodyOp)) {
        mapping.map(index.getResult(), at[index.getDim()]);
        continue;
      }
      b.clone(bodyOp, mapping)->walk(allowContraction);
    }
    Values result;
    for (Value value : op.getBlock()->getTerminator()->getOperands())
      result.push_back(mapping.lookupOrDefault(value));
    return result;
  }

  // A product and the sum that it enters may be one rounding.
  static void allowContraction(Operation *op) {
    if (!isa<arith::MulFOp, arith::AddFOp, arith::SubFOp>(op))
      return;
    auto arithmetic = cast<arith::ArithFastMathInterface>(op);
    arith::FastMathFlags flags = arithmetic.getFastMathFlagsAttr().getValue();
    op->setAttr(
        arithmetic.getFastMathAttrName(),
        arith::FastMathFlagsAttr::get(op->getContext(), flags | arith::FastMathFlags::contract));
  }

  OpBuilder &b;
  linalg::LinalgOp op;
  Location loc;
  LoopOrder order;
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> types;
  // For each dimension: its extent; the range of the loop over it, which a block
  // narrows; and the index, null outside that loop.
  Values extents, lower, upper, indices;
  // For each copy of an unrolled body, for each input, what has been read; null
  // where the loops so far do not say which element.
  SmallVector<Values> inputs;
};

struct LinalgToLoopsPass : imhsa::impl::LinalgToLoopsPassBase<LinalgToLoopsPass> {
  using LinalgToLoopsPassBase::LinalgToLoopsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      if (!op.hasPureBufferSemantics()) {
        op.emitOpError("expected operands on memrefs");
        return signalPassFailure();
      }
      OpBuilder b(op);
      LoopEmitter(b, op, chooseLoopOrder(op, blockSize)).emit();
      op.erase();
      ++numLowered;
    }
  }
};
} // namespace
