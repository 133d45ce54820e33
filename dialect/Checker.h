//===- Checker.h - what the verifiers check with ---------------*- C++ -*-===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#ifndef IMHSA_DIALECT_CHECKER_H
#define IMHSA_DIALECT_CHECKER_H

#include "dialect/Imhsa.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringMap.h"

namespace imhsa {

/// What a constraint says about one dimension of an operand. Where the type
/// does not tell if it holds, it can be checked at run time.
struct DimConstraint {
  enum Kind {
    Equal,      ///< it is what the symbol stands for
    EqualOrOne, ///< that, or 1
    Divides,    ///< it divides what the symbol stands for
    Fixed       ///< it is `size`
  } kind;
  mlir::StringRef symbol;
  mlir::Value value;
  std::string name; ///< of the operand
  unsigned dim;
  int64_t size = mlir::ShapedType::kDynamic;
};

struct DimConstraints {
  std::vector<DimConstraint> list;
  llvm::EquivalenceClasses<mlir::StringRef> aliases; ///< symbols that stand for the same size
};

/// Binds the symbols of an operation (B, H, N, ...) to sizes, and reports the
/// first operand that disagrees. Dynamic sizes agree with anything.
class Checker {
public:
  /// Notes the constraints on dimensions in `constraints`, if that is given.
  explicit Checker(mlir::Operation *op, DimConstraints *constraints = nullptr)
      : op(op), constraints(constraints) {}

  mlir::InFlightDiagnostic error(mlir::StringRef label) {
    return op->emitOpError() << '[' << label << "] ";
  }

  /// A required operand is one operand: the generic form can say otherwise.
  mlir::LogicalResult single(mlir::StringRef label, mlir::OperandRange operands,
                             mlir::StringRef name) {
    if (operands.size() == 1)
      return mlir::success();
    return error(label) << name << ": expected one operand, found " << operands.size();
  }

  mlir::LogicalResult rank(mlir::StringRef label, mlir::Value value, mlir::StringRef name,
                           int64_t expected, bool mayBeOneLess = false) {
    int64_t found = mlir::cast<mlir::ShapedType>(value.getType()).getRank();
    if (found == expected || (mayBeOneLess && found == expected - 1))
      return mlir::success();
    mlir::InFlightDiagnostic diagnostic = error(label) << name << ": expected rank ";
    if (mayBeOneLess)
      diagnostic << expected - 1 << " or ";
    return diagnostic << expected << ", found rank " << found << " (" << value.getType() << ")";
  }

  mlir::LogicalResult atLeastOne(mlir::StringRef label, mlir::Value value, mlir::StringRef name,
                                 unsigned dim, mlir::StringRef what) {
    if (dimSize(value, dim) != 0)
      return mlir::success();
    return error(label) << name << " dimension " << dim << " (" << what
                        << "): expected at least 1, found 0";
  }

  /// Binds `symbol` to dimension `dim`, or checks it against its binding. Where
  /// `mayBroadcast`, the size 1 agrees too and binds nothing.
  mlir::LogicalResult bind(mlir::StringRef label, mlir::StringRef symbol, mlir::Value value,
                           mlir::StringRef name, unsigned dim, bool mayBroadcast = false) {
    record(mayBroadcast ? DimConstraint::EqualOrOne : DimConstraint::Equal, symbol, value, name,
           dim);
    int64_t size = dimSize(value, dim);
    if (mlir::ShapedType::isDynamic(size) || (mayBroadcast && size == 1))
      return mlir::success();
    auto [it, isNew] =
        bound.try_emplace(symbol, Binding{size, (name + " dimension " + llvm::Twine(dim)).str()});
    if (isNew || it->second.size == size)
      return mlir::success();
    return error(label) << name << " dimension " << dim << " (" << symbol << "): expected "
                        << (mayBroadcast ? "1 or " : "") << it->second.size << " as in "
                        << it->second.where << ", found " << size;
  }

  /// Binds `symbol` to what `other` is bound to, as far as that is known.
  void alias(mlir::StringRef symbol, mlir::StringRef other) {
    if (constraints)
      constraints->aliases.unionSets(symbol, other);
    auto it = bound.find(other);
    if (it != bound.end()) {
      Binding copy = it->second;
      bound.try_emplace(symbol, copy);
    }
  }

  /// The size of `symbol`, kDynamic if unknown.
  int64_t sizeOf(mlir::StringRef symbol) const {
    auto it = bound.find(symbol);
    return it == bound.end() ? mlir::ShapedType::kDynamic : it->second.size;
  }

  /// Dimension `dim` divides `symbol` and is not 0.
  mlir::LogicalResult divides(mlir::StringRef label, mlir::StringRef symbol, mlir::Value value,
                              mlir::StringRef name, unsigned dim) {
    record(DimConstraint::Divides, symbol, value, name, dim);
    if (mlir::failed(atLeastOne(label, value, name, dim, "heads")))
      return mlir::failure();
    int64_t size = dimSize(value, dim), whole = sizeOf(symbol);
    if (mlir::ShapedType::isDynamic(size) || mlir::ShapedType::isDynamic(whole) ||
        whole % size == 0)
      return mlir::success();
    return error(label) << name << " dimension " << dim << " (heads): expected a divisor of "
                        << whole << " (" << symbol << "), found " << size;
  }

  /// Element types: f32, f16, bf16 or f64, one 16-bit type, f64 with nothing else.
  mlir::LogicalResult storage(mlir::StringRef label, mlir::Value value, mlir::StringRef name) {
    mlir::Type type = mlir::getElementTypeOrSelf(value);
    if (!mlir::isa<mlir::Float16Type, mlir::BFloat16Type, mlir::Float32Type, mlir::Float64Type>(
            type))
      return error(label) << name << ": expected elements of f32, f16, bf16 or f64, found " << type;
    if (!first)
      first = type, firstName = name.str();
    if (type.isF64() != first.isF64())
      return error(label) << name << ": expected " << (first.isF64() ? "f64" : "f32, f16 or bf16")
                          << " beside " << firstName << " of " << first << ", found " << type;
    if (type.getIntOrFloatBitWidth() != 16)
      return mlir::success();
    if (!half)
      half = type, halfName = name.str();
    if (type != half)
      return error(label) << name << ": expected " << half << " (as " << halfName
                          << ") or f32, found " << type;
    return mlir::success();
  }

  /// The type that sums have: f64 where operands are, else f32.
  mlir::LogicalResult accumulator(mlir::StringRef label, mlir::Value value, mlir::StringRef name) {
    mlir::Type expected = computeTypeOf(first), found = mlir::getElementTypeOrSelf(value);
    if (found == expected)
      return mlir::success();
    return error(label) << name << ": expected elements of " << expected << ", found " << found;
  }

  mlir::LogicalResult lengths(mlir::StringRef label, mlir::Value value) {
    if (mlir::failed(rank(label, value, "key_lengths", 1)))
      return mlir::failure();
    mlir::Type type = mlir::getElementTypeOrSelf(value);
    if (!type.isSignlessInteger(32) && !type.isSignlessInteger(64))
      return error(label) << "key_lengths: expected elements of i32 or i64, found " << type;
    return bind(label, "B", value, "key_lengths", 0);
  }

  /// Dimension `dim` has the size that `pool` says.
  mlir::LogicalResult fixed(mlir::StringRef label, mlir::StringRef symbol, int64_t expected,
                            PoolAttr pool, mlir::Value value, mlir::StringRef name, unsigned dim) {
    record(DimConstraint::Fixed, symbol, value, name, dim, expected);
    int64_t found = dimSize(value, dim);
    if (mlir::ShapedType::isDynamic(found) || found == expected)
      return mlir::success();
    return error(label) << name << " dimension " << dim << " (" << symbol << "): expected "
                        << expected << " as in " << pool << ", found " << found;
  }

  /// Tensors with as many results, or memrefs with none. That the types of
  /// results are those of `outs` is checked by DestinationStyleOpInterface.
  mlir::LogicalResult semantics(mlir::StringRef label, mlir::OperandRange outs) {
    mlir::Value firstShaped;
    for (mlir::Value operand : op->getOperands()) {
      if (!mlir::isa<mlir::ShapedType>(operand.getType()))
        continue;
      if (!firstShaped)
        firstShaped = operand;
      if (mlir::isa<mlir::MemRefType>(operand.getType()) !=
          mlir::isa<mlir::MemRefType>(firstShaped.getType()))
        return error(label) << "operands: expected all tensors or all memrefs, found "
                            << firstShaped.getType() << " and " << operand.getType();
    }
    size_t expected = mlir::isa<mlir::MemRefType>(firstShaped.getType()) ? 0 : outs.size();
    if (op->getNumResults() != expected)
      return error(label) << "results: expected " << expected << ", found " << op->getNumResults();
    return mlir::success();
  }

private:
  struct Binding {
    int64_t size;
    std::string where;
  };
  void record(DimConstraint::Kind kind, mlir::StringRef symbol, mlir::Value value,
              mlir::StringRef name, unsigned dim, int64_t size = mlir::ShapedType::kDynamic) {
    if (constraints)
      constraints->list.push_back({kind, symbol, value, name.str(), dim, size});
  }

  mlir::Operation *op;
  DimConstraints *constraints;
  llvm::StringMap<Binding> bound;
  mlir::Type first, half;
  std::string firstName, halfName;
};

/// The verifiers of the operations.
mlir::LogicalResult verifyWith(Checker &check, AttentionOp op);
mlir::LogicalResult verifyWith(Checker &check, WeightsOp op);
mlir::LogicalResult verifyWith(Checker &check, LogSumExpOp op);
mlir::LogicalResult verifyWith(Checker &check, PoolOp op);

} // namespace imhsa

#endif // IMHSA_DIALECT_CHECKER_H
