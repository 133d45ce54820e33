//===- Verify.cpp - verifiers, one labelled constraint after the other ----===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// The labels stand in the descriptions in ImhsaOps.td, in the messages, and in
// the tests that break them. Every check looks at what it needs itself, so that
// no input, however malformed, gets further than its first error.

#include "dialect/Imhsa.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace imhsa;

namespace {

/// Binds the symbols of an operation (B, H, N, ...) to sizes, and reports the
/// first operand that disagrees. Dynamic sizes agree with anything.
class Checker {
public:
  explicit Checker(Operation *op) : op(op) {}

  InFlightDiagnostic error(StringRef label) { return op->emitOpError() << '[' << label << "] "; }

  /// A required operand is one operand: the generic form can say otherwise.
  LogicalResult single(StringRef label, OperandRange operands, StringRef name) {
    if (operands.size() == 1)
      return success();
    return error(label) << name << ": expected one operand, found " << operands.size();
  }

  LogicalResult rank(StringRef label, Value value, StringRef name, int64_t expected,
                     bool mayBeOneLess = false) {
    int64_t found = cast<ShapedType>(value.getType()).getRank();
    if (found == expected || (mayBeOneLess && found == expected - 1))
      return success();
    InFlightDiagnostic diagnostic = error(label) << name << ": expected rank ";
    if (mayBeOneLess)
      diagnostic << expected - 1 << " or ";
    return diagnostic << expected << ", found rank " << found << " (" << value.getType() << ")";
  }

  LogicalResult atLeastOne(StringRef label, Value value, StringRef name, unsigned dim,
                           StringRef what) {
    if (dimSize(value, dim) != 0)
      return success();
    return error(label) << name << " dimension " << dim << " (" << what
                        << "): expected at least 1, found 0";
  }

  /// Binds `symbol` to dimension `dim`, or checks it against its binding. Where
  /// `mayBroadcast`, the size 1 agrees too and binds nothing.
  LogicalResult bind(StringRef label, StringRef symbol, Value value, StringRef name, unsigned dim,
                     bool mayBroadcast = false) {
    int64_t size = dimSize(value, dim);
    if (ShapedType::isDynamic(size) || (mayBroadcast && size == 1))
      return success();
    auto [it, isNew] =
        bound.try_emplace(symbol, Binding{size, (name + " dimension " + Twine(dim)).str()});
    if (isNew || it->second.size == size)
      return success();
    return error(label) << name << " dimension " << dim << " (" << symbol << "): expected "
                        << (mayBroadcast ? "1 or " : "") << it->second.size << " as in "
                        << it->second.where << ", found " << size;
  }

  /// Binds `symbol` to what `other` is bound to, as far as that is known.
  void alias(StringRef symbol, StringRef other) {
    auto it = bound.find(other);
    if (it != bound.end()) {
      Binding copy = it->second;
      bound.try_emplace(symbol, copy);
    }
  }

  /// The size of `symbol`, kDynamic if unknown.
  int64_t sizeOf(StringRef symbol) const {
    auto it = bound.find(symbol);
    return it == bound.end() ? ShapedType::kDynamic : it->second.size;
  }

  /// Dimension `dim` divides `symbol` and is not 0.
  LogicalResult divides(StringRef label, StringRef symbol, Value value, StringRef name,
                        unsigned dim) {
    if (failed(atLeastOne(label, value, name, dim, "heads")))
      return failure();
    int64_t size = dimSize(value, dim), whole = sizeOf(symbol);
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(whole) || whole % size == 0)
      return success();
    return error(label) << name << " dimension " << dim << " (heads): expected a divisor of "
                        << whole << " (" << symbol << "), found " << size;
  }

  /// Element types: f32, f16, bf16 or f64, one 16-bit type, f64 with nothing else.
  LogicalResult storage(StringRef label, Value value, StringRef name) {
    Type type = getElementTypeOrSelf(value);
    if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type))
      return error(label) << name << ": expected elements of f32, f16, bf16 or f64, found " << type;
    if (!first)
      first = type, firstName = name.str();
    if (type.isF64() != first.isF64())
      return error(label) << name << ": expected " << (first.isF64() ? "f64" : "f32, f16 or bf16")
                          << " beside " << firstName << " of " << first << ", found " << type;
    if (type.getIntOrFloatBitWidth() != 16)
      return success();
    if (!half)
      half = type, halfName = name.str();
    if (type != half)
      return error(label) << name << ": expected " << half << " (as " << halfName
                          << ") or f32, found " << type;
    return success();
  }

  /// The type that sums have: f64 where operands are, else f32.
  LogicalResult accumulator(StringRef label, Value value, StringRef name) {
    Type expected = computeTypeOf(first), found = getElementTypeOrSelf(value);
    if (found == expected)
      return success();
    return error(label) << name << ": expected elements of " << expected << ", found " << found;
  }

  LogicalResult lengths(StringRef label, Value value) {
    if (failed(rank(label, value, "key_lengths", 1)))
      return failure();
    Type type = getElementTypeOrSelf(value);
    if (!type.isSignlessInteger(32) && !type.isSignlessInteger(64))
      return error(label) << "key_lengths: expected elements of i32 or i64, found " << type;
    return bind(label, "B", value, "key_lengths", 0);
  }

  /// Dimension `dim` has as many tokens as the grid of `pool`.
  LogicalResult gridTokens(StringRef label, PoolAttr pool, Value value, StringRef name,
                           unsigned dim) {
    int64_t found = dimSize(value, dim), expected = pool.getNumTokens();
    if (ShapedType::isDynamic(found) || found == expected)
      return success();
    return error(label) << name << " dimension " << dim << " (N): expected " << expected
                        << " as in " << pool << ", found " << found;
  }

  /// Tensors with as many results, or memrefs with none. That the types of
  /// results are those of `outs` is checked by DestinationStyleOpInterface.
  LogicalResult semantics(StringRef label, OperandRange outs) {
    Value firstShaped;
    for (Value operand : op->getOperands()) {
      if (!isa<ShapedType>(operand.getType()))
        continue;
      if (!firstShaped)
        firstShaped = operand;
      if (isa<MemRefType>(operand.getType()) != isa<MemRefType>(firstShaped.getType()))
        return error(label) << "operands: expected all tensors or all memrefs, found "
                            << firstShaped.getType() << " and " << operand.getType();
    }
    size_t expected = isa<MemRefType>(firstShaped.getType()) ? 0 : outs.size();
    if (op->getNumResults() != expected)
      return error(label) << "results: expected " << expected << ", found " << op->getNumResults();
    return success();
  }

private:
  struct Binding {
    int64_t size;
    std::string where;
  };
  Operation *op;
  llvm::StringMap<Binding> bound;
  Type first, half;
  std::string firstName, halfName;
};

} // namespace

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
      if (failed(check.gridTokens("attention_c7", pool, op.getQuery(), "query", q)) ||
          failed(check.gridTokens("attention_c7", pool, op.getKey(), "key", k)))
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

LogicalResult AttentionOp::verify() {
  Checker check(*this);
  if (failed(verifyOutCount(check, "attention_c9", getOuts(), 2)) ||
      failed(check.semantics("scores_c13", getOuts())))
    return failure();
  Scores scores = getScores();
  if (failed(verifyQueryKey(check, *this, scores)))
    return failure();
  if (hasLandmarks()) {
    if (failed(verifyLandmarks(check, *this)))
      return failure();
  } else {
    if (!getKeyLess().empty() || !getQueryLess().empty())
      return check.error("attention_c5")
             << (getKeyLess().empty() ? "query_less" : "key_less")
             << ": expected `interaction`, since there are no landmarks";
    if (failed(verifyInteraction(check, scores.interaction, "", "S", "G")))
      return failure();
  }
  if (failed(verifyMasks(check, scores, getWindow())))
    return failure();

  TokenDims v = tokenDims(getValueOrder()), o = tokenDims(getOutputOrder());
  if (failed(check.single("attention_c1", getODSOperands(2), "value")) ||
      failed(check.rank("attention_c1", getValue(), "value", 4)) ||
      failed(check.storage("scores_c2", getValue(), "value")) ||
      failed(check.bind("attention_c1", "B", getValue(), "value", v.batch)) ||
      failed(check.bind("attention_c1", "M", getValue(), "value", v.token)) ||
      failed(check.bind("attention_c1", "E", getValue(), "value", v.width)))
    return failure();
  if (failed(check.rank("attention_c9", getInit(), "outs", 4)) ||
      failed(check.storage("attention_c9", getInit(), "outs")) ||
      failed(check.bind("attention_c9", "B", getInit(), "outs", o.batch)) ||
      failed(check.bind("attention_c9", "G", getInit(), "outs", o.head)) ||
      failed(check.atLeastOne("attention_c9", getInit(), "outs", o.head, "G")) ||
      failed(check.bind("attention_c9", "N", getInit(), "outs", o.token)) ||
      failed(check.bind("attention_c9", "E", getInit(), "outs", o.width)) ||
      failed(check.divides("attention_c2", "G", getValue(), "value", v.head)))
    return failure();
  if (Value lse = getLseInit())
    return success(
        succeeded(verifyDims(check, "attention_c10", lse, "second of outs", {"B", "S", "N"})) &&
        succeeded(check.accumulator("attention_c10", lse, "second of outs")));
  return success();
}

LogicalResult WeightsOp::verify() {
  Checker check(*this);
  return success(
      succeeded(verifyOutCount(check, "weights_c1", getOuts(), 1)) &&
      succeeded(verifyScores(check, *this, getScores())) &&
      succeeded(verifyDims(check, "weights_c1", getInit(), "outs", {"B", "G", "N", "M"})) &&
      succeeded(check.accumulator("weights_c1", getInit(), "outs")));
}

LogicalResult LogSumExpOp::verify() {
  Checker check(*this);
  return success(
      succeeded(verifyOutCount(check, "log_sum_exp_c1", getOuts(), 1)) &&
      succeeded(verifyScores(check, *this, getScores())) &&
      succeeded(verifyDims(check, "log_sum_exp_c1", getInit(), "outs", {"B", "S", "N"})) &&
      succeeded(check.accumulator("log_sum_exp_c1", getInit(), "outs")));
}

LogicalResult PoolOp::verify() {
  Checker check(*this);
  if (failed(verifyOutCount(check, "pool_c2", getOuts(), 1)) ||
      failed(check.semantics("pool_c5", getOuts())) ||
      failed(check.single("pool_c1", getODSOperands(0), "input")) ||
      failed(check.rank("pool_c1", getInput(), "input", 4)) ||
      failed(check.storage("pool_c1", getInput(), "input")))
    return failure();
  PoolAttr pool = getPool();
  TokenDims in = tokenDims(getInputOrder());
  if (failed(check.bind("pool_c2", "B", getInput(), "input", in.batch)) ||
      failed(check.bind("pool_c2", "H", getInput(), "input", in.head)) ||
      failed(check.bind("pool_c2", "D", getInput(), "input", in.width)) ||
      failed(verifyDims(check, "pool_c2", getInit(), "outs", {"B", "H", "L", "D"})) ||
      failed(check.storage("pool_c2", getInit(), "outs")))
    return failure();
  Type type = getElementTypeOrSelf(getInit());
  if (type != getElementTypeOrSelf(getInput()) &&
      failed(check.accumulator("pool_c2", getInit(), "outs")))
    return failure();
  if (int64_t found = check.sizeOf("L");
      !ShapedType::isDynamic(found) && found != pool.getNumLandmarks())
    return check.error("pool_c2") << "outs dimension 2 (L): expected " << pool.getNumLandmarks()
                                  << " as in " << pool << ", found " << found;
  if (getKeyLengths()) {
    if (pool.isGrid())
      return check.error("pool_c3") << "key_lengths: expected none beside a grid, found one";
    if (failed(check.lengths("pool_c3", getKeyLengths())))
      return failure();
  }
  return pool.isGrid() ? check.gridTokens("pool_c4", pool, getInput(), "input", in.token)
                       : success();
}
