//===- ReorderContractions.cpp - the cheapest order of contractions -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Decompose.h"
#include "passes/Passes.h"
#include "passes/reorder/Product.h"
#include "passes/reorder/SizeHint.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using linalg::LinalgOp;

namespace imhsa {
#define GEN_PASS_DEF_REORDERCONTRACTIONSPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

//===----------------------------------------------------------------------===//
// The product in numbers
//===----------------------------------------------------------------------===//

static BitSet indexSet(const Product &product, ArrayRef<unsigned> indices) {
  BitSet set(product.sizes.size());
  for (unsigned index : indices)
    set.set(index);
  return set;
}

static double bytesOf(Type elementType) { return elementType.getIntOrFloatBitWidth() / 8.0; }

// True for `imhsa.weights` that nothing else uses, perhaps with heads split for
// grouped values or merged with the batch: the last dimensions are query and key.
static bool isWeightsOfOneUse(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  auto sizes = [](ArrayRef<ReassociationIndices> groups) {
    return llvm::map_to_vector(groups, [](const auto &group) { return group.size(); });
  };
  auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
  auto collapse = dyn_cast<tensor::CollapseShapeOp>(op);
  if ((expand && sizes(expand.getReassociationIndices()) == SmallVector<size_t>{1, 2, 1, 1}) ||
      (collapse && sizes(collapse.getReassociationIndices()) == SmallVector<size_t>{2, 1, 1})) {
    Value source = op->getOperand(0);
    return source.getDefiningOp<WeightsOp>() && source.hasOneUse();
  }
  return isa<WeightsOp>(op);
}

static Einsum einsumOf(const Product &product, ArrayRef<int64_t> sizes) {
  Einsum einsum;
  einsum.sizes.assign(sizes.begin(), sizes.end());
  einsum.result = indexSet(product, product.result);
  einsum.elementBytes = bytesOf(product.computeType);
  for (const auto &[value, indices] : product.factors) {
    Factor factor{indexSet(product, indices), std::nullopt};
    if (isWeightsOfOneUse(value)) {
      ArrayRef<unsigned> lastTwo = ArrayRef(indices).take_back(2);
      factor.weights = {lastTwo[0], lastTwo[1], std::nullopt, bytesOf(getElementTypeOrSelf(value))};
      if (indices.size() == 5) // batch, head of the value, member, query, key
        factor.weights->member = indices[2];
    }
    einsum.factors.push_back(factor);
  }
  return einsum;
}

//===----------------------------------------------------------------------===//
// The product in another order
//===----------------------------------------------------------------------===//

// result[indices] = init + sum of lhs * rhs. `linalg.contract` sums only over
// indices that both operands have, and over at least one; outer products and
// sums over an index of a single operand are generics with the same body.
static Value createContraction(OpBuilder &builder, Location loc, const IndexedTensor &lhs,
                               const IndexedTensor &rhs, ArrayRef<unsigned> indices, Value init) {
  SmallVector<unsigned> loops(indices);
  for (unsigned index : llvm::concat<const unsigned>(lhs.indices, rhs.indices))
    if (!llvm::is_contained(loops, index))
      loops.push_back(index);
  ArrayRef<unsigned> summed = ArrayRef(loops).drop_front(indices.size());
  bool sumsOfBoth = llvm::all_of(summed, [&](unsigned index) {
    return llvm::is_contained(lhs.indices, index) && llvm::is_contained(rhs.indices, index);
  });

  SmallVector<AffineMap> maps;
  for (ArrayRef<unsigned> tensor : {ArrayRef(lhs.indices), ArrayRef(rhs.indices), indices}) {
    SmallVector<AffineExpr> dims;
    for (unsigned index : tensor)
      dims.push_back(builder.getAffineDimExpr(llvm::find(loops, index) - loops.begin()));
    maps.push_back(AffineMap::get(loops.size(), 0, dims, builder.getContext()));
  }
  if (!summed.empty() && sumsOfBoth)
    return linalg::ContractOp::create(builder, loc, init.getType(), {lhs.value, rhs.value}, init,
                                      builder.getAffineMapArrayAttr(maps))
        ->getResult(0);
  SmallVector<utils::IteratorType> iterators(indices.size(), utils::IteratorType::parallel);
  iterators.append(summed.size(), utils::IteratorType::reduction);
  auto body = [](OpBuilder &nested, Location loc, ValueRange) {
    ImplicitLocOpBuilder bodyBuilder(loc, nested);
    linalg::ContractOp::regionBuilder(bodyBuilder, *nested.getInsertionBlock(), {}, nullptr);
  };
  return linalg::GenericOp::create(builder, loc, init.getType(), {lhs.value, rhs.value}, init, maps,
                                   iterators, body)
      ->getResult(0);
}

// The size of a dimension, asked where `tensor` gets its shape from rather than of
// `tensor`: as long as a contraction is the only use of weights, they can be fused.
static OpFoldResult sizeOf(OpBuilder &builder, Location loc, Value tensor, int64_t dim) {
  if (auto op = tensor.getDefiningOp<DestinationStyleOpInterface>())
    tensor = op.getTiedOpOperand(cast<OpResult>(tensor))->get();
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes()[dim];
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return expand.getMixedOutputShape()[dim];
  return tensor::getMixedSize(builder, loc, tensor, dim);
}

namespace {

// Writes a product in a given order before its root.
class Writer {
public:
  Writer(OpBuilder &builder, const Product &product) : builder(builder), product(product) {
    uses.resize(product.sizes.size(), 0);
    count(product.result, 1);
    for (const IndexedTensor &factor : product.factors)
      count(factor.indices, 1);
  }

  // Returns the value that stands for the result of the root.
  Value write(const Order &order);

private:
  void count(ArrayRef<unsigned> indices, int change) {
    for (unsigned index : indices)
      uses[index] += change;
  }
  Value createZero(ArrayRef<unsigned> indices);

  OpBuilder &builder;
  const Product &product;
  SmallVector<int> uses; // of each index by tensors yet to be multiplied and by the result
};

} // namespace

Value Writer::createZero(ArrayRef<unsigned> indices) {
  Location loc = product.root().getLoc();
  SmallVector<OpFoldResult> sizes;
  for (unsigned index : indices) {
    if (int64_t size = product.sizes[index]; !ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    const IndexedTensor &factor = *llvm::find_if(product.factors, [&](const IndexedTensor &factor) {
      return llvm::is_contained(factor.indices, index);
    });
    int64_t dim = llvm::find(factor.indices, index) - factor.indices.begin();
    sizes.push_back(sizeOf(builder, loc, factor.value, dim));
  }
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, product.computeType);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(product.computeType));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

Value Writer::write(const Order &order) {
  LinalgOp root = product.root();
  bool isRounded = getElementTypeOrSelf(root->getResult(0)) != product.computeType;
  bool mayReassociate =
      llvm::all_of(product.operations, [](LinalgOp op) { return op->hasAttr(kReassociateAttr); });

  SmallVector<IndexedTensor> tensors(product.factors);
  for (auto [left, right] : order) {
    const IndexedTensor &lhs = tensors[left], &rhs = tensors[right];
    bool isResult = tensors.size() + 1 == product.factors.size() + order.size();
    count(lhs.indices, -1);
    count(rhs.indices, -1);
    SmallVector<unsigned> indices(product.result);
    if (!isResult) {
      indices.clear();
      for (unsigned index : llvm::concat<const unsigned>(lhs.indices, rhs.indices))
        if (uses[index] > 0 && !llvm::is_contained(indices, index))
          indices.push_back(index);
      count(indices, 1);
    }
    Value init = isResult && !isRounded ? root.getDpsInits().front() : createZero(indices);
    Value value = createContraction(builder, root.getLoc(), lhs, rhs, indices, init);
    if (mayReassociate)
      value.getDefiningOp()->setAttr(kReassociateAttr, builder.getUnitAttr());
    tensors.push_back({value, indices});
  }

  Value result = tensors.back().value;
  if (!isRounded)
    return result;
  // The rounded result is written where the root's zeros would have been.
  Value destination = root.getDpsInits().front();
  if (auto fill = destination.getDefiningOp<LinalgOp>())
    destination = fill.getDpsInits().front();
  return convertInto(builder, root.getLoc(), result, destination);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct ReorderContractionsPass : imhsa::impl::ReorderContractionsPassBase<ReorderContractionsPass> {
  using ReorderContractionsPassBase::ReorderContractionsPassBase;

  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  void reorder(Product &product);
  void replace(Product &product, Value result);
  SmallVector<int64_t> assumeSizes(const Product &product, std::string &assumptions);

  // Operations that belong to a product, or are erased.
  DenseSet<Operation *> done;
};

} // namespace

LogicalResult ReorderContractionsPass::initialize(MLIRContext *context) {
  auto check = [&](StringRef name, double value) -> LogicalResult {
    if (value >= 0)
      return success();
    return emitError(UnknownLoc::get(context))
           << getArgument() << ": option '" << name << "': expected at least 0, found " << value;
  };
  return success(succeeded(check("byte-weight", byteWeight)) &&
                 succeeded(check("dynamic-size", static_cast<double>(dynamicSize))) &&
                 succeeded(check("threshold", threshold)));
}

void ReorderContractionsPass::runOnOperation() {
  done.clear();
  DenseSet<Operation *> remarked;
  SmallVector<LinalgOp> operations;
  getOperation()->walk([&](LinalgOp op) {
    if (isSumOfProducts(op))
      operations.push_back(op);
  });
  // Users come before what they use: each product is found at its end.
  for (LinalgOp op : llvm::reverse(operations)) {
    if (done.contains(op))
      continue;
    if (std::optional<Product> product = collectProduct(op, remarked)) {
      done.insert_range(product->operations);
      reorder(*product);
    }
  }
}

// The sizes of all indices, where types do not give them from hints or the
// option; `assumptions` says in words where they come from.
SmallVector<int64_t> ReorderContractionsPass::assumeSizes(const Product &product,
                                                          std::string &assumptions) {
  SmallVector<int64_t> sizes(product.sizes);
  SmallVector<std::optional<int64_t>> hints(sizes.size());
  auto ask = [&](Value tensor, unsigned dim, unsigned index) {
    if (ShapedType::isDynamic(sizes[index]) && !hints[index])
      hints[index] = sizeHint(tensor, dim);
  };
  for (const auto &[value, indices] : product.factors) {
    for (auto [dim, index] : llvm::enumerate(indices))
      ask(value, dim, index);
    if (auto weights = value.getDefiningOp<WeightsOp>()) {
      Scores scores = weights.getScores();
      ask(scores.query, 0, indices[0]);
      ask(scores.query, tokenDims(scores.queryOrder).token, indices[2]);
      ask(scores.key, tokenDims(scores.keyOrder).token, indices[3]);
    }
  }
  for (auto [dim, index] : llvm::enumerate(product.result))
    ask(product.root().getDpsInits().front(), dim, index);

  unsigned numHinted = 0, numDefault = 0;
  for (auto [size, hint] : llvm::zip_equal(sizes, hints)) {
    if (!ShapedType::isDynamic(size))
      continue;
    ++(hint ? numHinted : numDefault);
    size = hint.value_or(dynamicSize);
  }
  llvm::raw_string_ostream os(assumptions);
  if (numHinted)
    os << ", with " << kSizeHintAttr << " for " << numHinted << " dynamic dimension(s)";
  if (numDefault)
    os << ", with " << dynamicSize << " assumed for " << numDefault << " dynamic dimension(s)";
  return sizes;
}

void ReorderContractionsPass::reorder(Product &product) {
  Location loc = product.root().getLoc();
  std::string assumptions;
  Einsum einsum = einsumOf(product, assumeSizes(product, assumptions));
  auto missed = [&](const Twine &reason) {
    ++numMissed;
    emitRemark(loc) << "product of " << product.factors.size()
                    << " factors not reordered: " << reason;
  };

  std::optional<Order> order = findOrder(einsum, byteWeight);
  if (!order)
    return missed("more than " + Twine(kMaxFactors) + " factors that are no chain of matrices");
  Cost before = costOf(einsum, product.order), after = costOf(einsum, *order);
  double weightBefore = before.weighted(byteWeight);
  double gain = weightBefore - after.weighted(byteWeight);
  if (!(gain > 0))
    return;
  std::string change;
  llvm::raw_string_ostream(change)
      << "from " << toString(product.order) << " to " << toString(*order) << ": "
      << llvm::format("%.15g to %.15g FLOPs, %.15g to %.15g bytes stored between products",
                      before.flops, after.flops, before.bytes, after.bytes)
      << assumptions;

  bool isAllowed =
      allowReassociation || isa<IntegerType>(product.computeType) ||
      llvm::all_of(product.operations, [](LinalgOp op) { return op->hasAttr(kReassociateAttr); });
  if (!isAllowed)
    return missed("neither the option allow-reassociation nor " + kReassociateAttr +
                  " on every contraction allows it; " + change);
  if (gain < threshold * weightBefore)
    return missed("the gain is below the threshold; " + change);

  OpBuilder builder(product.root());
  replace(product, Writer(builder, product).write(*order));
  ++numReordered;
  emitRemark(loc) << "product of " << product.factors.size() << " factors reordered " << change;
}

// Puts `result` in the place of the product and erases what is dead then.
void ReorderContractionsPass::replace(Product &product, Value result) {
  for (LinalgOp op : product.operations)
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      if (auto dim = dyn_cast<tensor::DimOp>(user); dim && op != product.root())
        dim.getSourceMutable().assign(op.getDpsInits().front());
  product.root()->getResult(0).replaceAllUsesWith(result);

  SetVector<Operation *> worklist;
  worklist.insert(product.root());
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (!isOpTriviallyDead(op))
      continue;
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        worklist.insert(producer);
    done.insert(op);
    op->erase();
  }
}
