//===- PackEntries.cpp - entry functions that take an array of addresses --===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_PACKENTRIESPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

// The prefix of the functions that upstream's conversion makes for a C interface.
static constexpr StringLiteral kInterfacePrefix = "_mlir_ciface_";

namespace {
struct PackEntriesPass : imhsa::impl::PackEntriesPassBase<PackEntriesPass> {
  using PackEntriesPassBase::PackEntriesPassBase;

  void runOnOperation() override {
    for (auto func : llvm::to_vector(getOperation().getOps<LLVM::LLVMFuncOp>())) {
      StringRef name = func.getName();
      if (func.isExternal() || !name.consume_front(kInterfacePrefix))
        continue;
      if (failed(pack(func, name)))
        return signalPassFailure();
    }
  }

private:
  static LogicalResult pack(LLVM::LLVMFuncOp func, StringRef name) {
    LLVM::LLVMFunctionType type = func.getFunctionType();
    auto isPointer = [](Type type) { return isa<LLVM::LLVMPointerType>(type); };
    if (type.isVarArg() || !isPointer(type.getReturnType()) ||
        !llvm::all_of(type.getParams(), isPointer))
      return func.emitOpError("expected arguments and a result that are pointers: run "
                              "'imhsa-return-failures' before the conversion to LLVM");
    OpBuilder b(func);
    Location loc = func.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto packed = LLVM::LLVMFuncOp::create(b, loc, ("imhsa_packed_" + name).str(),
                                           LLVM::LLVMFunctionType::get(pointer, {pointer}));
    b.setInsertionPointToStart(packed.addEntryBlock(b));
    SmallVector<Value> arguments;
    for (int32_t i = 0, e = type.getNumParams(); i != e; ++i) {
      Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, packed.getArgument(0),
                                       ArrayRef<LLVM::GEPArg>{i});
      arguments.push_back(LLVM::LoadOp::create(b, loc, pointer, slot));
    }
    auto call = LLVM::CallOp::create(b, loc, func, arguments);
    LLVM::ReturnOp::create(b, loc, call.getResult());
    return success();
  }
};
} // namespace
