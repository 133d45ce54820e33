//===- Cost.cpp - what an attention costs: FLOPs, bytes, memory -----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/analyze/Cost.h"
#include "passes/analyze/Sizes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace imhsa;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

MultiplyAdds &MultiplyAdds::operator+=(const MultiplyAdds &other) {
  scores += other.scores;
  mixing += other.mixing;
  products += other.products;
  return *this;
}

MultiplyAdds MultiplyAdds::operator*(double times) const {
  return {scores * times, mixing * times, products * times};
}

double Cost::storedBytes() const {
  double bytes = 0;
  for (const Intermediate &intermediate : intermediates)
    bytes += intermediate.bytes;
  return bytes;
}

double Cost::peakBytes() const {
  double peak = 0;
  // The live set is largest in a step in which something begins to live.
  for (const Intermediate &begins : intermediates) {
    double live = 0;
    for (const Intermediate &other : intermediates)
      if (other.first <= begins.first && begins.first <= other.last)
        live += other.bytes;
    peak = std::max(peak, live);
  }
  return peak;
}

//===----------------------------------------------------------------------===//
// The formulas
//===----------------------------------------------------------------------===//

// Multiply-adds for one score: S H before the softmax, G S after it.
static double mixingPerScore(const Mixing &mixing, double queryHeads) {
  return (mixing.pre ? mixing.scoreHeads * queryHeads : 0) +
         (mixing.post ? mixing.resultHeads * mixing.scoreHeads : 0);
}

// Those of one of the two mixings, as the paper's subtotal has it.
static double oneMixingPerScore(const Mixing &mixing, double queryHeads) {
  if (mixing.pre)
    return mixing.scoreHeads * queryHeads;
  return mixing.post ? mixing.resultHeads * mixing.scoreHeads : 0;
}

static Cost costOfExact(const AttentionShape &s, Order order) {
  double positions = s.batch * s.queries * s.keys;
  Cost cost;
  cost.multiplyAdds.scores = positions * s.queryHeads * s.headSize;
  cost.multiplyAdds.mixing = positions * mixingPerScore(s.interaction, s.queryHeads);
  cost.multiplyAdds.products = positions * s.resultHeads * s.valueSize;
  if (order == Order::Stored)
    cost.intermediates = {{"weights", positions * s.resultHeads * s.computeBytes, 0, 1}};
  else if (s.interaction.mixesAfter)
    cost.intermediates = {
        {"log-sum-exp", s.batch * s.interaction.scoreHeads * s.queries * s.computeBytes, 0, 1}};
  return cost;
}

static Cost costOfLandmarks(const AttentionShape &s, Order order) {
  double readOut = s.batch * s.queries * s.landmarks; // positions of A_Q
  double summarise = s.batch * s.landmarks * s.keys;  // positions of A_K
  double product = s.batch * s.queries * s.keys;      // positions of A_Q A_K
  Cost cost;
  cost.multiplyAdds.scores = (readOut + summarise) * s.queryHeads * s.headSize;
  cost.multiplyAdds.mixing = readOut * mixingPerScore(s.keyLess, s.queryHeads) +
                             summarise * mixingPerScore(s.queryLess, s.queryHeads);
  if (order == Order::Quadratic) {
    cost.multiplyAdds.products = product * s.resultHeads * (s.landmarks + s.valueSize);
  } else {
    cost.multiplyAdds.products = (readOut + summarise) * s.resultHeads * s.valueSize;
    cost.paperSubtotal = cost.multiplyAdds.products +
                         readOut * oneMixingPerScore(s.keyLess, s.queryHeads) +
                         summarise * oneMixingPerScore(s.queryLess, s.queryHeads);
  }

  // Each order's steps are those of the comment; first and last are counted from 0.
  double landmark = s.pooled ? s.batch * s.landmarks * s.headSize * s.computeBytes : 0;
  double queryLandmarks = landmark * s.queryHeads, keyLandmarks = landmark * s.landmarkHeads;
  double aq = readOut * s.resultHeads * s.computeBytes;
  double ak = summarise * s.resultHeads * s.computeBytes;
  double context = s.batch * s.resultHeads * s.landmarks * s.valueSize * s.computeBytes;
  auto store = [&](StringRef name, double bytes, int first, int last) {
    if (bytes > 0)
      cost.intermediates.push_back({name, bytes, first, last});
  };
  switch (order) {
  case Order::Quadratic: // pool both, A_Q, A_K, A_Q A_K, times V
    store("query landmarks", queryLandmarks, 0, 2);
    store("key landmarks", keyLandmarks, 0, 1);
    store("A_Q", aq, 1, 3);
    store("A_K", ak, 2, 3);
    store("A_Q A_K", product * s.resultHeads * s.computeBytes, 3, 4);
    break;
  case Order::LinearStored: // pool Q, A_K, context, pool K, A_Q, times the context
    store("query landmarks", queryLandmarks, 0, 1);
    store("A_K", ak, 1, 2);
    store("context", context, 2, 5);
    store("key landmarks", keyLandmarks, 3, 4);
    store("A_Q", aq, 4, 5);
    break;
  default: // pool Q, log-sum-exp, summarise, pool K, read out
    store("query landmarks", queryLandmarks, 0, 2);
    if (s.queryLess.mixesAfter)
      store("log-sum-exp", s.batch * s.queryLess.scoreHeads * s.landmarks * s.computeBytes, 1, 2);
    store("context", context, 2, 4);
    store("key landmarks", keyLandmarks, 3, 4);
  }
  return cost;
}

Cost imhsa::costOf(const AttentionShape &s, Order order) {
  bool isExact = order == Order::Stored || order == Order::Streamed;
  Cost cost = isExact ? costOfExact(s, order) : costOfLandmarks(s, order);
  cost.operandBytes = s.batch * (s.queries * s.queryHeads * s.headSize * s.queryBytes +
                                 s.keys * s.keyHeads * s.headSize * s.keyBytes +
                                 s.keys * s.valueHeads * s.valueSize * s.valueBytes +
                                 s.queries * s.resultHeads * s.valueSize * s.resultBytes) +
                      s.maskBytes + (isExact ? 0 : s.landmarkBytes);
  return cost;
}

//===----------------------------------------------------------------------===//
// Shapes and variants
//===----------------------------------------------------------------------===//

static Mixing mixingOf(const Interaction &interaction, double queryHeads, Sizes &sizes) {
  auto rows = [&](Value matrix, Value bias, double otherwise) -> double {
    return matrix ? sizes.of(matrix, 0) : bias ? sizes.of(bias, 0) : otherwise;
  };
  Mixing mixing;
  mixing.pre = !!interaction.pre;
  mixing.post = !!interaction.post;
  mixing.mixesAfter = interaction.mixesAfter();
  mixing.scoreHeads = rows(interaction.pre, interaction.preBias, queryHeads);
  mixing.resultHeads = rows(interaction.post, interaction.postBias, mixing.scoreHeads);
  return mixing;
}

AttentionShape imhsa::shapeOf(AttentionOp op, Sizes &sizes) {
  TokenDims query = tokenDims(op.getQueryOrder()), key = tokenDims(op.getKeyOrder()),
            value = tokenDims(op.getValueOrder()), result = tokenDims(op.getOutputOrder());
  Value q = op.getQuery(), k = op.getKey(), v = op.getValue(), o = op.getInit();
  AttentionShape shape;
  shape.batch = sizes.of(q, query.batch);
  shape.queryHeads = sizes.of(q, query.head);
  shape.keyHeads = sizes.of(k, key.head);
  shape.valueHeads = sizes.of(v, value.head);
  shape.resultHeads = sizes.of(o, result.head);
  shape.queries = sizes.of(q, query.token);
  shape.keys = sizes.of(k, key.token);
  shape.headSize = sizes.of(q, query.width);
  shape.valueSize = sizes.of(v, value.width);
  shape.interaction = mixingOf(op.getInteraction(), shape.queryHeads, sizes);
  shape.keyLess = mixingOf(op.getKeyLess(), shape.queryHeads, sizes);
  shape.queryLess = mixingOf(op.getQueryLess(), shape.queryHeads, sizes);

  shape.hasLandmarks = op.hasLandmarks();
  if (PoolAttr pool = op.getPoolAttr()) {
    shape.pooled = true;
    shape.landmarks = pool.getNumLandmarks();
    shape.landmarkHeads = shape.keyHeads;
  }
  if (Value qbar = op.getQueryLandmarks(), kbar = op.getKeyLandmarks(); qbar && kbar) {
    // [B,H,L,D] or [H,L,D]
    unsigned head = cast<ShapedType>(kbar.getType()).getRank() - 3;
    shape.landmarks = sizes.of(kbar, head + 1);
    shape.landmarkHeads = sizes.of(kbar, head);
    shape.landmarkBytes = sizes.bytesOf(qbar) + sizes.bytesOf(kbar);
  }
  shape.queryBytes = elementBytes(q);
  shape.keyBytes = elementBytes(k);
  shape.valueBytes = elementBytes(v);
  shape.resultBytes = elementBytes(o);
  for (Value mask : {op.getBias(), op.getKeep(), op.getKeyLengths(), op.getLse()})
    shape.maskBytes += mask ? sizes.bytesOf(mask) : 0;
  shape.computeBytes = op.getScores().computeType().getWidth() / 8.0;
  return shape;
}

Variant imhsa::variantOf(const AttentionShape &shape) {
  if (shape.hasLandmarks)
    return shape.keyLess.empty() && shape.queryLess.empty() ? Variant::Landmarks
                                                            : Variant::LandmarksAndInteraction;
  return shape.interaction.empty() ? Variant::Plain : Variant::Interaction;
}

AttentionShape imhsa::asVariant(AttentionShape shape, Variant variant, double landmarks) {
  double heads = shape.queryHeads;
  Mixing none = {false, false, false, heads, heads};
  Mixing full = {true, true, true, heads, heads};
  bool interacts = variant == Variant::Interaction || variant == Variant::LandmarksAndInteraction;
  bool summarises = variant == Variant::Landmarks || variant == Variant::LandmarksAndInteraction;
  bool hasInteraction =
      !shape.interaction.empty() || !shape.keyLess.empty() || !shape.queryLess.empty();

  if (!interacts) {
    shape.interaction = shape.keyLess = shape.queryLess = none;
    shape.resultHeads = heads;
    // Where fewer heads came out than went in, each result head has its own value head.
    if (std::fmod(heads, shape.valueHeads) != 0)
      shape.valueHeads = heads;
  } else if (!hasInteraction) {
    shape.interaction = shape.keyLess = shape.queryLess = full;
  } else if (shape.hasLandmarks) {
    shape.interaction = shape.keyLess.empty() ? shape.queryLess : shape.keyLess;
  } else {
    shape.keyLess = shape.queryLess = shape.interaction;
  }

  if (summarises && !shape.hasLandmarks) {
    shape.pooled = true;
    shape.landmarks = landmarks;
    shape.landmarkHeads = shape.keyHeads;
    shape.maskBytes = 0; // landmarks have no masks but key_lengths
  } else if (!summarises) {
    shape.pooled = false;
    shape.landmarks = shape.landmarkHeads = shape.landmarkBytes = 0;
  }
  shape.hasLandmarks = summarises;
  return shape;
}

//===----------------------------------------------------------------------===//
// Operations and functions
//===----------------------------------------------------------------------===//

// The scores, and the mixing around their softmax.
template <typename OpTy> static MultiplyAdds multiplyAddsOfScores(OpTy op, Sizes &sizes) {
  Scores scores = op.getScores();
  TokenDims query = tokenDims(scores.queryOrder), key = tokenDims(scores.keyOrder);
  double heads = sizes.of(scores.query, query.head);
  double positions = static_cast<double>(sizes.of(scores.query, query.batch)) *
                     static_cast<double>(sizes.of(scores.query, query.token)) *
                     static_cast<double>(sizes.of(scores.key, key.token));
  MultiplyAdds count;
  count.scores = positions * heads * static_cast<double>(sizes.of(scores.query, query.width));
  count.mixing = positions * mixingPerScore(mixingOf(scores.interaction, heads, sizes), heads);
  return count;
}

// A sum of products of two operands. Unlike upstream's contractions, operands may
// be indexed in any way: grouped heads by h floordiv 2, an image by x + kx.
static bool isSumOfProducts(linalg::LinalgOp op) {
  auto multipliesAndAdds = [](Operation *product, Operation *sum) {
    return (isa<arith::MulFOp>(product) && isa<arith::AddFOp>(sum)) ||
           (isa<arith::MulIOp>(product) && isa<arith::AddIOp>(sum));
  };
  return op.getNumReductionLoops() > 0 &&
         linalg::detail::isContractionBody(*op.getBlock(), multipliesAndAdds);
}

// The sizes of its loops, multiplied.
static MultiplyAdds multiplyAddsOfSum(linalg::LinalgOp op, Sizes &sizes) {
  MultiplyAdds count;
  count.products = 1;
  for (ArrayRef<Dim> loop : loopDims(op))
    count.products *= static_cast<double>(sizes.of(loop.front().first, loop.front().second));
  return count;
}

std::optional<MultiplyAdds> imhsa::multiplyAddsOf(Operation *op, Sizes &sizes) {
  using Result = std::optional<MultiplyAdds>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](AttentionOp attention) {
        return costOf(shapeOf(attention, sizes),
                      attention.hasLandmarks() ? Order::Linear : Order::Streamed)
            .multiplyAdds;
      })
      .Case<WeightsOp, LogSumExpOp>(
          [&](auto scores) { return multiplyAddsOfScores(scores, sizes); })
      .Case([](PoolOp) { return MultiplyAdds(); })
      .Case([&](linalg::LinalgOp linalgOp) {
        return isSumOfProducts(linalgOp) ? Result(multiplyAddsOfSum(linalgOp, sizes)) : Result();
      })
      .Default([](Operation *) { return Result(); });
}

// The shapes must be those of a call of the function.
static LogicalResult checkShapes(func::FuncOp function, ArrayRef<SmallVector<int64_t>> shapes) {
  if (function.isExternal())
    return function.emitError("FLOPs of a function without a body are unknown");
  if (shapes.size() != function.getNumArguments())
    return function.emitError("expected a shape for each of ")
           << function.getNumArguments() << " arguments, found " << shapes.size();
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped)
      continue;
    ArrayRef<int64_t> shape = shapes[number];
    if (!shaped.hasRank() || shape.size() != static_cast<size_t>(shaped.getRank()) ||
        llvm::any_of(shape, [](int64_t size) { return size < 0; }) ||
        failed(verifyCompatibleShape(shaped.getShape(), shape)))
      return function.emitError("argument #")
             << number << " has type " << type << ", found a shape of [" << shape << "]";
  }
  return success();
}

FailureOr<double> imhsa::flopsOf(func::FuncOp function, ArrayRef<SmallVector<int64_t>> shapes) {
  if (failed(checkShapes(function, shapes)))
    return failure();

  // Calls are counted where they are inlined, in a copy.
  OwningOpRef<ModuleOp> inlined;
  auto hasCalls = [](func::FuncOp function) {
    return function.walk([](CallOpInterface) { return WalkResult::interrupt(); }).wasInterrupted();
  };
  if (auto module = function->getParentOfType<ModuleOp>(); module && hasCalls(function)) {
    inlined = module.clone();
    PassManager inliner(module.getContext());
    inliner.addPass(createInlinerPass());
    if (failed(inliner.run(*inlined)))
      return failure();
    function = inlined->lookupSymbol<func::FuncOp>(function.getName());
    if (!function)
      return failure();
  }

  Sizes sizes(function, {}, shapes);
  double flops = 0;
  WalkResult counted = function.walk([&](Operation *op) {
    if (isa<CallOpInterface>(op)) {
      op->emitError("FLOPs of a call that cannot be inlined are unknown");
      return WalkResult::interrupt();
    }
    if (std::optional<MultiplyAdds> count = multiplyAddsOf(op, sizes))
      flops += count->flops() * sizes.executionsOf(op);
    return WalkResult::advance();
  });
  if (counted.wasInterrupted())
    return failure();
  if (!sizes.getAssumptions().empty())
    return function.emitError("FLOPs cannot be told from the shapes of the arguments: unknown ")
           << sizes.getAssumptions().front().what;
  return flops;
}
