//===- Fuse.cpp - weights times value to an exact attention ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
//   O = Z V, Z = weights(Q, K)   ->   O = attention(Q, K, V)
//
// Each dimension of Z has a role (batch, head, query, key). The roles are carried
// from Z through what only reshapes or converts it to the product, and from there
// to the dimensions of the value and of the result.

#include "dialect/Decompose.h"
#include "passes/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_FUSEPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {

/// What a dimension stands for. A head may be split into the value head that
/// serves it and its place among the heads that share that one (`Group`,
/// `Member`), or merged with the batch (`BatchHead`, as batch_matmul has it).
enum class Role { Batch, Head, Group, Member, BatchHead, Query, Key, Width };
using Roles = SmallVector<Role>;

/// A product `weights * value` and the roles of the dimensions of its operands.
struct Product {
  linalg::LinalgOp op;
  Value value, destination;
  Roles valueRoles, resultRoles;
};

} // namespace

//===----------------------------------------------------------------------===//
// From the weights to the product
//===----------------------------------------------------------------------===//

// True for an elementwise conversion between float types.
static bool isConversion(Operation *op) {
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 1 || generic.getNumDpsInits() != 1 ||
      generic.getNumParallelLoops() != generic.getNumLoops() ||
      !llvm::all_of(generic.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
    return false;
  Block *body = generic.getBody();
  auto yield = cast<linalg::YieldOp>(body->getTerminator());
  Operation *convert = yield.getOperand(0).getDefiningOp();
  return body->getOperations().size() == 2 &&
         isa_and_nonnull<arith::ExtFOp, arith::TruncFOp>(convert) &&
         convert->getOperand(0) == body->getArgument(0);
}

// The roles after a reshape, or nothing where it does other than split or merge heads.
static std::optional<Roles> reshapedRoles(ArrayRef<ReassociationIndices> reassociation,
                                          const Roles &roles, bool expands) {
  auto sizes = llvm::map_to_vector(reassociation, [](const auto &group) { return group.size(); });
  if (expands && roles.size() == 4 && sizes == SmallVector<size_t>{1, 2, 1, 1} &&
      roles[1] == Role::Head)
    return Roles{roles[0], Role::Group, Role::Member, roles[2], roles[3]};
  if (!expands && roles.size() == 4 && sizes == SmallVector<size_t>{2, 1, 1} &&
      roles[0] == Role::Batch && roles[1] == Role::Head)
    return Roles{Role::BatchHead, roles[2], roles[3]};
  return std::nullopt;
}

// The loops of a product, by the roles that the weights give them; then the roles of
// the value and of the result. A string says why it is no attention.
static const char *assignRoles(Product &product, unsigned weightsOperand, const Roles &roles) {
  SmallVector<AffineMap> maps = product.op.getIndexingMapsArray();
  if (maps.size() != 3 ||
      !llvm::all_of(maps, [](AffineMap map) { return map.isProjectedPermutation(); }))
    return "its product is not a contraction by permutations of dimensions";
  const AffineMap &weights = maps[weightsOperand], &value = maps[1 - weightsOperand],
                  &result = maps[2];
  SmallVector<std::optional<Role>> loops(weights.getNumDims());
  for (unsigned i = 0; i < weights.getNumResults(); ++i)
    loops[weights.getDimPosition(i)] = roles[i];

  auto has = [](const AffineMap &map, unsigned loop) {
    return map.getResultPosition(getAffineDimExpr(loop, map.getContext())).has_value();
  };
  unsigned widths = 0;
  for (auto [loop, role] : llvm::enumerate(loops)) {
    bool inValue = has(value, loop), inResult = has(result, loop);
    if (!role) {
      if (!inValue || !inResult || ++widths > 1)
        return "its product has not exactly one dimension of the value alone";
      role = Role::Width;
    } else if (*role == Role::Key) {
      if (!inValue || inResult)
        return "its product does not sum over the keys";
    } else if (*role == Role::Query) {
      if (inValue || !inResult)
        return "its product does not keep the queries";
    } else if (!inResult || (!inValue && *role != Role::Member)) {
      return "its product sums over batch or heads, or the value lacks them";
    }
  }
  if (widths != 1)
    return "its product has not exactly one dimension of the value alone";
  for (unsigned i = 0; i < value.getNumResults(); ++i)
    product.valueRoles.push_back(*loops[value.getDimPosition(i)]);
  for (unsigned i = 0; i < result.getNumResults(); ++i)
    product.resultRoles.push_back(*loops[result.getDimPosition(i)]);
  return nullptr;
}

// Where a product starts from zeros: the tensor that is filled; null otherwise.
static Value zeroFilledDestination(Value init) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    if (matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
      return fill.getOutputs().front();
  return {};
}

// The only use of a value's elements, null where there is none or more than one.
// Asking for a size is no use: it is answered from the operands.
static OpOperand *onlyUse(Value value) {
  OpOperand *found = nullptr;
  for (OpOperand &use : value.getUses()) {
    if (isa<tensor::DimOp>(use.getOwner()))
      continue;
    if (found)
      return nullptr;
    found = &use;
  }
  return found;
}

// Follows the only use of `weights` to its product. A string says why there is none.
static const char *findProduct(WeightsOp weights, Product &product) {
  Value current = weights->getResult(0);
  Roles roles = {Role::Batch, Role::Head, Role::Query, Role::Key};
  while (true) {
    OpOperand *onlyOne = onlyUse(current);
    if (!onlyOne)
      return "it has none or more than one use";
    OpOperand &use = *onlyOne;
    Operation *user = use.getOwner();
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(user)) {
      std::optional<Roles> reshaped =
          reshapedRoles(expand.getReassociationIndices(), roles, /*expands=*/true);
      if (!reshaped)
        return "it is reshaped otherwise than by splitting or merging heads";
      roles = *reshaped;
    } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(user)) {
      std::optional<Roles> reshaped =
          reshapedRoles(collapse.getReassociationIndices(), roles, /*expands=*/false);
      if (!reshaped)
        return "it is reshaped otherwise than by splitting or merging heads";
      roles = *reshaped;
    } else if (auto transpose = dyn_cast<linalg::TransposeOp>(user);
               transpose && use.getOperandNumber() == 0) {
      roles = llvm::map_to_vector(transpose.getPermutation(), [&](int64_t i) { return roles[i]; });
    } else if (!isa<tensor::CastOp>(user) && !(isConversion(user) && use.getOperandNumber() == 0)) {
      auto contraction = dyn_cast<linalg::LinalgOp>(user);
      if (!contraction || !linalg::isaContractionOpInterface(contraction) ||
          use.getOperandNumber() > 1)
        return "its use is not a contraction";
      product.op = contraction;
      product.value = contraction.getDpsInputOperand(1 - use.getOperandNumber())->get();
      product.destination = zeroFilledDestination(contraction.getDpsInitOperand(0)->get());
      if (!product.destination)
        return "its product does not start from zeros";
      return assignRoles(product, use.getOperandNumber(), roles);
    }
    current = user->getResult(0);
  }
}

//===----------------------------------------------------------------------===//
// The attention in place of the product
//===----------------------------------------------------------------------===//

namespace {

/// Builds the attention with a value and a result of rank 4 around dimensions
/// that may be permuted, split or merged.
class FusedBuilder {
public:
  FusedBuilder(RewriterBase &rewriter, WeightsOp weights, Product &product)
      : rewriter(rewriter), loc(product.op.getLoc()), weights(weights), product(product) {}

  Value build() {
    DimOrder valueOrder = DimOrder::BHND, resultOrder = DimOrder::BHND;
    Value value = toRank4(product.value, product.valueRoles, Role::Key, valueOrder);
    Value out = toRank4(product.destination, product.resultRoles, Role::Query, resultOrder);
    Value result =
        AttentionOp::create(rewriter, loc, weights.getScores(), value, valueOrder, out, resultOrder)
            ->getResult(0);
    return fromRank4(result, product.resultRoles, resultOrder);
  }

private:
  // The dimensions of `roles` in an order that an attention has: `bhnd` or `bnhd`.
  Roles normalForm(const Roles &roles, Role token, DimOrder &order) {
    Roles heads, bnhd = {Role::Batch, token};
    for (Role role : {Role::Head, Role::Group, Role::Member})
      if (llvm::is_contained(roles, role))
        heads.push_back(role);
    if (llvm::is_contained(roles, Role::BatchHead))
      return {Role::BatchHead, token, Role::Width};
    bnhd.append(heads);
    bnhd.push_back(Role::Width);
    if (roles == bnhd) {
      order = DimOrder::BNHD;
      return bnhd;
    }
    Roles bhnd = {Role::Batch};
    bhnd.append(heads);
    bhnd.append({token, Role::Width});
    return bhnd;
  }

  Value transpose(Value tensor, ArrayRef<int64_t> permutation) {
    if (isIdentityPermutation(permutation))
      return tensor;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, tensor);
    SmallVector<OpFoldResult> permuted =
        llvm::map_to_vector(permutation, [&](int64_t i) { return sizes[i]; });
    Value init = emptyTensor(rewriter, loc, permuted, getElementTypeOrSelf(tensor));
    return linalg::TransposeOp::create(rewriter, loc, tensor, init, permutation)->getResult(0);
  }

  // Reassociation of rank 4 and a rank that has `split` at dimension `at` in two.
  static SmallVector<ReassociationIndices> pairAt(int64_t at, int64_t groups) {
    SmallVector<ReassociationIndices> result;
    for (int64_t i = 0, next = 0; i < groups; ++i) {
      result.push_back({next++});
      if (i == at)
        result.back().push_back(next++);
    }
    return result;
  }

  Value toRank4(Value tensor, const Roles &roles, Role token, DimOrder &order) {
    Roles normal = normalForm(roles, token, order);
    SmallVector<int64_t> permutation = llvm::map_to_vector(
        normal, [&](Role role) { return int64_t(llvm::find(roles, role) - roles.begin()); });
    tensor = transpose(tensor, permutation);
    if (normal.front() == Role::BatchHead) {
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, tensor);
      Value init = weights.getInit();
      sizes[0] = tensor::getMixedSize(rewriter, loc, init, 1);
      sizes.insert(sizes.begin(), tensor::getMixedSize(rewriter, loc, init, 0));
      return expand(tensor, pairAt(0, 3), sizes);
    }
    if (llvm::is_contained(normal, Role::Member))
      return tensor::CollapseShapeOp::create(rewriter, loc, tensor,
                                             pairAt(tokenDims(order).head, 4));
    return tensor;
  }

  Value fromRank4(Value tensor, const Roles &roles, DimOrder order) {
    Roles normal = normalForm(roles, Role::Query, order);
    if (normal.front() == Role::BatchHead)
      tensor = tensor::CollapseShapeOp::create(rewriter, loc, tensor, pairAt(0, 3));
    else if (llvm::is_contained(normal, Role::Member)) {
      Value destination = product.op.getDpsInitOperand(0)->get();
      SmallVector<OpFoldResult> sizes = llvm::map_to_vector(normal, [&](Role role) {
        return tensor::getMixedSize(rewriter, loc, destination,
                                    llvm::find(roles, role) - roles.begin());
      });
      tensor = expand(tensor, pairAt(tokenDims(order).head, 4), sizes);
    }
    SmallVector<int64_t> permutation = llvm::map_to_vector(
        roles, [&](Role role) { return int64_t(llvm::find(normal, role) - normal.begin()); });
    return transpose(tensor, permutation);
  }

  Value expand(Value tensor, ArrayRef<ReassociationIndices> reassociation,
               ArrayRef<OpFoldResult> sizes) {
    SmallVector<int64_t> shape;
    SmallVector<Value> dynamic;
    dispatchIndexOpFoldResults(sizes, dynamic, shape);
    auto type = RankedTensorType::get(shape, getElementTypeOrSelf(tensor));
    return tensor::ExpandShapeOp::create(rewriter, loc, type, tensor, reassociation, sizes);
  }

  RewriterBase &rewriter;
  Location loc;
  WeightsOp weights;
  Product &product;
};

//   truncate(attention(...) : f32) -> attention(...) : f16
struct FoldTruncation : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isConversion(op))
      return rewriter.notifyMatchFailure(op, "not a conversion");
    Value source = op.getDpsInputOperand(0)->get(), init = op.getDpsInitOperand(0)->get();
    auto attention = source.getDefiningOp<AttentionOp>();
    if (!attention || !source.hasOneUse() || source != attention->getResult(0))
      return rewriter.notifyMatchFailure(op, "not the only use of an attention");
    if (!fits(attention, getElementTypeOrSelf(init)))
      return rewriter.notifyMatchFailure(op, "another 16-bit type than the operands'");
    rewriter.setInsertionPoint(op);
    auto fused = cast<AttentionOp>(rewriter.clone(*attention));
    rewriter.modifyOpInPlace(fused, [&] {
      fused.getOutsMutable().slice(0, 1).assign(init);
      fused->getResult(0).setType(cast<RankedTensorType>(init.getType()));
    });
    if (attention->getNumResults() > 1)
      rewriter.replaceAllUsesWith(attention->getResult(1), fused->getResult(1));
    rewriter.replaceOp(op, fused->getResult(0));
    return success();
  }

  // One 16-bit type in an attention, and never from f64.
  static bool fits(AttentionOp attention, Type type) {
    if (type.getIntOrFloatBitWidth() != 16)
      return false;
    return llvm::all_of(attention->getOperandTypes(), [&](Type operand) {
      auto shaped = dyn_cast<ShapedType>(operand);
      Type element = shaped ? shaped.getElementType() : Type();
      return !isa_and_nonnull<FloatType>(element) || element.isF32() || element == type;
    });
  }
};

//   attention(q, k, extend(v)) -> attention(q, k, v)
struct FoldExtension : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    auto conversion = op.getValue().getDefiningOp<linalg::GenericOp>();
    if (!isConversion(conversion))
      return rewriter.notifyMatchFailure(op, "the value is not converted");
    Value source = conversion.getDpsInputOperand(0)->get();
    if (!getElementTypeOrSelf(op.getValue()).isF32() ||
        !FoldTruncation::fits(op, getElementTypeOrSelf(source)))
      return rewriter.notifyMatchFailure(op, "another 16-bit type than the operands'");
    rewriter.modifyOpInPlace(op, [&] { op.getValueMutable().assign(source); });
    return success();
  }
};

//   attention(q, k, mask(v, lengths); lengths) -> attention(q, k, v; lengths)
struct FoldMaskedValue : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    Value source = unmaskedTokens(op.getValue(), op.getValueOrder(), op.getKeyLengths());
    if (!source)
      return rewriter.notifyMatchFailure(op, "the value is not masked by the same key lengths");
    rewriter.modifyOpInPlace(op, [&] { op.getValueMutable().assign(source); });
    return success();
  }
};

struct FusePass : imhsa::impl::FusePassBase<FusePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<WeightsOp> candidates;
    getOperation()->walk([&](WeightsOp op) { candidates.push_back(op); });
    for (WeightsOp weights : candidates) {
      if (!weights.hasPureTensorSemantics())
        continue;
      Product product;
      if (const char *reason = findProduct(weights, product)) {
        weights.emitRemark() << "not fused, the weights are stored: " << reason;
        ++numStored;
        continue;
      }
      rewriter.setInsertionPoint(product.op);
      Value result = FusedBuilder(rewriter, weights, product).build();
      Type expected = product.op->getResult(0).getType();
      if (result.getType() != expected)
        result = tensor::CastOp::create(rewriter, weights.getLoc(), expected, result);
      rewriter.replaceOp(product.op, result);
      ++numFused;
    }
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldTruncation, FoldExtension, FoldMaskedValue>(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    tensor::populateFoldTensorEmptyPatterns(patterns);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
