//===- PrintPtx.cpp - the PTX of a module as text -------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "passes/Passes.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace imhsa {
#define GEN_PASS_DEF_PRINTPTXPASS
#include "passes/Passes.h.inc"
} // namespace imhsa

using namespace imhsa;

namespace {
struct PrintPtxPass : imhsa::impl::PrintPtxPassBase<PrintPtxPass> {
  using PrintPtxPassBase::PrintPtxPassBase;

  void runOnOperation() override {
    std::string error;
    std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(file, &error);
    if (!output) {
      getOperation().emitError("option 'file': ") << error;
      return signalPassFailure();
    }
    WalkResult result = getOperation().walk([&](gpu::BinaryOp binary) {
      for (auto object : binary.getObjects().getAsRange<gpu::ObjectAttr>()) {
        if (object.getFormat() != gpu::CompilationTarget::Assembly) {
          binary.emitOpError("expected PTX, found ")
              << gpu::stringifyEnum(object.getFormat()) << ": compile with format=isa";
          return WalkResult::interrupt();
        }
        // The serializer ends the text with a zero byte.
        output->os() << object.getObject().getValue().rtrim('\0');
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    output->keep();
    markAllAnalysesPreserved();
  }
};
} // namespace
