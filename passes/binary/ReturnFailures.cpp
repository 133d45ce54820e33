//===- ReturnFailures.cpp - failed checks as a function's result ----------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_RETURNFAILURESPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// Upstream's checks say much more than what does not agree: the operation as it looks at that
// stage, and where it stands in a source that whoever runs the function may not have.
static StringRef getReason(StringRef message) {
  auto [prefix, reason] = message.split("\n^ ");
  return (reason.empty() ? message : reason).split("\nLocation: ").first.trim();
}

namespace {
struct ReturnFailuresPass : imhsa::impl::ReturnFailuresPassBase<ReturnFailuresPass> {
  using ReturnFailuresPassBase::ReturnFailuresPassBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    bool failedAny = false;
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      if (func.isPublic() && !func.isExternal() &&
          func->hasAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName()))
        failedAny |= failed(convert(func, symbols));
      else
        func.walk([&](cf::AssertOp op) {
          op.emitOpError("expected in an entry function, whose caller can be told");
          failedAny = true;
        });
    }
    if (failedAny)
      signalPassFailure();
  }

private:
  LogicalResult convert(func::FuncOp func, SymbolTable &symbols) {
    if (func.getNumResults() != 0)
      return func.emitOpError("expected an entry function without results");
    SmallVector<cf::AssertOp> checks;
    WalkResult result = func.walk([&](cf::AssertOp op) {
      if (op->getParentOp() != func) {
        op.emitOpError("expected in a block of the function itself: run 'convert-scf-to-cf' first");
        return WalkResult::interrupt();
      }
      checks.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();

    OpBuilder b(func.getContext());
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    func.setFunctionType(b.getFunctionType(func.getArgumentTypes(), {pointer}));
    func.walk([&](func::ReturnOp op) {
      b.setInsertionPoint(op);
      op->insertOperands(0, LLVM::ZeroOp::create(b, op.getLoc(), pointer).getResult());
    });
    for (cf::AssertOp check : checks) {
      Block *block = check->getBlock(), *rest = block->splitBlock(check->getNextNode());
      Block *fail = b.createBlock(rest);
      Value text = LLVM::AddressOfOp::create(b, check.getLoc(), pointer,
                                             getText(getReason(check.getMsg()), symbols));
      func::ReturnOp::create(b, check.getLoc(), text);
      b.setInsertionPoint(check);
      cf::CondBranchOp::create(b, check.getLoc(), check.getArg(), rest, fail);
      check.erase();
      ++numChecks;
    }
    return success();
  }

  // The constant that holds `text` and the zero byte after it.
  StringAttr getText(StringRef text, SymbolTable &symbols) {
    StringAttr &name = texts[text];
    if (!name) {
      OpBuilder b(&getContext());
      std::string bytes = text.str() + '\0';
      auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
      name = symbols.insert(LLVM::GlobalOp::create(b, getOperation().getLoc(), type,
                                                   /*isConstant=*/true, LLVM::Linkage::Internal,
                                                   "imhsa_failure", b.getStringAttr(bytes)));
    }
    return name;
  }

  llvm::StringMap<StringAttr> texts;
};
} // namespace
