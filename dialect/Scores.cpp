//===- Scores.cpp - what defines the logits of an attention ---------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "dialect/Imhsa.h"
#include <cmath>

using namespace mlir;
using namespace imhsa;

int64_t imhsa::dimSize(Value value, unsigned dim) {
  return cast<ShapedType>(value.getType()).getDimSize(dim);
}

FloatType imhsa::computeTypeOf(Type elementType) {
  return elementType.isF64() ? cast<FloatType>(elementType)
                             : Float32Type::get(elementType.getContext());
}

int64_t Scores::batch() const {
  int64_t size = dimSize(query, 0);
  return ShapedType::isDynamic(size) ? dimSize(key, 0) : size;
}
int64_t Scores::queryHeads() const { return dimSize(query, tokenDims(queryOrder).head); }
int64_t Scores::keyHeads() const { return dimSize(key, tokenDims(keyOrder).head); }
int64_t Scores::scoreHeads() const {
  return interaction.pre       ? dimSize(interaction.pre, 0)
         : interaction.preBias ? dimSize(interaction.preBias, 0)
                               : queryHeads();
}
int64_t Scores::resultHeads() const {
  return interaction.post       ? dimSize(interaction.post, 0)
         : interaction.postBias ? dimSize(interaction.postBias, 0)
                                : scoreHeads();
}
int64_t Scores::queries() const { return dimSize(query, tokenDims(queryOrder).token); }
int64_t Scores::keys() const { return dimSize(key, tokenDims(keyOrder).token); }
int64_t Scores::headSize() const {
  int64_t size = dimSize(query, 3);
  return ShapedType::isDynamic(size) ? dimSize(key, 3) : size;
}

double Scores::scaleOrDefault() const {
  return scale ? *scale : 1.0 / std::sqrt(static_cast<double>(headSize()));
}

FloatType Scores::computeType() const { return computeTypeOf(getElementTypeOrSelf(query)); }

//===----------------------------------------------------------------------===//
// From and to operations
//===----------------------------------------------------------------------===//

// What the three operations with scores have in common.
template <typename OpTy> static Scores commonScores(OpTy op) {
  Scores scores;
  scores.query = op.getQuery();
  scores.key = op.getKey();
  scores.queryOrder = op.getQueryOrder();
  scores.keyOrder = op.getKeyOrder();
  scores.interaction.pre = op.getPre();
  scores.interaction.preBias = op.getPreBias();
  scores.bias = op.getBias();
  scores.keep = op.getKeep();
  scores.keyLengths = op.getKeyLengths();
  scores.queryOffset = op.getQueryOffset();
  scores.causal = op.getCausal();
  if (std::optional<ArrayRef<int64_t>> window = op.getWindow(); window && window->size() == 2)
    scores.window = {window->front(), window->back()};
  if (std::optional<APFloat> scale = op.getScale())
    scores.scale = scale->convertToDouble();
  return scores;
}

template <typename OpTy> static Scores scoresWithWeights(OpTy op) {
  Scores scores = commonScores(op);
  scores.interaction.post = op.getPost();
  scores.interaction.postBias = op.getPostBias();
  scores.lse = op.getLse();
  return scores;
}

Scores AttentionOp::getScores() { return scoresWithWeights(*this); }
Scores WeightsOp::getScores() { return scoresWithWeights(*this); }
Scores LogSumExpOp::getScores() { return commonScores(*this); }

Interaction AttentionOp::getInteraction() {
  return {getPre(), getPreBias(), getPost(), getPostBias()};
}
Interaction AttentionOp::getKeyLess() {
  return {getKeyLessPre(), getKeyLessPreBias(), getKeyLessPost(), getKeyLessPostBias()};
}
Interaction AttentionOp::getQueryLess() {
  return {getQueryLessPre(), getQueryLessPreBias(), getQueryLessPost(), getQueryLessPostBias()};
}

// The results of an operation whose destinations are `outs`: none for memrefs.
static SmallVector<Type> resultTypes(ValueRange outs) {
  return llvm::to_vector(llvm::make_filter_range(
      outs.getTypes(), [](Type type) { return isa<RankedTensorType>(type); }));
}

static DenseI64ArrayAttr windowAttr(OpBuilder &builder, const Scores &scores) {
  return scores.window ? builder.getDenseI64ArrayAttr({scores.window->first, scores.window->second})
                       : DenseI64ArrayAttr();
}

static FloatAttr scaleAttr(OpBuilder &builder, const Scores &scores) {
  return scores.scale ? builder.getF64FloatAttr(*scores.scale) : FloatAttr();
}

void AttentionOp::build(OpBuilder &builder, OperationState &state, const Scores &scores,
                        Value value, DimOrder valueOrder, ValueRange outs, DimOrder outputOrder) {
  const Interaction &mix = scores.interaction;
  Value none;
  build(builder, state, resultTypes(outs), scores.query, scores.key, value, /*landmarks=*/none,
        none, mix.pre, mix.preBias, mix.post, mix.postBias, /*key_less=*/none, none, none, none,
        /*query_less=*/none, none, none, none, scores.bias, scores.keep, scores.keyLengths,
        scores.queryOffset, scores.lse, /*scratch=*/ValueRange(), outs, /*pool=*/PoolAttr(),
        scores.causal, windowAttr(builder, scores), scaleAttr(builder, scores), scores.queryOrder,
        scores.keyOrder, valueOrder, outputOrder, /*schedule=*/ScheduleAttr());
}

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value query, Value key,
                        Value value, PoolAttr pool, const Interaction &keyLess,
                        const Interaction &queryLess, Value init) {
  Value none;
  build(builder, state, resultTypes(init), query, key, value, /*landmarks=*/none, none,
        /*interaction=*/none, none, none, none, keyLess.pre, keyLess.preBias, keyLess.post,
        keyLess.postBias, queryLess.pre, queryLess.preBias, queryLess.post, queryLess.postBias,
        /*bias=*/none, none, none, none, none, /*scratch=*/ValueRange(), init, pool,
        /*causal=*/false,
        /*window=*/DenseI64ArrayAttr(), /*scale=*/FloatAttr(), DimOrder::BHND, DimOrder::BHND,
        DimOrder::BHND, DimOrder::BHND, /*schedule=*/ScheduleAttr());
}

void WeightsOp::build(OpBuilder &builder, OperationState &state, const Scores &scores, Value init) {
  const Interaction &mix = scores.interaction;
  build(builder, state, resultTypes(init), scores.query, scores.key, mix.pre, mix.preBias, mix.post,
        mix.postBias, scores.bias, scores.keep, scores.keyLengths, scores.queryOffset, scores.lse,
        init, scores.causal, windowAttr(builder, scores), scaleAttr(builder, scores),
        scores.queryOrder, scores.keyOrder);
}

void LogSumExpOp::build(OpBuilder &builder, OperationState &state, const Scores &scores,
                        Value init) {
  build(builder, state, resultTypes(init), scores.query, scores.key, scores.interaction.pre,
        scores.interaction.preBias, scores.bias, scores.keep, scores.keyLengths, scores.queryOffset,
        /*scratch=*/ValueRange(), init, scores.causal, windowAttr(builder, scores),
        scaleAttr(builder, scores), scores.queryOrder, scores.keyOrder,
        /*schedule=*/ScheduleAttr());
}

void PoolOp::build(OpBuilder &builder, OperationState &state, PoolAttr pool, Value input,
                   DimOrder inputOrder, Value keyLengths, Value init) {
  build(builder, state, resultTypes(init), input, keyLengths, init, pool, inputOrder,
        /*schedule=*/ScheduleAttr());
}
