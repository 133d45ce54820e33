//===- Verify.cpp - verifiers, one labelled constraint after the other ----===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The labels stand in the descriptions in ImhsaOps.td, in the messages, and in
// the tests that break them. Every check looks at what it needs itself, so that
// no input, however malformed, gets further than its first error.

#include "dialect/Checker.h"

using namespace mlir;
using namespace imhsa;

// scores_c6 for one interaction around a softmax: binds S and G, which are
// called `s` and `g` so that landmark attention can have two.
static LogicalResult verifyInteraction(Checker &check, const Interaction &mix, const Twine &prefix,
                                       StringRef s, StringRef g) {
  constexpr StringLiteral label = "scores_c6";
  auto vectorOf = [&](Value value, StringRef name, StringRef symbol) {
    return success(succeeded(check.rank(label, value, name, 1)) &&
                   succeeded(check.storage("scores_c2", value, name)) &&
                   succeeded(check.bind(label, symbol, value, name, 0)) &&
                   succeeded(check.atLeastOne(label, value, name, 0, symbol)));
  };
  auto matrixOf = [&](Value value, StringRef name, StringRef rows, StringRef columns) {
    return success(succeeded(check.rank(label, value, name, 2)) &&
                   succeeded(check.storage("scores_c2", value, name)) &&
                   succeeded(check.bind(label, columns, value, name, 1)) &&
                   succeeded(check.bind(label, rows, value, name, 0)) &&
                   succeeded(check.atLeastOne(label, value, name, 0, rows)));
  };
  if (mix.pre ? failed(matrixOf(mix.pre, (prefix + "pre").str(), s, "H"))
              : (check.alias(s, "H"), false))
    return failure();
  if (mix.preBias && failed(vectorOf(mix.preBias, (prefix + "pre_bias").str(), s)))
    return failure();
  if (mix.post ? failed(matrixOf(mix.post, (prefix + "post").str(), g, s))
               : (check.alias(g, s), false))
    return failure();
  if (mix.postBias && failed(vectorOf(mix.postBias, (prefix + "post_bias").str(), g)))
    return failure();
  return success();
}

// scores_c1 to scores_c5: query, key and scale.
template <typename OpTy>
static LogicalResult verifyQueryKey(Checker &check, OpTy op, const Scores &scores) {
  if (failed(check.single("scores_c1", op.getODSOperands(0), "query")) ||
      failed(check.single("scores_c1", op.getODSOperands(1), "key")) ||
      failed(check.rank("scores_c1", scores.query, "query", 4)) ||
      failed(check.rank("scores_c1", scores.key, "key", 4)) ||
      failed(check.storage("scores_c2", scores.query, "query")) ||
      failed(check.storage("scores_c2", scores.key, "key")))
    return failure();
  TokenDims q = tokenDims(scores.queryOrder), k = tokenDims(scores.keyOrder);
  if (failed(check.bind("scores_c3", "B", scores.query, "query", q.batch)) ||
      failed(check.bind("scores_c3", "B", scores.key, "key", k.batch)) ||
      failed(check.bind("scores_c3", "D", scores.query, "query", q.width)) ||
      failed(check.bind("scores_c3", "D", scores.key, "key", k.width)) ||
      failed(check.atLeastOne("scores_c4", scores.query, "query", q.head, "H")) ||
      failed(check.bind("scores_c4", "H", scores.query, "query", q.head)) ||
      failed(check.divides("scores_c4", "H", scores.key, "key", k.head)) ||
      failed(check.bind("scores_c3", "N", scores.query, "query", q.token)) ||
      failed(check.bind("scores_c3", "M", scores.key, "key", k.token)))
    return failure();
  if (!scores.scale && check.sizeOf("D") <= 0)
    return check.error("scores_c5")
           << "scale: expected a value, since D is " << (check.sizeOf("D") == 0 ? "0" : "not known")
           << "; found none";
  if (!scores.scale)
    return success();
  FloatType type = scores.computeType();
  APFloat scale(*scores.scale);
  bool isInexact;
  scale.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &isInexact);
  if (!scale.isFinite())
    return check.error("scores_c5")
           << "scale: expected a value that is finite in " << type << ", found " << *scores.scale;
  return success();
}

// scores_c7 to scores_c12: what is added to the logits and what is kept.
static LogicalResult verifyMasks(Checker &check, const Scores &scores,
                                 std::optional<ArrayRef<int64_t>> window) {
  if (Value bias = scores.bias)
    if (failed(check.rank("scores_c7", bias, "bias", 4)) ||
        failed(check.storage("scores_c2", bias, "bias")) ||
        failed(check.bind("scores_c7", "B", bias, "bias", 0, /*mayBroadcast=*/true)) ||
        failed(check.bind("scores_c7", "H", bias, "bias", 1, /*mayBroadcast=*/true)) ||
        failed(check.bind("scores_c7", "N", bias, "bias", 2, /*mayBroadcast=*/true)) ||
        failed(check.bind("scores_c7", "M", bias, "bias", 3)))
      return failure();
  if (Value keep = scores.keep) {
    if (failed(check.rank("scores_c8", keep, "keep", 3)))
      return failure();
    if (Type type = getElementTypeOrSelf(keep); !type.isSignlessInteger(1))
      return check.error("scores_c8") << "keep: expected elements of i1, found " << type;
    if (failed(check.bind("scores_c8", "B", keep, "keep", 0, /*mayBroadcast=*/true)) ||
        failed(check.bind("scores_c8", "N", keep, "keep", 1, /*mayBroadcast=*/true)) ||
        failed(check.bind("scores_c8", "M", keep, "keep", 2)))
      return failure();
  }
  if (scores.keyLengths && failed(check.lengths("scores_c9", scores.keyLengths)))
    return failure();
  if (window) {
    if (window->size() != 2)
      return check.error("scores_c10")
             << "window: expected 2 numbers (left, right), found " << window->size();
    for (int64_t side : *window)
      if (side < 0)
        return check.error("scores_c10") << "window: expected non-negative numbers, found " << side;
  }
  if (scores.queryOffset && !scores.causal && !window)
    return check.error("scores_c11")
           << "query_offset: expected `causal` or `window` beside it, found neither";
  if (Value lse = scores.lse)
    if (failed(check.rank("scores_c12", lse, "lse", 3)) ||
        failed(check.accumulator("scores_c12", lse, "lse")) ||
        failed(check.bind("scores_c12", "B", lse, "lse", 0)) ||
        failed(check.bind("scores_c12", "S", lse, "lse", 1)) ||
        failed(check.bind("scores_c12", "N", lse, "lse", 2)))
      return failure();
  return success();
}

// The schedule is of the kind `general` or one of `kinds`.
static LogicalResult verifyKind(Checker &check, StringRef label, ScheduleAttr schedule,
                                ArrayRef<KernelKind> kinds) {
  if (!schedule || !schedule.isFused() || llvm::is_contained(kinds, schedule.getKind()))
    return success();
  InFlightDiagnostic error = check.error(label) << "schedule: expected the kind 'general'";
  for (KernelKind kind : kinds)
    error << " or '" << stringifyKernelKind(kind) << "'";
  return error << ", found '" << stringifyKernelKind(schedule.getKind()) << "'";
}

// Buffers for what splits give, f32 of the dimensions `splits` and then those of each of `shapes`.
static LogicalResult verifyScratch(Checker &check, StringRef label, ScheduleAttr schedule,
                                   OperandRange scratch, ArrayRef<ArrayRef<StringRef>> shapes) {
  if (scratch.empty())
    return success();
  if (!isa<MemRefType>(scratch.front().getType()))
    return check.error(label) << "scratch: expected none on tensors, found " << scratch.size();
  bool isSplit = schedule && schedule.isFused() && schedule.getSplits() > 1;
  if (size_t expected = isSplit ? shapes.size() : 0; scratch.size() != expected)
    return check.error(label) << "scratch: expected " << expected << " buffers for "
                              << (isSplit ? schedule.getSplits() : 1) << " splits, found "
                              << scratch.size();
  for (auto [index, buffer, shape] : llvm::enumerate(scratch, shapes)) {
    std::string name = ("scratch " + Twine(index)).str();
    if (failed(check.rank(label, buffer, name, shape.size() + 1)))
      return failure();
    if (Type type = getElementTypeOrSelf(buffer); !type.isF32())
      return check.error(label) << name << ": expected elements of 'f32', found " << type;
    if (int64_t splits = dimSize(buffer, 0); splits != schedule.getSplits())
      return check.error(label) << name << " dimension 0 (splits): expected "
                                << schedule.getSplits() << ", found " << splits;
    for (auto [dim, symbol] : llvm::enumerate(shape))
      if (failed(check.bind(label, symbol, buffer, name, dim + 1)))
        return failure();
  }
  return success();
}

template <typename OpTy>
static LogicalResult verifyScores(Checker &check, OpTy op, const Scores &scores) {
  return success(succeeded(check.semantics("scores_c13", op.getOuts())) &&
                 succeeded(verifyQueryKey(check, op, scores)) &&
                 succeeded(verifyInteraction(check, scores.interaction, "", "S", "G")) &&
                 succeeded(verifyMasks(check, scores, op.getWindow())));
}

static LogicalResult verifyDims(Checker &check, StringRef label, Value value, StringRef name,
                                ArrayRef<StringRef> symbols) {
  if (failed(check.rank(label, value, name, symbols.size())))
    return failure();
  for (auto [dim, symbol] : llvm::enumerate(symbols))
    if (failed(check.bind(label, symbol, value, name, dim)))
      return failure();
  return success();
}

static LogicalResult verifyOutCount(Checker &check, StringRef label, OperandRange outs,
                                    size_t most) {
  if (!outs.empty() && outs.size() <= most)
    return success();
  return check.error(label) << "outs: expected " << (most == 1 ? "1" : "1 or 2") << ", found "
                            << outs.size();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

// attention_c3 to attention_c8: landmarks and what may stand beside them.
static LogicalResult verifyLandmarks(Checker &check, AttentionOp op) {
  Value query = op.getQueryLandmarks(), key = op.getKeyLandmarks();
  if (op.getPoolAttr() ? query || key : !query || !key)
    return check.error("attention_c3")
           << "landmarks: expected a #imhsa.pool attribute or two operands, found "
           << (op.getPoolAttr() ? "an attribute and " : "only ")
           << (query && key ? "two operands" : "one operand");
  if (!op.getInteraction().empty())
    return check.error("attention_c5") << "interaction: expected `key_less` and `query_less` where "
                                          "there are landmarks, found `interaction`";
  for (auto [name, found] :
       {std::pair("bias", bool(op.getBias())), std::pair("keep", bool(op.getKeep())),
        std::pair("causal", op.getCausal()), std::pair("window", op.getWindow().has_value()),
        std::pair("query_offset", bool(op.getQueryOffset())),
        std::pair("lse", op.getLse() || op.getLseInit())})
    if (found)
      return check.error("attention_c6")
             << name << ": expected none, since it has no meaning for landmarks, found one";

  if (PoolAttr pool = op.getPoolAttr()) {
    unsigned q = tokenDims(op.getQueryOrder()).token, k = tokenDims(op.getKeyOrder()).token;
    if (failed(check.bind("attention_c7", "M", op.getQuery(), "query", q)))
      return failure();
    check.alias("N", "M");
    if (pool.isGrid()) {
      if (op.getKeyLengths())
        return check.error("attention_c7")
               << "key_lengths: expected none beside landmarks pooled on a grid, found one";
      if (failed(check.fixed("attention_c7", "N", pool.getNumTokens(), pool, op.getQuery(), "query",
                             q)) ||
          failed(
              check.fixed("attention_c7", "N", pool.getNumTokens(), pool, op.getKey(), "key", k)))
        return failure();
    }
  } else {
    for (auto [value, name] :
         {std::pair(query, "query_landmarks"), std::pair(key, "key_landmarks")}) {
      if (failed(check.rank("attention_c4", value, name, 4, /*mayBeOneLess=*/true)))
        return failure();
      int64_t rank = cast<ShapedType>(value.getType()).getRank();
      unsigned head = rank - 3;
      if (failed(check.storage("scores_c2", value, name)) ||
          (rank == 4 && failed(check.bind("attention_c4", "B", value, name, 0))) ||
          failed(value == query && name[0] == 'q'
                     ? check.bind("attention_c4", "H", value, name, head)
                     : check.divides("attention_c4", "H", value, name, head)) ||
          failed(check.bind("attention_c4", "L", value, name, head + 1)) ||
          failed(check.bind("attention_c4", "D", value, name, head + 2)))
        return failure();
    }
  }
  if (failed(verifyInteraction(check, op.getKeyLess(), "key_less ", "S of key_less", "G")) ||
      failed(verifyInteraction(check, op.getQueryLess(), "query_less ", "S of query_less",
                               "G of query_less")))
    return failure();
  int64_t keyLess = check.sizeOf("G"), queryLess = check.sizeOf("G of query_less");
  if (!ShapedType::isDynamic(keyLess) && !ShapedType::isDynamic(queryLess) && keyLess != queryLess)
    return check.error("attention_c8") << "query_less: expected to end in " << keyLess
                                       << " heads (G) as key_less does, found " << queryLess;
  check.alias("G", "G of query_less");
  return success();
}

LogicalResult imhsa::verifyWith(Checker &check, AttentionOp op) {
  if (failed(verifyOutCount(check, "attention_c9", op.getOuts(), 2)) ||
      failed(check.semantics("scores_c13", op.getOuts())))
    return failure();
  Scores scores = op.getScores();
  if (failed(verifyQueryKey(check, op, scores)))
    return failure();
  if (op.hasLandmarks()) {
    if (failed(verifyLandmarks(check, op)))
      return failure();
  } else {
    if (!op.getKeyLess().empty() || !op.getQueryLess().empty())
      return check.error("attention_c5")
             << (op.getKeyLess().empty() ? "query_less" : "key_less")
             << ": expected `interaction`, since there are no landmarks";
    if (failed(verifyInteraction(check, scores.interaction, "", "S", "G")))
      return failure();
  }
  if (failed(verifyMasks(check, scores, op.getWindow())))
    return failure();

  TokenDims v = tokenDims(op.getValueOrder()), o = tokenDims(op.getOutputOrder());
  if (failed(check.single("attention_c1", op.getODSOperands(2), "value")) ||
      failed(check.rank("attention_c1", op.getValue(), "value", 4)) ||
      failed(check.storage("scores_c2", op.getValue(), "value")) ||
      failed(check.bind("attention_c1", "B", op.getValue(), "value", v.batch)) ||
      failed(check.bind("attention_c1", "M", op.getValue(), "value", v.token)) ||
      failed(check.bind("attention_c1", "E", op.getValue(), "value", v.width)))
    return failure();
  if (failed(check.rank("attention_c9", op.getInit(), "outs", 4)) ||
      failed(check.storage("attention_c9", op.getInit(), "outs")) ||
      failed(check.bind("attention_c9", "B", op.getInit(), "outs", o.batch)) ||
      failed(check.bind("attention_c9", "G", op.getInit(), "outs", o.head)) ||
      failed(check.atLeastOne("attention_c9", op.getInit(), "outs", o.head, "G")) ||
      failed(check.bind("attention_c9", "N", op.getInit(), "outs", o.token)) ||
      failed(check.bind("attention_c9", "E", op.getInit(), "outs", o.width)) ||
      failed(check.divides("attention_c2", "G", op.getValue(), "value", v.head)))
    return failure();
  if (Value lse = op.getLseInit())
    if (failed(verifyDims(check, "attention_c10", lse, "second of outs", {"B", "S", "N"})) ||
        failed(check.accumulator("attention_c10", lse, "second of outs")))
      return failure();
  static constexpr KernelKind kinds[] = {KernelKind::Stream, KernelKind::ReadOut};
  static constexpr StringRef sums[] = {"B", "G", "N", "E"}, rows[] = {"B", "S", "N"};
  SmallVector<ArrayRef<StringRef>> partial = {sums};
  if (!scores.lse)
    partial.push_back(rows);
  return success(
      succeeded(verifyKind(check, "attention_c11", op.getScheduleAttr(),
                           op.hasLandmarks() ? ArrayRef<KernelKind>() : ArrayRef(kinds))) &&
      succeeded(
          verifyScratch(check, "attention_c12", op.getScheduleAttr(), op.getScratch(), partial)));
}

LogicalResult imhsa::verifyWith(Checker &check, WeightsOp op) {
  return success(
      succeeded(verifyOutCount(check, "weights_c1", op.getOuts(), 1)) &&
      succeeded(verifyScores(check, op, op.getScores())) &&
      succeeded(verifyDims(check, "weights_c1", op.getInit(), "outs", {"B", "G", "N", "M"})) &&
      succeeded(check.accumulator("weights_c1", op.getInit(), "outs")));
}

LogicalResult imhsa::verifyWith(Checker &check, LogSumExpOp op) {
  static constexpr StringRef rows[] = {"B", "S", "N"};
  return success(
      succeeded(verifyOutCount(check, "log_sum_exp_c1", op.getOuts(), 1)) &&
      succeeded(verifyScores(check, op, op.getScores())) &&
      succeeded(verifyDims(check, "log_sum_exp_c1", op.getInit(), "outs", {"B", "S", "N"})) &&
      succeeded(check.accumulator("log_sum_exp_c1", op.getInit(), "outs")) &&
      succeeded(
          verifyKind(check, "log_sum_exp_c2", op.getScheduleAttr(), KernelKind::Normalisers)) &&
      succeeded(verifyScratch(check, "log_sum_exp_c3", op.getScheduleAttr(), op.getScratch(),
                              ArrayRef<StringRef>(rows))));
}

LogicalResult imhsa::verifyWith(Checker &check, PoolOp op) {
  if (failed(verifyOutCount(check, "pool_c2", op.getOuts(), 1)) ||
      failed(check.semantics("pool_c5", op.getOuts())) ||
      failed(check.single("pool_c1", op.getODSOperands(0), "input")) ||
      failed(check.rank("pool_c1", op.getInput(), "input", 4)) ||
      failed(check.storage("pool_c1", op.getInput(), "input")))
    return failure();
  PoolAttr pool = op.getPool();
  TokenDims in = tokenDims(op.getInputOrder());
  if (failed(check.bind("pool_c2", "B", op.getInput(), "input", in.batch)) ||
      failed(check.bind("pool_c2", "H", op.getInput(), "input", in.head)) ||
      failed(check.bind("pool_c2", "D", op.getInput(), "input", in.width)) ||
      failed(verifyDims(check, "pool_c2", op.getInit(), "outs", {"B", "H", "L", "D"})) ||
      failed(check.storage("pool_c2", op.getInit(), "outs")))
    return failure();
  Type type = getElementTypeOrSelf(op.getInit());
  if (type != getElementTypeOrSelf(op.getInput()) &&
      failed(check.accumulator("pool_c2", op.getInit(), "outs")))
    return failure();
  if (failed(check.fixed("pool_c2", "L", pool.getNumLandmarks(), pool, op.getInit(), "outs", 2)))
    return failure();
  if (op.getKeyLengths()) {
    if (pool.isGrid())
      return check.error("pool_c3") << "key_lengths: expected none beside a grid, found one";
    if (failed(check.lengths("pool_c3", op.getKeyLengths())))
      return failure();
  }
  if (pool.isGrid() && failed(check.fixed("pool_c4", "N", pool.getNumTokens(), pool, op.getInput(),
                                          "input", in.token)))
    return failure();
  return verifyKind(check, "pool_c6", op.getScheduleAttr(), KernelKind::Pool);
}

LogicalResult AttentionOp::verify() {
  Checker check(*this);
  return verifyWith(check, *this);
}
LogicalResult WeightsOp::verify() {
  Checker check(*this);
  return verifyWith(check, *this);
}
LogicalResult LogSumExpOp::verify() {
  Checker check(*this);
  return verifyWith(check, *this);
}
LogicalResult PoolOp::verify() {
  Checker check(*this);
  return verifyWith(check, *this);
}
