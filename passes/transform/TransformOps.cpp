//===- TransformOps.cpp - imhsa in the transform dialect ------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/transform/TransformOps.h"
#include "passes/Passes.h"
#include "passes/tile/Tile.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace imhsa;
using transform::ApplyToEachResultList;
using transform::TransformResults;
using transform::TransformRewriter;
using transform::TransformState;

#define GET_OP_CLASSES
#include "passes/transform/TransformOps.cpp.inc"

// One payload operation after the other, until a step fails.
static DiagnosedSilenceableFailure
forEachTarget(Value target, TransformState &state,
              function_ref<DiagnosedSilenceableFailure(Operation *)> apply) {
  // A copy, since the payload changes.
  for (Operation *op : llvm::to_vector(state.getPayloadOps(target)))
    if (DiagnosedSilenceableFailure result = apply(op); !result.succeeded())
      return result;
  return DiagnosedSilenceableFailure::success();
}

static DiagnosedSilenceableFailure unexpected(Operation *step, Operation *found,
                                              const Twine &expected) {
  DiagnosedSilenceableFailure failure =
      emitSilenceableFailure(step) << "expected " << expected << ", found " << found->getName();
  failure.attachNote(found->getLoc()) << "this operation";
  return failure;
}

//===----------------------------------------------------------------------===//
// match.attention
//===----------------------------------------------------------------------===//

LogicalResult TransformMatchAttentionOp::verify() {
  if (getLandmarks() && getExact())
    return emitOpError("'landmarks' and 'exact' exclude each other");
  return success();
}

DiagnosedSilenceableFailure TransformMatchAttentionOp::matchOperation(Operation *current,
                                                                      TransformResults &,
                                                                      TransformState &) {
  auto attention = dyn_cast<AttentionOp>(current);
  if (!attention)
    return unexpected(*this, current, "imhsa.attention");
  if (getLandmarks() && !attention.hasLandmarks())
    return emitSilenceableError() << "expected landmarks, found none";
  if (getExact() && attention.hasLandmarks())
    return emitSilenceableError() << "expected exact attention, found landmarks";
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// decompose
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure TransformDecomposeOp::apply(TransformRewriter &rewriter,
                                                        TransformResults &results,
                                                        TransformState &state) {
  SmallVector<Operation *> weights, products;
  DiagnosedSilenceableFailure done =
      forEachTarget(getTarget(), state, [&](Operation *op) -> DiagnosedSilenceableFailure {
        auto attention = dyn_cast<AttentionOp>(op);
        if (!attention || !attention.hasLandmarks())
          return unexpected(*this, op, "imhsa.attention with landmarks");
        Operation *before = op->getPrevNode();
        Block *block = op->getBlock();
        rewriter.setInsertionPoint(op);
        FailureOr<SmallVector<Value>> values = attention.decomposeOperation(rewriter);
        if (failed(values))
          return emitDefiniteFailure() << "cannot decompose this attention";
        // All that is new stands between what stood before the attention, and it.
        Block::iterator begin = before ? std::next(before->getIterator()) : block->begin();
        for (Operation &made : llvm::make_range(begin, op->getIterator())) {
          if (isa<WeightsOp>(made))
            weights.push_back(&made);
          else if (isa<linalg::ContractOp>(made))
            products.push_back(&made);
        }
        rewriter.replaceOp(op, *values);
        return DiagnosedSilenceableFailure::success();
      });
  if (!done.succeeded())
    return done;
  results.set(cast<OpResult>(getWeights()), weights);
  results.set(cast<OpResult>(getProducts()), products);
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// reorder_contractions, fuse
//===----------------------------------------------------------------------===//

// Runs a pass on `target`, which stays, whatever becomes of what is in it.
static DiagnosedSilenceableFailure runPass(Operation *step, Operation *target,
                                           std::unique_ptr<Pass> pass,
                                           ApplyToEachResultList &results) {
  if (!target->hasTrait<OpTrait::IsIsolatedFromAbove>())
    return unexpected(step, target, "a function or a module");
  PassManager pm(target->getContext(), target->getName().getStringRef());
  pm.addPass(std::move(pass));
  if (failed(pm.run(target)))
    return emitDefiniteFailure(step) << "the pass failed";
  results.push_back(target);
  return DiagnosedSilenceableFailure::success();
}

DiagnosedSilenceableFailure
TransformReorderContractionsOp::applyToOne(TransformRewriter &, Operation *target,
                                           ApplyToEachResultList &results, TransformState &) {
  ReorderContractionsPassOptions options;
  options.allowReassociation = getAllowReassociation();
  return runPass(*this, target, createReorderContractionsPass(options), results);
}

DiagnosedSilenceableFailure TransformFuseOp::applyToOne(TransformRewriter &, Operation *target,
                                                        ApplyToEachResultList &results,
                                                        TransformState &) {
  return runPass(*this, target, createFusePass(), results);
}

//===----------------------------------------------------------------------===//
// set_schedule
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure TransformSetScheduleOp::applyToOne(TransformRewriter &rewriter,
                                                               Operation *target,
                                                               ApplyToEachResultList &,
                                                               TransformState &) {
  if (!isa<AttentionOp, LogSumExpOp, PoolOp>(target))
    return unexpected(*this, target, "imhsa.attention, imhsa.log_sum_exp or imhsa.pool");
  rewriter.modifyOpInPlace(target, [&] { target->setAttr(kScheduleAttr, getSchedule()); });
  if (failed(mlir::verify(target)))
    return emitDefiniteFailure() << "the operation cannot have this schedule";
  return DiagnosedSilenceableFailure::success();
}

void TransformSetScheduleOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  transform::onlyReadsHandle(getTargetMutable(), effects);
  transform::modifiesPayload(effects);
}

//===----------------------------------------------------------------------===//
// tile_attention
//===----------------------------------------------------------------------===//

DiagnosedSilenceableFailure TransformTileAttentionOp::apply(TransformRewriter &rewriter,
                                                            TransformResults &results,
                                                            TransformState &state) {
  SmallVector<Operation *> tiles;
  TileSizes sizes = {static_cast<int64_t>(getBatch()), static_cast<int64_t>(getQueries()),
                     static_cast<int64_t>(getKeys()), static_cast<int64_t>(getSplits())};
  TileLoops loops = getSequential() ? TileLoops::Sequential : TileLoops::Parallel;
  DiagnosedSilenceableFailure done =
      forEachTarget(getTarget(), state, [&](Operation *op) -> DiagnosedSilenceableFailure {
        if (!isa<AttentionOp, LogSumExpOp>(op))
          return unexpected(*this, op, "imhsa.attention or imhsa.log_sum_exp");
        if (const char *reason = whyNotTiled(op))
          return emitSilenceableError() << "cannot be tiled: " << reason;
        FailureOr<TiledCore> core = tileCore(rewriter, op, sizes, loops);
        if (failed(core))
          return emitDefiniteFailure() << "cannot tile this operation";
        llvm::append_range(tiles, core->tiles);
        return DiagnosedSilenceableFailure::success();
      });
  if (!done.succeeded())
    return done;
  results.set(cast<OpResult>(getTiles()), tiles);
  return DiagnosedSilenceableFailure::success();
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

namespace {
class TransformExtension : public transform::TransformDialectExtension<TransformExtension> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TransformExtension)

  void init() {
    declareDependentDialect<ImhsaDialect>();
    declareGeneratedDialect<affine::AffineDialect>();
    declareGeneratedDialect<arith::ArithDialect>();
    declareGeneratedDialect<linalg::LinalgDialect>();
    declareGeneratedDialect<math::MathDialect>();
    declareGeneratedDialect<memref::MemRefDialect>();
    declareGeneratedDialect<scf::SCFDialect>();
    declareGeneratedDialect<tensor::TensorDialect>();
    registerTransformOps<
#define GET_OP_LIST
#include "passes/transform/TransformOps.cpp.inc"
        >();
  }
};
} // namespace

void imhsa::registerTransformExtension(DialectRegistry &registry) {
  registry.addExtensions<TransformExtension>();
}
