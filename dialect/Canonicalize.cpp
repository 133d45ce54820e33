//===- Canonicalize.cpp - simplifications that keep every value -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// A formula in one line stands above each pattern; test/dialect/canonicalize.mlir
// has the same headings. Casts that only lose static sizes need no pattern here:
// upstream folds them into every operation in destination-passing style.

#include "dialect/Decompose.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// What is known of values and operands
//===----------------------------------------------------------------------===//

static Value valueOf(OperandRange range) { return range.empty() ? Value() : range.front(); }

static bool isZero(const APFloat &element) { return element.isZero(); }

/// True if `value` is a constant, or filled with one, whose elements all satisfy `holds`.
template <typename T> static bool allElements(Value value, function_ref<bool(const T &)> holds) {
  DenseElementsAttr elements;
  if (!value)
    return false;
  if (matchPattern(value, m_Constant(&elements)))
    return llvm::all_of(elements.getValues<T>(), holds);
  auto fill = value.getDefiningOp<linalg::FillOp>();
  TypedAttr scalar;
  if (!fill || !matchPattern(fill.getInputs().front(), m_Constant(&scalar)) ||
      scalar.getType() != getElementTypeOrSelf(value))
    return false;
  using ScalarAttr = std::conditional_t<std::is_same_v<T, APFloat>, FloatAttr, IntegerAttr>;
  return holds(cast<ScalarAttr>(scalar).getValue());
}

/// True if `value` is a constant identity matrix.
static bool isIdentityMatrix(Value value) {
  DenseElementsAttr matrix;
  if (!value || !matchPattern(value, m_Constant(&matrix)))
    return false;
  int64_t rows = matrix.getType().getDimSize(0), columns = matrix.getType().getDimSize(1);
  return rows == columns &&
         llvm::all_of(llvm::enumerate(matrix.getValues<APFloat>()), [&](auto element) {
           bool onDiagonal = element.index() % (columns + 1) == 0;
           return onDiagonal ? element.value().isExactlyValue(1.0) : element.value().isZero();
         });
}

namespace {
/// The operands of one interaction, and the heads that go into it.
struct MixingOperands {
  MutableOperandRange pre, preBias, post, postBias;
  int64_t heads;
  /// True if the log-sum-exp is seen, which `pre_bias` shifts.
  bool lseIsUsed;

  int64_t scoreHeads() const { return pre.empty() ? heads : dimSize(valueOf(pre), 0); }
  int64_t resultHeads() const { return post.empty() ? scoreHeads() : dimSize(valueOf(post), 0); }
};

/// A rank-4 token tensor and the attribute that holds the order of its dimensions.
struct TokenOperand {
  OpOperand &operand;
  StringAttr order;
};
} // namespace

static SmallVector<MixingOperands> mixingOperands(AttentionOp op) {
  int64_t heads = op.getScores().queryHeads();
  return {{op.getPreMutable(), op.getPreBiasMutable(), op.getPostMutable(), op.getPostBiasMutable(),
           heads, op.getLse() || op.getLseInit()},
          {op.getKeyLessPreMutable(), op.getKeyLessPreBiasMutable(), op.getKeyLessPostMutable(),
           op.getKeyLessPostBiasMutable(), heads, false},
          {op.getQueryLessPreMutable(), op.getQueryLessPreBiasMutable(),
           op.getQueryLessPostMutable(), op.getQueryLessPostBiasMutable(), heads, false}};
}
static SmallVector<MixingOperands> mixingOperands(WeightsOp op) {
  return {{op.getPreMutable(), op.getPreBiasMutable(), op.getPostMutable(), op.getPostBiasMutable(),
           op.getScores().queryHeads(), bool(op.getLse())}};
}
static SmallVector<MixingOperands> mixingOperands(LogSumExpOp op) {
  MutableOperandRange none(op, 0, 0);
  return {{op.getPreMutable(), op.getPreBiasMutable(), none, none, op.getScores().queryHeads(),
           /*lseIsUsed=*/true}};
}

static SmallVector<TokenOperand> tokenOperands(AttentionOp op) {
  return {{op.getQueryMutable(), op.getQueryOrderAttrName()},
          {op.getKeyMutable(), op.getKeyOrderAttrName()},
          {op.getValueMutable(), op.getValueOrderAttrName()}};
}
template <typename OpTy> static SmallVector<TokenOperand> tokenOperands(OpTy op) {
  return {{op.getQueryMutable(), op.getQueryOrderAttrName()},
          {op.getKeyMutable(), op.getKeyOrderAttrName()}};
}
static SmallVector<TokenOperand> tokenOperands(PoolOp op) {
  return {{op.getInputMutable(), op.getInputOrderAttrName()}};
}

/// M, or the tokens that are pooled.
template <typename OpTy> static int64_t numKeys(OpTy op) { return op.getScores().keys(); }
static int64_t numKeys(PoolOp op) {
  return dimSize(op.getInput(), tokenDims(op.getInputOrder()).token);
}

static void flipOrder(Operation *op, StringAttr name) {
  auto order = op->getAttrOfType<DimOrderAttr>(name);
  DimOrder flipped = order && order.getValue() == DimOrder::BNHD ? DimOrder::BHND : DimOrder::BNHD;
  op->setAttr(name, DimOrderAttr::get(op->getContext(), flipped));
}

/// The operation if it exchanges heads and tokens of a tensor, otherwise null.
static linalg::TransposeOp headTokenTranspose(Operation *op) {
  auto transpose = dyn_cast_or_null<linalg::TransposeOp>(op);
  return transpose && transpose.hasPureTensorSemantics() &&
                 transpose.getPermutation() == ArrayRef<int64_t>{0, 2, 1, 3}
             ? transpose
             : linalg::TransposeOp();
}

static LogicalResult drop(Operation *op, PatternRewriter &rewriter, MutableOperandRange operand) {
  rewriter.modifyOpInPlace(op, [&] { operand.clear(); });
  return success();
}

//===----------------------------------------------------------------------===//
// Interactions
//===----------------------------------------------------------------------===//

// I X = X, I P = P
//
// As long as the number of heads stays known. A NaN in one head no longer spreads
// to the others; its own head still has it.
template <typename OpTy>
static LogicalResult foldIdentityMixing(OpTy op, PatternRewriter &rewriter) {
  for (MixingOperands &mix : mixingOperands(op)) {
    if (!ShapedType::isDynamic(mix.heads) && isIdentityMatrix(valueOf(mix.pre)))
      return drop(op, rewriter, mix.pre);
    if (!ShapedType::isDynamic(mix.scoreHeads()) && isIdentityMatrix(valueOf(mix.post)))
      return drop(op, rewriter, mix.post);
  }
  return rewriter.notifyMatchFailure(op, "no constant identity matrix mixes the heads");
}

// X + 0 = X, Y + 0 = Y, Z + 0 = Z
template <typename OpTy> static LogicalResult foldZeroBias(OpTy op, PatternRewriter &rewriter) {
  for (MixingOperands &mix : mixingOperands(op)) {
    if (!ShapedType::isDynamic(mix.scoreHeads()) &&
        allElements<APFloat>(valueOf(mix.preBias), isZero))
      return drop(op, rewriter, mix.preBias);
    if (!ShapedType::isDynamic(mix.resultHeads()) &&
        allElements<APFloat>(valueOf(mix.postBias), isZero))
      return drop(op, rewriter, mix.postBias);
  }
  if (allElements<APFloat>(op.getBias(), isZero))
    return drop(op, rewriter, op.getBiasMutable());
  return rewriter.notifyMatchFailure(op, "no bias is a constant zero");
}

// softmax(Y + c) = softmax(Y)   (where no log-sum-exp sees the shift)
template <typename OpTy> static LogicalResult foldPreBias(OpTy op, PatternRewriter &rewriter) {
  auto isFinite = [](const APFloat &element) { return element.isFinite(); };
  for (MixingOperands &mix : mixingOperands(op)) {
    if (mix.preBias.empty() || mix.lseIsUsed || ShapedType::isDynamic(mix.scoreHeads()))
      continue;
    Value bias = valueOf(mix.preBias);
    if (!matchPattern(bias, m_Constant()) || allElements<APFloat>(bias, isFinite))
      return drop(op, rewriter, mix.preBias);
  }
  return rewriter.notifyMatchFailure(op, "no finite pre_bias, or the log-sum-exp depends on it");
}

//===----------------------------------------------------------------------===//
// Masks and scale
//===----------------------------------------------------------------------===//

// kept & true = kept
template <typename OpTy> static LogicalResult foldTrueKeep(OpTy op, PatternRewriter &rewriter) {
  if (!allElements<APInt>(op.getKeep(), [](const APInt &kept) { return kept.isAllOnes(); }))
    return rewriter.notifyMatchFailure(op, "keep is not a constant of true");
  return drop(op, rewriter, op.getKeepMutable());
}

// min(length, M) = M   for length >= M
template <typename OpTy> static LogicalResult foldFullLengths(OpTy op, PatternRewriter &rewriter) {
  int64_t keys = numKeys(op);
  if (ShapedType::isDynamic(keys) ||
      !allElements<APInt>(op.getKeyLengths(), [&](const APInt &n) { return n.sge(keys); }))
    return rewriter.notifyMatchFailure(op, "key_lengths is not a constant of at least M");
  return drop(op, rewriter, op.getKeyLengthsMutable());
}

// m <= 0 + M - N = M - 1   for the only query, N = 1
template <typename OpTy> static LogicalResult foldCausal(OpTy op, PatternRewriter &rewriter) {
  if (!op.getCausal() || op.getQueryOffset() || op.getScores().queries() != 1)
    return rewriter.notifyMatchFailure(op, "not causal with one query at the last key");
  rewriter.modifyOpInPlace(op, [&] { op.setCausal(false); });
  return success();
}

// n + M - N - left <= m <= n + M - N + right   for left >= M - 1, right >= N - 1 (or causal)
template <typename OpTy> static LogicalResult foldWideWindow(OpTy op, PatternRewriter &rewriter) {
  Scores scores = op.getScores();
  if (!scores.window || scores.queryOffset || ShapedType::isDynamic(scores.queries()) ||
      ShapedType::isDynamic(scores.keys()))
    return rewriter.notifyMatchFailure(op, "no window between known positions");
  auto [left, right] = *scores.window;
  if (left < scores.keys() - 1 || (right < scores.queries() - 1 && !scores.causal))
    return rewriter.notifyMatchFailure(op, "the window excludes some position");
  rewriter.modifyOpInPlace(op, [&] { op.removeWindowAttr(); });
  return success();
}

// scale = D^-1/2, the default
template <typename OpTy> static LogicalResult foldDefaultScale(OpTy op, PatternRewriter &rewriter) {
  Scores scores = op.getScores();
  std::optional<double> scale = std::exchange(scores.scale, std::nullopt);
  if (!scale || ShapedType::isDynamic(scores.headSize()) || scores.headSize() == 0 ||
      *scale != scores.scaleOrDefault())
    return rewriter.notifyMatchFailure(op, "no scale, or not the default");
  rewriter.modifyOpInPlace(op, [&] { op.removeScaleAttr(); });
  return success();
}

//===----------------------------------------------------------------------===//
// Transposes
//===----------------------------------------------------------------------===//

// f(transpose(X), order) = f(X, other order)
template <typename OpTy>
static LogicalResult absorbInputTranspose(OpTy op, PatternRewriter &rewriter) {
  for (TokenOperand token : tokenOperands(op)) {
    linalg::TransposeOp transpose = headTokenTranspose(token.operand.get().getDefiningOp());
    if (!transpose)
      continue;
    rewriter.modifyOpInPlace(op, [&] {
      token.operand.set(transpose.getInput());
      flipOrder(op, token.order);
    });
    return success();
  }
  return rewriter.notifyMatchFailure(op, "no operand is a transpose of heads and tokens");
}

// transpose(attention(order)) = attention(other order)
static LogicalResult absorbOutputTranspose(linalg::TransposeOp transpose,
                                           PatternRewriter &rewriter) {
  auto op = transpose.getInput().getDefiningOp<AttentionOp>();
  if (!op || !headTokenTranspose(transpose) || transpose.getInput() != op.getResult(0))
    return rewriter.notifyMatchFailure(transpose, "not heads and tokens of an attention");
  if (!transpose.getInput().hasOneUse() || op->getBlock() != transpose->getBlock())
    return rewriter.notifyMatchFailure(transpose, "the attention is used elsewhere too");
  // The destination may be made after the attention, which then has to move down to
  // the transpose; so the uses of its log-sum-exp must come later still.
  for (Operation *user : op->getUsers()) {
    Operation *inBlock = op->getBlock()->findAncestorOpInBlock(*user);
    if (user != transpose && (!inBlock || !transpose->isBeforeInBlock(inBlock)))
      return rewriter.notifyMatchFailure(transpose, "the log-sum-exp is used before");
  }

  SmallVector<Value> operands = op->getOperands();
  operands[op.getOutsMutable().getAsOperandRange().getBeginOperandIndex()] = transpose.getInit();
  SmallVector<Type> types(op->getResultTypes());
  types.front() = transpose.getInit().getType();
  auto moved = AttentionOp::create(rewriter, op.getLoc(), types, operands, op.getProperties(),
                                   llvm::to_vector(op->getDiscardableAttrs()));
  flipOrder(moved, moved.getOutputOrderAttrName());
  rewriter.replaceOp(transpose, moved.getResult(0));
  if (moved.getNumResults() > 1)
    rewriter.replaceAllUsesWith(op.getResult(1), moved.getResult(1));
  rewriter.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// Results and destinations
//===----------------------------------------------------------------------===//

// (O, unused lse) = attention(outs O, lse) -> O = attention(outs O)
static LogicalResult dropUnusedLse(AttentionOp op, PatternRewriter &rewriter) {
  if (op.getNumResults() < 2 || !op.getResult(1).use_empty())
    return rewriter.notifyMatchFailure(op, "no log-sum-exp, or it is used");
  AttentionOp::Properties properties = op.getProperties();
  properties.operandSegmentSizes.back() = 1;
  auto slim = AttentionOp::create(
      rewriter, op.getLoc(), TypeRange(op.getResultTypes()).take_front(),
      op->getOperands().drop_back(), properties, llvm::to_vector(op->getDiscardableAttrs()));
  rewriter.replaceAllUsesWith(op.getResult(0), slim.getResult(0));
  rewriter.eraseOp(op);
  return success();
}

// f(outs(fill(x, D))) = f(outs(D))   since what a destination held is never read
template <typename OpTy> static LogicalResult skipInitialFill(OpTy op, PatternRewriter &rewriter) {
  for (OpOperand &out : op.getOutsMutable()) {
    auto fill = out.get().template getDefiningOp<linalg::FillOp>();
    if (!fill)
      continue;
    rewriter.modifyOpInPlace(op, [&] { out.set(fill.getOutputs().front()); });
    return success();
  }
  return rewriter.notifyMatchFailure(op, "no destination is filled first");
}

// pool<N>(X) = X   for N tokens; pool<R x C to R x C>(X) = X
static LogicalResult foldPoolToAll(PoolOp op, PatternRewriter &rewriter) {
  PoolAttr pool = op.getPool();
  ArrayRef<int64_t> tokens = pool.getGrid();
  int64_t length = numKeys(op);
  if ((pool.isGrid() ? tokens : ArrayRef(length)) != pool.getLandmarks())
    return rewriter.notifyMatchFailure(op, "not as many landmarks as tokens");
  if (op.getKeyLengths() || !op.hasPureTensorSemantics())
    return rewriter.notifyMatchFailure(op, "key_lengths, or memrefs");

  Location loc = op.getLoc();
  bool isTransposed = op.getInputOrder() == DimOrder::BNHD;
  auto resultType = cast<RankedTensorType>(op.getInit().getType());
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  SmallVector<int64_t> shape(resultType.getShape());
  SmallVector<unsigned> order = {0, 1, 2, 3};
  if (isTransposed) {
    std::swap(shape[1], shape[2]);
    std::swap(order[1], order[2]);
  }
  Value value = op.getInput();
  if (inputType.getShape() != ArrayRef(shape))
    value = tensor::CastOp::create(rewriter, loc, inputType.clone(shape), value);
  if (inputType.getElementType() != resultType.getElementType())
    value = convertInto(rewriter, loc, value, op.getInit(), order);
  else if (isTransposed)
    value = linalg::TransposeOp::create(rewriter, loc, value, op.getInit(),
                                        SmallVector<int64_t>(order.begin(), order.end()))
                ->getResult(0);
  rewriter.replaceOp(op, value);
  return success();
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

template <typename OpTy> static void addCommon(RewritePatternSet &patterns) {
  patterns.add(foldFullLengths<OpTy>);
  patterns.add(absorbInputTranspose<OpTy>);
  patterns.add(skipInitialFill<OpTy>);
}

template <typename OpTy> static void addScores(RewritePatternSet &patterns) {
  addCommon<OpTy>(patterns);
  patterns.add(foldIdentityMixing<OpTy>);
  patterns.add(foldZeroBias<OpTy>);
  patterns.add(foldPreBias<OpTy>);
  patterns.add(foldTrueKeep<OpTy>);
  patterns.add(foldCausal<OpTy>);
  patterns.add(foldWideWindow<OpTy>);
  patterns.add(foldDefaultScale<OpTy>);
}

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  addScores<AttentionOp>(patterns);
  patterns.add(absorbOutputTranspose);
  patterns.add(dropUnusedLse);
}
void WeightsOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  addScores<WeightsOp>(patterns);
}
void LogSumExpOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  addScores<LogSumExpOp>(patterns);
}
void PoolOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  addCommon<PoolOp>(patterns);
  patterns.add(foldPoolToAll);
}
