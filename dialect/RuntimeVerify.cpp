//===- RuntimeVerify.cpp - constraints on dimensions, checked at run time -===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.
//
// Dynamic dimensions agree with anything when an operation is verified. The
// checks that upstream's `generate-runtime-verification` pass inserts make up
// for it: the verifier's own constraints, as assertions.

#include "dialect/RuntimeVerify.h"
#include "dialect/Checker.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"

using namespace mlir;
using namespace imhsa;

namespace {

/// Asserts what the verifier could not tell.
class Asserter {
public:
  Asserter(OpBuilder &builder, Location loc,
           function_ref<std::string(Operation *, StringRef)> message, Operation *op,
           DimConstraints constraints)
      : builder(builder), loc(loc), message(message), op(op), constraints(std::move(constraints)) {}

  void run() {
    for (const DimConstraint &constraint : constraints.list)
      check(constraint);
  }

private:
  bool isDynamic(const DimConstraint &constraint) {
    return ShapedType::isDynamic(dimSize(constraint.value, constraint.dim));
  }

  Value sizeOf(const DimConstraint &constraint) {
    return linalg::createOrFoldDimOp(builder, loc, constraint.value, constraint.dim);
  }

  // The dimension that the others of the same symbol are compared with: one whose size is known,
  // if there is one, since then most need no check.
  const DimConstraint *referenceOf(StringRef symbol) {
    const DimConstraint *found = nullptr;
    StringRef leader = constraints.aliases.getOrInsertLeaderValue(symbol);
    for (const DimConstraint &other : constraints.list)
      if (other.kind == DimConstraint::Equal &&
          constraints.aliases.getOrInsertLeaderValue(other.symbol) == leader &&
          (!found || (isDynamic(*found) && !isDynamic(other))))
        found = &other;
    return found;
  }

  Value compare(arith::CmpIPredicate predicate, Value left, Value right) {
    return arith::CmpIOp::create(builder, loc, predicate, left, right);
  }

  void check(const DimConstraint &constraint) {
    using Predicate = arith::CmpIPredicate;
    auto constant = [&](int64_t value) {
      return arith::ConstantIndexOp::create(builder, loc, value);
    };
    std::string expected;
    Value holds;
    if (constraint.kind == DimConstraint::Fixed) {
      if (!isDynamic(constraint))
        return;
      holds = compare(Predicate::eq, sizeOf(constraint), constant(constraint.size));
      expected = std::to_string(constraint.size);
    } else {
      const DimConstraint *reference = referenceOf(constraint.symbol);
      bool isSame =
          reference && reference->value == constraint.value && reference->dim == constraint.dim;
      if (!reference || isSame || (!isDynamic(*reference) && !isDynamic(constraint)))
        return;
      Value size = sizeOf(constraint), whole = sizeOf(*reference);
      expected = reference->name + " dimension " + std::to_string(reference->dim);
      if (constraint.kind == DimConstraint::Divides) {
        // Not 0, and the remainder is: of a division that is defined for 0 too.
        Value positive = arith::MaxUIOp::create(builder, loc, size, constant(1));
        Value rest = arith::RemUIOp::create(builder, loc, whole, positive);
        holds = arith::AndIOp::create(builder, loc, compare(Predicate::eq, positive, size),
                                      compare(Predicate::eq, rest, constant(0)));
        expected = "a divisor of " + expected;
      } else {
        holds = compare(Predicate::eq, size, whole);
        if (constraint.kind == DimConstraint::EqualOrOne) {
          holds =
              arith::OrIOp::create(builder, loc, holds, compare(Predicate::eq, size, constant(1)));
          expected = "1 or " + expected;
        }
      }
    }
    std::string text = constraint.name + " dimension " + std::to_string(constraint.dim) + " (" +
                       constraint.symbol.str() + "): expected " + expected;
    cf::AssertOp::create(builder, loc, holds, message(op, text));
  }

  OpBuilder &builder;
  Location loc;
  function_ref<std::string(Operation *, StringRef)> message;
  Operation *op;
  DimConstraints constraints;
};

template <typename OpTy>
struct RuntimeVerification
    : RuntimeVerifiableOpInterface::ExternalModel<RuntimeVerification<OpTy>, OpTy> {
  void
  generateRuntimeVerification(Operation *op, OpBuilder &builder, Location loc,
                              function_ref<std::string(Operation *, StringRef)> message) const {
    DimConstraints constraints;
    Checker check(op, &constraints);
    if (succeeded(verifyWith(check, cast<OpTy>(op))))
      Asserter(builder, loc, message, op, std::move(constraints)).run();
  }
};

} // namespace

void imhsa::registerRuntimeVerificationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ImhsaDialect *) {
    context->loadDialect<cf::ControlFlowDialect>();
    AttentionOp::attachInterface<RuntimeVerification<AttentionOp>>(*context);
    WeightsOp::attachInterface<RuntimeVerification<WeightsOp>>(*context);
    LogSumExpOp::attachInterface<RuntimeVerification<LogSumExpOp>>(*context);
    PoolOp::attachInterface<RuntimeVerification<PoolOp>>(*context);
  });
}
