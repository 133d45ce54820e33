//===- Product.cpp - products of tensors in the IR ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/reorder/Product.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CastInterfaces.h"

using namespace mlir;
using namespace imhsa;
using linalg::GenericOp;
using linalg::LinalgOp;

//===----------------------------------------------------------------------===//
// One contraction
//===----------------------------------------------------------------------===//

// Follows casts of scalars, for instance `arith.extf`, to where they start.
static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<CastOpInterface>()) {
    if (cast->getNumOperands() != 1)
      break;
    value = cast->getOperand(0);
  }
  return value;
}

bool imhsa::isSumOfProducts(LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      !isMemoryEffectFree(op))
    return false;
  Block *body = op.getBlock();
  Operation *yield = body->getTerminator();
  if (body->getNumArguments() != 3 || yield->getNumOperands() != 1)
    return false;

  Operation *add = yield->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add))
    return false;
  Value accumulator = body->getArgument(2);
  bool first = add->getOperand(0) == accumulator;
  Operation *multiply = add->getOperand(first ? 1 : 0).getDefiningOp();
  if (add->getOperand(first ? 0 : 1) != accumulator ||
      !isa_and_nonnull<arith::MulFOp, arith::MulIOp>(multiply))
    return false;

  Value lhs = skipCasts(multiply->getOperand(0)), rhs = skipCasts(multiply->getOperand(1));
  Value left = body->getArgument(0), right = body->getArgument(1);
  return (lhs == left && rhs == right) || (lhs == right && rhs == left);
}

static Type accumulatorType(LinalgOp op) {
  return getElementTypeOrSelf(op->getResult(0).getType());
}

static bool isZero(Value init) {
  auto isZeroConstant = [](Value value) {
    return matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero());
  };
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    return isZeroConstant(fill.getInputs().front());
  if (auto generic = init.getDefiningOp<GenericOp>()) {
    std::optional<Value> filled = linalg::isaFillOpInterface(generic);
    return filled && isZeroConstant(*filled);
  }
  return isZeroConstant(init);
}

// Why a sum of products cannot be part of a product whose factors can change
// places; empty if it can.
static std::string obstacleOf(LinalgOp op) {
  std::string reason;
  llvm::raw_string_ostream os(reason);
  for (Type type : op->getOperandTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      os << "an operand is no tensor but of type " << type;
    else if (tensor.getEncoding())
      os << "an operand has the encoding " << tensor.getEncoding();
    if (!reason.empty())
      return reason;
  }

  Type type = accumulatorType(op);
  if (!isa<FloatType>(type) && !(type.isSignlessInteger() && !type.isInteger(1))) {
    os << "sums of type " << type << " are not supported";
    return reason;
  }
  for (Operation &scalar : *op.getBlock())
    if (isa<CastOpInterface>(scalar) && !isa<arith::ExtFOp, arith::ExtSIOp>(scalar)) {
      os << "an operand is converted by '" << scalar.getName() << "'";
      return reason;
    }

  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!llvm::all_of(maps, [](AffineMap map) { return map.isProjectedPermutation(); }))
    return "the dimensions of an operand are not distinct loops";
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool inInputs = maps[0].isFunctionOfDim(loop) || maps[1].isFunctionOfDim(loop);
    bool inResult = maps[2].isFunctionOfDim(loop);
    if (!inInputs || inResult == linalg::isReductionIterator(kind)) {
      os << "loop " << loop << (inInputs ? " is neither kept nor summed" : " indexes no operand");
      return reason;
    }
  }
  return reason;
}

//===----------------------------------------------------------------------===//
// What stands between contractions
//===----------------------------------------------------------------------===//

// True for a cast of a tensor, and for a `linalg.generic` that does just that.
template <typename CastOp> static bool isElementwise(Operation *op) {
  if (isa<CastOp>(op))
    return true;
  auto generic = dyn_cast<GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 1 || generic.getNumDpsInits() != 1 ||
      !generic.hasPureTensorSemantics() || !linalg::isElementwise(generic) ||
      !llvm::all_of(generic.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
    return false;
  Block *body = generic.getBlock();
  auto cast = body->getTerminator()->getOperand(0).getDefiningOp<CastOp>();
  return cast && cast.getIn() == body->getArgument(0);
}

// Who asks for the size of a contraction's result can ask its init instead.
static bool hasOneUseButSizes(Value value) {
  return llvm::count_if(value.getUsers(),
                        [](Operation *user) { return !isa<tensor::DimOp>(user); }) == 1;
}

namespace {

// The contraction whose result, perhaps extended, is an operand of another.
struct Producer {
  LinalgOp op;
  bool isRounded = false; // to a narrower type
  bool isShared = false;  // with another user
};

} // namespace

static Producer producerOf(Value operand) {
  Producer producer;
  for (;;) {
    Operation *op = operand.getDefiningOp();
    if (!op)
      return {};
    if (auto linalgOp = dyn_cast<LinalgOp>(op); linalgOp && isSumOfProducts(linalgOp)) {
      producer.op = linalgOp;
      producer.isShared |= !hasOneUseButSizes(operand);
      return producer;
    }
    bool isTruncation = isElementwise<arith::TruncFOp>(op);
    if (isTruncation ? producer.isRounded : !isElementwise<arith::ExtFOp>(op))
      return {}; // Twice rounded might be a cycle, in a graph region.
    producer.isRounded |= isTruncation;
    producer.isShared |= !operand.hasOneUse();
    operand = op->getOperand(0);
  }
}

//===----------------------------------------------------------------------===//
// A tree of contractions
//===----------------------------------------------------------------------===//

namespace {

class Collector {
public:
  explicit Collector(DenseSet<Operation *> &remarked) : remarked(remarked) {}

  std::optional<Product> collect(LinalgOp root);

private:
  // A factor, or a product that the IR has: one of the two numbers of `Order`,
  // before it is known how many factors there are.
  struct Operand {
    bool isProduct;
    unsigned number;
  };

  Operand addProduct(LinalgOp op, ArrayRef<unsigned> resultIndices);
  Operand addOperand(LinalgOp user, Value value, ArrayRef<unsigned> indices);
  std::string obstacleTo(Producer producer, LinalgOp user);
  void setSizes(Value value, ArrayRef<unsigned> indices);

  unsigned addIndex() {
    product.sizes.push_back(ShapedType::kDynamic);
    return product.sizes.size() - 1;
  }

  // Says once why `op` is not part of a larger product.
  void remark(LinalgOp op, const Twine &reason) {
    if (remarked.insert(op).second)
      op->emitRemark() << "not reordered with " << reason;
  }

  DenseSet<Operation *> &remarked;
  Product product;
  SmallVector<std::pair<Operand, Operand>> pairs;
  bool sizesAgree = true;
};

} // namespace

void Collector::setSizes(Value value, ArrayRef<unsigned> indices) {
  for (auto [index, size] :
       llvm::zip_equal(indices, cast<RankedTensorType>(value.getType()).getShape())) {
    int64_t &known = product.sizes[index];
    if (ShapedType::isDynamic(known))
      known = size;
    sizesAgree &= ShapedType::isDynamic(size) || known == size;
  }
}

// Why the producer of an operand of `user` is not part of the product.
std::string Collector::obstacleTo(Producer producer, LinalgOp user) {
  LinalgOp op = producer.op;
  if (producer.isShared)
    return "its result is used more than once";
  if (producer.isRounded)
    return "its result is rounded to a narrower type";
  if (op->getBlock() != user->getBlock() || !op->isBeforeInBlock(user))
    return "it does not come before its user in one block";
  if (std::string reason = obstacleOf(op); !reason.empty())
    return reason;
  if (!isZero(op.getDpsInits().front()))
    return "it does not start from zero";
  if (isa<IntegerType>(product.computeType) && accumulatorType(op) != product.computeType)
    return "its sums are of another width than those of its user";
  if (product.operations.size() + 1 >= kMaxChainFactors)
    return "there are already " + std::to_string(kMaxChainFactors) + " factors";
  return "";
}

Collector::Operand Collector::addOperand(LinalgOp user, Value value, ArrayRef<unsigned> indices) {
  if (Producer producer = producerOf(value); producer.op) {
    std::string reason = obstacleTo(producer, user);
    if (reason.empty())
      return addProduct(producer.op, indices);
    remark(producer.op, "the contraction that uses it: " + reason);
  }
  setSizes(value, indices);
  product.factors.push_back({value, llvm::to_vector(indices)});
  return {/*isProduct=*/false, static_cast<unsigned>(product.factors.size() - 1)};
}

Collector::Operand Collector::addProduct(LinalgOp op, ArrayRef<unsigned> resultIndices) {
  product.operations.push_back(op);
  Type type = accumulatorType(op);
  if (type.getIntOrFloatBitWidth() > product.computeType.getIntOrFloatBitWidth())
    product.computeType = type;

  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<std::optional<unsigned>> indexOfLoop(op.getNumLoops());
  for (auto [position, index] : llvm::enumerate(resultIndices))
    indexOfLoop[maps[2].getDimPosition(position)] = index;
  auto indicesOf = [&](AffineMap map) {
    SmallVector<unsigned> indices;
    for (unsigned position = 0; position < map.getNumResults(); ++position) {
      std::optional<unsigned> &index = indexOfLoop[map.getDimPosition(position)];
      if (!index)
        index = addIndex();
      indices.push_back(*index);
    }
    return indices;
  };
  setSizes(op->getResult(0), resultIndices);
  Value lhs = op.getDpsInputs()[0], rhs = op.getDpsInputs()[1];
  Operand left = addOperand(op, lhs, indicesOf(maps[0]));
  Operand right = addOperand(op, rhs, indicesOf(maps[1]));
  pairs.emplace_back(left, right);
  return {/*isProduct=*/true, static_cast<unsigned>(pairs.size() - 1)};
}

std::optional<Product> Collector::collect(LinalgOp root) {
  auto isProduced = [](Value operand) { return producerOf(operand).op != nullptr; };
  if (llvm::none_of(root.getDpsInputs(), isProduced))
    return std::nullopt;

  std::string reason = obstacleOf(root);
  Type type = accumulatorType(root);
  product.computeType = type;
  if (isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32) {
    product.computeType = Float32Type::get(root.getContext());
    // The result is then rounded once, at the end, and cannot be accumulated on.
    if (reason.empty() && !isZero(root.getDpsInits().front()))
      reason = "it does not start from zero and its type is narrower than f32";
  }
  if (!reason.empty()) {
    remark(root, "the contractions that it uses: " + reason);
    return std::nullopt;
  }

  for (int64_t rank = root.getRank(root.getDpsInitOperand(0)); rank > 0; --rank)
    product.result.push_back(addIndex());
  addProduct(root, product.result);
  if (product.operations.size() < 2)
    return std::nullopt;
  if (!sizesAgree) {
    root->emitRemark()
        << "product of " << product.factors.size()
        << " factors not reordered: the sizes of its dimensions contradict each other";
    return std::nullopt;
  }
  auto numberOf = [&](Operand operand) {
    return operand.number + (operand.isProduct ? product.factors.size() : 0);
  };
  for (auto [lhs, rhs] : pairs)
    product.order.emplace_back(numberOf(lhs), numberOf(rhs));
  return product;
}

std::optional<Product> imhsa::collectProduct(LinalgOp root, DenseSet<Operation *> &remarked) {
  return Collector(remarked).collect(root);
}
