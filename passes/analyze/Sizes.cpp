//===- Sizes.cpp - sizes of dimensions that types leave open --------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/analyze/Sizes.h"
#include "dialect/Imhsa.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ShapedOpInterfaces.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace imhsa;

// Deeper index arithmetic than this is not evaluated.
static constexpr unsigned kMaxDepth = 200;

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

// The loop's initial value of what a loop carries; null for other values.
static Value loopInit(Value value) {
  OpOperand *init = nullptr;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto loop = dyn_cast_or_null<LoopLikeOpInterface>(argument.getOwner()->getParentOp()))
      init = loop.getTiedLoopInit(argument);
  } else if (auto loop = value.getDefiningOp<LoopLikeOpInterface>();
             loop && !isa<scf::WhileOp>(loop)) {
    // What scf.while gives need not be what it carries.
    init = loop.getTiedLoopInit(cast<OpResult>(value));
  }
  return init && init->get().getType() == value.getType() ? init->get() : Value();
}

// Another value that has the same shape by the meaning of the operation between
// the two; null if there is none.
static Value sameShape(Value value) {
  if (Value init = loopInit(value))
    return init;
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return nullptr;
  Operation *op = result.getOwner();
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return destination.getTiedOpOperand(result)->get();
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return branch.thenYield().getOperand(result.getResultNumber());
  if (isa<CastOpInterface>(op) && op->getNumOperands() == 1) {
    auto from = dyn_cast<ShapedType>(op->getOperand(0).getType());
    auto to = dyn_cast<ShapedType>(value.getType());
    if (from && to && from.hasRank() && to.hasRank() && from.getRank() == to.getRank())
      return op->getOperand(0);
  }
  return nullptr;
}

// Where the size of a dimension comes from: follows values of the same shape up to
// one whose type says it, or that computes it.
static Dim originOf(Dim dim) {
  // Ends cycles, which unreachable code may have.
  llvm::SmallPtrSet<Value, 8> seen;
  auto [value, index] = dim;
  while (cast<ShapedType>(value.getType()).isDynamicDim(index)) {
    Value next = sameShape(value);
    if (!next || !seen.insert(value).second)
      break;
    value = next;
  }
  return {value, index};
}

bool Sizes::isArgument(Dim dim) {
  auto argument = dyn_cast<BlockArgument>(dim.first);
  return argument && argument.getOwner() == &copy->getBody().front();
}

Sizes::Answer Sizes::resolve(Dim dim, unsigned depth) {
  auto type = dyn_cast<ShapedType>(dim.first.getType());
  if (!type || !type.hasRank() || dim.second >= type.getRank())
    return {};
  Dim origin = originOf(dim);
  auto originType = cast<ShapedType>(origin.first.getType());
  if (!originType.isDynamicDim(origin.second))
    return {originType.getDimSize(origin.second)};

  if (auto found = dims.find(origin); found != dims.end())
    return found->second;
  Answer answer;
  if (isArgument(origin))
    answer = resolveArgument(origin);
  else if (isa<OpResult>(origin.first) && depth < kMaxDepth)
    answer = resolveResult(origin, depth);
  if (!answer.size || *answer.size < 0) {
    bool isBatch = origin.second == 0 && originType.getRank() >= 3;
    answer = {isBatch ? defaults.batch : defaults.size, /*guessed=*/true};
    answer.assumed.insert(origin);
  }
  return dims[origin] = answer;
}

Sizes::Answer Sizes::resolveArgument(Dim dim) {
  auto [value, index] = dim;
  unsigned number = cast<BlockArgument>(value).getArgNumber();
  if (!argumentShapes.empty())
    return {argumentShapes[number][index]};
  if (auto found = unified.find(dim); found != unified.end())
    return found->second;
  Answer answer;
  if (auto hint = copy->getArgAttrOfType<DenseI64ArrayAttr>(number, kSizeHintAttr))
    if (index < hint.size() && hint[index] > 0) {
      answer.size = hint[index];
      answer.assumed.insert(dim);
    }
  return answer;
}

Sizes::Answer Sizes::resolveResult(Dim dim, unsigned depth) {
  auto result = cast<OpResult>(dim.first);
  Operation *op = result.getOwner();
  // Operations on memrefs do not reify the shapes of their results.
  SmallVector<OpFoldResult> sizes =
      llvm::TypeSwitch<Operation *, SmallVector<OpFoldResult>>(op)
          .Case<memref::AllocOp, memref::AllocaOp, memref::ReinterpretCastOp>(
              [](auto op) { return op.getMixedSizes(); })
          .Case([](memref::SubViewOp view) {
            SmallVector<OpFoldResult> kept;
            llvm::SmallBitVector dropped = view.getDroppedDims();
            for (auto [index, size] : llvm::enumerate(view.getMixedSizes()))
              if (!dropped.test(index))
                kept.push_back(size);
            return kept;
          })
          .Default([](Operation *) { return SmallVector<OpFoldResult>(); });
  if (dim.second < sizes.size())
    return evaluate(sizes[dim.second], depth + 1);
  if (!isa<ReifyRankedShapedTypeOpInterface>(op))
    return {};
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  FailureOr<OpFoldResult> size =
      reifyDimOfResult(builder, op, result.getResultNumber(), dim.second);
  return failed(size) ? Answer() : evaluate(*size, depth + 1);
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Sizes::Answer Sizes::evaluate(OpFoldResult index, unsigned depth) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return {constant};
  auto value = dyn_cast<Value>(index);
  if (!value || depth >= kMaxDepth)
    return {};
  if (auto found = indices.find(value); found != indices.end())
    return found->second;
  Answer answer = evaluateUncached(value, depth);
  return indices[value] = answer;
}

Sizes::Answer Sizes::evaluateUncached(Value value, unsigned depth) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    // A loop is looked at in its first trip.
    auto loop = dyn_cast_or_null<LoopLikeOpInterface>(argument.getOwner()->getParentOp());
    std::optional<SmallVector<Value>> variables = loop ? loop.getLoopInductionVars() : std::nullopt;
    std::optional<SmallVector<OpFoldResult>> lowers =
        loop ? loop.getLoopLowerBounds() : std::nullopt;
    if (!variables || !lowers)
      return {};
    auto found = llvm::find(*variables, value);
    return found == variables->end()
               ? Answer()
               : evaluate((*lowers)[std::distance(variables->begin(), found)], depth + 1);
  }

  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<ShapedDimOpInterface>(op)) {
    std::optional<int64_t> index = getConstantIntValue(dim.getDimension());
    if (!index || *index < 0)
      return {};
    return resolve({dim.getShapedValue(), static_cast<unsigned>(*index)}, depth + 1);
  }

  // Everything else that computes a number from numbers folds, given its operands.
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 || !isMemoryEffectFree(op))
    return {};
  Answer answer;
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    if (!operand.getType().isIntOrIndex())
      return {};
    Answer part = evaluate(OpFoldResult(operand), depth + 1);
    if (!part.size)
      return {};
    unsigned width = operand.getType().isIndex() ? 64 : operand.getType().getIntOrFloatBitWidth();
    operands.push_back(IntegerAttr::get(
        operand.getType(), APInt(width, *part.size, /*isSigned=*/true, /*implicitTrunc=*/true)));
    answer.guessed |= part.guessed;
    answer.assumed.insert_range(part.assumed);
  }
  SmallVector<OpFoldResult> folded;
  if (failed(op->fold(operands, folded)) || folded.size() != 1)
    return {};
  if (std::optional<int64_t> constant = getConstantIntValue(folded.front())) {
    answer.size = constant;
    return answer;
  }
  return evaluate(folded.front(), depth + 1);
}

//===----------------------------------------------------------------------===//
// Equal dimensions
//===----------------------------------------------------------------------===//

// Dimensions that are the same by the meaning of an operation.
static SmallVector<SmallVector<Dim>> equalDims(Operation *op) {
  SmallVector<SmallVector<Dim>> groups;
  auto add = [&](std::initializer_list<Dim> dims) {
    groups.push_back(
        llvm::to_vector(llvm::make_filter_range(dims, [](Dim dim) { return !!dim.first; })));
  };
  auto addScores = [&](const Scores &s, Value result, unsigned resultQueries, Value lse) {
    TokenDims query = tokenDims(s.queryOrder), key = tokenDims(s.keyOrder);
    add({{s.query, 0}, {s.key, 0}, {result, 0}, {lse, 0}, {s.keyLengths, 0}});
    add({{s.query, query.token}, {result, resultQueries}, {lse, 2}});
    add({{s.key, key.token}, {s.bias, 3}, {s.keep, 2}});
    add({{s.query, query.width}, {s.key, key.width}});
  };
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    Scores scores = attention.getScores();
    Value value = attention.getValue(), result = attention.getInit();
    TokenDims query = tokenDims(scores.queryOrder), key = tokenDims(scores.keyOrder),
              values = tokenDims(attention.getValueOrder()),
              results = tokenDims(attention.getOutputOrder());
    addScores(scores, result, results.token, scores.lse ? scores.lse : attention.getLseInit());
    add({{scores.key, 0}, {value, 0}});
    add({{scores.key, key.token}, {value, values.token}});
    add({{value, values.width}, {result, results.width}});
    if (attention.getPoolAttr())
      add({{scores.query, query.token}, {scores.key, key.token}});
  } else if (auto weights = dyn_cast<WeightsOp>(op)) {
    Scores scores = weights.getScores();
    addScores(scores, weights.getInit(), 2, scores.lse);
    add({{scores.key, tokenDims(scores.keyOrder).token}, {weights.getInit(), 3}});
  } else if (auto normalisers = dyn_cast<LogSumExpOp>(op)) {
    addScores(normalisers.getScores(), normalisers.getInit(), 2, nullptr);
  } else if (auto pool = dyn_cast<PoolOp>(op)) {
    add({{pool.getInput(), 0}, {pool.getInit(), 0}, {pool.getKeyLengths(), 0}});
  } else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    groups = loopDims(linalgOp);
  }
  return groups;
}

SmallVector<SmallVector<Dim>> imhsa::loopDims(linalg::LinalgOp op) {
  SmallVector<SmallVector<Dim>> loops(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands())
    for (auto [index, expr] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr))
        loops[loop.getPosition()].push_back({operand.get(), index});
  return loops;
}

// Of equal dimensions, those of arguments that are only guessed take the size of
// the first that is known, or in the end (`guess`) of the first. True if one did.
bool Sizes::unify(ArrayRef<Dim> equal, bool guess) {
  auto isGuessed = [&](Dim dim) { return resolve(dim, 0).guessed; };
  const Dim *best = llvm::find_if_not(equal, isGuessed);
  if (best == equal.end() && guess)
    best = equal.begin();
  if (best == equal.end())
    return false;
  bool changed = false;
  for (Dim dim : llvm::map_range(equal, originOf))
    if (isArgument(dim) && isGuessed(dim) && dim != originOf(*best)) {
      unified[dim] = resolve(*best, 0);
      changed = true;
    }
  return changed;
}

Sizes::Sizes(func::FuncOp function, Defaults defaults, ArrayRef<SmallVector<int64_t>> shapes)
    : copy(cast<func::FuncOp>(function->clone(toCopy))), defaults(defaults),
      argumentShapes(shapes.begin(), shapes.end()) {
  SmallVector<SmallVector<Dim>> groups;
  copy->walk([&](Operation *op) {
    for (SmallVector<Dim> &group : equalDims(op))
      if (llvm::any_of(group, [](Dim dim) {
            return dimSize(dim.first, dim.second) == ShapedType::kDynamic;
          }))
        groups.push_back(std::move(group));
  });
  auto unifyAll = [&](bool guess) {
    bool changed = false;
    for (ArrayRef<Dim> group : groups)
      changed |= unify(group, guess);
    dims.clear();
    indices.clear();
    return changed;
  };
  while (unifyAll(/*guess=*/false)) {
  }
  unifyAll(/*guess=*/true);
}

//===----------------------------------------------------------------------===//
// Questions
//===----------------------------------------------------------------------===//

int64_t Sizes::of(Value value, unsigned dim) {
  Answer answer = resolve({toCopy.lookupOrDefault(value), dim}, 0);
  note(answer);
  return answer.size.value_or(0);
}

double imhsa::elementBytes(Value value) {
  Type type = getElementTypeOrSelf(value);
  return type.isIntOrFloat() ? std::ceil(type.getIntOrFloatBitWidth() / 8.0) : sizeof(int64_t);
}

double Sizes::bytesOf(Value value) {
  double bytes = elementBytes(value);
  if (auto type = dyn_cast<ShapedType>(value.getType()); type && type.hasRank())
    for (unsigned dim = 0; dim < type.getRank(); ++dim)
      bytes *= static_cast<double>(of(value, dim));
  return bytes;
}

double Sizes::executionsOf(Operation *op) {
  double executions = 1;
  for (Operation *parent = op->getParentOp(); parent && !isa<FunctionOpInterface>(parent);
       parent = parent->getParentOp())
    if (isa<LoopLikeOpInterface>(parent))
      executions *= tripsOf(parent);
  return executions;
}

double Sizes::tripsOf(Operation *op) {
  auto loop = cast<LoopLikeOpInterface>(toCopy.lookupOrDefault(op));
  auto lowers = loop.getLoopLowerBounds(), uppers = loop.getLoopUpperBounds(),
       steps = loop.getLoopSteps();
  bool isKnown = lowers && uppers && steps;
  double trips = 1;
  if (isKnown) {
    for (auto [lower, upper, step] : llvm::zip_equal(*lowers, *uppers, *steps)) {
      Answer from = evaluate(lower, 0), to = evaluate(upper, 0), by = evaluate(step, 0);
      isKnown &= from.size && to.size && by.size && *by.size > 0;
      if (!isKnown)
        break;
      for (const Answer &answer : {from, to, by})
        note(answer);
      double distance = static_cast<double>(*to.size) - static_cast<double>(*from.size);
      trips *= std::max(0.0, std::ceil(distance / static_cast<double>(*by.size)));
    }
  }
  if (isKnown)
    return trips;
  note({llvm::formatv("trips of {0}", op->getName()), 1, /*hinted=*/false});
  return 1;
}

// What a person would call a value.
static std::string describe(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return value.getDefiningOp()->getName().getStringRef().str();
  return (isa<FunctionOpInterface>(argument.getOwner()->getParentOp()) &&
                  argument.getOwner()->isEntryBlock()
              ? "argument "
              : "block argument ") +
         std::to_string(argument.getArgNumber());
}

void Sizes::note(const Answer &answer) {
  for (Dim dim : answer.assumed) {
    Answer assumed = resolve(dim, 0);
    note({llvm::formatv("{0}, dimension {1}", describe(dim.first), dim.second), *assumed.size,
          !assumed.guessed});
  }
}

void Sizes::note(Assumption assumption) {
  if (llvm::none_of(assumptions,
                    [&](const Assumption &other) { return other.what == assumption.what; }))
    assumptions.push_back(std::move(assumption));
}
