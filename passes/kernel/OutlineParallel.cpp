//===- OutlineParallel.cpp - parallel loops as calls of the runtime -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "passes/kernel/Capture.h"
#include "passes/kernel/DistinctBuffers.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_OUTLINEPARALLELPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

static constexpr StringLiteral kParallelFor = "imhsa_parallel_for";

// Rewrites `loop` to one index, which becomes the only argument of its body, of type
// i64. Returns how many there are.
static Value linearize(IRRewriter &b, scf::ParallelOp loop) {
  Location loc = loop.getLoc();
  b.setInsertionPoint(loop);
  SmallVector<Value> counts;
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value total = arith::ConstantIndexOp::create(b, loc, 1);
  for (auto [from, to, step] :
       llvm::zip_equal(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value length = b.createOrFold<arith::SubIOp>(loc, to, from);
    Value count = b.createOrFold<arith::CeilDivSIOp>(loc, length, step);
    counts.push_back(b.createOrFold<arith::MaxSIOp>(loc, count, zero));
    total = b.createOrFold<arith::MulIOp>(loc, total, counts.back());
  }

  Block *body = loop.getBody();
  b.setInsertionPointToStart(body);
  Value linear = body->addArgument(b.getI64Type(), loc);
  Value rest = arith::IndexCastOp::create(b, loc, b.getIndexType(), linear);
  for (unsigned i = counts.size(); i-- > 0;) {
    Value position = rest;
    if (i != 0) {
      position = arith::RemSIOp::create(b, loc, rest, counts[i]);
      rest = arith::DivSIOp::create(b, loc, rest, counts[i]);
    }
    position = b.createOrFold<arith::MulIOp>(loc, position, loop.getStep()[i]);
    position = b.createOrFold<arith::AddIOp>(loc, position, loop.getLowerBound()[i]);
    body->getArgument(i).replaceAllUsesWith(position);
  }
  body->eraseArguments(0, counts.size());
  return total;
}

namespace {
struct OutlineParallelPass : imhsa::impl::OutlineParallelPassBase<OutlineParallelPass> {
  using OutlineParallelPassBase::OutlineParallelPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<scf::ForallOp> foralls;
    getOperation().walk([&](scf::ForallOp op) { foralls.push_back(op); });
    for (scf::ForallOp op : foralls) {
      rewriter.setInsertionPoint(op);
      if (failed(scf::forallToParallelLoop(rewriter, op))) {
        op.emitOpError("expected a loop on memrefs");
        return signalPassFailure();
      }
    }

    SmallVector<scf::ParallelOp> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp op) {
      if (op.getNumResults() == 0 && op->getParentOfType<func::FuncOp>())
        loops.push_back(op);
      return WalkResult::skip();
    });
    SymbolTable symbols(getOperation());
    for (scf::ParallelOp op : loops) {
      if (failed(outline(rewriter, symbols, op)))
        return signalPassFailure();
      ++numOutlined;
    }
  }

private:
  LogicalResult outline(IRRewriter &b, SymbolTable &symbols, scf::ParallelOp loop) {
    Location loc = loop.getLoc();
    Value count = linearize(b, loop);

    // What the body uses; constants it gets itself.
    SetVector<Value> used;
    getUsedValuesDefinedAbove(loop.getRegion(), used);
    SmallVector<Value> captured, memrefs;
    SmallVector<Operation *> constants;
    for (Value value : used) {
      Operation *op = value.getDefiningOp();
      if (op && (op->hasTrait<OpTrait::ConstantLike>() || isa<memref::GetGlobalOp>(op)))
        constants.push_back(op);
      else
        captured.push_back(value);
    }
    llvm::copy_if(captured, std::back_inserter(memrefs),
                  [](Value value) { return isa<MemRefType>(value.getType()); });
    DenseSet<Value> distinct = findDistinctBuffers(loop.getRegion(), memrefs);

    LLVMTypeConverter converter(&getContext());
    SmallVector<Value> fields;
    SmallVector<unsigned> distinctFields;
    b.setInsertionPoint(loop);
    for (Value value : captured) {
      if (distinct.contains(value))
        distinctFields.push_back(fields.size());
      if (failed(takeApart(b, converter, value, fields)))
        return failure();
    }

    auto function = loop->getParentOfType<func::FuncOp>();
    std::string name = (function.getName() + "_parallel").str();
    func::FuncOp body = createBody(b, symbols, loop, name, captured, constants, fields, converter);
    for (unsigned field : distinctFields)
      body.setArgAttr(field + 1, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    auto context = LLVM::LLVMStructType::getLiteral(&getContext(),
                                                    llvm::to_vector(ValueRange(fields).getTypes()));
    LLVM::LLVMFuncOp callback = createCallback(b, symbols, name, body, context);

    b.setInsertionPoint(loop);
    createCall(b, symbols, loc, function, count, callback, context, fields);
    b.eraseOp(loop);
    return success();
  }

  // Else LLVM may find too late that vectors do not stay in registers, and put them where they
  // cross lines of the cache. It puts one of the two functions into the other.
  static void alignStack(Operation *function) {
    function->setAttr("passthrough", Builder(function).getStrArrayAttr({"stackrealign"}));
  }

  // The body of the loop as a function of the index and the fields.
  func::FuncOp createBody(IRRewriter &b, SymbolTable &symbols, scf::ParallelOp loop, StringRef name,
                          ArrayRef<Value> captured, ArrayRef<Operation *> constants,
                          ValueRange fields, const LLVMTypeConverter &converter) {
    Location loc = loop.getLoc();
    SmallVector<Type> arguments = {b.getI64Type()};
    llvm::append_range(arguments, fields.getTypes());
    b.setInsertionPointToEnd(getOperation().getBody());
    auto body =
        func::FuncOp::create(b, loc, (name + "_body").str(), b.getFunctionType(arguments, {}));
    body.setPrivate();
    body->setAttr("llvm.linkage", LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal));
    alignStack(body);
    symbols.insert(body);

    Block *entry = body.addEntryBlock();
    b.setInsertionPointToStart(entry);
    IRMapping mapping;
    for (Operation *constant : constants)
      b.clone(*constant, mapping);
    ValueRange rest = entry->getArguments().drop_front();
    for (Value value : captured)
      mapping.map(value, putTogether(b, loc, converter, value.getType(), rest));
    for (auto [from, to] : mapping.getValueMap())
      replaceAllUsesInRegionWith(from, to, loop.getRegion());

    b.eraseOp(loop.getBody()->getTerminator());
    b.inlineBlockBefore(loop.getBody(), entry, entry->end(), entry->getArgument(0));
    b.setInsertionPointToEnd(entry);
    func::ReturnOp::create(b, loc);
    return body;
  }

  // What the runtime calls: takes the fields from the context and calls the body.
  LLVM::LLVMFuncOp createCallback(IRRewriter &b, SymbolTable &symbols, StringRef name,
                                  func::FuncOp body, LLVM::LLVMStructType context) {
    Location loc = body.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                            {b.getI64Type(), pointer});
    b.setInsertionPointToEnd(getOperation().getBody());
    auto callback = LLVM::LLVMFuncOp::create(b, loc, name, type, LLVM::Linkage::Internal);
    symbols.insert(callback);
    alignStack(callback);
    Block *entry = callback.addEntryBlock(b);
    b.setInsertionPointToStart(entry);
    SmallVector<Value> arguments = {entry->getArgument(0)};
    for (auto [i, fieldType] : llvm::enumerate(context.getBody())) {
      Value address = getFieldAddress(b, loc, context, entry->getArgument(1), i);
      arguments.push_back(LLVM::LoadOp::create(b, loc, fieldType, address));
    }
    func::CallOp::create(b, loc, body, arguments);
    LLVM::ReturnOp::create(b, loc, ValueRange());
    return callback;
  }

  void createCall(IRRewriter &b, SymbolTable &symbols, Location loc, func::FuncOp function,
                  Value count, LLVM::LLVMFuncOp callback, LLVM::LLVMStructType context,
                  ValueRange fields) {
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    Value memory;
    {
      // At the start of the function: a loop around the call must not grow the stack.
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&function.getBody().front());
      Value one = LLVM::ConstantOp::create(b, loc, b.getI64Type(), 1);
      memory = LLVM::AllocaOp::create(b, loc, pointer, context, one);
    }
    for (auto [i, field] : llvm::enumerate(fields))
      LLVM::StoreOp::create(b, loc, field, getFieldAddress(b, loc, context, memory, i));
    Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), count);
    Value address = LLVM::AddressOfOp::create(b, loc, callback);
    LLVM::CallOp::create(b, loc, getParallelFor(symbols), ValueRange{number, address, memory});
  }

  static Value getFieldAddress(OpBuilder &b, Location loc, LLVM::LLVMStructType context,
                               Value memory, unsigned field) {
    return LLVM::GEPOp::create(b, loc, memory.getType(), context, memory,
                               ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
  }

  // The runtime's function, declared on first use.
  LLVM::LLVMFuncOp getParallelFor(SymbolTable &symbols) {
    if (auto found = symbols.lookup<LLVM::LLVMFuncOp>(kParallelFor))
      return found;
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                            {b.getI64Type(), pointer, pointer});
    auto declaration = LLVM::LLVMFuncOp::create(b, getOperation().getLoc(), kParallelFor, type);
    symbols.insert(declaration);
    return declaration;
  }
};
} // namespace
