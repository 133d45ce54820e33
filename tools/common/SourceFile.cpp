//===- SourceFile.cpp - the file that a tool reads ------------------------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

#include "tools/common/SourceFile.h"
#include "dialect/Imhsa.h"
#include "passes/Passes.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace imhsa;

void imhsa::registerForTools(DialectRegistry &registry) {
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerDialect(registry);
  registerTranslations(registry);
}

SourceFile::SourceFile(StringRef path, std::shared_ptr<llvm::SourceMgr> sources,
                       MLIRContext &context)
    : path(path), context(context), sources(std::move(sources)), printer(*this->sources, &context),
      filter(&context, [](Diagnostic &diagnostic) {
        return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
      }) {}

llvm::Expected<std::unique_ptr<SourceFile>> SourceFile::open(StringRef path, MLIRContext &context) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/true);
  if (!buffer)
    return llvm::createFileError(path, buffer.getError());
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  return std::unique_ptr<SourceFile>(new SourceFile(path, std::move(sources), context));
}

llvm::Expected<OwningOpRef<ModuleOp>> SourceFile::parse() const {
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return makeInvalidError();
  return std::move(module);
}

llvm::Error SourceFile::makeInvalidError() const {
  return llvm::createStringError(path + ": not a valid module");
}
